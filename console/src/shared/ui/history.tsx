// The history of one entity: each change with its author, what it changed, and the way to undo it.
import { Anchor, Button, Code, Collapse, Group, Paper, Stack, Text, Timeline } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useConsole } from '../console';
import { getJson } from '../entities/read';
import { write } from '../entities/write';
import { memberText } from '../entities/words';
import type { EntityName } from '../entities/types';
import { RolloutBadge } from '../rollout/rollout-badge';
import { shortTime } from '../time/time';
import { TimeAgo } from '../time/time-ago';
import { useAddressSet } from '../use-search';
import { Guarded } from './guarded';
import { notifyDone, notifyProblem } from './notify';
import { Loaded } from './states';

type Entry = Schemas['ActivityEntry'];
type Change = Schemas['ActivityChange'];

const nameOf = ({ epoch, revision }: Entry) => `${epoch}.${revision}`;

export function EntityHistory({ type, id, revision }: { type: EntityName; id: number; /** Of the entity now: another one reads the history again. */ revision: number }) {
  const history = useHistory(type, id, revision);
  const [open, toggle] = useAddressSet('changes');
  return (
    <Loaded query={history}>
      {({ pages }) => {
        const kept = pages.at(-1)?.kept_since;
        return (
          <Stack>
            <Timeline bulletSize={12} lineWidth={2} active={-1} >
              {pages.flatMap(({ items }) => items).map((entry, index) => (
                <Timeline.Item key={nameOf(entry)} title={<Text size="sm" fw={500}>{entry.summary}</Text>}>
                  <Happened entry={entry} change={entry.changes.find((change) => change.entity_type === type && change.entity_id === id)} newest={index === 0}
                    open={open.has(nameOf(entry))} toggle={() => toggle(nameOf(entry))} />
                </Timeline.Item>
              ))}
            </Timeline>
            {history.hasNextPage && <Button variant="default" w="fit-content" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>Show older</Button>}
            {kept && <Text size="xs" c="dimmed">Changes before {shortTime(kept.timestamp)} (revision {kept.revision.toLocaleString()}) were removed from the log.</Text>}
          </Stack>
        );
      }}
    </Loaded>
  );
}

type Feed = { items: Entry[]; next?: number; kept_since?: { revision: number; timestamp: string } };
const kPageSize = 30;
const kMostEmptyPages = 20; // one page looks at a bounded part of the log, and may find nothing in it

function useHistory(type: EntityName, id: number, revision: number) {
  const console = useConsole();
  const queries = useQueryClient();
  const queryKey = useMemo(() => ['env', console.environment, 'history', type, id], [console.environment, type, id]);
  const read = useRef(revision);
  useEffect(() => {
    if (read.current !== revision) void queries.invalidateQueries({ queryKey });
    read.current = revision;
  }, [queries, queryKey, revision]);
  return useInfiniteQuery({
    queryKey,
    queryFn: async ({ pageParam, signal }) => {
      let page: Feed = { items: [], next: pageParam };
      for (let count = 0; count < kMostEmptyPages && page.items.length === 0 && page.next !== undefined; ++count)
        page = await getJson<Feed>(console, '/api/v1/activity', { entity_type: type, entity_id: id, limit: kPageSize, ...(page.next && { before: page.next }) }, signal);
      return page;
    },
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    refetchOnMount: 'always',
  });
}

function Happened({ entry, change, newest, open, toggle }: { entry: Entry; change: Change | undefined; newest: boolean; open: boolean; toggle: () => void }) {
  return (
    <Stack gap={4} align="flex-start">
      <Group gap="xs">
        <Text size="xs" c="dimmed"><TimeAgo time={entry.timestamp} /> · revision {entry.revision}</Text>
        {newest && entry.rollout?.open && <RolloutBadge revision={entry.revision} size="xs" />}
      </Group>
      <Group gap="sm">
        {change && change.type !== 'create' && <Anchor component="button" size="xs" onClick={toggle} aria-expanded={open}>{open ? 'Hide' : 'Show'} what changed</Anchor>}
        {entry.environment !== 'system' && <UndoButton entry={entry} />}
      </Group>
      {change && <Collapse in={open} w="100%"><Difference change={change} /></Collapse>}
    </Stack>
  );
}

/** Before and after of the members that a change touched. */
export function Difference({ change }: { change: Change }) {
  const fields = change.fields ?? [...new Set([...Object.keys(change.before ?? {}), ...Object.keys(change.after ?? {})])];
  const text = (side: Change['before'], field: string) => {
    const value = (side as { [member: string]: unknown } | null)?.[field];
    return value === undefined ? '—' : typeof value === 'string' ? value || '(empty)' : JSON.stringify(value, null, 2);
  };
  return (
    <Stack gap={6} mt={4}>
      {fields.filter((field) => field !== 'updated_at' && field !== 'revision').map((field) => (
        <Paper key={field} withBorder p={8}>
          <Text size="xs" fw={600} mb={4}>{memberText(field)}</Text>
          <Group grow align="flex-start" gap={8} wrap="nowrap" preventGrowOverflow={false}>
            <Code block color="var(--mantine-color-red-light)" fz={12}>{text(change.before, field)}</Code>
            <Code block color="var(--mantine-color-teal-light)" fz={12}>{text(change.after, field)}</Code>
          </Group>
        </Paper>
      ))}
      {change.cut && change.cut.length > 0 && <Text size="xs" c="dimmed">Too large to show: {change.cut.join(', ')}</Text>}
    </Stack>
  );
}

/** Undoes one change by a new change. */
export function UndoButton({ entry }: { entry: Entry }) {
  const console = useConsole();
  const queries = useQueryClient();
  const undo = useMutation({
    mutationFn: () => write<Entry>(console, 'POST', `/api/v1/activity/${entry.epoch}.${entry.revision}/undo`),
    onSuccess: () => {
      notifyDone('The change is undone', entry.summary);
      void queries.invalidateQueries({ queryKey: ['env', console.environment, 'history'] });
    },
    onError: notifyProblem,
  });
  return (
    <Guarded action="undo_changes">
      {(disabled) => <Button size="compact-xs" variant="subtle" color="gray" disabled={disabled} loading={undo.isPending} leftSection={<IconArrowBackUp size={14} aria-hidden />} onClick={() => undo.mutate()}>Undo</Button>}
    </Guarded>
  );
}
