import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { IconFlag } from '@tabler/icons-react';
import { useCallback, useDeferredValue, useMemo, useRef } from 'react';
import { useEntityList } from '../../shared/entities/read';
import { useEntityListPage } from '../../shared/entity-pages/entity-list';
import { SwitchQuestion } from '../../shared/entity-pages/switch-question';
import { parseQuery, queryProblem, termOf, toggleTerm, withOperator } from '../../shared/search/query';
import { QueryField, TermButton } from '../../shared/search/query-field';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { CreateFeature } from './create-feature';
import { useFacts } from './facts';
import { FeatureTable, type Order } from './feature-table';
import type { Feature } from './flag-draft';
import { kOperators, matches } from './search';
import { useLabels } from './use-labels';

// Three beside each other on a phone.
const kFilter = { style: { flex: '1 1 108px', maxWidth: 150 }, rightSectionWidth: 26, styles: { input: { paddingInlineStart: 10 } } };

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
      <SwitchQuestion type="feature" />
    </Page>
  );
}

function List({ features, query, order, search }: { features: Feature[]; query: string; order: Order; search: React.RefObject<HTMLInputElement | null> }) {
  const [, setAddress] = useAddress();
  const facts = useFacts();
  const asked = useDeferredValue(query);
  const shown = useMemo(() => {
    const terms = parseQuery(asked, kOperators);
    return features.filter((feature) => matches(feature, terms, facts));
  }, [features, asked, facts]);
  const { groups, tags } = useLabels();
  const latest = useRef(query);
  latest.current = query;
  const onTag = useCallback((tag: string) => setAddress({ q: toggleTerm(latest.current, termOf('tag', tag)) }), [setAddress]);
  const staleCount = useMemo(() => features.filter(facts.isStale).length, [features, facts]);
  const problem = queryProblem(asked, kOperators);
  const terms = parseQuery(query, kOperators);
  // One of the values that a filter offers, if the query asks for it.
  const chosen = (operator: string, values: string[]) => {
    const asked = terms.find((term) => term.operator === operator && !term.negated)?.value;
    return values.find((value) => value.toLowerCase() === asked) ?? '';
  };
  const filter = (label: string, operator: string, values: string[], all: string) =>
    values.length > 0 && (
      <NativeSelect aria-label={label} {...kFilter} data={[{ value: '', label: all }, ...values]} value={chosen(operator, values)} onChange={(event) => setAddress({ q: withOperator(query, operator, event.currentTarget.value) })} />
    );
  return (
    <Stack gap="sm">
      <Group gap="xs" align="flex-end">
        <QueryField field={search} label="Search features" placeholder="Name, key, or is:off type:string tag:beta" operators={kOperators} words="name, key, description, group and tags" />
        {filter('Group', 'group', groups, 'All groups')}
        {filter('Tag', 'tag', tags, 'All tags')}
        <NativeSelect aria-label="Order" {...kFilter} value={order} data={[{ value: 'group', label: 'By group' }, { value: 'name', label: 'By name' }, { value: 'changed', label: 'Last changed' }]}
          onChange={(event) => setAddress({ sort: event.currentTarget.value === 'group' ? undefined : event.currentTarget.value })} />
      </Group>
      <Group gap={6}>
        {['is:on', 'is:off', 'is:targeted', 'is:stale'].map((term) => (
          <TermButton key={term} query={query} term={term}>{`${term.slice(3)}${term === 'is:stale' && staleCount > 0 ? ` (${staleCount})` : ''}`}</TermButton>
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
