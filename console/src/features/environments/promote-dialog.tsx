import { Alert, Badge, Button, Checkbox, Group, List, ScrollArea, Stack, Text } from '@mantine/core';
import { IconCheck, IconStairs } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { Admin } from '@togglecast/admin';
import { useEffect, useMemo, useRef, useState } from 'react';
import { explain, Problem, unwrap, unwrapWithRevision } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { kEntities } from '../../shared/entities/types';
import { memberText } from '../../shared/entities/words';
import { RolloutBadge } from '../../shared/rollout/rollout-badge';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { Impact } from '../../shared/ui/confirm-impact';
import { Dialog, DialogFoot } from '../../shared/ui/dialog';
import { Guarded } from '../../shared/ui/guarded';
import { ErrorState, Waiting } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { bodyFor, kSwitch, planOf, type Catalogue, type Row } from './compare';
import { changesOf, idsIn, kMostInPart, madeName, partsOf } from './promotion';

/** An entity of the target that has changed since the comparison. */
interface Conflict {
  row: Row;
  body: { [member: string]: unknown };
  problem: Problem;
}
/** A row that is written. */
interface Done {
  row: Row;
  id: number;
  revision: number;
}
const madeBy = (done: readonly Done[]) => new Map(done.filter(({ row }) => !row.to).map(({ row, id }) => [madeName(row), id]));

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
  const [address, setAddress] = useAddress();
  const withSwitch = address['switches'] === 'yes';
  const plan = useMemo(() => (opened ? planOf(selected, rows, source) : []), [opened, selected, rows, source]);
  const parts = useMemo(() => partsOf(plan, source, withSwitch), [plan, source, withSwitch]);
  const [done, setDone] = useState<Done[]>([]);
  // The part that is shown, and what was written before it.
  const [{ at, before }, setProgress] = useState<{ at: number; before: Done[] }>({ at: 0, before: [] });
  const part = parts[at] ?? [];
  const isLast = at >= parts.length - 1;
  const changes = useMemo(() => changesOf(parts[at] ?? [], source, target, withSwitch, madeBy(before)), [parts, at, before, source, target, withSwitch]);
  const preview = useQuery({
    queryKey: ['env', to, 'preview', changes],
    queryFn: ({ signal }) => unwrap(rest.POST('/api/v1/preview', { body: { changes }, signal })),
    enabled: opened && changes.length > 0,
    gcTime: 0,
    retry: false,
  });
  const run = useRef(0); // counts the times that it was opened
  const [met, setMet] = useState<Conflict>();
  const [decided, setDecided] = useState<Decided>(new Map());
  const promote = useMutation({
    mutationFn: async (answers: Decided) => {
      const mine = run.current;
      const all = [...done];
      for (const row of part) {
        const answer = answers.get(row);
        if (answer === 'theirs' || all.some((one) => one.row === row)) continue;
        const body = bodyFor(row, source, idsIn(target, madeBy(all)), withSwitch);
        const written = await writeRow(rest, row, body, answer?.etag).catch((error: unknown) => {
          if (error instanceof Problem && error.isLostUpdate && run.current === mine) setMet({ row, body, problem: error });
          throw error;
        });
        if (!written) continue;
        all.push({ row, ...written });
        if (run.current === mine) setDone([...all]);
      }
      return run.current === mine ? all : undefined;
    },
    onSuccess: (all) => {
      if (isLast || !all) return;
      setProgress({ at: at + 1, before: all });
      promote.reset();
    },
  });
  const decide = (row: Row, answer: 'theirs' | { etag: string }) => {
    const next = new Map(decided).set(row, answer);
    setMet(undefined);
    setDecided(next);
    promote.mutate(next);
  };
  const close = (again = false) => {
    if (!promote.isPending) onClose(again || done.length > 0);
  };
  // “Back” closes it, too: what is written then goes on, and the next promotion begins from its start.
  const { reset } = promote;
  useEffect(() => {
    if (opened) return;
    run.current += 1;
    setDone([]);
    setProgress({ at: 0, before: [] });
    setMet(undefined);
    setDecided(new Map());
    reset();
  }, [opened, reset]);
  const extra = useMemo(() => {
    const chosen = new Set(selected);
    return new Set(plan.filter((row) => !chosen.has(row)));
  }, [plan, selected]);
  const isDone = new Set(done.map(({ row }) => row));
  const switches = plan.some((row) => kSwitch[row.kind] && (!row.to || row.fields.includes(kSwitch[row.kind]!)));
  const last = done.at(-1);
  return (
    <Dialog opened={opened} onClose={() => close()} title={`Promote from ${from} to ${to}`} size="lg" closeOnClickOutside={!promote.isPending}>
      <Stack>
        {parts.length > 1 && !promote.isSuccess && (
          <Alert color="blue" variant="light" icon={<IconStairs aria-hidden />} title={`Part ${at + 1} of ${parts.length}: ${changes.length} changes`}>
            {at === 0 ? `A preview looks at ${kMostInPart} changes, and these are ${parts.flat().length}. So they go in ${parts.length} parts. Each shows its effect before you promote it.` : `${done.length} changes are in ${to}. This part comes on top of them.`}
          </Alert>
        )}
        <ScrollArea.Autosize mah={220} type="auto" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Changes' }}>
          <List size="sm" spacing={4} data-testid="plan">
            {(parts.length > 1 ? part : plan).map((row) => (
              <List.Item key={`${row.kind}:${row.key}`}>
                <Group gap={6}>
                  <Text span size="sm" c="dimmed">{row.kind}</Text><Text span size="sm" fw={500}>{row.name}</Text>
                  <Badge miw={0} size="xs" variant="light" color={row.to ? 'blue' : 'teal'} tt="none">{row.to ? `changes ${row.fields.filter((field) => withSwitch || field !== kSwitch[row.kind]).map(memberText).join(', ') || 'nothing'}` : 'new'}</Badge>
                  {extra.has(row) && <Text span size="xs" c="dimmed">needed by the selection</Text>}
                  {decided.get(row) === 'theirs' && <Text span size="xs" c="dimmed">left as it is there</Text>}
                  {isDone.has(row) && <IconCheck size={16} color="var(--mantine-color-teal-text)" aria-label="done" />}
                </Group>
              </List.Item>
            ))}
          </List>
        </ScrollArea.Autosize>
        {switches && !promote.isSuccess && at === 0 && <Checkbox checked={withSwitch} onChange={(event) => setAddress({ switches: event.currentTarget.checked ? 'yes' : undefined })} label="Take over the switches as well" description={`Otherwise what exists keeps its switch in ${to}, and what is new begins off.`} />}
        {changes.length === 0 && <Alert color="gray" variant="light">Nothing would change: only the switches differ.</Alert>}
        {!promote.isSuccess && preview.isFetching && <Waiting label={`Looking at every client of ${to}`} />}
        {!promote.isSuccess && preview.data && <Impact preview={preview.data} />}
        {preview.error && <ErrorState error={preview.error} />}
        {met && (
          <ConflictDialog type={met.row.kind} problem={met.problem} mine={met.body} where={{ environment: to, rest }}
            words={{ yours: `From ${from}`, kept: `In ${to} it is as that change left it.`, close: 'Compare again', take: 'Leave it as it is', reapply: `Write ours on top` }}
            onTakeTheirs={() => decide(met.row, 'theirs')} onReapply={({ etag }) => decide(met.row, { etag })} onClose={() => close(true)} />
        )}
        {promote.error && !met && <Alert color="red" variant="light" role="alert" title={explain(promote.error).title}>{explain(promote.error).advice} {done.length > 0 && `${done.length} of ${parts.flat().length} are written; “Go on” continues behind them.`}</Alert>}
        {promote.error && !met && <Button variant="default" w="fit-content" onClick={() => close(true)}>Compare again</Button>}
        {promote.isSuccess && (
          <Alert color="teal" variant="light" icon={<IconCheck aria-hidden />} title={`${done.length} ${done.length === 1 ? 'change is' : 'changes are'} in ${to}`}>
            {last && to === environment && <RolloutBadge revision={last.revision} />} Activity of {to} shows them, and can undo them.
          </Alert>
        )}
        <DialogFoot>
          <Button variant="default" disabled={promote.isPending} onClick={() => close()}>{promote.isSuccess ? 'Close' : at > 0 ? 'Stop here' : 'Cancel'}</Button>
          {!promote.isSuccess && (
            <Guarded action={kEntities[plan[0]?.kind ?? 'feature'].write} where={to}>
              {(disabled) => <Button loading={promote.isPending} disabled={disabled || changes.length === 0 || preview.isFetching || preview.isError} onClick={() => promote.mutate(decided)}>{done.length > before.length ? 'Go on' : parts.length > 1 ? `Promote part ${at + 1} (${changes.length})` : `Promote ${changes.length}`}</Button>}
            </Guarded>
          )}
        </DialogFoot>
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
