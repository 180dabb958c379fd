import { Badge, Paper, Table, Text, Title } from '@mantine/core';
import { useEnvironment } from '../../shared/console';
import { TimeAgo } from '../../shared/time/time-ago';
import classes from './dashboard.module.css';
import { show } from './series';
import type { Cluster } from './tiles';

/** Each server of the installation: its load, its connections, how far behind it is. */
export function Nodes({ cluster }: { cluster: Cluster }) {
  const environment = useEnvironment();
  return (
    <Paper withBorder p="sm" radius="md" component="section" aria-label="Nodes">
      <Title order={2} size="h4" mb="xs">Nodes</Title>
      <Table.ScrollContainer minWidth={520} type="native" tabIndex={0}>
        <Table verticalSpacing={6} fz="sm">
          <Table.Thead><Table.Tr><Table.Th>Node</Table.Th><Table.Th>Clients</Table.Th><Table.Th>Admins</Table.Th><Table.Th>Processor</Table.Th><Table.Th>Loop lag</Table.Th><Table.Th>Revision</Table.Th><Table.Th>Started</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {cluster.nodes.map((node) => {
              const here = node.environments?.[environment];
              return (
                <Table.Tr key={node.id}>
                  <Table.Td>
                    {node.name} <Badge size="xs" variant="light" tt="none" color={node.state === 'live' ? 'teal' : node.state === 'draining' ? 'yellow' : 'gray'}>{node.state}</Badge>
                    <Text size="xs" c="dimmed">{node.version}{node.self && ', answers this page'}</Text>
                  </Table.Td>
                  <Table.Td className={classes['numbers']!}>{show(here?.clients, 'count')}</Table.Td>
                  <Table.Td className={classes['numbers']!}>{show(here?.admins, 'count')}</Table.Td>
                  <Table.Td className={classes['numbers']!}>{show(node.load?.cpu, 'cores')}</Table.Td>
                  <Table.Td className={classes['numbers']!}>{show(node.load?.lag_ms, 'ms')}</Table.Td>
                  <Table.Td className={classes['numbers']!}>{here ? here.revision.toLocaleString() : '–'}{here && here.lag_revisions > 0 && <Text size="xs" c="var(--mantine-color-orange-text)">{here.lag_revisions.toLocaleString()} behind</Text>}</Table.Td>
                  <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={node.started_at} /></Text></Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
