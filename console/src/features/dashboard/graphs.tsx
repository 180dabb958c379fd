// The graphs of the dashboard: which series each of them shows.
import { SegmentedControl, SimpleGrid, Stack, Group, Title } from '@mantine/core';
import { useAddress } from '../../shared/use-search';
import { GraphCard } from './graph-card';
import { byNode, linesOf, seriesOf, type History, type Line } from './series';

export function Graphs({ history }: { history: History }) {
  const [address, setAddress] = useAddress();
  const several = new Set(history.nodes.map((node) => node.name)).size > 1;
  const perNode = several && address['by'] === 'node';
  const { times } = history;
  const card = { times };
  const line = (name: string, series: string, of = ''): Line => ({ name, values: seriesOf(history, series, of) });
  // By node, a graph has one line for each of them.
  const lines = (together: Line[], name: string, of: string, prefix = ''): Line[] => (perNode ? byNode(history, name, of, (node) => (prefix ? `${node} ${prefix}` : node)) : together);
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Title order={2} size="h4">Graphs</Title>
        <Group gap="xs">
          {several && (
            <SegmentedControl size="xs" aria-label="Nodes" value={perNode ? 'node' : 'together'} onChange={(by) => setAddress({ by: by === 'node' ? 'node' : undefined })}
              data={[{ value: 'together', label: 'All nodes' }, { value: 'node', label: 'By node' }]} />
          )}
          <SegmentedControl size="xs" aria-label="Time" value={address['span'] === 'hour' ? 'hour' : 'minutes'} onChange={(span) => setAddress({ span: span === 'hour' ? 'hour' : undefined })}
            data={[{ value: 'minutes', label: '5 minutes' }, { value: 'hour', label: '1 hour' }]} />
        </Group>
      </Group>
      <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }} spacing="sm">
        <GraphCard {...card} title="Connections" help="Open sockets, by namespace" unit="count"
          lines={perNode ? [...byNode(history, 'connections', '/client', (node) => `${node} clients`), ...byNode(history, 'connections', '/admin', (node) => `${node} admins`)] : [line('clients', 'connections', '/client'), line('admins', 'connections', '/admin')]} />
        <GraphCard {...card} title="Connects and closes" help="Sessions a second; closes by reason" unit="rate"
          lines={lines([line('connects', 'connects'), ...linesOf(history, 'closes', { moved: true, label: (reason) => `closed: ${reason}` })], 'connects', '', 'connects')} />
        <GraphCard {...card} title="Push latency" help="From the commit to the client: written, proven, applied" unit="ms"
          lines={lines([line('received p50', 'push_latency', 'received_p50'), line('received p99', 'push_latency', 'received_p99'), line('sent p99', 'push_latency', 'sent_p99'), line('applied p99', 'push_latency', 'applied_p99')], 'push_latency', 'received_p99', 'received p99')} />
        <GraphCard {...card} title="Messages" help="Packets a second" unit="rate" lines={lines([line('in', 'messages', 'in'), line('out', 'messages', 'out')], 'messages', 'out', 'out')} />
        <GraphCard {...card} title="Bytes" help="To and from connections" unit="bytes/s" lines={lines([line('in', 'bytes', 'in'), line('out', 'bytes', 'out')], 'bytes', 'out', 'out')} />
        <GraphCard {...card} title="Server delay and heartbeats" help="The longest wait of work for its turn; answers to pings" unit="ms"
          lines={lines([line('server delay', 'loop_lag'), line('heartbeat p99', 'round_trip', 'p99')], 'loop_lag', '')} />
        <GraphCard {...card} title="Limits and refusals" help="How often a limit was passed or a connection refused" unit="rate" empty="No limit was passed and no connection was refused in this time."
          lines={[...linesOf(history, 'limits', { moved: true }), ...linesOf(history, 'refusals', { moved: true, label: (code) => `refused: ${code}` })]} />
        <GraphCard {...card} title="Store" help="The time of a commit" unit="ms" lines={lines([line('commit p50', 'store_latency', 'commit_p50'), line('commit p99', 'store_latency', 'commit_p99')], 'store_latency', 'commit_p99', 'commit p99')} />
        <GraphCard {...card} title="Processor" help="Of one core" unit="cores" lines={lines([line('all nodes', 'cpu')], 'cpu', '')} />
      </SimpleGrid>
    </Stack>
  );
}
