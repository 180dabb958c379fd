// Who is connected now: from where, with which version, at which revision, and when they were heard last.
import { Anchor, Badge, Button, Group, NativeSelect, Paper, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '@togglecast/admin';
import { useConsole } from '../../shared/console';
import { getJson } from '../../shared/entities/read';
import { TimeAgo } from '../../shared/time/time-ago';
import { EndConnection } from '../../shared/ui/end-connection';
import { Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import classes from './dashboard.module.css';
import { show } from './series';

type Connection = Schemas['LiveConnection'];
interface Answer {
  items: Connection[];
  total: number;
  missing?: string[];
}

const kFew = 20;
const kMany = 500;
const kAgain = 4000; // ms

/** `count`: how many there are by the newest tick; another number reads the list at once. */
export function Connections({ count }: { count: number }) {
  const console = useConsole();
  const [address, setAddress] = useAddress();
  const limit = address['more'] ? kMany : kFew;
  const [q] = useDebouncedValue(address['who'] ?? '', 250);
  const query = {
    limit, sort: address['order'] ?? 'name',
    ...(q && { q }), ...(address['in'] && { namespace: `/${address['in']}` }), ...(address['lagging'] && { lagging: true }),
  };
  const connections = useQuery<Answer>({
    queryKey: ['env', console.environment, 'connections', query, count],
    queryFn: ({ signal }) => getJson<Answer>(console, '/api/v1/connections', query, signal),
    placeholderData: keepPreviousData,
    refetchInterval: kAgain,
  });
  const filtered = Boolean(q || address['in'] || address['lagging']);
  return (
    <Paper withBorder p="sm" radius="md" component="section" aria-label="Client activity">
      <Stack gap="sm">
        <Group justify="space-between" gap="sm">
          <Title order={2} size="h4">Client activity</Title>
          <Group gap="xs">
            <TextInput size="xs" w={170} aria-label="Search connections" placeholder="Client or admin" leftSection={<IconSearch size={14} aria-hidden />} value={address['who'] ?? ''} onChange={(event) => setAddress({ who: event.currentTarget.value })} />
            <NativeSelect size="xs" aria-label="Namespace" value={address['in'] ?? ''} onChange={(event) => setAddress({ in: event.currentTarget.value })}
              data={[{ value: '', label: 'All' }, { value: 'client', label: 'Clients' }, { value: 'admin', label: 'Admins' }]} />
            <NativeSelect size="xs" aria-label="Order of connections" value={address['order'] ?? ''} onChange={(event) => setAddress({ order: event.currentTarget.value })}
              data={[{ value: '', label: 'By name' }, { value: '-lag', label: 'Most behind' }, { value: '-connected_at', label: 'Newest' }, { value: '-last_seen_ms', label: 'Longest silent' }, { value: '-round_trip_ms', label: 'Slowest' }]} />
            <Button size="xs" variant={address['lagging'] ? 'filled' : 'default'} aria-pressed={Boolean(address['lagging'])} onClick={() => setAddress({ lagging: address['lagging'] ? undefined : 'yes' })} title="Only connections that miss a change, or have not proven that they have the newest one">Behind</Button>
          </Group>
        </Group>
        <Loaded query={connections}>
          {({ items, total, missing }) => (
            <>
              {items.length === 0 ? (
                <Text size="sm" c="dimmed" py="lg" ta="center">{filtered ? 'No connection fits.' : 'Nobody is connected. Give a client a token and connect it: the help page has the command.'}</Text>
              ) : (
                <Table.ScrollContainer minWidth={860} type="native" tabIndex={0}>
                  <Table verticalSpacing={6} fz="sm" highlightOnHover>
                    <Table.Thead>
                      <Table.Tr><Table.Th>Who</Table.Th><Table.Th>Where</Table.Th><Table.Th>Version</Table.Th><Table.Th>Revision</Table.Th><Table.Th>Newest change</Table.Th><Table.Th>Last heartbeat</Table.Th><Table.Th>Connected</Table.Th><Table.Th w={50}><span className="visually-hidden">End it</span></Table.Th></Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>{items.map((item) => <Row key={item.id} item={item} />)}</Table.Tbody>
                  </Table>
                </Table.ScrollContainer>
              )}
              <Group justify="space-between">
                <Text size="xs" c="dimmed" role="status">
                  {items.length < total ? `${items.length.toLocaleString()} of ${total.toLocaleString()} connections` : `${total.toLocaleString()} ${total === 1 ? 'connection' : 'connections'}`}
                  {missing && missing.length > 0 && `; no answer from ${missing.join(', ')}`}
                </Text>
                {items.length < total && limit < kMany && <Button size="compact-xs" variant="default" onClick={() => setAddress({ more: 'yes' })}>Show more</Button>}
              </Group>
            </>
          )}
        </Loaded>
      </Stack>
    </Paper>
  );
}

const kStages: { [stage in Connection['stage']]: { word: string; color: string } } = {
  none: { word: 'up to date', color: 'gray' },
  waiting: { word: 'waiting', color: 'orange' },
  sent: { word: 'sent', color: 'orange' },
  received: { word: 'received', color: 'teal' },
  applied: { word: 'applied', color: 'teal' },
};

function Row({ item }: { item: Connection }) {
  const { client, admin, api_key: apiKey } = item;
  const stage = kStages[item.stage];
  return (
    <Table.Tr data-connection={client?.key ?? admin?.username ?? apiKey?.name}>
      <Table.Td>
        {client ? <Anchor component={Link} to={`/clients/${client.id}`} size="sm" fw={500}>{client.name}</Anchor> : <Text size="sm" fw={500}>{admin?.username ?? apiKey?.name}</Text>}
        <Text size="xs" c="dimmed">{client ? client.key : admin ? 'admin' : 'API key'}</Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{item.address ?? item.node.name}</Text>
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{item.transport}{item.address && `, ${item.node.name}`}</Text>
      </Table.Td>
      <Table.Td>{item.sdk ?? <Text size="sm" c="dimmed">not said</Text>}</Table.Td>
      <Table.Td className={classes['numbers']!}>
        {item.revision.toLocaleString()}
        <Text size="xs" c={item.lag > 0 ? 'var(--mantine-color-orange-text)' : 'dimmed'}>{item.lag > 0 ? `${item.lag.toLocaleString()} behind` : 'newest'}</Text>
      </Table.Td>
      <Table.Td>
        <Badge size="sm" variant="light" tt="none" color={item.lagging ? 'orange' : stage.color}>{item.lagging ? `behind: ${stage.word}` : stage.word}</Badge>
      </Table.Td>
      <Table.Td className={classes['numbers']!}>
        {item.last_seen_ms === null ? <Text size="sm" c="dimmed">none yet</Text> : `${show(item.last_seen_ms / 1000, 'count')} s ago`}
        {item.round_trip_ms !== null && <Text size="xs" c="dimmed">round trip {show(item.round_trip_ms, 'ms')}</Text>}
      </Table.Td>
      <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={item.connected_at} /></Text></Table.Td>
      <Table.Td><EndConnection connection={item} /></Table.Td>
    </Table.Tr>
  );
}
