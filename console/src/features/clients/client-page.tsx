import { Anchor, Badge, Button, Group, Paper, Tabs, Text, Title } from '@mantine/core';
import { IconFlag, IconHistory, IconKey, IconMessage, IconPlayerPlay, IconPlugConnected, IconSettings, IconTrash, IconUserOff, type Icon } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntity, useEntityList } from '../../shared/entities/read';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { DeleteEntity } from '../../shared/ui/delete-entity';
import { Guarded } from '../../shared/ui/guarded';
import { EntityHistory } from '../../shared/ui/history';
import { LiveDot } from '../../shared/ui/live-dot';
import { Page } from '../../shared/ui/page';
import { Presence } from '../../shared/ui/presence';
import { EmptyState, Loaded, Waiting } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { ClientConnections, useConnections } from './client-connections';
import { ClientFeatures } from './client-features';
import { ClientForm } from './client-form';
import { ClientMessage } from './client-message';
import { ClientSwitch } from './client-switch';
import { ClientTokens } from './client-tokens';

const TryIt = lazy(() => import('../../shared/try-it/try-it'));
const above = [{ title: 'Clients', to: '/clients' }];

export default function ClientPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const client = useEntity('client', Number(id));
  const gone = client.data === null || (client.error && 'status' in client.error && client.error.status === 404);
  if (gone)
    return (
      <Page title="Client" above={above}>
        <EmptyState icon={IconUserOff} title="This client does not exist" action={<Button component={Link} to="/clients" variant="light">All clients</Button>}>It was deleted, or it belongs to another environment. Activity shows deleted clients and can bring them back, without their tokens.</EmptyState>
      </Page>
    );
  return <Loaded query={client}>{(data) => data && <Content client={data} />}</Loaded>;
}

const kTabs: [string, string, Icon, (client: Schemas['Client']) => ReactNode][] = [
  ['features', 'Features', IconFlag, (client) => <ClientFeatures client={client} />],
  ['settings', 'Settings', IconSettings, (client) => <ClientForm client={client} />],
  ['tokens', 'Tokens', IconKey, (client) => <ClientTokens client={client} />],
  ['connections', 'Connections', IconPlugConnected, (client) => <ClientConnections client={client} />],
  ['try', 'Try it', IconPlayerPlay, (client) => <Suspense fallback={<Waiting />}><TryIt clientId={client.id} /></Suspense>],
  ['message', 'Message', IconMessage, (client) => <ClientMessage client={client} />],
  ['history', 'History', IconHistory, (client) => <EntityHistory type="client" id={client.id} revision={client.revision} />],
];

function Content({ client }: { client: Schemas['Client'] }) {
  const [address, setAddress] = useAddress();
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const packages = useEntityList('package');
  const connections = useConnections(client.id);
  const plan = packages.data?.find(({ id }) => id === client.package_id);
  const count = connections.data?.total;
  return (
    <Page title={client.name} above={above} marks={<><Badge variant="default" tt="none" ff="monospace">{client.key}</Badge><Presence type="client" id={client.id} /></>}
      actions={
        <Guarded action="write_clients">
          {(disabled) => <Button variant="default" color="red" leftSection={<IconTrash size={16} aria-hidden />} disabled={disabled} onClick={() => setDeleting(true)}>Delete</Button>}
        </Guarded>
      }>
      <Paper withBorder radius="md" p="md">
        <Group justify="space-between">
          <Group gap="md">
            <ClientSwitch client={client} size="lg" />
            <div>
              <Title order={2} size="h5">{client.active ? 'Active' : 'Inactive'}</Title>
              <Text size="sm" c="dimmed">
                {client.package_id === null ? 'No package' : <>Package <Anchor component={Link} to={`/packages/${client.package_id}`} inherit underline="always">{plan?.name ?? client.package_id}</Anchor></>}
                {' · '}{client.overrides.length} {client.overrides.length === 1 ? 'override' : 'overrides'}
                {count !== undefined && <>{' · '}<LiveDot color={count > 0 ? 'on' : 'off'} live={count > 0} /> {count.toLocaleString()} {count === 1 ? 'connection' : 'connections'}</>}
              </Text>
            </div>
          </Group>
          <EntityRollout entityType="client" id={client.id} stays size="md" />
        </Group>
      </Paper>
      <Tabs value={address['tab'] ?? 'features'} onChange={(tab) => setAddress({ tab: tab === 'features' ? undefined : (tab ?? undefined) })} keepMounted={false}>
        <Tabs.List>{kTabs.map(([value, label, Mark]) => <Tabs.Tab key={value} value={value} leftSection={<Mark size={16} aria-hidden />}>{label}</Tabs.Tab>)}</Tabs.List>
        {kTabs.map(([value, , , render]) => <Tabs.Panel key={value} value={value} pt="md">{render(client)}</Tabs.Panel>)}
      </Tabs>
      <DeleteEntity type="client" entity={client} opened={deleting} onClose={() => setDeleting(false)} onDeleted={() => void navigate({ to: '/clients' })} />
    </Page>
  );
}
