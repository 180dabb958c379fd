// Rules in the builder or as code. Logic that the builder cannot show stays in the code editor, exactly as it is.
import { ActionIcon, Alert, Button, Group, Paper, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconCode, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMemo, type ReactNode } from 'react';
import { useEntityList } from '../entities/read';
import { JsonEditor } from '../json/json-editor';
import { useAttributes } from './attributes';
import { ConditionEditor, newComparison, type ConditionContext } from './condition-editor';
import type { Condition, Json } from './condition';
import { kSegment, kTargeting, logicOf, toBuilder, toCode, type LogicDraft, type SegmentDraft, type TargetingDraft } from './draft';
import { ServeEditor, type FlagShape } from './serve-editor';
import type { Rule, Targeting } from './targeting';

interface Common {
  readOnly: boolean;
  /** What the server said about the logic. */
  error?: ReactNode;
}

function useConditionContext(disabled: boolean, without?: string): ConditionContext {
  const attributes = useAttributes();
  const { data } = useEntityList('segment');
  return useMemo(() => ({ attributes, disabled, segments: (data ?? []).filter(({ key }) => key !== without).sort((a, b) => a.name.localeCompare(b.name)) }), [attributes, data, disabled, without]);
}

function Frame<Model>({ grammar, draft, onChange, label, help, readOnly, error, children }: Common & {
  grammar: { parse(logic: Json | undefined): Model | undefined; compile(model: Model): Json };
  draft: LogicDraft<Model>; onChange: (draft: LogicDraft<Model>) => void; label: string; help: string; children: (model: Model) => ReactNode;
}) {
  const builder = toBuilder(grammar, draft);
  const read = logicOf(grammar, draft);
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="center">
        <Text size="sm" c="dimmed" maw={560}>{help}</Text>
        <SegmentedControl size="xs" aria-label={`How to edit: ${label}`} value={draft.mode} data={[{ value: 'builder', label: 'Builder', disabled: !builder }, { value: 'code', label: 'Code' }]}
          onChange={(mode) => onChange(mode === 'code' ? toCode(grammar, draft) : (builder ?? draft))} />
      </Group>
      {draft.mode === 'code' && !builder && read.problem === undefined && (
        <Alert color="gray" variant="light" icon={<IconCode aria-hidden />} p="xs">
          <Text size="sm">This logic was written by hand, and the builder has no form for it. It works as it is, and nothing here rewrites it.</Text>
        </Alert>
      )}
      {draft.mode === 'builder' ? children(draft.model) : (
        <JsonEditor label={label} value={draft.text} readOnly={readOnly} error={error ?? read.problem} onChange={(text) => onChange({ mode: 'code', text })} minHeight={180} />
      )}
      {draft.mode === 'builder' && error && <Text size="sm" c="var(--mantine-color-error)" role="alert">{error}</Text>}
    </Stack>
  );
}

/** The targeting of a flag: what each rule serves, and what everybody else gets. */
export function TargetingEditor({ draft, onChange, flag, readOnly, error }: Common & { draft: TargetingDraft; onChange: (draft: TargetingDraft) => void; flag: FlagShape }) {
  const context = useConditionContext(readOnly);
  return (
    <Frame grammar={kTargeting} draft={draft} onChange={onChange} label="Targeting" readOnly={readOnly} error={error} help="Rules are tried in their order. The first one whose conditions hold decides.">
      {(model) => <Rules targeting={model} onChange={(next) => onChange({ mode: 'builder', model: next })} flag={flag} context={context} />}
    </Frame>
  );
}

function Rules({ targeting, onChange, flag, context }: { targeting: Targeting; onChange: (targeting: Targeting) => void; flag: FlagShape; context: ConditionContext }) {
  const { rules, otherwise } = targeting;
  const { disabled } = context;
  const replace = (next: Rule[]) => onChange({ rules: next, otherwise: next.length === 0 && otherwise?.kind !== 'split' ? null : otherwise });
  const set = (index: number, rule: Rule) => replace(rules.map((each, at) => (at === index ? rule : each)));
  const move = (index: number, by: number) => {
    const next = [...rules];
    [next[index], next[index + by]] = [next[index + by]!, next[index]!];
    replace(next);
  };
  const first = Object.keys(flag.variants).find((name) => flag.variants[name] !== false) ?? '';
  return (
    <Stack gap="sm">
      {rules.map((rule, index) => (
        <Paper key={index} withBorder radius="md" p="sm" role="group" aria-label={`Rule ${index + 1}`}>
          <Stack gap="sm">
            <Group justify="space-between">
              <Text size="sm" fw={600}>{index === 0 ? 'If' : 'Else, if'}</Text>
              {!disabled && (
                <Group gap={2}>
                  <ActionIcon variant="subtle" color="gray" disabled={index === 0} aria-label={`Move rule ${index + 1} up`} onClick={() => move(index, -1)}><IconArrowUp size={16} aria-hidden /></ActionIcon>
                  <ActionIcon variant="subtle" color="gray" disabled={index === rules.length - 1} aria-label={`Move rule ${index + 1} down`} onClick={() => move(index, 1)}><IconArrowDown size={16} aria-hidden /></ActionIcon>
                  <ActionIcon variant="subtle" color="gray" aria-label={`Remove rule ${index + 1}`} onClick={() => replace(rules.filter((_, at) => at !== index))}><IconTrash size={16} aria-hidden /></ActionIcon>
                </Group>
              )}
            </Group>
            <ConditionEditor condition={rule.when} onChange={(when) => set(index, { ...rule, when })} context={context} />
            <Text size="sm" fw={600}>serve</Text>
            <ServeEditor label={`Rule ${index + 1} serves`} serve={rule.serve} onChange={(serve) => set(index, { ...rule, serve })} flag={flag} paths={context.attributes.paths} disabled={disabled} />
          </Stack>
        </Paper>
      ))}
      {!disabled && (
        <Button variant="light" size="xs" w="fit-content" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => replace([...rules, { when: newComparison(), serve: { kind: 'variant', variant: first } }])}>Add a rule</Button>
      )}
      <Paper withBorder radius="md" p="sm" role="group" aria-label="Everybody else">
        <Stack gap="xs">
          <Text size="sm" fw={600}>{rules.length ? 'Everybody else gets' : 'Everybody gets'}</Text>
          <ServeEditor label="Everybody else gets" serve={otherwise ?? { kind: 'default' }} flag={flag} paths={context.attributes.paths} disabled={disabled} onlySplit={rules.length === 0}
            onChange={(serve) => onChange({ rules, otherwise: rules.length === 0 && serve.kind === 'default' ? null : serve })} />
        </Stack>
      </Paper>
    </Stack>
  );
}

/** The rule of a segment: one condition. */
export function SegmentRuleEditor({ draft, onChange, segment, readOnly, error }: Common & { draft: SegmentDraft; onChange: (draft: SegmentDraft) => void; segment?: string }) {
  const context = useConditionContext(readOnly, segment);
  return (
    <Frame<Condition> grammar={kSegment} draft={draft} onChange={onChange} label="Rule" readOnly={readOnly} error={error} help="Everybody for whom this holds is in the segment.">
      {(model) => (
        <Paper withBorder radius="md" p="sm">
          <ConditionEditor condition={model} onChange={(next) => onChange({ mode: 'builder', model: next })} context={context} />
        </Paper>
      )}
    </Frame>
  );
}
