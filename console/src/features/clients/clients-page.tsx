import { Anchor, Badge, Group, Select, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconUsers } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntityList, useEntityPages } from '../../shared/entities/read';
import { SearchField, useEntityListPage } from '../../shared/entity-pages/entity-list';
import { TimeAgo } from '../../shared/time/time-ago';
import { Page } from '../../shared/ui/page';
import { EmptyState, ErrorState, Waiting } from '../../shared/ui/states';
import { VirtualTable, type Column } from '../../shared/ui/virtual-table';
import { useAddress } from '../../shared/use-search';
import { ClientQuestion, ClientSwitch } from './client-switch';
import { CreateClient } from './create-client';

type Client = Schemas['Client'];
const kPage = 500;

export default function ClientsPage() {
  const [address, setAddress] = useAddress();
  const { search, dialog, newButton } = useEntityListPage('client');
  const packages = useEntityList('package');
  const typed = address['q'] ?? '';
  const [q] = useDebouncedValue(typed.trim(), 200);
  const sort = address['sort'] ?? 'name';
  const clients = useEntityPages('client', { q, sort, active: address['active'], package: address['package'] }, kPage);
  const filtered = Boolean(q || address['active'] || address['package']);
  const plans = useMemo(() => new Map(packages.data?.map((plan) => [plan.id, plan.name])), [packages.data]);
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = clients;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);

  return (
    <Page title="Clients" actions={newButton} description="Customers of your product. Each is on one package; an override gives or takes single features. Its programs connect with a token of the client.">
      {clients.total === 0 && !filtered && !typed ? (
        <EmptyState icon={IconUsers} title="No clients yet" action={newButton}>
          Make one for each customer, or for each installation of your product. Put it on a package, make a token for it, and its programs hear of every change at once. <Anchor component={Link} to="/first-minutes" inherit underline="always">The first steps</Anchor> show how.
        </EmptyState>
      ) : (
        <Stack gap="sm">
          <Group gap="xs" align="flex-end">
            <SearchField field={search} w={300} aria-label="Search clients" placeholder="Name or key" />
            <Select aria-label="Filter by package" placeholder="Every package" w={180} clearable searchable value={address['package'] ?? null} onChange={(value) => setAddress({ package: value ?? undefined })}
              data={[{ value: 'none', label: 'No package' }, ...(packages.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))]} clearButtonProps={{ 'aria-label': 'Every package' }} />
            <Select aria-label="Filter by state" placeholder="Active or not" w={150} clearable value={address['active'] ?? null} onChange={(value) => setAddress({ active: value ?? undefined })}
              data={[{ value: 'true', label: 'Active' }, { value: 'false', label: 'Inactive' }]} clearButtonProps={{ 'aria-label': 'Active or not' }} />
            {clients.total !== undefined && <Text size="sm" c="dimmed" role="status" pb={8}>{clients.total.toLocaleString()} {clients.total === 1 ? 'client' : 'clients'}</Text>}
          </Group>
          {clients.isPending ? <Waiting /> : clients.error && clients.items.length === 0 ? <ErrorState error={clients.error} retry={() => void clients.refetch()} /> : clients.items.length === 0 ? (
            <Text c="dimmed" size="sm">No client fits. <Anchor component="button" size="sm" underline="always" onClick={() => setAddress({ q: undefined, active: undefined, package: undefined })}>Show all clients</Anchor></Text>
          ) : (
            <ClientTable clients={clients.items} total={clients.total} plans={plans} sort={sort} onSort={(next) => setAddress({ sort: next === 'name' ? undefined : next })} onNearEnd={more} />
          )}
        </Stack>
      )}
      <CreateClient {...dialog} />
      <ClientQuestion />
    </Page>
  );
}

function ClientTable({ clients, total, plans, sort, onSort, onNearEnd }: {
  clients: Client[]; total: number | undefined; plans: Map<number, string>; sort: string; onSort: (sort: string) => void; onNearEnd: () => void;
}) {
  const columns = useMemo((): Column<Client>[] => {
    const by = (field: string) => ({
      order: sort === field ? ('ascending' as const) : sort === `-${field}` ? ('descending' as const) : undefined,
      toggle: () => onSort(sort === field ? `-${field}` : field),
    });
    return [
      { id: 'active', header: 'Active', width: '72px', cell: (client) => <ClientSwitch client={client} /> },
      {
        id: 'name', header: 'Client', width: 'minmax(180px, 3fr)', sort: by('name'),
        cell: (client) => (
          <>
            <Anchor component={Link} to={`/clients/${client.id}`} fw={500} size="sm" truncate display="block">{client.name}</Anchor>
            <Text size="xs" c="dimmed" ff="monospace" truncate>{client.key}</Text>
          </>
        ),
      },
      {
        id: 'package', header: 'Package', width: 'minmax(110px, 1fr)',
        cell: ({ package_id: id }) => (id === null ? <Text size="sm" c="dimmed">none</Text> : <Anchor component={Link} to={`/packages/${id}`} size="sm">{plans.get(id) ?? `Package ${id}`}</Anchor>),
      },
      {
        id: 'overrides', header: 'Overrides', width: '110px',
        cell: ({ overrides }) => (overrides.length === 0 ? <Text size="sm" c="dimmed">—</Text> : <Badge variant="light" color="grape" tt="none">{overrides.length} {overrides.length === 1 ? 'override' : 'overrides'}</Badge>),
      },
      { id: 'updated', header: 'Last change', width: '140px', sort: by('updated_at'), cell: (client) => <Text size="sm" c="dimmed"><TimeAgo time={client.updated_at} /></Text> },
    ];
  }, [plans, sort, onSort]);
  return <VirtualTable label="Clients" columns={columns} rows={clients} keyOf={(client) => client.id} rowHeight={56} minWidth={700} total={total} onNearEnd={onNearEnd} testId={(client) => `client-${client.key}`} />;
}
