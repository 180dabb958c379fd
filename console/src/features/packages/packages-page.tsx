import { Anchor, Checkbox, Group, Paper, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { IconPackage } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useEntityList } from '../../shared/entities/read';
import { SearchField, useEntityListPage } from '../../shared/entity-pages/entity-list';
import { byName } from '../../shared/order';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { useShortcut } from '../../shared/shortcuts';
import { TimeAgo } from '../../shared/time/time-ago';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { EntitySwitch } from '../../shared/ui/switch';
import { useAddress } from '../../shared/use-search';
import { CreatePackage } from './create-package';
import type { Plan } from './draft';
import { MatrixEditor } from './matrix-editor';
import { planPrice } from './price';
import { useClientCount } from './use-client-count';

export default function PackagesPage() {
  const packages = useEntityList('package');
  const [address, setAddress] = useAddress();
  const { search, dialog, newButton } = useEntityListPage('package');
  const matrix = address['view'] === 'matrix';
  useShortcut('m', 'List or matrix', () => setAddress({ view: matrix ? undefined : 'matrix' }));
  return (
    <Page title="Packages" actions={newButton} description="Plans that customers buy: which features they include, with which limits, and the platforms that they open.">
      <Loaded query={packages}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={IconPackage} title="No packages yet" action={newButton}>
              Make one for each plan that you sell, such as <b>Free</b> and <b>Pro</b>, and put features into it. A client on the package gets them at once.
            </EmptyState>
          ) : (
            <Stack gap="sm">
              <Group gap="xs">
                <SegmentedControl aria-label="View" size="sm" value={matrix ? 'matrix' : 'list'} onChange={(view) => setAddress({ view: view === 'matrix' ? view : undefined })} data={[{ value: 'list', label: 'List' }, { value: 'matrix', label: 'Matrix' }]} />
                <SearchField field={search} w={260} aria-label={matrix ? 'Search features' : 'Search packages'} placeholder={matrix ? 'Feature: name or key' : 'Name, key or description'} />
                {matrix && <Checkbox size="sm" label="Only packages for sale" checked={address['sale'] === 'yes'} onChange={(event) => setAddress({ sale: event.currentTarget.checked ? 'yes' : undefined })} />}
              </Group>
              {matrix ? <WholeMatrix packages={all} query={address['q'] ?? ''} onlyForSale={address['sale'] === 'yes'} /> : <PackageTable packages={all} query={address['q'] ?? ''} />}
            </Stack>
          )
        }
      </Loaded>
      <CreatePackage {...dialog} />
    </Page>
  );
}

const byPrice = (a: Plan, b: Plan) => a.price.amount - b.price.amount || byName(a, b);

function WholeMatrix({ packages, query, onlyForSale }: { packages: Plan[]; query: string; onlyForSale: boolean }) {
  const features = useEntityList('feature');
  const platforms = useEntityList('platform');
  const plans = useMemo(() => packages.filter(({ available }) => available || !onlyForSale).sort(byPrice), [packages, onlyForSale]);
  const rows = useMemo(() => {
    const text = query.trim().toLowerCase();
    return {
      features: (features.data ?? []).filter((feature) => `${feature.name} ${feature.key}`.toLowerCase().includes(text)).sort(byName),
      platforms: text ? [] : [...(platforms.data ?? [])].sort(byName),
    };
  }, [features.data, platforms.data, query]);
  return (
    <Loaded query={features}>
      {(all) =>
        all.length === 0 ? <Text size="sm" c="dimmed">There are no features yet. As soon as there are, this table has a row for each, and a switch for each package.</Text> : (
          <MatrixEditor plans={plans} {...rows} />
        )
      }
    </Loaded>
  );
}

function PackageTable({ packages, query }: { packages: Plan[]; query: string }) {
  const shown = useMemo(() => {
    const text = query.trim().toLowerCase();
    return packages.filter((plan) => `${plan.name} ${plan.key} ${plan.description}`.toLowerCase().includes(text)).sort(byPrice);
  }, [packages, query]);
  if (shown.length === 0) return <Text c="dimmed" size="sm">No package has “{query}” in its name, key or description.</Text>;
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={760} type="native">
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          <Table.Thead>
            <Table.Tr><Table.Th w={110}>For sale</Table.Th><Table.Th>Package</Table.Th><Table.Th>Price</Table.Th><Table.Th ta="right">Features</Table.Th><Table.Th ta="right">Clients</Table.Th><Table.Th w={150}>Last change</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>{shown.map((plan) => <Row key={plan.id} plan={plan} count={shown.length <= kMostCounted} />)}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

const kMostCounted = 40; // each number of clients is a request

function Row({ plan, count }: { plan: Plan; count: boolean }) {
  const clients = useClientCount(plan.id, { enabled: count });
  return (
    <Table.Tr data-testid={`package-${plan.key}`}>
      <Table.Td><EntitySwitch type="package" id={plan.id} name={plan.name} on={plan.available} /></Table.Td>
      <Table.Td>
        <Group gap="xs">
          <div>
            <Anchor component={Link} to={`/packages/${plan.id}`} fw={500} size="sm">{plan.name}</Anchor>
            <Text size="xs" c="dimmed" ff="monospace">{plan.key}</Text>
          </div>
          <EntityRollout entityType="package" id={plan.id} />
        </Group>
      </Table.Td>
      <Table.Td><Text size="sm">{planPrice(plan)}</Text></Table.Td>
      <Table.Td ta="right"><Text size="sm">{plan.features.length.toLocaleString()}</Text></Table.Td>
      <Table.Td ta="right">{clients.data === undefined ? <Text size="sm" c="dimmed">—</Text> : <Anchor component={Link} to={`/clients?package=${plan.id}`} size="sm">{clients.data.toLocaleString()}</Anchor>}</Table.Td>
      <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={plan.updated_at} /></Text></Table.Td>
    </Table.Tr>
  );
}
