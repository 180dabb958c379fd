import { Badge, Group, Paper, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useEnvironment } from '../../shared/console';
import { TimeAgo } from '../../shared/time/time-ago';
import { Hint } from '../../shared/ui/hint';
import classes from './dashboard.module.css';
import { show } from './series';
import type { Cluster } from './tiles';

type Node = Cluster['nodes'][number];

/** Each server of the installation: its load, its connections, how far behind it is. */
export function Nodes({ cluster }: { cluster: Cluster }) {
  return (
    <Paper withBorder p="sm" radius="md" component="section" aria-label="Nodes">
      <Title order={2} size="h4" mb={4}>Nodes</Title>
      <ul className={classes['nodes']!}>{cluster.nodes.map((node) => <NodeItem key={node.id} node={node} />)}</ul>
    </Paper>
  );
}

function NodeItem({ node }: { node: Node }) {
  const environment = useEnvironment();
  const here = node.environments?.[environment];
  return (
    <li className={classes['node']!} data-node={node.name}>
      <Group gap={6}>
        <Text size="sm" fw={550}>{node.name}</Text>
        <Badge size="xs" variant="light" tt="none" color={node.state === 'live' ? 'teal' : node.state === 'draining' ? 'yellow' : 'gray'}>{node.state}</Badge>
        <Text size="xs" c="dimmed">{node.version}, started <TimeAgo time={node.started_at} />{node.self && ', answers this page'}</Text>
      </Group>
      <dl className={classes['facts']!}>
        <Fact name="Clients">{show(here?.clients, 'count')}</Fact>
        <Fact name="Admins">{show(here?.admins, 'count')}</Fact>
        <Fact name="Processor">{show(node.load?.cpu, 'cores')}</Fact>
        <Fact name="Server delay" hint="The longest that work waited inside this server until its turn came, in the last minute.">{show(node.load?.lag_ms, 'ms')}</Fact>
        <Fact name="Revision" hint="The newest change that this server has. It says so here while it is behind the others.">
          {here ? here.revision.toLocaleString() : '–'}
          {here && here.lag_revisions > 0 && <Text span size="xs" c="var(--mantine-color-orange-text)" display="block">{here.lag_revisions.toLocaleString()} behind</Text>}
        </Fact>
      </dl>
    </li>
  );
}

const Fact = ({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) => (
  <div><dt>{name}{hint && <> <Hint about={`${name} of this node`}>{hint}</Hint></>}</dt><dd>{children}</dd></div>
);
