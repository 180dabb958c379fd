import { ActionIcon, Button, Group, SegmentedControl, Select, Stack, Text, Tooltip } from '@mantine/core';
import { IconArrowRight, IconArrowsExchange, IconEqual, IconLayersIntersect } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { createAdmin, type Admin } from '@togglecast/admin';
import { useMemo } from 'react';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { kEntities } from '../../shared/entities/types';
import { SearchField } from '../../shared/entity-pages/entity-list';
import { environmentVariable } from '../../shared/environment-color';
import { Guarded } from '../../shared/ui/guarded';
import { Page } from '../../shared/ui/page';
import { EmptyState, ErrorState, Loaded, Waiting } from '../../shared/ui/states';
import { useAddress, useAddressDialog, useAddressSet } from '../../shared/use-search';
import { catalogueOf, compareCatalogues, type Catalogue } from './compare';
import { CompareRows, nameOf } from './compare-rows';
import classes from './environments.module.css';
import { useEnvironments } from '../../shared/use-environments';
import { PromoteDialog } from './promote-dialog';

const above = [{ title: 'Environments', to: '/environments' }];

export default function ComparePage() {
  const { environment: own } = useConsole();
  const environments = useEnvironments();
  const [address, setAddress] = useAddress();
  const navigate = useNavigate();
  return (
    <Page title="Compare and promote" above={above} description="Two environments side by side. Select what works in one of them, see what it would change in the other, and take it over.">
      <Loaded query={environments}>
        {({ items }) => {
          const keys = items.map(({ key }) => key);
          const from = address['from'] ?? (keys.find((key) => key !== own && !/^prod/.test(key)) ?? keys.find((key) => key !== own) ?? own);
          const to = address['to'] ?? (own === from ? (keys.find((key) => key !== from) ?? own) : own);
          // What is selected and opened belongs to this pair.
          const choose = (pair: { from: string; to: string }) => setAddress({ ...pair, select: undefined, open: undefined });
          if (keys.length < 2)
            return <EmptyState icon={IconLayersIntersect} title="There is only one environment" action={<Guarded action="manage_environments">{(disabled) => <Button disabled={disabled} onClick={() => void navigate({ to: '/environments?new=yes' })} variant="light">Make a second one</Button>}</Guarded>}>With a copy of this catalogue you can try changes there, and promote what works.</EmptyState>;
          return (
            <Stack>
              <div className={classes['sides']!}>
                <Side title="From" value={from} keys={keys} other={to} onChange={(key) => choose({ from: key, to })} />
                <Tooltip label="The other way round"><ActionIcon variant="default" size="lg" aria-label="The other way round" onClick={() => choose({ from: to, to: from })}><IconArrowsExchange size={18} aria-hidden /></ActionIcon></Tooltip>
                <Side title="To" value={to} keys={keys} other={from} onChange={(key) => choose({ from, to: key })} />
              </div>
              <Both key={`${from} ${to}`} from={from} to={to} />
            </Stack>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Side({ title, value, keys, other, onChange }: { title: string; value: string; keys: string[]; other: string; onChange: (key: string) => void }) {
  return (
    <div className={classes['side']} style={{ '--color': environmentVariable(value) } as React.CSSProperties}>
      <Select label={title} value={value} data={keys.map((key) => ({ value: key, label: key, disabled: key === other }))} onChange={(key) => key && onChange(key)} allowDeselect={false} />
    </div>
  );
}

/** REST of an environment, by the session of the page. */
function useRestOf(key: string): Admin['rest'] {
  const { admin, environment, sessions } = useConsole();
  return useMemo(
    () => (key === environment ? admin : createAdmin({ url: window.location.origin, getToken: ({ refresh }) => sessions.token({ environment: key, refresh }) })).rest,
    [admin, environment, key, sessions],
  );
}

function useCatalogue(environment: string, rest: Admin['rest']) {
  return useQuery({
    queryKey: ['env', environment, 'state', 'compare'],
    queryFn: async ({ signal }) => catalogueOf(await unwrap(rest.GET('/api/v1/state', { signal }))),
    staleTime: 0,
  });
}

function Both({ from, to }: { from: string; to: string }) {
  const source = useCatalogue(from, useRestOf(from));
  const targetRest = useRestOf(to);
  const target = useCatalogue(to, targetRest);
  if (source.error ?? target.error) return <ErrorState error={source.error ?? target.error} retry={() => void Promise.all([source.refetch(), target.refetch()])} />;
  if (!source.data || !target.data) return <Waiting label="Reading both" />;
  return <Comparison from={from} to={to} source={source.data} target={target.data} targetRest={targetRest} reload={() => void Promise.all([source.refetch(), target.refetch()])} />;
}

function Comparison({ from, to, source, target, targetRest, reload }: { from: string; to: string; source: Catalogue; target: Catalogue; targetRest: Admin['rest']; reload: () => void }) {
  const rows = useMemo(() => compareCatalogues(source, target), [source, target]);
  const [address, setAddress] = useAddress();
  const [chosen, choose, clear] = useAddressSet('select');
  const promotion = useAddressDialog('promote');
  const shows = address['show'] ?? 'different';
  const query = (address['q'] ?? '').toLowerCase();
  const different = useMemo(() => rows.filter((row) => row.state !== 'same'), [rows]);
  const shown = useMemo(() => (shows === 'all' ? rows : different).filter((row) => `${row.key} ${row.name}`.toLowerCase().includes(query)), [shows, rows, different, query]);
  const selected = different.filter((row) => chosen.has(nameOf(row)) && row.from);
  return (
    <Stack>
      <Group justify="space-between">
        <SearchField w={220} aria-label="Search both" placeholder="Name or key" />
        <SegmentedControl value={shows} onChange={(value) => setAddress({ show: value === 'different' ? undefined : value })} aria-label="Show"
          data={[{ value: 'different', label: `Different (${different.length})` }, { value: 'all', label: `All (${rows.length})` }]} />
      </Group>
      {different.length === 0 && shows !== 'all' && <EmptyState icon={IconEqual} title={`${from} and ${to} are the same`}>Platforms, segments, features and packages of both have the same keys and the same content.</EmptyState>}
      <CompareRows rows={shown} from={from} to={to} source={source} target={target} chosen={chosen} onChoose={choose} />
      {selected.length > 0 && (
        <Group className={classes['bar']!} justify="space-between">
          <Text size="sm"><b>{selected.length}</b> selected</Text>
          <Group gap="xs">
            <Button variant="subtle" color="gray" onClick={clear}>Clear</Button>
            <Guarded action={kEntities[selected[0]!.kind].write} where={to}>
              {(disabled) => <Button rightSection={<IconArrowRight size={16} aria-hidden />} disabled={disabled} onClick={() => promotion.open()}>Promote to {to}</Button>}
            </Guarded>
          </Group>
        </Group>
      )}
      <PromoteDialog opened={promotion.value !== undefined && selected.length > 0} from={from} to={to} selected={selected} rows={rows} source={source} target={target} rest={targetRest}
        onClose={(done) => {
          promotion.close();
          if (!done) return;
          clear();
          reload();
        }} />
    </Stack>
  );
}
