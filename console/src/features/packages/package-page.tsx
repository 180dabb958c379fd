import { Anchor, Badge, Button, Checkbox, Group, Paper, Stack, Tabs, Text, TextInput, Title } from '@mantine/core';
import { IconFlag, IconHistory, IconPackageOff, IconSearch, IconSettings, IconTrash, IconUsers } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useEntity, useEntityList, useEntityPages } from '../../shared/entities/read';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { DeleteEntity } from '../../shared/ui/delete-entity';
import { Guarded } from '../../shared/ui/guarded';
import { EntityHistory } from '../../shared/ui/history';
import { LiveDot } from '../../shared/ui/live-dot';
import { Page } from '../../shared/ui/page';
import { Presence } from '../../shared/ui/presence';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { EntitySwitch } from '../../shared/ui/switch';
import { useAddress } from '../../shared/use-search';
import type { Plan } from './draft';
import { MatrixEditor } from './matrix-editor';
import { PackageForm } from './package-form';
import { planPrice } from './price';
import { useClientCount } from './use-client-count';

const above = [{ title: 'Packages', to: '/packages' }];

export default function PackagePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const plan = useEntity('package', Number(id));
  const gone = plan.data === null || (plan.error && 'status' in plan.error && plan.error.status === 404);
  if (gone)
    return (
      <Page title="Package" above={above}>
        <EmptyState icon={IconPackageOff} title="This package does not exist" action={<Button component={Link} to="/packages" variant="light">All packages</Button>}>It was deleted, or it belongs to another environment. Activity shows deleted packages and can bring them back.</EmptyState>
      </Page>
    );
  return <Loaded query={plan}>{(data) => data && <Content plan={data} />}</Loaded>;
}

function Content({ plan }: { plan: Plan }) {
  const [address, setAddress] = useAddress();
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const clients = useClientCount(plan.id);
  return (
    <Page title={plan.name} above={above} description={plan.description} marks={<><Badge variant="default" tt="none" ff="monospace">{plan.key}</Badge><Presence type="package" id={plan.id} /></>}
      actions={
        <Guarded action="write_packages">
          {(disabled) => <Button variant="default" color="red" leftSection={<IconTrash size={16} aria-hidden />} disabled={disabled} onClick={() => setDeleting(true)}>Delete</Button>}
        </Guarded>
      }>
      <Paper withBorder radius="md" p="md">
        <Group justify="space-between">
          <Group gap="md">
            <EntitySwitch type="package" id={plan.id} name={plan.name} on={plan.available} size="lg" />
            <div>
              <Title order={2} size="h5">{plan.available ? 'For sale' : 'Not for sale'}</Title>
              <Text size="sm" c="dimmed">{planPrice(plan)} · {plan.features.length} {plan.features.length === 1 ? 'feature' : 'features'}{clients.data !== undefined && ` · ${clients.data.toLocaleString()} ${clients.data === 1 ? 'client' : 'clients'}`}{!plan.available && ' · clients on it keep it'}</Text>
            </div>
          </Group>
          <EntityRollout entityType="package" id={plan.id} stays size="md" />
        </Group>
      </Paper>
      <Tabs value={address['tab'] ?? 'features'} onChange={(tab) => setAddress({ tab: tab === 'features' ? undefined : (tab ?? undefined) })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="features" leftSection={<IconFlag size={16} aria-hidden />}>Features</Tabs.Tab>
          <Tabs.Tab value="settings" leftSection={<IconSettings size={16} aria-hidden />}>Settings</Tabs.Tab>
          <Tabs.Tab value="clients" leftSection={<IconUsers size={16} aria-hidden />}>Clients</Tabs.Tab>
          <Tabs.Tab value="history" leftSection={<IconHistory size={16} aria-hidden />}>History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="features" pt="md"><Features plan={plan} /></Tabs.Panel>
        <Tabs.Panel value="settings" pt="md"><PackageForm plan={plan} /></Tabs.Panel>
        <Tabs.Panel value="clients" pt="md"><Clients plan={plan} /></Tabs.Panel>
        <Tabs.Panel value="history" pt="md"><EntityHistory type="package" id={plan.id} revision={plan.revision} /></Tabs.Panel>
      </Tabs>
      <DeleteEntity type="package" entity={plan} opened={deleting} onClose={() => setDeleting(false)} onDeleted={() => void navigate({ to: '/packages' })} />
    </Page>
  );
}

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

function Features({ plan }: { plan: Plan }) {
  const features = useEntityList('feature');
  const platforms = useEntityList('platform');
  const [address, setAddress] = useAddress();
  const text = (address['q'] ?? '').trim().toLowerCase();
  const rows = useMemo(() => ({
    features: (features.data ?? []).filter((feature) => `${feature.name} ${feature.key}`.toLowerCase().includes(text)).sort(byName),
    platforms: text ? [] : [...(platforms.data ?? [])].sort(byName),
  }), [features.data, platforms.data, text]);
  const plans = useMemo(() => [plan], [plan]);
  return (
    <Loaded query={features}>
      {() => (
        <Stack gap="sm" maw={560}>
          <Group gap="xs">
            <TextInput w={240} maw="100%" aria-label="Search features" placeholder="Name or key" leftSection={<IconSearch size={16} aria-hidden />} value={address['q'] ?? ''} onChange={(event) => setAddress({ q: event.currentTarget.value })} />
            <Checkbox size="sm" label="Only those included" checked={address['only'] === 'included'} onChange={(event) => setAddress({ only: event.currentTarget.checked ? 'included' : undefined })} />
          </Group>
          <MatrixEditor plans={plans} {...rows} onlyIncluded={address['only'] === 'included'} />
        </Stack>
      )}
    </Loaded>
  );
}

function Clients({ plan }: { plan: Plan }) {
  const clients = useEntityPages('client', { package: plan.id, sort: 'name' }, 50);
  if (clients.total === 0) return <EmptyState icon={IconUsers} title="No client is on this package" action={<Button component={Link} to="/clients" variant="light">All clients</Button>}>The settings of a client put it on a package.</EmptyState>;
  return (
    <Loaded query={clients}>
      {() => (
        <Stack gap={6} align="flex-start">
          {clients.items.map((client) => (
            <Group key={client.id} gap={8}><LiveDot color={client.active ? 'on' : 'off'} /><Anchor component={Link} to={`/clients/${client.id}`} size="sm">{client.name}</Anchor><Text size="xs" c="dimmed" ff="monospace">{client.key}</Text></Group>
          ))}
          {(clients.total ?? 0) > clients.items.length && <Anchor component={Link} to={`/clients?package=${plan.id}`} size="sm">All {clients.total!.toLocaleString()} clients, with search</Anchor>}
        </Stack>
      )}
    </Loaded>
  );
}
