import { expect, test } from 'vitest';
import { because, decidingRule, foundText, sameDecision, valueText, type Decision } from '../src/features/playground/explain';
import { decisionsOf, fits, flagsOf } from '../src/features/playground/flags';
import { usersOfSegments } from '../src/features/segments/segment-users';

const decision = (more: Partial<Decision> = {}): Decision => ({ enabled: true, value: true, variant: 'on', reason: 'STATIC', rule: 'default_variant', ...more });
const step = (pointer: string, result: unknown, segment: string | null = null) => ({ segment, pointer, operation: '==', depth: 1, result });

test('the rule that decided is found by what the trace evaluated', () => {
  const targeting = { if: [{ $ref: 'beta' }, 'on', { in: [{ var: 'a' }, ['x']] }, 'off', { fractional: [['on', 1], ['off', 3]] }] };
  expect(decidingRule(targeting, [step('/targeting/if/0', [1])])).toBe('rule 1: in segment beta → on');
  expect(decidingRule(targeting, [step('/targeting/if/0', []), step('/targeting/if/2', true)])).toBe('rule 2: a is one of x → off');
  expect(decidingRule(targeting, [step('/targeting/if/0', false), step('/targeting/if/2', false)])).toContain('25 % on, 75 % off');
  // A step of the segment itself is none of the flag.
  expect(decidingRule(targeting, [step('/targeting/if/0', true, 'beta')])).toBeUndefined();
  expect(decidingRule({ '?:': [true, 'on', 'off'] }, [])).toBeUndefined();
});

test('answers are told in words', () => {
  expect(because(decision({ rule: 'platform_off', because_of: { entity_type: 'platform', entity_id: 1, key: 'web' } }))).toBe('the platform web is off');
  expect(because(decision({ rule: 'targeting', error: { code: 'GENERAL', message: 'no such variant' } }))).toBe('no such variant');
  expect([valueText(decision()), valueText(decision({ variant: null, value: null })), valueText(decision({ variant: null, value: { a: 1 } }))]).toEqual(['on', 'no value', '{"a":1}']);
  expect(sameDecision(decision(), decision())).toBe(true);
  expect(sameDecision(decision(), decision({ rule: 'targeting' }))).toBe(false);
});

test('flags are features and their sub-features, what a draft changes first', () => {
  const features = [{ id: 1, key: 'a', name: 'A', sub_features: [{ key: 'x', name: 'X' }, { key: 'y', name: '' }] }, { id: 2, key: 'b', name: 'B', sub_features: [] }] as never;
  expect(flagsOf(features, new Set()).map(({ name, title }) => [name, title])).toEqual([['a', 'A'], ['a/x', 'X'], ['a/y', 'y'], ['b', 'B']]);
  expect(flagsOf(features, new Set([2])).map(({ name }) => name)).toEqual(['b', 'a', 'a/x', 'a/y']);
  expect(flagsOf(features, new Set()).filter((flag) => fits(flag, 'a/x')).map(({ name }) => name)).toEqual(['a/x']);
  const given = { items: [{ key: 'a', effective: decision(), sub_features: { x: { effective: decision({ enabled: false }) } } }] } as never;
  expect([...decisionsOf(given)].map(([name, { enabled }]) => [name, enabled])).toEqual([['a', true], ['a/x', false]]);
});

test('users of a segment are features, parts of them, and segments', () => {
  const base = { enabled: true, sub_features: [], targeting: {} };
  const features = [
    { ...base, id: 1, key: 'one', name: 'One', targeting: { if: [{ $ref: 'a' }, 'on'] }, sub_features: [{ name: 'Part', targeting: { if: [{ $ref: 'b' }, 'on'] } }] },
    { ...base, id: 2, key: 'two', name: 'Two' },
  ] as never;
  const segments = [{ id: 9, key: 'c', name: 'C', rule: { and: [{ $ref: 'a' }, { $ref: 'a' }] } }] as never;
  const users = usersOfSegments(features, segments);
  expect(users.get('a')).toEqual([{ type: 'feature', id: 1, key: 'one', name: 'One', on: true, parts: [] }, { type: 'segment', id: 9, key: 'c', name: 'C', on: true, parts: [] }]);
  expect(users.get('b')).toMatchObject([{ id: 1, parts: ['Part'] }]);
  expect(users.get('c')).toBeUndefined();
});

test('what a step found is told in words', () => {
  expect(foundText({ active: true, has_targeting: false })).toBe('active: yes, has targeting: no');
  expect(foundText({ platforms: [], parent: null, override: '' })).toBe('platforms: none, parent: none, override: none');
  expect(foundText({ platforms: ['web', 'ios'], state: 'ENABLED', value: { a: 1 }, off: [{ key: 'web' }] })).toBe('platforms: web, ios, state: ENABLED, value: {"a":1}, off: [{"key":"web"}]');
});
