import { Anchor, Group, Paper, Stack, Table, Text } from '@mantine/core';
import { IconFilter } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { SearchField, useEntityListPage } from '../../shared/entity-pages/entity-list';
import { byName } from '../../shared/order';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import type { Json } from '../../shared/rules/condition';
import { describeRule } from '../../shared/rules/describe';
import { TimeAgo } from '../../shared/time/time-ago';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { CreateSegment } from './create-segment';
import { usersOfSegments } from './segment-users';

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
            <Stack gap="sm">
              <SearchField field={search} aria-label="Search segments" placeholder="Name, key, rule or description" />
              <SegmentTable segments={all} query={address['q'] ?? ''} />
            </Stack>
          )
        }
      </Loaded>
      <CreateSegment {...dialog} />
    </Page>
  );
}

function SegmentTable({ segments, query }: { segments: Segment[]; query: string }) {
  const { data: features } = useEntityList('feature');
  const users = useMemo(() => usersOfSegments(features ?? [], segments), [features, segments]);
  const shown = useMemo(() => {
    const text = query.trim().toLowerCase();
    return segments.map((segment) => ({ segment, rule: describeRule(segment.rule as Json) }))
      .filter(({ segment, rule }) => `${segment.name} ${segment.key} ${segment.description} ${rule}`.toLowerCase().includes(text))
      .sort((a, b) => byName(a.segment, b.segment));
  }, [segments, query]);
  if (shown.length === 0) return <Text c="dimmed" size="sm">No segment has “{query}” in its name, key, rule or description.</Text>;
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={640} type="native">
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          <Table.Thead><Table.Tr><Table.Th w={200}>Segment</Table.Th><Table.Th>Who is in it</Table.Th><Table.Th w={150}>Used by</Table.Th><Table.Th w={150}>Last change</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {shown.map(({ segment, rule }) => {
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
