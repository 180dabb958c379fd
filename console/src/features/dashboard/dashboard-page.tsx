import { Button, Stack } from '@mantine/core';
import { IconFlag } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useConsole } from '../../shared/console';
import { getJson } from '../../shared/entities/read';
import { EmptyState, ErrorState, Loaded, Waiting } from '../../shared/ui/states';
import { Page } from '../../shared/ui/page';
import { useAddress } from '../../shared/use-search';
import { ClientMetrics } from './client-metrics';
import { Connections } from './connections';
import { Graphs } from './graphs';
import { Nodes } from './nodes';
import { Rollouts } from './rollouts';
import { latest, seriesOf } from './series';
import { Tiles, useCluster } from './tiles';
import { useHour, useMinutes } from './use-history';

export default function DashboardPage() {
  const [address] = useAddress();
  const hourly = address['span'] === 'hour';
  const minutes = useMinutes();
  const hour = useHour(hourly);
  const cluster = useCluster();
  const { history } = minutes;
  const count = history ? (latest(seriesOf(history, 'connections', '/client')) ?? 0) + (latest(seriesOf(history, 'connections', '/admin')) ?? 0) : 0;
  return (
    <Page title="Dashboard" description="The installation as it is now, and each change on its way to the clients. The server keeps the last hour, so a reload loses nothing.">
      <Stack gap="lg">
        <FirstFeature />
        {history ? <Tiles history={history} cluster={cluster.data} /> : minutes.error ? <ErrorState error={minutes.error} retry={minutes.retry} /> : <Waiting />}
        <Rollouts />
        <Loaded query={cluster}>{(data) => <Nodes cluster={data} />}</Loaded>
        {hourly ? <Loaded query={hour}>{(data) => <Graphs history={data} />}</Loaded> : history && <Graphs history={history} />}
        <Connections count={count} />
        <ClientMetrics />
      </Stack>
    </Page>
  );
}

/** While there is nothing to deliver: the way to the first feature. */
function FirstFeature() {
  const console = useConsole();
  const { data } = useQuery({
    queryKey: ['env', console.environment, 'dashboard', 'any-feature'],
    queryFn: ({ signal }) => getJson<{ total: number }>(console, '/api/v1/features', { limit: 1 }, signal),
    refetchInterval: ({ state }) => (state.data?.total === 0 ? 4000 : false),
  });
  if (!data || data.total > 0) return null;
  return (
    <EmptyState icon={IconFlag} title="Nothing to deliver yet" action={<Button component={Link} to="/features">To the features</Button>}>
      Make a feature, put it into a package, and connect a client of that package. From then on this page shows each change on its way.
    </EmptyState>
  );
}
