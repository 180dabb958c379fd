// How things are now, in one row: connections, latency, store, Redis, limits.
import { Group, Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Schemas } from '@togglecast/admin';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { Hint } from '../../shared/ui/hint';
import { LiveDot, type DotColor } from '../../shared/ui/live-dot';
import classes from './dashboard.module.css';
import { happened, highest, latest, linesOf, seriesOf, show, type History } from './series';

export type Cluster = Schemas['Cluster'];

export function useCluster() {
  const { admin, environment } = useConsole();
  return useQuery<Cluster>({
    queryKey: ['env', environment, 'cluster'],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/cluster', { signal })) as Promise<Cluster>,
    refetchInterval: 5000,
  });
}

export function Tiles({ history, cluster }: { history: History; cluster: Cluster | undefined }) {
  const storeUp = latest(seriesOf(history, 'store_up'));
  const commits = highest(seriesOf(history, 'store_latency', 'commit_p99'));
  const limits = linesOf(history, 'limits', { moved: true });
  const passed = limits.reduce((sum, { values }) => sum + happened(values, 1), 0);
  const push = seriesOf(history, 'push_latency', 'received_p99');
  const nodes = cluster?.nodes.filter((node) => node.state === 'live' || node.state === 'draining') ?? [];
  return (
    <div className={classes['tiles']!}>
      <Tile name="Clients" value={show(latest(seriesOf(history, 'connections', '/client')), 'count')} note="connected now" />
      <Tile name="Admins" value={show(latest(seriesOf(history, 'connections', '/admin')), 'count')} note="connected now" />
      <Tile name="Push, p99" value={show(latest(push), 'ms')} note={latest(push) === null ? 'no push in five minutes' : 'of the last push'}
        hint="From the commit of a change until 99 of 100 clients that it concerns have proven that they have it." />
      <Tile name="Server delay" value={show(latest(seriesOf(history, 'loop_lag')), 'ms')} note={`worst ${show(highest(seriesOf(history, 'loop_lag')), 'ms')}`}
        hint="How long work waits inside a server until its turn comes: a sign of too much load. It does not say that a client is behind." />
      <Tile name="Limits hit" value={show(passed, 'count')} dot={passed > 0 ? 'warn' : 'on'} note={limits[0] ? limits.map((line) => line.name).join(', ') : 'none in five minutes'}
        hint="How often a caller or a connection passed one of its limits, and was slowed down or refused." />
      <Tile name="Store" value={storeUp === 0 ? 'Failing' : 'OK'} dot={storeUp === 0 ? 'bad' : 'on'} note={commits === null ? 'no commit in five minutes' : `commit p99 ${show(commits, 'ms')}`} />
      <Tile name="Redis" {...redis(cluster)} />
      <Tile name="Nodes" value={cluster ? String(nodes.length) : '–'} dot={nodes.length > 0 ? 'on' : 'off'} note={nodes.map((node) => node.name).join(', ')} />
    </div>
  );
}

function redis(cluster: Cluster | undefined): { value: string; dot: DotColor; note: string } {
  const bus = cluster?.bus;
  if (!bus) return { value: '–', dot: 'off', note: '' };
  if (bus.kind === 'local') return { value: 'Not used', dot: 'off', note: 'one server alone' };
  return bus.status === 'ready' ? { value: 'OK', dot: 'on', note: 'between nodes' } : { value: 'Away', dot: 'bad', note: bus.problem ?? 'connecting' };
}

function Tile({ name, value, note, dot, hint }: { name: string; value: ReactNode; note: string; dot?: DotColor; hint?: string }) {
  return (
    <Paper withBorder px="sm" py={8} radius="md" className={classes['tile']!} data-tile={name}>
      <Group gap={6}>{dot && <LiveDot color={dot} />}<Text size="xs" c="dimmed" fw={550}>{name}</Text>{hint && <Hint about={name}>{hint}</Hint>}</Group>
      <div className={classes['value']!} data-value>{value}</div>
      <Text size="xs" c="dimmed" truncate title={note}>{note || ' '}</Text>
    </Paper>
  );
}
