// What the client gets: the plan's answer, the override, the effective answer and the rule that decided, side by side.
import { ActionIcon, Anchor, Badge, Group, SegmentedControl, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconEdit, IconFlagOff, IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useRef } from 'react';
import type { Schemas } from '@togglecast/admin';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { decisionText, ruleText, valueText, type Decision } from '../../shared/decisions/rules';
import { useRefresh } from '../../shared/live/use-refresh';
import { byName } from '../../shared/order';
import { useShortcut } from '../../shared/shortcuts';
import { TimeAgo } from '../../shared/time/time-ago';
import { Guarded } from '../../shared/ui/guarded';
import { LiveDot } from '../../shared/ui/live-dot';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { VirtualTable, type Column } from '../../shared/ui/virtual-table';
import { useAddress, useAddressDialog, useAddressSet } from '../../shared/use-search';
import { OverrideDialog } from './override-dialog';

type Client = Schemas['Client'];
type Item = Schemas['Effective']['items'][number];
type Row = { item: Item; sub?: undefined } | { item: Item; sub: string };

function useEffective(client: Client) {
  const { admin, environment } = useConsole();
  const queryKey = ['env', environment, 'effective', client.id];
  useRefresh(queryKey, (type, id) => type === 'feature' || type === 'platform' || type === 'package' || type === 'segment' || (type === 'client' && id === client.id));
  return useQuery({ queryKey, queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/clients/{id}/effective', { params: { path: { id: client.id } }, signal })) });
}

const kShow: { [name: string]: (item: Item) => boolean } = {
  visible: (item) => item.visible,
  overrides: (item) => item.override !== null,
  on: (item) => item.effective.enabled,
  all: () => true,
};

export function ClientFeatures({ client }: { client: Client }) {
  const effective = useEffective(client);
  return (
    <Loaded query={effective}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState icon={IconFlagOff} title="No features yet">As soon as there are features, this page shows for each of them what {client.name} gets, and why.</EmptyState>
        ) : (
          <Features client={client} items={items} />
        )
      }
    </Loaded>
  );
}

function Features({ client, items }: { client: Client; items: Item[] }) {
  const [address, setAddress] = useAddress();
  const dialog = useAddressDialog('override');
  const [open, toggle] = useAddressSet('subs');
  const search = useRef<HTMLInputElement>(null);
  useShortcut('/', 'Search features of the client', () => search.current?.focus());
  const openDialog = dialog.open;
  const show = address['show'] ?? 'visible';
  const q = (address['q'] ?? '').trim().toLowerCase();
  const edited = items.find((item) => String(item.feature_id) === dialog.value);
  const rows = useMemo(() => {
    const fits = kShow[show] ?? kShow['all']!;
    return items
      .filter((item) => fits(item) && `${item.name} ${item.key}`.toLowerCase().includes(q))
      .sort(byName)
      .flatMap((item): Row[] => [{ item }, ...(open.has(item.key) ? Object.keys(item.sub_features).map((sub) => ({ item, sub })) : [])]);
  }, [items, show, q, open]);
  const columns = useMemo(() => columnsOf(open, toggle, (id) => openDialog(String(id))), [open, toggle, openDialog]);
  const count = (name: string) => items.filter(kShow[name]!).length;

  return (
    <Stack gap="sm">
      <Group gap="xs">
        <TextInput ref={search} w={260} maw="100%" aria-label="Search features of the client" placeholder="Name or key" leftSection={<IconSearch size={16} aria-hidden />}
          value={address['q'] ?? ''} onChange={(event) => setAddress({ q: event.currentTarget.value })} />
        <SegmentedControl size="xs" aria-label="Which features" value={show} onChange={(value) => setAddress({ show: value === 'visible' ? undefined : value })}
          data={[
            { value: 'visible', label: `Assigned ${count('visible')}` }, { value: 'on', label: `On ${count('on')}` },
            { value: 'overrides', label: `Overridden ${count('overrides')}` }, { value: 'all', label: `All ${items.length}` },
          ]} />
      </Group>
      {rows.length === 0 ? (
        <Text size="sm" c="dimmed">{show === 'visible' && !q ? 'Neither a package nor an override gives this client a feature. Choose “All” to add an override, or put the client on a package.' : 'No feature fits.'}</Text>
      ) : (
        <VirtualTable label="Features of the client" columns={columns} rows={rows} keyOf={({ item, sub }) => (sub === undefined ? item.feature_id : `${item.feature_id}/${sub}`)} rowHeight={56} minWidth={900}
          testId={({ item, sub }) => `effective-${item.key}${sub === undefined ? '' : `/${sub}`}`} />
      )}
      {edited && <OverrideDialog key={edited.feature_id} client={client} featureId={edited.feature_id} name={edited.name} onClose={dialog.close} />}
    </Stack>
  );
}

function columnsOf(open: ReadonlySet<string>, toggle: (key: string) => void, edit: (id: number) => void): Column<Row>[] {
  return [
    { id: 'feature', header: 'Feature', width: 'minmax(200px, 2fr)', cell: (row) => <Name row={row} open={open.has(row.item.key)} toggle={toggle} /> },
    { id: 'plan', header: 'Plan', width: 'minmax(90px, 1fr)', cell: ({ item, sub }) => <Value decision={sub === undefined ? item.plan : item.sub_features[sub]!.plan} /> },
    { id: 'override', header: 'Override', width: 'minmax(190px, 2fr)', cell: ({ item, sub }) => (sub === undefined ? <Override item={item} edit={edit} /> : <Text size="xs" c="dimmed">as its feature</Text>) },
    { id: 'effective', header: 'Effective', width: 'minmax(100px, 1fr)', cell: ({ item, sub }) => <Value decision={sub === undefined ? item.effective : item.sub_features[sub]!.effective} strong /> },
    {
      id: 'rule', header: 'Decided by', width: 'minmax(180px, 2fr)',
      cell: ({ item, sub }) => {
        const decision = sub === undefined ? item.effective : item.sub_features[sub]!.effective;
        return (
          <Tooltip label={decision.error?.message ?? item.hidden_because ?? ruleText(decision)} multiline maw={360}>
            <Text size="sm" {...(decision.reason === 'ERROR' && { c: 'red' })} lineClamp={2} data-rule={decision.rule}>{ruleText(decision)}</Text>
          </Tooltip>
        );
      },
    },
  ];
}

function Name({ row: { item, sub }, open, toggle }: { row: Row; open: boolean; toggle: (key: string) => void }) {
  if (sub !== undefined) return <Text size="sm" ff="monospace" pl={34} truncate>{sub}</Text>;
  const subs = Object.keys(item.sub_features).length;
  return (
    <Group gap={6} wrap="nowrap">
      {subs > 0 ? (
        <ActionIcon size="sm" variant="subtle" color="gray" aria-expanded={open} aria-label={`Sub-features of ${item.name}`} onClick={() => toggle(item.key)}>{open ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}</ActionIcon>
      ) : (
        <span style={{ width: 22, flex: 'none' }} />
      )}
      <div style={{ minWidth: 0 }}>
        <Anchor component={Link} to={`/features/${item.feature_id}`} size="sm" fw={500} truncate display="block">{item.name}</Anchor>
        <Text size="xs" c="dimmed" ff="monospace" truncate>{item.key}</Text>
      </div>
    </Group>
  );
}

function Value({ decision, strong = false }: { decision: Decision; strong?: boolean }) {
  return (
    <Group gap={6} wrap="nowrap">
      {strong && <LiveDot color={decision.enabled ? 'on' : 'off'} />}
      <Text size="sm" fw={strong ? 600 : 400} {...(!decision.enabled && { c: 'dimmed' })} truncate title={decisionText(decision)}>{decisionText(decision)}</Text>
      {decision.limit !== undefined && <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>≤ {decision.limit.toLocaleString()}</Text>}
    </Group>
  );
}

function Override({ item, edit }: { item: Item; edit: (id: number) => void }) {
  const { override } = item;
  const open = (disabled: boolean) => (
    <ActionIcon size="sm" variant="subtle" color="gray" disabled={disabled} aria-label={override ? `Change the override of ${item.name}` : `Override ${item.name}`} onClick={() => edit(item.feature_id)}>
      {override ? <IconEdit size={15} aria-hidden /> : <IconPlus size={15} aria-hidden />}
    </ActionIcon>
  );
  return (
    <Group gap={8} wrap="nowrap">
      <Guarded action="write_clients">{open}</Guarded>
      {override && (
        <div style={{ minWidth: 0 }}>
          <Group gap={6} wrap="nowrap">
            <Badge size="sm" variant="light" tt="none" color={override.removed ? 'red' : 'grape'} miw={0} maw={140}>{override.removed ? 'taken away' : valueText(override.value)}</Badge>
            {override.expires_at && <Text size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>{override.holds ? 'ends ' : 'ended '}<TimeAgo time={override.expires_at} /></Text>}
          </Group>
          {override.reason && <Text size="xs" c="dimmed" truncate title={override.reason}>{override.reason}</Text>}
        </div>
      )}
    </Group>
  );
}
