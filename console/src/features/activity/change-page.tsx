// One change at its own address: what it did, how far it has come, and its undo.
import { Anchor, Badge, Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { IconHistoryOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useConsole } from '../../shared/console';
import { getJson } from '../../shared/entities/read';
import { useRollout } from '../../shared/rollout/rollout';
import { RolloutBadge } from '../../shared/rollout/rollout-badge';
import { fullTime } from '../../shared/time/time';
import { Hint } from '../../shared/ui/hint';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { Changes } from './changes';
import type { Entry } from './filters';
import { Undo } from './undo';

const kAbove = [{ title: 'Activity', to: '/activity' }];
const kAgain = 1500; // ms, while connections lag

export default function ChangePage() {
  const console = useConsole();
  const { revision: named = '' }: { revision?: string } = useParams({ strict: false });
  const parts = /^(?:(\d+)\.)?(\d+)$/.exec(named);
  const epoch = parts?.[1];
  const revision = parts ? Number(parts[2]) : NaN;
  const entry = useQuery<Entry | null>({
    queryKey: ['env', console.environment, 'change', named],
    queryFn: async ({ signal }) => {
      if (!parts) return null;
      const before = revision + 1;
      const { items } = await getJson<{ items: Entry[] }>(console, '/api/v1/activity', { limit: 1, before: epoch ? `${epoch}.${before}` : before }, signal);
      return items.find((item) => item.revision === revision && (!epoch || item.epoch === Number(epoch))) ?? null;
    },
  });
  return <Loaded query={entry}>{(found) => (found ? <Change entry={found} /> : <Gone named={named} />)}</Loaded>;
}

const Gone = ({ named }: { named: string }) => (
  <Page title={`Revision ${named}`} above={kAbove}>
    <EmptyState icon={IconHistoryOff} title="There is no entry for this revision">It does not exist, was removed from the log, or changed nothing that you may see. <Anchor component={Link} to="/activity">See what is kept.</Anchor></EmptyState>
  </Page>
);

function Change({ entry }: { entry: Entry }) {
  const navigate = useNavigate();
  return (
    <Page title={`Revision ${entry.revision}`} above={kAbove} description={entry.summary} marks={<RolloutBadge revision={entry.revision} />}
      actions={<Undo entry={entry} size="sm" onDone={(undone) => void navigate({ to: `/activity/${undone.epoch}.${undone.revision}` })} />}>
      <Stack gap="lg">
        <Group gap="xs">
          <Text size="sm">{entry.actor.name}, {fullTime(entry.timestamp)}</Text>
          <Badge variant="light" color="gray" tt="none">{entry.source === 'rest' ? 'REST' : entry.source.replace('_', ' ')}</Badge>
          {entry.actor.request_id && <Text size="xs" c="dimmed">request {entry.actor.request_id}</Text>}
          {entry.undoes !== undefined && <Anchor component={Link} to={`/activity/${entry.undoes}`} size="sm">undoes revision {entry.undoes}</Anchor>}
        </Group>
        <Paper withBorder p="md" radius="md" component="section" aria-label="What changed"><Title order={2} size="h4">What changed</Title><Changes entry={entry} opened /></Paper>
        <Stages revision={entry.revision} />
      </Stack>
    </Page>
  );
}

const kStages = {
  sent: 'The server has given the change to the network.',
  received: 'The client has answered since, which proves that it has the change.',
  applied: 'The program of the client says that it works with the change. Programs that do not say so stay at received.',
};

/** The stages of the rollout and the connections that are behind. Nothing for a change whose numbers are no longer kept. */
function Stages({ revision }: { revision: number }) {
  const first = useRollout(revision);
  const { data } = useRollout(revision, { refetchInterval: first.data?.open && first.data.stages.received.connections < first.data.stages.received.of ? kAgain : false });
  if (!data || data.concerned === 0) return null;
  const ms = (value: number | null) => (value === null ? '–' : `${value.toLocaleString()} ms`);
  return (
    <Paper withBorder p="md" radius="md" component="section" aria-label="Delivery">
      <Title order={2} size="h4" mb="xs">Delivery</Title>
      <Table.ScrollContainer minWidth={420} type="native" tabIndex={0}>
        <Table fz="sm">
          <Table.Thead><Table.Tr><Table.Th>Stage</Table.Th><Table.Th>Connections</Table.Th><Table.Th>p50</Table.Th><Table.Th>p99</Table.Th><Table.Th>Slowest</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {(['sent', 'received', 'applied'] as const).map((stage) => (
              <Table.Tr key={stage}>
                <Table.Td>{stage} <Hint about={stage}>{kStages[stage]}</Hint></Table.Td><Table.Td>{data.stages[stage].connections.toLocaleString()} of {data.stages[stage].of.toLocaleString()}</Table.Td>
                <Table.Td>{ms(data.stages[stage].p50_ms)}</Table.Td><Table.Td>{ms(data.stages[stage].p99_ms)}</Table.Td><Table.Td>{ms(data.stages[stage].last_ms)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {data.laggards.length > 0 && (
        <>
          <Title order={3} size="h5" mt="md" mb={4}>{data.laggards_total.toLocaleString()} {data.laggards_total === 1 ? 'connection is behind' : 'connections are behind'}</Title>
          {data.laggards.map((laggard) => (
            <Text key={laggard.connection} size="sm">
              <Anchor component={Link} to={`/clients/${laggard.client_id}`} size="sm">{laggard.client_name}</Anchor> <Text span c="dimmed" size="sm">{laggard.transport}, {laggard.stage} for {ms(laggard.waited_ms)}</Text>
            </Text>
          ))}
        </>
      )}
    </Paper>
  );
}
