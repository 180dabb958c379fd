import { ActionIcon, Autocomplete, Button, Group, NativeSelect, Text } from '@mantine/core';
import { IconFilter, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Attributes } from './attributes';
import { kTests, takes, type Comparison, type Condition, type Group as ConditionGroup, type InSegment, type Test } from './condition';
import { kTestNames } from './describe';
import classes from './rules.module.css';
import { asKind, ValueField } from './value-field';

export interface ConditionContext {
  attributes: Attributes;
  segments: readonly { key: string; name: string }[];
  disabled: boolean;
}

export const newComparison = (): Comparison => ({ kind: 'comparison', path: '', test: 'is', values: [''] });
const kMostLevels = 4; // deeper conditions are shown, not made

/** One condition, or a group of them to any depth. */
export function ConditionEditor({ condition, onChange, context }: { condition: Condition; onChange: (condition: Condition) => void; context: ConditionContext }) {
  const add = (more: Condition) => onChange(condition.kind === 'group' && !condition.negated ? { ...condition, members: [...condition.members, more] } : { kind: 'group', match: 'all', negated: false, members: [condition, more] });
  return (
    <div className={classes['group']}>
      {condition.kind === 'group' ? <Members group={condition} onChange={onChange} context={context} level={0} /> : <Leaf condition={condition} onChange={onChange} context={context} />}
      <AddButtons add={add} context={context} level={0} />
    </div>
  );
}

function AddButtons({ add, context: { disabled, segments }, level }: { add: (condition: Condition) => void; context: ConditionContext; level: number }) {
  if (disabled) return null;
  const plus = <IconPlus size={14} aria-hidden />;
  return (
    <Group gap={4}>
      <Button size="compact-xs" variant="subtle" leftSection={plus} onClick={() => add(newComparison())}>Condition</Button>
      {segments.length > 0 && <Button size="compact-xs" variant="subtle" leftSection={plus} onClick={() => add({ kind: 'segment', segment: segments[0]!.key, negated: false })}>Segment</Button>}
      {level < kMostLevels && <Button size="compact-xs" variant="subtle" leftSection={plus} onClick={() => add({ kind: 'group', match: 'any', negated: false, members: [newComparison(), newComparison()] })}>Group</Button>}
    </Group>
  );
}

const kMatches = [
  { value: 'all', label: 'All of these hold' }, { value: 'any', label: 'Any of these holds' },
  { value: 'not all', label: 'Not all of these hold' }, { value: 'not any', label: 'None of these holds' },
];

function Members({ group, onChange, context, level }: { group: ConditionGroup; onChange: (condition: Condition) => void; context: ConditionContext; level: number }) {
  const replace = (index: number, member: Condition | undefined) => {
    const members = group.members.flatMap((each, at) => (at === index ? (member ? [member] : []) : [each]));
    const [only] = members;
    onChange(members.length === 1 && only && !member && !group.negated ? only : { ...group, members });
  };
  return (
    <>
      <NativeSelect aria-label="How conditions combine" size="xs" w={200} data={kMatches} value={`${group.negated ? 'not ' : ''}${group.match}`} disabled={context.disabled}
        onChange={({ currentTarget: { value } }) => onChange({ ...group, negated: value.startsWith('not'), match: value.endsWith('all') ? 'all' : 'any' })} />
      {group.members.length === 0 && <Text size="sm" c="dimmed">No condition: {(group.match === 'all') === !group.negated ? 'everybody' : 'nobody'}.</Text>}
      {group.members.map((member, index) =>
        member.kind === 'group' ? (
          <div key={index} className={`${classes['group']} ${classes['nested']}`} role="group" aria-label="Group of conditions">
            <Members group={member} onChange={(next) => replace(index, next)} context={context} level={level + 1} />
            <Group gap={4}>
              <AddButtons add={(more) => replace(index, { ...member, members: [...member.members, more] })} context={context} level={level + 1} />
              {!context.disabled && <Button size="compact-xs" variant="subtle" color="gray" onClick={() => replace(index, undefined)}>Remove group</Button>}
            </Group>
          </div>
        ) : (
          <Leaf key={index} condition={member} onChange={(next) => replace(index, next)} remove={() => replace(index, undefined)} context={context} />
        ),
      )}
    </>
  );
}

function Leaf({ condition, onChange, remove, context }: { condition: Comparison | InSegment; onChange: (condition: Condition) => void; remove?: () => void; context: ConditionContext }) {
  const [isLeft, setLeft] = useState(false); // a new condition has no name yet, which is no mistake
  const removal = remove && !context.disabled ? <ActionIcon variant="subtle" color="gray" size={36} aria-label="Remove condition" onClick={remove}><IconTrash size={16} aria-hidden /></ActionIcon> : <span />;
  if (condition.kind === 'segment')
    return (
      <div className={classes['segment']}>
        <NativeSelect aria-label="Test" data={[{ value: 'in', label: 'is in segment' }, { value: 'out', label: 'is not in segment' }]} value={condition.negated ? 'out' : 'in'} disabled={context.disabled}
          onChange={(event) => onChange({ ...condition, negated: event.currentTarget.value === 'out' })} />
        <NativeSelect aria-label="Segment" leftSection={<IconFilter size={14} aria-hidden />} value={condition.segment} disabled={context.disabled} onChange={(event) => onChange({ ...condition, segment: event.currentTarget.value })}
          data={segmentChoices(context.segments, condition.segment)} />
        {removal}
      </div>
    );
  const setTest = (test: Test) => {
    const [now, next] = [takes(condition.test), takes(test)];
    const first = condition.values[0] ?? '';
    const text = test.startsWith('version') || ['contains', 'lacks', 'starts_with', 'ends_with'].includes(test);
    const one = text ? asKind(first, 'text') : first;
    onChange({ ...condition, test, values: next === 'none' ? [] : next === 'one' ? [one] : now === 'many' ? condition.values : first === '' ? [] : [first] });
  };
  return (
    <div className={classes['row']}>
      <Autocomplete aria-label="Attribute" placeholder="client.region" data={context.attributes.paths} value={condition.path} disabled={context.disabled} spellCheck={false}
        error={isLeft && condition.path === '' ? 'Name an attribute.' : undefined} onBlur={() => setLeft(true)} onChange={(path) => onChange({ ...condition, path })} />
      <NativeSelect aria-label="Test" data={kTests.map((value) => ({ value, label: kTestNames[value] }))} value={condition.test} disabled={context.disabled} onChange={(event) => setTest(event.currentTarget.value as Test)} />
      <ValueField key={condition.test} comparison={condition} onChange={(values) => onChange({ ...condition, values })} suggestions={context.attributes.valuesOf(condition.path)} disabled={context.disabled} />
      {removal}
    </div>
  );
}

function segmentChoices(segments: ConditionContext['segments'], chosen: string) {
  const choices = segments.map(({ key, name }) => ({ value: key, label: name === key ? key : `${name} (${key})` }));
  return segments.some(({ key }) => key === chosen) ? choices : [{ value: chosen, label: `${chosen} (does not exist)` }, ...choices];
}
