// The matrix with what it has not saved yet: the changes are shown with their effect before they are written.
import { Alert, Button, Group, Paper, Stack, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { Problem } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useConsole } from '../../shared/console';
import { putEntity } from '../../shared/entities/cache';
import { write } from '../../shared/entities/write';
import { noteWrite } from '../../shared/rollout/writes';
import { Impact, usePreview } from '../../shared/ui/confirm-impact';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { Dialog } from '../../shared/ui/dialog';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState, Waiting } from '../../shared/ui/states';
import { useAddressDialog, useAddressState } from '../../shared/use-search';
import { cellsOf, clashes, draftText, kNoDraft, patchOf, readDraft, settled, type Draft, type Plan } from './draft';
import { Matrix } from './matrix';
import classes from './matrix.module.css';

interface Props {
  plans: readonly Plan[];
  features: readonly Schemas['Feature'][];
  platforms: readonly Schemas['Platform'][];
  onlyIncluded?: boolean;
}

export function MatrixEditor({ plans, ...shown }: Props) {
  const [draft, setDraft] = useAddressState('cells', (text) => readDraft(text, plans), (now) => draftText(settled(now, plans)));
  const question = useAddressDialog('preview');
  const { allowed, reason } = usePermission('write_packages');
  const open = useMemo(() => settled(draft, plans), [draft, plans]);
  const cells = cellsOf(open);
  // Many cells have no place in the address: a reload would forget them.
  useEffect(() => {
    if (cells === 0) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [cells]);
  return (
    <Stack gap="sm">
      {!allowed && <Text size="sm" c="dimmed" role="note">{reason}</Text>}
      <Matrix {...shown} plans={plans} draft={open} onDraft={setDraft} readOnly={!allowed} />
      {cells > 0 && (
        <Paper withBorder shadow="md" radius="md" p="sm" className={classes['bar']!} role="region" aria-label="Changes that are not saved">
          <Group justify="space-between" gap="xs">
            <Text size="sm"><b>{cells}</b> {cells === 1 ? 'change' : 'changes'} in {open.size} {open.size === 1 ? 'package' : 'packages'}, not saved yet</Text>
            <Group gap="xs"><Button variant="subtle" color="gray" onClick={() => setDraft(kNoDraft)}>Discard</Button><Button onClick={() => question.open()}>Preview change</Button></Group>
          </Group>
        </Paper>
      )}
      {question.value !== undefined && cells > 0 && <PreviewChange plans={plans} features={shown.features} draft={open} onClose={question.close} onSaved={(id) => setDraft((now) => new Map([...now].filter(([other]) => other !== id)))} />}
    </Stack>
  );
}

const kMostPreviewed = 50; // the server takes so many changes at once

/** What clients gain and lose by the draft, and the button that saves it. */
function PreviewChange({ plans, features, draft, onClose, onSaved }: { plans: readonly Plan[]; features: readonly Schemas['Feature'][]; draft: Draft; onClose: () => void; onSaved: (planId: number) => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const [current, setCurrent] = useState<Plan>(); // that the conflict is about
  const changed = plans.filter(({ id }) => draft.has(id));
  const preview = usePreview(changed.slice(0, kMostPreviewed).map((plan) => ({ entity_type: 'package' as const, entity_id: plan.id, action: 'update' as const, data: patchOf(plan, draft.get(plan.id)!) })));
  const clashing = changed.flatMap((plan) => clashes(plan, draft.get(plan.id)!).map((id) => `${features.find((feature) => feature.id === id)?.name ?? id} in ${plan.name}`));
  const save = useMutation({
    // One change for each package. The first that is refused stops, and the rest stays in the draft.
    mutationFn: async (again: Plan | undefined) => {
      for (const plan of changed) {
        const base = again?.id === plan.id ? again : plan;
        setCurrent(base);
        const { data, revision } = await write<Plan>(console, 'PATCH', `/api/v1/packages/${plan.id}`, { body: patchOf(base, draft.get(plan.id)!), etag: base.etag });
        putEntity(queries, console.environment, 'package', data);
        noteWrite(console.environment, 'package', plan.id, revision);
        onSaved(plan.id);
      }
    },
    onSuccess: () => {
      notifyDone(changed.length === 1 ? `${changed[0]!.name} is saved` : `${changed.length} packages are saved`);
      onClose();
    },
  });
  const problem = save.error instanceof Problem ? save.error : null;
  const conflict = problem?.isLostUpdate ? problem : null;
  return (
    <>
      <Dialog opened={!conflict} onClose={onClose} title={`Change ${changed.length === 1 ? (changed[0]?.name ?? '') : `${changed.length} packages`}?`} size="lg">
        <Stack>
          {clashing.length > 0 && <Alert color="orange" variant="light" icon={<IconInfoCircle aria-hidden />} title="Somebody has changed the same meanwhile">If you save, yours replaces: {clashing.join(', ')}.</Alert>}
          {changed.length > kMostPreviewed && <Text size="sm">The preview has the first {kMostPreviewed} of {changed.length} packages.</Text>}
          {preview.data ? <Impact preview={preview.data} /> : preview.error ? <ErrorState error={preview.error} /> : <Waiting label="Looking at every client" />}
          {save.error && !conflict && <ErrorState error={save.error} />}
          <Group justify="flex-end" gap="xs"><Button variant="default" onClick={onClose}>Go on editing</Button><Guarded action="write_packages">{(disabled) => <Button loading={save.isPending} disabled={disabled} onClick={() => save.mutate(undefined)} data-autofocus>Save</Button>}</Guarded></Group>
        </Stack>
      </Dialog>
      <ConflictDialog type="package" problem={conflict} mine={current && draft.has(current.id) ? patchOf(current, draft.get(current.id)!) : {}} onClose={save.reset}
        onTakeTheirs={(theirs) => {
          putEntity(queries, console.environment, 'package', theirs as unknown as Plan);
          onSaved((theirs as unknown as Plan).id);
          save.reset();
          onClose();
        }}
        onReapply={(theirs) => save.mutate(theirs as unknown as Plan)} />
    </>
  );
}
