import { Badge, Group, Paper, Stack, Table, Text } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '@togglecast/admin';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { TimeAgo } from '../../shared/time/time-ago';
import { EndConnection } from '../../shared/ui/end-connection';
import { LiveDot } from '../../shared/ui/live-dot';
import { EmptyState, Loaded } from '../../shared/ui/states';

type Connection = Schemas['LiveConnection'];
const kAgain = 3000; // ms
const kMost = 100;

export function useConnections(id: number) {
  const { admin, environment } = useConsole();
  return useQuery({
    queryKey: ['env', environment, 'connections', id],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/connections', { params: { query: { client: String(id), namespace: '/client', sort: '-connected_at', limit: kMost } }, signal })),
    refetchInterval: kAgain,
  });
}

/** The live connections of a client at all nodes: where they come from, and how far they are. */
export function ClientConnections({ client }: { client: Schemas['Client'] }) {
  const connections = useConnections(client.id);
  return (
    <Loaded query={connections}>
      {({ items, total, missing }) => (
        <Stack gap="sm">
          {missing && missing.length > 0 && <Text size="sm">No answer from {missing.join(', ')}: its connections are not listed.</Text>}
          {total === 0 ? (
            <EmptyState icon={IconPlugConnected} title="Nothing is connected">
              A program of {client.name} connects with one of its tokens. The list here follows by itself. “Try it” connects one inside this page.
            </EmptyState>
          ) : (
            <Paper withBorder radius="md">
              <Table.ScrollContainer minWidth={820} type="native">
                <Table verticalSpacing="sm" horizontalSpacing="md" aria-label="Connections">
                  <Table.Thead>
                    <Table.Tr><Table.Th>Program</Table.Th><Table.Th>From</Table.Th><Table.Th>Since</Table.Th><Table.Th>State</Table.Th><Table.Th>Last heard</Table.Th><Table.Th>Round trip</Table.Th><Table.Th w={60} /></Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>{items.map((item) => <Row key={`${item.node.id}.${item.id}`} item={item} />)}</Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </Paper>
          )}
          {total > items.length && <Text size="sm" c="dimmed">The newest {items.length} of {total.toLocaleString()} connections.</Text>}
        </Stack>
      )}
    </Loaded>
  );
}

const kStages: { [stage in Connection['stage']]: string } = { none: 'current', waiting: 'waits for a change', sent: 'was sent the newest change', received: 'has the newest change', applied: 'has applied the newest change' };

function Row({ item }: { item: Connection }) {
  return (
    <Table.Tr data-testid="connection-row">
      <Table.Td>
        <Group gap={8} wrap="nowrap"><LiveDot color={item.lagging ? 'warn' : 'on'} live={!item.lagging} /><div><Text size="sm" fw={500}>{item.sdk ?? 'not named'}</Text><Text size="xs" c="dimmed" ff="monospace">{item.id}</Text></div></Group>
      </Table.Td>
      <Table.Td><Text size="sm">{item.address ?? '—'}</Text><Text size="xs" c="dimmed">{item.transport} at {item.node.name}</Text></Table.Td>
      <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={item.connected_at} /></Text></Table.Td>
      <Table.Td>
        <Badge variant="light" tt="none" color={item.lagging ? 'orange' : 'teal'}>{kStages[item.stage]}</Badge>
        <Text size="xs" c="dimmed" mt={2}>revision {item.revision.toLocaleString()}{item.lag > 0 && `, ${item.lag.toLocaleString()} behind`}</Text>
      </Table.Td>
      <Table.Td><Text size="sm">{item.last_seen_ms === null ? 'not yet' : `${seconds(item.last_seen_ms)} ago`}</Text></Table.Td>
      <Table.Td><Text size="sm">{item.round_trip_ms === null ? '—' : `${item.round_trip_ms.toLocaleString(undefined, { maximumFractionDigits: 1 })} ms`}</Text></Table.Td>
      <Table.Td>
        <EndConnection connection={item} />
      </Table.Td>
    </Table.Tr>
  );
}

const seconds = (ms: number) => `${Math.round(ms / 1000).toLocaleString()} s`;
