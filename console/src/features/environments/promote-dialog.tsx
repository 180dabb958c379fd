import { Alert, Badge, Button, Checkbox, Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { Admin } from '@togglecast/admin';
import { useMemo, useState } from 'react';
import { explain, Problem, unwrap, unwrapWithRevision } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { kEntities } from '../../shared/entities/types';
import { RolloutBadge } from '../../shared/rollout/rollout-badge';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { Impact, type PreviewChange } from '../../shared/ui/confirm-impact';
import { Dialog } from '../../shared/ui/dialog';
import { Guarded } from '../../shared/ui/guarded';
import { ErrorState, Waiting } from '../../shared/ui/states';
import { bodyFor, kSwitch, planOf, type Catalogue, type Ids, type Kind, type Row } from './compare';

const kFirstNewId = 9_007_199_254_740_001; // a preview numbers what it creates from here
const kMostInPreview = 50;

/** Ids of the target; `made` has those of this promotion. */
function idsIn(target: Catalogue, made: Map<string, number>): Ids {
  const known = new Map((Object.keys(target) as Kind[]).flatMap((kind) => target[kind].map(({ key, id }) => [`${kind}:${key}`, id] as const)));
  return { idOf: (kind, key) => made.get(`${kind}:${key}`) ?? known.get(`${kind}:${key}`) };
}

/** The changes of a plan, as a preview takes them. A row without any is left out. */
function changesOf(plan: Row[], source: Catalogue, target: Catalogue, withSwitch: boolean): PreviewChange[] {
  const made = new Map<string, number>();
  const ids = idsIn(target, made);
  let next = kFirstNewId;
  return plan.flatMap((row): PreviewChange[] => {
    const data = bodyFor(row, source, ids, withSwitch);
    if (row.to) return Object.keys(data).length ? [{ entity_type: row.kind, entity_id: row.to.id, action: 'update', data }] : [];
    made.set(`${row.kind}:${row.key}`, next++);
    return [{ entity_type: row.kind, action: 'create', data }];
  });
}

/** An entity of the target that has changed since the comparison. */
interface Conflict {
  row: Row;
  body: { [member: string]: unknown };
  problem: Problem;
}
/** What the reader decided about those. */
type Decided = ReadonlyMap<Row, 'theirs' | { etag: string }>;

interface Props {
  opened: boolean;
  from: string;
  to: string;
  selected: Row[];
  rows: Row[];
  source: Catalogue;
  target: Catalogue;
  rest: Admin['rest'];
  onClose: (done: boolean) => void;
}

/** Shows what a promotion writes and whom it affects, and writes it. */
export function PromoteDialog({ opened, from, to, selected, rows, source, target, rest, onClose }: Props) {
  const { environment } = useConsole();
  const [withSwitch, setWithSwitch] = useState(false);
  const plan = useMemo(() => (opened ? planOf(selected, rows, source) : []), [opened, selected, rows, source]);
  const changes = useMemo(() => changesOf(plan, source, target, withSwitch), [plan, source, target, withSwitch]);
  const preview = useQuery({
    queryKey: ['env', to, 'preview', changes],
    queryFn: ({ signal }) => unwrap(rest.POST('/api/v1/preview', { body: { changes }, signal })),
    enabled: opened && changes.length > 0 && changes.length <= kMostInPreview,
    gcTime: 0,
    retry: false,
  });
  const [done, setDone] = useState<{ row: Row; id: number; revision: number }[]>([]);
  const [met, setMet] = useState<Conflict>();
  const [decided, setDecided] = useState<Decided>(new Map());
  const promote = useMutation({
    mutationFn: async (answers: Decided) => {
      const made = new Map<string, number>(done.map(({ row, id }) => [`${row.kind}:${row.key}`, id]));
      for (const row of plan) {
        const answer = answers.get(row);
        if (answer === 'theirs' || done.some((one) => one.row === row)) continue;
        const body = bodyFor(row, source, idsIn(target, made), withSwitch);
        const written = await writeRow(rest, row, body, answer?.etag).catch((error: unknown) => {
          if (error instanceof Problem && error.isLostUpdate) setMet({ row, body, problem: error });
          throw error;
        });
        if (!written) continue;
        if (!row.to) made.set(`${row.kind}:${row.key}`, written.id);
        setDone((before) => [...before, { row, ...written }]);
      }
    },
  });
  const decide = (row: Row, answer: 'theirs' | { etag: string }) => {
    const next = new Map(decided).set(row, answer);
    setMet(undefined);
    setDecided(next);
    promote.mutate(next);
  };
  const close = (again = false) => {
    onClose(again || done.length > 0);
    setDone([]);
    setMet(undefined);
    setDecided(new Map());
    promote.reset();
  };
  const extra = plan.filter((row) => !selected.includes(row));
  const switches = plan.some((row) => kSwitch[row.kind] && (!row.to || row.fields.includes(kSwitch[row.kind]!)));
  const last = done.at(-1);
  return (
    <Dialog opened={opened} onClose={() => close()} title={`Promote from ${from} to ${to}`} size="lg" closeOnClickOutside={!promote.isPending}>
      <Stack>
        <List size="sm" spacing={4} data-testid="plan">
          {plan.map((row) => (
            <List.Item key={`${row.kind}:${row.key}`}>
              <Group gap={6}>
                <Text span size="sm" c="dimmed">{row.kind}</Text><Text span size="sm" fw={500}>{row.name}</Text>
                <Badge size="xs" variant="light" color={row.to ? 'blue' : 'teal'} tt="none">{row.to ? `changes ${row.fields.filter((field) => withSwitch || field !== kSwitch[row.kind]).join(', ') || 'nothing'}` : 'new'}</Badge>
                {extra.includes(row) && <Text span size="xs" c="dimmed">needed by the selection</Text>}
                {decided.get(row) === 'theirs' && <Text span size="xs" c="dimmed">left as it is there</Text>}
                {done.some((one) => one.row === row) && <IconCheck size={16} color="var(--mantine-color-teal-text)" aria-label="done" />}
              </Group>
            </List.Item>
          ))}
        </List>
        {switches && !promote.isSuccess && <Checkbox checked={withSwitch} onChange={(event) => setWithSwitch(event.currentTarget.checked)} label="Take over the switches as well" description={`Otherwise what exists keeps its switch in ${to}, and what is new begins off.`} />}
        {changes.length === 0 && <Alert color="gray" variant="light">Nothing would change: only the switches differ.</Alert>}
        {changes.length > kMostInPreview && <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />}>These are {changes.length} changes. A preview looks at {kMostInPreview} at most; promote less at once to see one.</Alert>}
        {!promote.isSuccess && preview.isFetching && <Waiting label={`Looking at every client of ${to}`} />}
        {!promote.isSuccess && preview.data && <Impact preview={preview.data} />}
        {preview.error && <ErrorState error={preview.error} />}
        {met && (
          <ConflictDialog type={met.row.kind} problem={met.problem} mine={met.body} where={{ environment: to, rest }}
            words={{ yours: `From ${from}`, kept: `In ${to} it is as that change left it.`, close: 'Compare again', take: 'Leave it as it is', reapply: `Write ours on top` }}
            onTakeTheirs={() => decide(met.row, 'theirs')} onReapply={({ etag }) => decide(met.row, { etag })} onClose={() => close(true)} />
        )}
        {promote.error && !met && <Alert color="red" variant="light" role="alert" title={explain(promote.error).title}>{explain(promote.error).advice} {done.length > 0 && `${done.length} of ${plan.length} are written; “Go on” continues behind them.`}</Alert>}
        {promote.error && !met && <Button variant="default" w="fit-content" onClick={() => close(true)}>Compare again</Button>}
        {promote.isSuccess && (
          <Alert color="teal" variant="light" icon={<IconCheck aria-hidden />} title={`${done.length} ${done.length === 1 ? 'change is' : 'changes are'} in ${to}`}>
            {last && to === environment && <RolloutBadge revision={last.revision} />} Activity of {to} shows them, and can undo them.
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => close()}>{promote.isSuccess ? 'Close' : 'Cancel'}</Button>
          {!promote.isSuccess && (
            <Guarded action={kEntities[plan[0]?.kind ?? 'feature'].write} where={to}>
              {(disabled) => <Button loading={promote.isPending} disabled={disabled || changes.length === 0 || preview.isFetching || preview.isError} onClick={() => promote.mutate(decided)}>{done.length ? 'Go on' : `Promote ${changes.length}`}</Button>}
            </Guarded>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}

type Send = (path: string, options: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

// The etag is that of the comparison, or of the version that the reader has seen since: what has changed in the target is not overwritten.
async function writeRow(rest: Admin['rest'], row: Row, body: { [member: string]: unknown }, etag = row.to?.etag): Promise<{ id: number; revision: number } | undefined> {
  if (row.to && Object.keys(body).length === 0) return undefined;
  const { path } = kEntities[row.kind];
  const header = { 'Idempotency-Key': crypto.randomUUID(), ...(etag && { 'If-Match': etag }) };
  const send = (row.to ? rest.PATCH : rest.POST) as unknown as Send;
  const { data, revision } = await unwrapWithRevision(send(row.to ? `${path}/${row.to.id}` : path, { body, params: { header, query: { confirm: true } } }));
  return { id: (data as { id: number }).id, revision: revision ?? 0 };
}
