import { Anchor, Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { IconFlag, IconPackageOff, IconSettings, IconUsers } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useEntityList, useEntityPages } from '../../shared/entities/read';
import { SearchField } from '../../shared/entity-pages/entity-list';
import { EntityFrame, EntityPage, StateCard } from '../../shared/entity-pages/entity-page';
import { byName } from '../../shared/order';
import { LiveDot } from '../../shared/ui/live-dot';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { EntitySwitch } from '../../shared/ui/switch';
import { useAddress } from '../../shared/use-search';
import type { Plan } from './draft';
import { MatrixEditor } from './matrix-editor';
import { PackageForm } from './package-form';
import { planPrice } from './price';
import { useClientCount } from './use-client-count';

export default function PackagePage() {
  return (
    <EntityPage type="package" goneIcon={IconPackageOff}>
      {(plan) => (
        <EntityFrame type="package" entity={plan} description={plan.description}
          tabs={[
            { id: 'features', label: 'Features', icon: IconFlag, content: <Features plan={plan} /> },
            { id: 'settings', label: 'Settings', icon: IconSettings, content: <PackageForm plan={plan} /> },
            { id: 'clients', label: 'Clients', icon: IconUsers, content: <Clients plan={plan} /> },
          ]}>
          <StateCard type="package" id={plan.id} state={plan.available ? 'For sale' : 'Not for sale'} control={<EntitySwitch type="package" id={plan.id} name={plan.name} on={plan.available} size="lg" />}><Facts plan={plan} /></StateCard>
        </EntityFrame>
      )}
    </EntityPage>
  );
}

const counted = (count: number, noun: string) => `${count.toLocaleString()} ${noun}${count === 1 ? '' : 's'}`;

function Facts({ plan }: { plan: Plan }) {
  const clients = useClientCount(plan.id);
  return <>{planPrice(plan)} · {counted(plan.features.length, 'feature')}{clients.data !== undefined && ` · ${counted(clients.data, 'client')}`}{!plan.available && ' · clients on it keep it'}</>;
}

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
        <Stack gap="sm" maw={760}>
          <Group gap="xs">
            <SearchField w={240} aria-label="Search features" placeholder="Name or key" />
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
