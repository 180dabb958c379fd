import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { useCreateEntity } from '../../shared/entities/write';
import { conditionProblem } from '../../shared/rules/condition';
import { newComparison } from '../../shared/rules/condition-editor';
import { kSegment, logicOf, type SegmentDraft } from '../../shared/rules/draft';
import { SegmentRuleEditor } from '../../shared/rules/logic-editor';
import { keyFor, keyProblem, KeyField } from '../../shared/ui/key-field';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';

const kFields = ['key', 'name', 'description', 'rule'] as const;
const kStart: SegmentDraft = { mode: 'builder', model: newComparison() };

/** What is wrong with a rule that cannot be saved. */
export function ruleProblem(draft: SegmentDraft): string | null {
  const read = logicOf(kSegment, draft);
  if (read.problem !== undefined) return read.problem;
  return draft.mode === 'builder' ? (conditionProblem(draft.model) ?? null) : null;
}

export function CreateSegment({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const create = useCreateEntity('segment');
  const navigate = useNavigate();
  const [ownKey, setOwnKey] = useState(false);
  const form = useForm({
    initialValues: { name: '', key: '', description: '', rule: kStart },
    validate: { name: (name) => (name.trim() ? null : 'Enter a name.'), key: keyProblem, rule: ruleProblem },
  });
  const close = () => {
    form.reset();
    create.reset();
    setOwnKey(false);
    onClose();
  };
  const submit = form.onSubmit(({ rule, ...values }) => {
    const read = logicOf(kSegment, rule);
    if (read.problem !== undefined) return;
    create.mutate({ ...values, rule: read.logic }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is there`, 'Rules of features can refer to it now.');
        close();
        void navigate({ to: `/segments/${entity.id}` });
      },
      onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
    });
  });
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, kFields).rest.length > 0);
  return (
    <Modal opened={opened} onClose={close} title="New segment" size="xl">
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput label="Name" placeholder="Beta testers" data-autofocus {...form.getInputProps('name')}
            onChange={(event) => {
              form.setFieldValue('name', event.currentTarget.value);
              if (!ownKey) form.setFieldValue('key', keyFor(event.currentTarget.value));
            }} />
          <KeyField placeholder="beta-testers" description="Rules refer to it. It cannot be changed later." {...form.getInputProps('key')}
            onChange={(event) => {
              setOwnKey(event.currentTarget.value !== '');
              form.setFieldValue('key', event.currentTarget.value);
            }} />
          <Textarea label="Description" placeholder="Who is in it, and why" autosize minRows={1} {...form.getInputProps('description')} />
          <div>
            <Text size="sm" fw={500}>Rule</Text>
            <SegmentRuleEditor draft={form.values.rule} onChange={(rule) => form.setFieldValue('rule', rule)} readOnly={false} error={form.errors['rule']} />
          </div>
          {untold && <ErrorState error={create.error} />}
          <Group justify="flex-end" gap="xs"><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" loading={create.isPending}>Create</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
