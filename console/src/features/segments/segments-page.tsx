import { Anchor, Button, Group, Paper, Stack, Table, Text } from '@mantine/core';
import { IconFilter } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useDeferredValue, useMemo } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { useEntityListPage } from '../../shared/entity-pages/entity-list';
import { byName } from '../../shared/order';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import type { Json } from '../../shared/rules/condition';
import { describeRule } from '../../shared/rules/describe';
import { parseQuery, queryProblem } from '../../shared/search/query';
import { QueryField, TermButton } from '../../shared/search/query-field';
import { TimeAgo } from '../../shared/time/time-ago';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { CreateSegment } from './create-segment';
import { kOperators, matches } from './search';
import { usersOfSegments, type SegmentUser } from './segment-users';

type Segment = Schemas['Segment'];

export default function SegmentsPage() {
  const segments = useEntityList('segment');
  const [address] = useAddress();
  const { search, dialog, newButton } = useEntityListPage('segment');
  return (
    <Page title="Segments" actions={newButton} description="Groups of clients and users by a rule that has a name. Features refer to them, so that a change of the rule reaches all of them at once.">
      <Loaded query={segments}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={IconFilter} title="No segments yet" action={newButton}>
              Make one for a rule that several features need, such as <b>beta-testers</b> or <b>europe</b>. Rules of features can then say “is in segment”.
            </EmptyState>
          ) : (
            <List segments={all} query={address['q'] ?? ''} search={search} />
          )
        }
      </Loaded>
      <CreateSegment {...dialog} />
    </Page>
  );
}

const kNobody: readonly SegmentUser[] = [];

function List({ segments, query, search }: { segments: Segment[]; query: string; search: React.RefObject<HTMLInputElement | null> }) {
  const [, setAddress] = useAddress();
  const { data: features } = useEntityList('feature');
  const users = useMemo(() => usersOfSegments(features ?? [], segments), [features, segments]);
  const asked = useDeferredValue(query);
  const shown = useMemo(() => {
    const terms = parseQuery(asked, kOperators);
    return segments.filter((segment) => matches(segment, terms, users.get(segment.key) ?? kNobody)).sort(byName);
  }, [segments, asked, users]);
  const problem = queryProblem(asked, kOperators);
  const all = segments.length.toLocaleString();
  return (
    <Stack gap="sm">
      <Group><QueryField field={search} label="Search segments" placeholder="Name, key, rule, or is:unused attribute:region" operators={kOperators} words="name, key, description and rule" /></Group>
      <Group gap={6}>
        {['is:used', 'is:unused'].map((term) => <TermButton key={term} query={query} term={term}>{term.slice(3)}</TermButton>)}
        <Text size="sm" c="dimmed" role="status">{shown.length < segments.length ? `${shown.length.toLocaleString()} of ${all} segments` : segments.length === 1 ? '1 segment' : `${all} segments`}</Text>
      </Group>
      {problem && <Text size="sm" c="var(--mantine-color-error)">{problem}</Text>}
      {shown.length === 0 ? (
        <Text c="dimmed" size="sm">No segment fits “{asked}”. <Button size="compact-sm" variant="subtle" onClick={() => setAddress({ q: undefined })}>Show all</Button></Text>
      ) : <SegmentTable segments={shown} users={users} />}
    </Stack>
  );
}

function SegmentTable({ segments, users }: { segments: readonly Segment[]; users: ReadonlyMap<string, readonly SegmentUser[]> }) {
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={720} type="native">
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          <Table.Thead><Table.Tr><Table.Th w={180}>Segment</Table.Th><Table.Th>Who is in it</Table.Th><Table.Th w={150}>Used by</Table.Th><Table.Th w={150}>Last change</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {segments.map((segment) => {
              const rule = describeRule(segment.rule as Json);
              const count = users.get(segment.key)?.length ?? 0;
              return (
                <Table.Tr key={segment.id} data-testid={`segment-${segment.key}`}>
                  <Table.Td>
                    <Anchor component={Link} to={`/segments/${segment.id}`} fw={500} size="sm">{segment.name}</Anchor>
                    <Text size="xs" c="dimmed" ff="monospace">{segment.key}</Text>
                  </Table.Td>
                  <Table.Td><Text size="sm" lineClamp={2} title={rule}>{rule}</Text></Table.Td>
                  <Table.Td><Group gap="xs"><Text size="sm" c={count ? 'var(--mantine-color-text)' : 'dimmed'}>{count === 0 ? 'nobody' : `${count} ${count === 1 ? 'rule' : 'rules'}`}</Text><EntityRollout entityType="segment" id={segment.id} size="xs" /></Group></Table.Td>
                  <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={segment.updated_at} /></Text></Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
