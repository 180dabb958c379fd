import { ActionIcon, Anchor, Badge, Button, Checkbox, Code, Collapse, Group, SegmentedControl, Select, Stack, Text, TextInput, Title, Tooltip } from '@mantine/core';
import { IconArrowRight, IconArrowsExchange, IconEqual, IconLayersIntersect, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Admin } from '@togglecast/admin';
import { memo, useCallback, useMemo, useState } from 'react';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { environmentVariable } from '../../shared/environment-color';
import { Page } from '../../shared/ui/page';
import { EmptyState, ErrorState, Loaded, Waiting } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { catalogueOf, compareCatalogues, sidesOf, type Catalogue, type Kind, type Row } from './compare';
import classes from './environments.module.css';
import { useEnvironments } from '../../shared/use-environments';
import { OpenEnvironment, useEnvironmentRest } from './other-environment';
import { PromoteDialog } from './promote-dialog';

const above = [{ title: 'Environments', to: '/environments' }];

export default function ComparePage() {
  const { environment: own } = useConsole();
  const environments = useEnvironments();
  const [address, setAddress] = useAddress();
  return (
    <Page title="Compare and promote" above={above} description="Two environments side by side. Select what works in one of them, see what it would change in the other, and take it over.">
      <Loaded query={environments}>
        {({ items }) => {
          const keys = items.map(({ key }) => key);
          const from = address['from'] ?? (keys.find((key) => key !== own && !/^prod/.test(key)) ?? keys.find((key) => key !== own) ?? own);
          const to = address['to'] ?? (own === from ? (keys.find((key) => key !== from) ?? own) : own);
          if (keys.length < 2)
            return <EmptyState icon={IconLayersIntersect} title="There is only one environment" action={<Button component={Link} to="/environments?new=yes" variant="light">Make a second one</Button>}>With a copy of this catalogue you can try changes there, and promote what works.</EmptyState>;
          return (
            <Stack>
              <Group align="stretch" gap="xs">
                <Side title="From" value={from} keys={keys} other={to} onChange={(key) => setAddress({ from: key, to })} />
                <Group gap={4}>
                  <Tooltip label="The other way round"><ActionIcon variant="default" size="lg" aria-label="The other way round" onClick={() => setAddress({ from: to, to: from })}><IconArrowsExchange size={18} aria-hidden /></ActionIcon></Tooltip>
                </Group>
                <Side title="To" value={to} keys={keys} other={from} onChange={(key) => setAddress({ from, to: key })} />
              </Group>
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

function useCatalogue(environment: string, rest: Admin['rest'] | undefined) {
  return useQuery({
    queryKey: ['env', environment, 'state', 'compare'],
    queryFn: async ({ signal }) => catalogueOf(await unwrap(rest!.GET('/api/v1/state', { signal }))),
    enabled: rest !== undefined,
    staleTime: 0,
  });
}

function Both({ from, to }: { from: string; to: string }) {
  const ours = useEnvironmentRest(from);
  const theirs = useEnvironmentRest(to);
  const source = useCatalogue(from, ours.rest);
  const target = useCatalogue(to, theirs.rest);
  if (!ours.rest) return <OpenEnvironment environment={from} onOpen={ours.again} />;
  if (!theirs.rest) return <OpenEnvironment environment={to} onOpen={theirs.again} />;
  if (source.error ?? target.error) return <ErrorState error={source.error ?? target.error} retry={() => void Promise.all([source.refetch(), target.refetch()])} />;
  if (!source.data || !target.data) return <Waiting label="Reading both" />;
  return <Comparison from={from} to={to} source={source.data} target={target.data} targetRest={theirs.rest} reload={() => void Promise.all([source.refetch(), target.refetch()])} />;
}

const kTitles: { [kind in Kind]: string } = { platform: 'Platforms', segment: 'Segments', feature: 'Features', package: 'Packages' };

function Comparison({ from, to, source, target, targetRest, reload }: { from: string; to: string; source: Catalogue; target: Catalogue; targetRest: Admin['rest']; reload: () => void }) {
  const rows = useMemo(() => compareCatalogues(source, target), [source, target]);
  const [address, setAddress] = useAddress();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [promoting, setPromoting] = useState(false);
  const shows = address['show'] ?? 'different';
  const query = (address['q'] ?? '').toLowerCase();
  const different = rows.filter((row) => row.state !== 'same');
  const shown = (shows === 'all' ? rows : different).filter((row) => `${row.key} ${row.name}`.toLowerCase().includes(query));
  const selected = rows.filter((row) => chosen.has(`${row.kind}:${row.key}`) && row.from && row.state !== 'same');
  const choose = useCallback((row: Row, on: boolean) => {
    setChosen((before) => {
      const next = new Set(before);
      if (on) next.add(`${row.kind}:${row.key}`);
      else next.delete(`${row.kind}:${row.key}`);
      return next;
    });
  }, []);
  return (
    <Stack>
      <Group justify="space-between">
        <TextInput aria-label="Search both" placeholder="Name or key" leftSection={<IconSearch size={16} aria-hidden />} value={address['q'] ?? ''} onChange={(event) => setAddress({ q: event.currentTarget.value })} />
        <SegmentedControl value={shows} onChange={(value) => setAddress({ show: value === 'different' ? undefined : value })} aria-label="Show"
          data={[{ value: 'different', label: `Different (${different.length})` }, { value: 'all', label: `All (${rows.length})` }]} />
      </Group>
      {different.length === 0 && shows !== 'all' && <EmptyState icon={IconEqual} title={`${from} and ${to} are the same`}>Platforms, segments, features and packages of both have the same keys and the same content.</EmptyState>}
      {(Object.keys(kTitles) as Kind[]).map((kind) => {
        const ofKind = shown.filter((row) => row.kind === kind);
        if (ofKind.length === 0) return null;
        return (
          <div key={kind}>
            <Title order={2} size="h5" mb={6}>{kTitles[kind]}</Title>
            <div className={classes['rows']}>
              {ofKind.map((row) => <RowView key={row.key} row={row} from={from} to={to} source={source} target={target} checked={chosen.has(`${kind}:${row.key}`)} onChoose={choose} />)}
            </div>
          </div>
        );
      })}
      {selected.length > 0 && (
        <Group className={classes['bar']!} justify="space-between">
          <Text size="sm"><b>{selected.length}</b> selected</Text>
          <Group gap="xs">
            <Button variant="subtle" color="gray" onClick={() => setChosen(new Set())}>Clear</Button>
            <Button rightSection={<IconArrowRight size={16} aria-hidden />} onClick={() => setPromoting(true)}>Promote to {to}</Button>
          </Group>
        </Group>
      )}
      <PromoteDialog opened={promoting} from={from} to={to} selected={selected} rows={rows} source={source} target={target} rest={targetRest}
        onClose={(done) => {
          setPromoting(false);
          if (!done) return;
          setChosen(new Set());
          reload();
        }} />
    </Stack>
  );
}

const RowView = memo(function RowView({ row, from, to, source, target, checked, onChoose }: { row: Row; from: string; to: string; source: Catalogue; target: Catalogue; checked: boolean; onChoose: (row: Row, on: boolean) => void }) {
  const [open, setOpen] = useState(false);
  const sides = open ? sidesOf(row, source, target) : undefined;
  const state = { same: ['same', 'gray'], differs: ['differs', 'blue'], 'only here': [`only in ${from}`, 'teal'], 'only there': [`only in ${to}`, 'gray'] }[row.state] as [string, string];
  return (
    <div className={classes['row']} data-testid={`row-${row.kind}-${row.key}`}>
      <Checkbox mt={2} checked={checked} disabled={!row.from || row.state === 'same'} onChange={(event) => onChoose(row, event.currentTarget.checked)} aria-label={`Select ${row.name}`} />
      <div className={classes['grow']}>
        <Group gap="xs"><Text size="sm" fw={500}>{row.name}</Text><Text size="xs" c="dimmed" ff="monospace">{row.key}</Text><Badge size="sm" variant="light" color={state[1]} tt="none">{state[0]}</Badge></Group>
        {row.fields.length > 0 && (
          <Group gap={6} mt={2}>
            <Text size="xs" c="dimmed">{row.fields.join(', ')}</Text>
            <Anchor component="button" size="xs" onClick={() => setOpen(!open)} aria-expanded={open} aria-label={`${open ? 'Hide' : 'Show'} what differs in ${row.name}`}>{open ? 'Hide' : 'Show'}</Anchor>
          </Group>
        )}
        <Collapse in={open}>
          {sides && row.fields.map((field) => (
            <div key={field}>
              <Text size="xs" fw={600} mt={8} mb={2}>{field}</Text>
              <Group grow align="flex-start" gap={8} preventGrowOverflow={false}>
                <Value name={from} value={sides.from?.[field]} />
                <Value name={to} value={sides.to?.[field]} />
              </Group>
            </div>
          ))}
        </Collapse>
      </div>
    </div>
  );
});

const Value = ({ name, value }: { name: string; value: unknown }) => (
  <div><Text size="xs" c="dimmed">{name}</Text><Code block fz={12}>{value === undefined ? '—' : typeof value === 'string' ? value || '(empty)' : JSON.stringify(value, null, 2)}</Code></div>
);
