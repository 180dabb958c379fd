import { Text, Textarea } from '@mantine/core';
import { CreateEntity } from '../../shared/entity-pages/create-entity';
import { conditionProblem } from '../../shared/rules/condition';
import { newComparison } from '../../shared/rules/condition-editor';
import { kSegment, logicOf, type SegmentDraft } from '../../shared/rules/draft';
import { SegmentRuleEditor } from '../../shared/rules/logic-editor';

const kStart: { description: string; rule: SegmentDraft } = { description: '', rule: { mode: 'builder', model: newComparison() } };

/** What is wrong with a rule that cannot be saved. */
export function ruleProblem(draft: SegmentDraft): string | null {
  const read = logicOf(kSegment, draft);
  if (read.problem !== undefined) return read.problem;
  return draft.mode === 'builder' ? (conditionProblem(draft.model) ?? null) : null;
}

export function CreateSegment(dialog: { opened: boolean; onClose: () => void }) {
  return (
    <CreateEntity type="segment" {...dialog} size="xl" example="Beta testers" keyDescription="Rules refer to it. It cannot be changed later." initialValues={kStart} validate={{ rule: ruleProblem as never }}
      members={['description', 'rule']} hint="Rules of features can refer to it now."
      bodyOf={({ rule, ...values }) => {
        const read = logicOf(kSegment, rule);
        return read.problem === undefined ? { ...values, rule: read.logic } : undefined;
      }}>
      {(form) => (
        <>
          <Textarea label="Description" placeholder="Who is in it, and why" autosize minRows={1} {...form.getInputProps('description')} />
          <div>
            <Text size="sm" fw={500}>Rule</Text>
            <SegmentRuleEditor draft={form.values.rule} onChange={(rule) => form.setFieldValue('rule', rule)} readOnly={false} error={form.errors['rule']} />
          </div>
        </>
      )}
    </CreateEntity>
  );
}
