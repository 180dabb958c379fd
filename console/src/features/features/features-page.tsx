import { ActionIcon, Button, Group, NativeSelect, Popover, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconFlag, IconHelp, IconPlus, IconSearch, IconX } from '@tabler/icons-react';
import { useCallback, useDeferredValue, useMemo, useRef } from 'react';
import { usePermission } from '../../shared/auth/use-permission';
import { useEntityList } from '../../shared/entities/read';
import { useShortcut } from '../../shared/shortcuts';
import { Guarded } from '../../shared/ui/guarded';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { CreateFeature } from './create-feature';
import { useFacts } from './facts';
import { FeatureTable, type Order } from './feature-table';
import { groupOf, type Feature } from './flag-draft';
import { kOperators, matches, parseQuery, queryProblem, toggleTerm } from './search';

export default function FeaturesPage() {
  const features = useEntityList('feature');
  const [address, setAddress] = useAddress();
  const search = useRef<HTMLInputElement>(null);
  const { allowed } = usePermission('write_features');
  const create = () => setAddress({ new: 'yes' }, { push: true });
  useShortcut('/', 'Search features', () => search.current?.focus());
  useShortcut('n', 'New feature', create, 'This page', allowed);
  const newButton = (
    <Guarded action="write_features">
      {(disabled) => <Button leftSection={<IconPlus size={16} aria-hidden />} disabled={disabled} onClick={create}>New feature</Button>}
    </Guarded>
  );
  return (
    <Page title="Features" actions={newButton} description="Switches in your code, each with rules that say who gets which variant. A change reaches connected clients at once.">
      <Loaded query={features}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={IconFlag} title="No features yet" action={newButton}>
              A feature is a switch that your code asks about, such as <b>new-checkout</b>. Make one, put it into a package, and clients of that package have it. Its page shows the code to copy.
            </EmptyState>
          ) : (
            <List features={all} query={address['q'] ?? ''} order={(address['sort'] as Order | undefined) ?? 'group'} search={search} />
          )
        }
      </Loaded>
      <CreateFeature opened={address['new'] !== undefined} onClose={() => setAddress({ new: undefined })} />
    </Page>
  );
}

function List({ features, query, order, search }: { features: Feature[]; query: string; order: Order; search: React.RefObject<HTMLInputElement | null> }) {
  const [, setAddress] = useAddress();
  const facts = useFacts();
  const asked = useDeferredValue(query);
  const shown = useMemo(() => {
    const terms = parseQuery(asked);
    return features.filter((feature) => matches(feature, terms, facts));
  }, [features, asked, facts]);
  const groups = useMemo(() => [...new Set(features.map((feature) => groupOf(feature.metadata)).filter(Boolean))].sort(), [features]);
  const latest = useRef(query);
  latest.current = query;
  const onTag = useCallback((tag: string) => setAddress({ q: toggleTerm(latest.current, `tag:${/\s/.test(tag) ? `"${tag}"` : tag}`) }), [setAddress]);
  const staleCount = useMemo(() => features.filter(facts.isStale).length, [features, facts]);
  const problem = queryProblem(asked);
  const group = parseQuery(query).find((term) => term.operator === 'group' && !term.negated)?.value ?? '';
  const setGroup = (next: string) => setAddress({ q: [query.replace(/(^|\s)group:("[^"]*"|\S+)/g, '').trim(), next && `group:${/\s/.test(next) ? `"${next}"` : next}`].filter(Boolean).join(' ') });
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-end">
        <TextInput ref={search} style={{ flex: 1, minWidth: 220 }} aria-label="Search features" placeholder="Name, key, or is:off type:string tag:beta" leftSection={<IconSearch size={16} aria-hidden />} spellCheck={false}
          value={query} onChange={(event) => setAddress({ q: event.currentTarget.value })}
          rightSection={query ? <ActionIcon variant="subtle" color="gray" aria-label="Clear the search" onClick={() => setAddress({ q: undefined })}><IconX size={16} aria-hidden /></ActionIcon> : <SearchHelp />} />
        {groups.length > 0 && <NativeSelect aria-label="Group" w={170} data={[{ value: '', label: 'All groups' }, ...groups]} value={groups.find((each) => each.toLowerCase() === group) ?? ''} onChange={(event) => setGroup(event.currentTarget.value)} />}
        <NativeSelect aria-label="Order" w={150} value={order} data={[{ value: 'group', label: 'By group' }, { value: 'name', label: 'By name' }, { value: 'changed', label: 'Last changed' }]}
          onChange={(event) => setAddress({ sort: event.currentTarget.value === 'group' ? undefined : event.currentTarget.value })} />
      </Group>
      <Group gap={6}>
        {['is:on', 'is:off', 'is:targeted', 'is:stale'].map((term) => (
          <Button key={term} size="compact-xs" variant={query.split(/\s+/).includes(term) ? 'filled' : 'default'} aria-pressed={query.split(/\s+/).includes(term)} onClick={() => setAddress({ q: toggleTerm(query, term) })}>
            {term.slice(3)}{term === 'is:stale' && staleCount > 0 && ` (${staleCount})`}
          </Button>
        ))}
        <Text size="sm" c="dimmed" role="status">{shown.length === features.length ? `${features.length.toLocaleString()} features` : `${shown.length.toLocaleString()} of ${features.length.toLocaleString()} features`}</Text>
      </Group>
      {problem && <Text size="sm" c="var(--mantine-color-error)">{problem}</Text>}
      {shown.length === 0 ? (
        <Text c="dimmed" size="sm">No feature fits “{asked}”. <Button size="compact-sm" variant="subtle" onClick={() => setAddress({ q: undefined })}>Show all</Button></Text>
      ) : <FeatureTable features={shown} order={order} facts={facts} onTag={onTag} />}
    </Stack>
  );
}

function SearchHelp() {
  return (
    <Popover width={430} position="bottom-end" shadow="md" withArrow>
      <Popover.Target><ActionIcon variant="subtle" color="gray" aria-label="How to search"><IconHelp size={16} aria-hidden /></ActionIcon></Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" mb="xs">Words are looked up in name, key, description, group and tags. A minus in front excludes: <code>-is:on</code>. Quotes keep words together.</Text>
        <Table fz="xs" withRowBorders={false} verticalSpacing={2}>
          <Table.Tbody>{kOperators.map(({ operator, example, meaning }) => <Table.Tr key={operator}><Table.Td ff="monospace" style={{ whiteSpace: 'nowrap' }}>{example}</Table.Td><Table.Td>{meaning}</Table.Td></Table.Tr>)}</Table.Tbody>
        </Table>
      </Popover.Dropdown>
    </Popover>
  );
}
