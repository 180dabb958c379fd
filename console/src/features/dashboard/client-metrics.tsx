// What clients report of themselves: one graph for each name.
import { SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '@togglecast/admin';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { Loaded } from '../../shared/ui/states';
import { GraphCard } from './graph-card';
import { happened } from './series';

type Reported = Schemas['ClientMetricHistory'];

export function ClientMetrics() {
  const { admin, environment } = useConsole();
  const metrics = useQuery<Reported>({
    queryKey: ['env', environment, 'dashboard', 'client-metrics'],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/dashboard/client-metrics', { signal })) as Promise<Reported>,
    refetchInterval: 10_000,
  });
  return (
    <Stack gap="sm" component="section" aria-label="Reported by clients">
      <Title order={2} size="h4">Reported by clients</Title>
      <Loaded query={metrics}>
        {({ times, metrics: all }) => all.length === 0 ? (
          <Text size="sm" c="dimmed">Clients may report numbers with the event <code>report_metrics</code>, such as how long a page took. Each name becomes a graph of the last hour.</Text>
        ) : (
          <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }} spacing="sm">
            {all.map((metric) => (
              <GraphCard key={metric.name} title={metric.name} help={`${happened(metric.count, 1).toLocaleString()} reported in this hour`} times={times} unit="value"
                lines={[{ name: 'mean', values: metric.mean }, { name: 'highest', values: metric.max }, { name: 'lowest', values: metric.min }]} />
            ))}
          </SimpleGrid>
        )}
      </Loaded>
    </Stack>
  );
}
