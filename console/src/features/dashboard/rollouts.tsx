// The newest changes and how far each has come, live: "delivered to 412 of 415, p99 83 ms", and the connections that lag.
import { Anchor, Group, Paper, Progress, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { ReadAgain } from '../../shared/live/read-again';
import { Laggards } from '../../shared/rollout/laggards';
import { useRolloutProgress } from '../../shared/rollout/rollout';
import { TimeAgo } from '../../shared/time/time-ago';
import { Loaded } from '../../shared/ui/states';
import classes from './dashboard.module.css';
import { readRollouts, type Item, type Recent } from './recent-rollouts';
import { show } from './series';

const kShown = 6;
const kPage = 20;
const kGather = 500;   // ms: many changes at once are read once
const kAgain = 2000;   // ms between readings while connections lag, for their names
const kLookAgain = 10_000; // ms otherwise: a connection that came back may have missed that something changed

function useRecentRollouts() {
  const { admin, environment, live } = useConsole();
  const queries = useQueryClient();
  useEffect(() => {
    const again = new ReadAgain(queries, ['env', environment, 'rollouts'], kGather);
    const stop = live.on('activity', (entry) => void (entry.environment !== 'system' && again.soon()));
    return () => {
      again.stop();
      stop();
    };
  }, [live, queries, environment]);
  return useQuery<Item[]>({
    queryKey: ['env', environment, 'rollouts'],
    queryFn: ({ signal }) => readRollouts((before) => unwrap(admin.rest.GET('/api/v1/rollouts', { params: { query: { limit: kPage, ...(before !== undefined && { before }) } }, signal })) as Promise<Recent>, kShown),
    refetchInterval: ({ state }) => (state.data?.some(({ rollout }) => rollout.open && rollout.stages.received.connections < rollout.stages.received.of) ? kAgain : kLookAgain),
  });
}

export function Rollouts() {
  const rollouts = useRecentRollouts();
  return (
    <Paper withBorder p="sm" radius="md" component="section" aria-label="Rollouts">
      <Group justify="space-between" mb={4}>
        <Title order={2} size="h4">Rollouts</Title>
        <Anchor component={Link} to="/activity" size="sm">All activity</Anchor>
      </Group>
      <Loaded query={rollouts}>
        {(items) => items.length === 0 ? (
          <Text size="sm" c="dimmed" py="lg" ta="center">Flip a switch: its change appears here, and how many connected clients have it, second by second.</Text>
        ) : (
          <div className={classes['rollouts']!}>{items.map((item) => <Row key={`${item.change.epoch}.${item.change.revision}`} item={item} />)}</div>
        )}
      </Loaded>
    </Paper>
  );
}

function Row({ item: { change, rollout } }: { item: Item }) {
  const progress = useRolloutProgress(rollout.open ? change.revision : undefined);
  const queries = useQueryClient();
  const { environment } = useConsole();
  const told = rollout.stages.received;
  const of = progress ? progress.concerned - progress.superseded - progress.gone : told.of;
  const got = Math.max(told.connections, progress?.received ?? 0);
  const complete = of > 0 && got >= of;
  // When the numbers say that it is whole, its times are read.
  const late = complete && told.connections < got;
  useEffect(() => {
    if (late) void queries.invalidateQueries({ queryKey: ['env', environment, 'rollouts'] });
  }, [late, queries, environment]);
  const p99 = told.p99_ms;
  return (
    <div className={classes['rollout']!} data-revision={change.revision} data-rollout={of === 0 ? 'none' : complete ? 'complete' : rollout.open ? 'open' : 'ended'}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap="sm">
        <Anchor component={Link} to={`/activity/${change.epoch}.${change.revision}`} size="sm" fw={500} lineClamp={2}>{change.summary}</Anchor>
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}><TimeAgo time={change.timestamp} /></Text>
      </Group>
      {of === 0 ? (
        <Text size="xs" c="dimmed">{rollout.concerned === 0 ? 'No client concerned: nobody who is connected sees a difference.' : 'All connections that it concerned have left or have a newer change.'}</Text>
      ) : (
        <>
          <Progress value={(100 * got) / of} color={complete ? 'teal' : rollout.open ? 'blue' : 'orange'} size="sm" my={5} aria-label={`Delivery of revision ${change.revision}`} />
          <Text size="xs" className={classes['numbers']!}>
            delivered to {got.toLocaleString()} of {of.toLocaleString()}{typeof p99 === 'number' && `, p99 ${show(p99, 'ms')}`}
            {rollout.superseded > 0 && <Text span c="dimmed"> · {rollout.superseded.toLocaleString()} got a newer one</Text>}
            {typeof rollout.offline_clients === 'number' && rollout.offline_clients > 0 && <Text span c="dimmed"> · {rollout.offline_clients.toLocaleString()} clients offline</Text>}
          </Text>
        </>
      )}
      {!complete && rollout.laggards.length > 0 && <div className={classes['laggards']!}><Laggards laggards={rollout.laggards} total={rollout.laggards_total} /></div>}
    </div>
  );
}
