import { Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { formErrors, Problem } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useConsole } from '../../shared/console';
import { draftOfEntity, dropDraft, keepDraft } from '../../shared/drafts';
import { useSaveEntity } from '../../shared/entities/write';
import { NewerVersion } from '../../shared/entity-pages/entity-form';
import { sameJson, type Json } from '../../shared/rules/condition';
import { draftOf, kSegment, logicOf, type SegmentDraft } from '../../shared/rules/draft';
import { SegmentRuleEditor } from '../../shared/rules/logic-editor';
import { ConfirmImpact } from '../../shared/ui/confirm-impact';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';
import { ruleProblem } from './create-segment';

type Segment = Schemas['Segment'];
const kFields = ['name', 'description', 'rule'] as const;

interface Form {
  base: Segment;
  name: string;
  description: string;
  rule: SegmentDraft;
}
const formOf = (segment: Segment): Form => ({ base: segment, name: segment.name, description: segment.description, rule: draftOf(kSegment, segment.rule as Json) });

function patchOf({ base, name, description, rule }: Form): { [member: string]: unknown } {
  const read = logicOf(kSegment, rule);
  return {
    ...(name !== base.name && { name }), ...(description !== base.description && { description }),
    ...(read.problem !== undefined ? { rule: null } : !sameJson(read.logic, base.rule) && { rule: read.logic }),
  };
}

/** Name, description and rule. Saving a rule shows the clients that it affects first. */
export function SegmentForm({ segment }: { segment: Segment }) {
  const { environment, session } = useConsole();
  const owner = `${environment}/${session.admin.id}`;
  const [form, setForm] = useState<Form>(() => (draftOfEntity(owner, 'segment', segment.id)?.form as Form | undefined) ?? formOf(segment));
  const [asking, setAsking] = useState(false);
  const save = useSaveEntity('segment');
  const readOnly = !usePermission('write_segments').allowed;
  const patch = patchOf(form);
  const dirty = Object.keys(patch).length > 0;
  const newer = segment.revision > form.base.revision;
  if (newer && !dirty) setForm(formOf(segment));
  const ownProblem = ruleProblem(form.rule);

  useEffect(() => {
    if (!dirty) dropDraft(owner, 'segment', segment.id);
    else if (!ownProblem) keepDraft(owner, { entityType: 'segment', id: segment.id, name: segment.name, form, change: { entity_type: 'segment', entity_id: segment.id, action: 'update', data: patchOf(form) } });
  }, [owner, segment.id, segment.name, form, dirty, ownProblem]);

  const begin = (from: Segment) => {
    save.reset();
    setForm(formOf(from));
  };
  const send = (etag: string) => {
    setAsking(false);
    save.mutate({ id: segment.id, patch, etag }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is saved`);
        begin(entity);
      },
    });
  };
  const problem = save.error instanceof Problem ? save.error : null;
  const errors = problem && !problem.isLostUpdate ? formErrors(problem, kFields) : { fields: {} as { [field: string]: string }, rest: [] };
  const blocked = ownProblem !== null || !form.name.trim();
  return (
    <Stack maw={860}>
      {newer && dirty && <NewerVersion type="segment" />}
      <TextInput label="Name" readOnly={readOnly} value={form.name} error={form.name.trim() ? errors.fields['name'] : 'Enter a name.'} onChange={(event) => setForm({ ...form, name: event.currentTarget.value })} />
      <Textarea label="Description" autosize minRows={1} readOnly={readOnly} value={form.description} error={errors.fields['description']} onChange={(event) => setForm({ ...form, description: event.currentTarget.value })} />
      <section>
        <Text size="sm" fw={500}>Rule</Text>
        <SegmentRuleEditor draft={form.rule} onChange={(rule) => setForm({ ...form, rule })} segment={segment.key} readOnly={readOnly} error={ownProblem ?? errors.fields['rule']} />
      </section>
      {save.error && !problem?.isLostUpdate && (!problem || errors.rest.length > 0) && <ErrorState error={save.error} />}
      <Group gap="xs">
        <Guarded action="write_segments">
          {(disabled) => <Button disabled={disabled || !dirty || blocked} loading={save.isPending} onClick={() => setAsking(true)}>Save…</Button>}
        </Guarded>
        {dirty && !blocked && <Button component={Link} to="/playground" search={{ draft: `segment-${segment.id}` } as never} variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />}>Try it</Button>}
        {dirty && <Button variant="subtle" color="gray" onClick={() => begin(segment)}>Discard</Button>}
      </Group>
      <ConfirmImpact opened={asking} onClose={() => setAsking(false)} title={`Save ${segment.name}?`} confirm="Save" onConfirm={() => send(form.base.etag)}
        changes={[{ entity_type: 'segment', entity_id: segment.id, action: 'update', data: patch }]}>
        <Text size="sm">Every feature that refers to the segment follows at once. What depends on the context of a connection is not counted here.</Text>
      </ConfirmImpact>
      <ConflictDialog type="segment" problem={problem} mine={patch} onClose={save.reset} onTakeTheirs={(current) => begin(current as Segment)} onReapply={(current) => send(current.etag)} />
    </Stack>
  );
}
