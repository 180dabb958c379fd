import { ActionIcon, Button, Group, NativeSelect, Popover, Stack, Table, Text } from '@mantine/core';
import { IconFlag, IconHelp, IconX } from '@tabler/icons-react';
import { useCallback, useDeferredValue, useMemo, useRef } from 'react';
import { useEntityList } from '../../shared/entities/read';
import { SearchField, useEntityListPage } from '../../shared/entity-pages/entity-list';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { CreateFeature } from './create-feature';
import { useFacts } from './facts';
import { FeatureTable, type Order } from './feature-table';
import type { Feature } from './flag-draft';
import { kOperators, matches, parseQuery, queryProblem, termOf, toggleTerm, withOperator } from './search';
import { useLabels } from './use-labels';

export default function FeaturesPage() {
  const features = useEntityList('feature');
  const [address] = useAddress();
  const { search, dialog, newButton } = useEntityListPage('feature');
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
      <CreateFeature {...dialog} />
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
  const { groups, tags } = useLabels();
  const latest = useRef(query);
  latest.current = query;
  const onTag = useCallback((tag: string) => setAddress({ q: toggleTerm(latest.current, termOf('tag', tag)) }), [setAddress]);
  const staleCount = useMemo(() => features.filter(facts.isStale).length, [features, facts]);
  const problem = queryProblem(asked);
  const terms = parseQuery(query);
  // One of the values that a filter offers, if the query asks for it.
  const chosen = (operator: string, values: string[]) => {
    const asked = terms.find((term) => term.operator === operator && !term.negated)?.value;
    return values.find((value) => value.toLowerCase() === asked) ?? '';
  };
  const filter = (label: string, operator: string, values: string[], all: string) =>
    values.length > 0 && (
      <NativeSelect aria-label={label} w={150} data={[{ value: '', label: all }, ...values]} value={chosen(operator, values)} onChange={(event) => setAddress({ q: withOperator(query, operator, event.currentTarget.value) })} />
    );
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-end">
        <SearchField field={search} w="auto" style={{ flex: 1, minWidth: 220 }} aria-label="Search features" placeholder="Name, key, or is:off type:string tag:beta" spellCheck={false}
          rightSection={query ? <ActionIcon variant="subtle" color="gray" aria-label="Clear the search" onClick={() => setAddress({ q: undefined })}><IconX size={16} aria-hidden /></ActionIcon> : <SearchHelp />} />
        {filter('Group', 'group', groups, 'All groups')}
        {filter('Tag', 'tag', tags, 'All tags')}
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
