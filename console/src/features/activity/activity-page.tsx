import { Anchor, Avatar, Badge, Button, Group, NativeSelect, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconHistory, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { usePermission } from '../../shared/auth/use-permission';
import { useConsole } from '../../shared/console';
import { getJson } from '../../shared/entities/read';
import { ReadAgain } from '../../shared/live/read-again';
import { useShortcut } from '../../shared/shortcuts';
import { shortTime } from '../../shared/time/time';
import { TimeAgo } from '../../shared/time/time-ago';
import { LiveDot } from '../../shared/ui/live-dot';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress, useAddressSet } from '../../shared/use-search';
import classes from './activity.module.css';
import { Changes } from './changes';
import { Delivery } from './delivery';
import { matches, withEntries, type Entry, type Feed, type Filters } from './filters';
import { Undo } from './undo';

const kPageSize = 50;
const kGather = 200;   // ms of entries that are put into the list at once
const kMarked = 100;   // entries that are marked as new, at most
const kFollowed = 10;  // the newest entries, whose rollouts are followed live

const nameOf = (entry: Entry) => `${entry.environment ?? ''}${entry.epoch}.${entry.revision}`;

function useFeed(filters: Filters) {
  const console = useConsole();
  const queries = useQueryClient();
  const asked = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined && value !== ''));
  const name = JSON.stringify(asked);
  const queryKey = useMemo(() => ['env', console.environment, 'activity', name], [console.environment, name]);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    setFresh(new Set());
    const wanted = JSON.parse(name) as Filters;
    const again = new ReadAgain(queries, queryKey, kGather);
    let waiting: Entry[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const put = () => {
      const entries = waiting;
      waiting = [];
      timer = undefined;
      // A list that is being read may not have them: it is read again.
      if (!queries.getQueryData(queryKey) || queries.isFetching({ queryKey })) again.soon();
      queries.setQueryData<InfiniteData<Feed>>(queryKey, (data) => {
        if (!data) return data;
        const pages = withEntries(data.pages, entries);
        return { pages, pageParams: data.pageParams.slice(0, pages.length) };
      });
      setFresh((known) => new Set([...known, ...entries.map(nameOf)].slice(-kMarked)));
    };
    const stop = console.live.on('activity', (entry) => {
      if (!matches(entry, wanted)) return;
      waiting.push(entry);
      timer ??= setTimeout(put, kGather);
    });
    return () => {
      stop();
      again.stop();
      clearTimeout(timer);
    };
  }, [console.live, queries, queryKey, name]);
  const feed = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => getJson<Feed>(console, '/api/v1/activity', { ...asked, limit: kPageSize, ...(pageParam && { before: pageParam }) }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    staleTime: Infinity,
    refetchOnMount: 'always',
  });
  return { feed, fresh };
}

export default function ActivityPage() {
  const [address, setAddress] = useAddress();
  const [q] = useDebouncedValue(address['q'] ?? '', 250);
  const [actor] = useDebouncedValue(address['actor'] ?? '', 250);
  const filters: Filters = {
    q, actor, entity_type: address['entity_type'], type: address['type'], source: address['source'],
    entity_id: /^\d+$/.test(address['entity'] ?? '') ? Number(address['entity']) : undefined,
  };
  const { feed, fresh } = useFeed(filters);
  const [open, toggle] = useAddressSet('changes');
  const search = useRef<HTMLInputElement>(null);
  useShortcut('/', 'Search the activity', () => search.current?.focus());
  const { allowed: readsAdmins } = usePermission('read_admins');
  const filtered = Object.values(filters).some((value) => value !== undefined && value !== '');
  const clear = () => setAddress({ q: undefined, actor: undefined, entity_type: undefined, entity: undefined, type: undefined, source: undefined });
  const onActor = useCallback((by: string) => setAddress({ actor: by }), [setAddress]);
  const set = (member: string) => (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>) => setAddress({ [member]: event.currentTarget.value || undefined });
  return (
    <Page title="Activity" marks={<Group gap={6}><LiveDot color="on" live /><Text size="sm" c="dimmed">live</Text></Group>}
      description="Every change, with its author and what it did. An undo is a change itself: what others changed later stays.">
      <Stack gap="sm">
        <div className={classes['filters']!}>
          <TextInput ref={search} aria-label="Search the activity" placeholder="Name or key of what changed" leftSection={<IconSearch size={16} aria-hidden />} value={address['q'] ?? ''} onChange={set('q')} />
          <TextInput aria-label="Actor" placeholder="Actor" value={address['actor'] ?? ''} onChange={set('actor')} />
          <NativeSelect aria-label="Kind of entity" value={address['entity_type'] ?? ''} onChange={(event) => setAddress({ entity_type: event.currentTarget.value || undefined, entity: undefined })}
            data={[{ value: '', label: 'All entities' }, { value: 'platform', label: 'Platforms' }, { value: 'feature', label: 'Features' }, { value: 'segment', label: 'Segments' }, { value: 'package', label: 'Packages' }, { value: 'client', label: 'Clients' },
              { value: 'environment', label: 'Environments' }, ...(readsAdmins ? [{ value: 'token', label: 'Tokens' }, { value: 'admin', label: 'Admins' }] : [])]} />
          <NativeSelect aria-label="Kind of change" value={address['type'] ?? ''} onChange={set('type')}
            data={[{ value: '', label: 'All changes' }, { value: 'create', label: 'Created' }, { value: 'update', label: 'Changed' }, { value: 'toggle', label: 'Switched' }, { value: 'delete', label: 'Deleted' }]} />
          <NativeSelect aria-label="Source" value={address['source'] ?? ''} onChange={set('source')}
            data={[{ value: '', label: 'All sources' }, { value: 'rest', label: 'REST and console' }, { value: 'timer', label: 'Time' }, { value: 'start', label: 'Start' }, { value: 'command_line', label: 'Command line' }]} />
        </div>
        {filtered && (
          <Group gap="xs">
            {filters.entity_id !== undefined && <Badge variant="light" tt="none">{filters.entity_type ?? 'entity'} {filters.entity_id}</Badge>}
            <Button size="compact-sm" variant="subtle" onClick={clear}>Show everything</Button>
          </Group>
        )}
        <Loaded query={feed}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            const kept = pages.at(-1)?.kept_since;
            if (items.length === 0 && !feed.hasNextPage)
              return filtered ? <Text c="dimmed" size="sm">No change fits.</Text> : (
                <EmptyState icon={IconHistory} title="No changes yet">Whatever an admin, a timer or a program changes appears here at once, with the values before and after, and can be undone.</EmptyState>
              );
            return (
              <>
                <Paper withBorder radius="md" role="feed" aria-label="Changes" aria-busy={feed.isFetching}>
                  {items.map((entry, index) => <Row key={nameOf(entry)} entry={entry} fresh={fresh.has(nameOf(entry))} followed={index < kFollowed} onActor={onActor} open={open.has(nameOf(entry))} toggle={toggle} />)}
                </Paper>
                {feed.hasNextPage && <Button variant="default" loading={feed.isFetchingNextPage} onClick={() => void feed.fetchNextPage()}>Show older changes</Button>}
                {kept && <Text size="xs" c="dimmed">Changes before {shortTime(kept.timestamp)} (revision {kept.revision.toLocaleString()}) were removed from the log.</Text>}
              </>
            );
          }}
        </Loaded>
      </Stack>
    </Page>
  );
}

const Row = memo(function Row({ entry, fresh, followed, onActor, open, toggle }: { entry: Entry; fresh: boolean; followed: boolean; onActor: (name: string) => void; open: boolean; toggle: (name: string) => void }) {
  return (
    <article className={classes['entry']!} data-revision={entry.revision} data-fresh={fresh || undefined} aria-label={entry.summary}>
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <Avatar size={30} radius="xl" color={entry.actor.kind === 'admin' ? 'blue' : 'gray'} aria-hidden>{entry.actor.name.slice(0, 2).toUpperCase()}</Avatar>
        <Stack gap={4} flex={1} miw={0}>
          <Group justify="space-between" gap="xs" align="flex-start">
            <Text size="sm" fw={500} flex="1 1 260px">{entry.summary}</Text>
            <Group gap="sm">
              <Anchor component="button" size="sm" onClick={() => toggle(nameOf(entry))} aria-expanded={open}>{open ? 'Hide' : 'Show'} what changed</Anchor>
              <Undo entry={entry} />
            </Group>
          </Group>
          <Group gap="xs">
            <Anchor component="button" size="xs" onClick={() => onActor(entry.actor.name)} aria-label={`Changes by ${entry.actor.name}`}>{entry.actor.name}</Anchor>
            <Text size="xs" c="dimmed"><TimeAgo time={entry.timestamp} /> · {entry.source === 'rest' ? 'REST' : entry.source.replace('_', ' ')}</Text>
            {entry.environment === 'system'
              ? <Text size="xs" c="dimmed">revision {entry.revision} of the installation</Text>
              : <Anchor component={Link} to={`/activity/${entry.epoch}.${entry.revision}`} size="xs">revision {entry.revision}</Anchor>}
            <Delivery entry={entry} followed={followed} />
          </Group>
          {open && <Changes entry={entry} />}
        </Stack>
      </Group>
    </article>
  );
});
