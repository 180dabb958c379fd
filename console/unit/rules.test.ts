import { expect, test } from 'vitest';
import { compileCondition, kTests, parseCondition, sameJson, takes, type Condition, type Json, type Scalar } from '../src/shared/rules/condition';
import { describeCondition, describeRule, rolloutOf, segmentsIn } from '../src/shared/rules/describe';
import { draftOf, kSegment, kTargeting, logicOf, toBuilder, toCode } from '../src/shared/rules/draft';
import { compileTargeting, parseTargeting, percents, setPercent, type Rule, type Serve, type Targeting } from '../src/shared/rules/targeting';

// Random values from a seed, so that a failure can be repeated: its message has the seed.
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1;
  }
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  below = (end: number) => Math.floor(this.next() * end);
  of = <Value>(values: readonly Value[]): Value => values[this.below(values.length)]!;
  some = <Value>(most: number, make: () => Value, least = 0): Value[] => Array.from({ length: least + this.below(most - least + 1) }, make);
}

const kTexts = ['gold', 'de', '', 'x/y', '5.4.0', 'null', 'true', '0', 'ß\u{1F600}', 'a b', '$ref', '__proto__', '!'];
const kPaths = ['client.tier', 'region', 'app.version', '$flagd.timestamp', 'a.0.b', '__proto__'];
const scalar = (random: Random): Scalar => random.of<() => Scalar>([() => random.of(kTexts), () => random.below(100) - 50, () => random.next() * 1e6, () => random.below(2) === 1])();

function condition(random: Random, depth: number): Condition {
  const kind = random.below(depth > 0 ? 4 : 3);
  if (kind === 2) return { kind: 'segment', segment: random.of(kTexts), negated: random.below(2) === 1 };
  if (kind === 3) return { kind: 'group', match: random.of(['all', 'any']), negated: random.below(2) === 1, members: random.some(3, () => condition(random, depth - 1)) };
  const name = random.of(kTests);
  const text = name.startsWith('version') || ['contains', 'lacks', 'starts_with', 'ends_with'].includes(name);
  const count = takes(name);
  const values = count === 'none' ? [] : count === 'one' ? [text ? random.of(kTexts) : scalar(random)] : random.some(4, () => scalar(random));
  return { kind: 'comparison', path: random.of(kPaths), test: name, values };
}
function serve(random: Random): Serve {
  const kind = random.below(3);
  if (kind === 0) return { kind: 'default' };
  if (kind === 1) return { kind: 'variant', variant: random.of(kTexts) };
  const by = random.below(3);
  return {
    kind: 'split', shares: random.some(4, () => ({ variant: random.of(kTexts), weight: random.below(101) }), 1),
    ...(by > 0 && { by: random.of(kPaths) }), ...(by > 1 && { salted: true }),
  };
}
function targeting(random: Random): Targeting {
  const rules = random.some(4, (): Rule => ({ when: condition(random, 3), serve: serve(random) }));
  if (rules.length) return { rules, otherwise: random.below(3) ? serve(random) : null };
  const otherwise = serve(random);
  return { rules, otherwise: otherwise.kind === 'split' ? otherwise : null };
}

const kOperators = ['if', 'and', 'or', '!', '!!', '==', '===', '!=', '<', '>=', 'in', 'var', '$ref', 'fractional', 'cat', 'sem_ver', 'starts_with', 'missing', 'map', '%', 'log', 'unknown'];
function logic(random: Random, depth: number): Json {
  const kind = random.below(depth > 0 ? 8 : 3);
  if (kind === 0) return random.of(kTexts);
  if (kind === 1) return random.of<Json>([null, true, false, 0, 1, -1.5, []]);
  if (kind === 2) return { var: random.of(kPaths) };
  if (kind === 3) return random.some(3, () => logic(random, depth - 1));
  const value = random.below(5) ? random.some(4, () => logic(random, depth - 1)) : logic(random, depth - 1);
  return random.below(12) ? { [random.of(kOperators)]: value } : { [random.of(kOperators)]: value, [random.of(kTexts)]: 1 };
}
// Logic that almost fits: what the builder writes, with one place changed.
function damaged(random: Random, whole: Json): Json {
  if (Array.isArray(whole)) {
    if (whole.length === 0 || random.below(4) === 0) return random.below(2) ? [...whole, logic(random, 1)] : whole.slice(1);
    const at = random.below(whole.length);
    return whole.map((each, index) => (index === at ? damaged(random, each) : each));
  }
  if (typeof whole === 'object' && whole !== null) {
    const [name, value] = Object.entries(whole)[0] ?? ['var', 'x'];
    return random.below(5) === 0 ? { [random.of(kOperators)]: value } : random.below(8) === 0 ? { ...whole, more: 1 } : { [name]: damaged(random, value) };
  }
  return random.below(3) === 0 ? [whole] : logic(random, 1);
}

const kRounds = 2000;
const forAll = (check: (random: Random) => void) => {
  for (let seed = 1; seed <= kRounds; ++seed) {
    try {
      check(new Random(seed));
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    }
  }
};
// Through text, as a server would answer it.
const through = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;

test('every condition of the builder comes back from its logic', () => {
  forAll((random) => {
    const made = condition(random, 4);
    expect(parseCondition(through(compileCondition(made)))).toEqual(made);
  });
});

test('every targeting of the builder comes back from its logic', () => {
  forAll((random) => {
    const made = targeting(random);
    expect(parseTargeting(through(compileTargeting(made)))).toEqual(made);
  });
});

test('any logic at all comes out of a draft as it went in, whether or not the builder can show it', () => {
  let [shown, code] = [0, 0];
  forAll((random) => {
    const kind = random.below(3);
    const whole = random.below(2) ? compileTargeting(targeting(random)) : compileCondition(condition(random, 3));
    const given = kind === 0 ? whole : kind === 1 ? damaged(random, whole) : logic(random, 4);
    for (const grammar of [kTargeting, kSegment]) {
      const draft = draftOf(grammar as typeof kTargeting, given);
      if (draft.mode === 'builder') ++shown;
      else ++code;
      const after = logicOf(grammar as typeof kTargeting, draft);
      expect(after.problem).toBeUndefined();
      expect('logic' in after && after.logic).toEqual(given === null && grammar === kTargeting ? {} : given);
      // Through the editor for text and back.
      const back = toBuilder(grammar as typeof kTargeting, toCode(grammar as typeof kTargeting, draft));
      if (draft.mode === 'builder') expect(back).toEqual(draft);
      else expect(back).toBeUndefined();
    }
  });
  // Both happen often enough for this test to mean something.
  expect(Math.min(shown, code)).toBeGreaterThan(kRounds / 20);
});

test('logic of the example catalogue is shown in the builder', () => {
  for (const shown of [
    { if: [{ and: [{ '!': { in: [{ var: 'client.industry' }, ['alcohol', 'tobacco']] } }, { or: [{ $ref: 'europe' }, { $ref: 'north-america' }] }] }, 'on', 'off'] },
    { if: [{ $ref: 'beta-testers' }, 'on', { $ref: 'large-teams' }, { fractional: [['on', 20], ['off', 80]] }, 'off'] },
    { fractional: [['classic', 60], ['grid', 25], ['stories', 15]] },
    { if: [{ and: [{ '>=': [{ var: '$flagd.timestamp' }, 1] }, { '<': [{ var: '$flagd.timestamp' }, 2] }] }, 'on'] },
    {},
  ] as Json[]) expect(parseTargeting(shown)).toBeDefined();
});

test('logic of another shape stays code, also where it means the same', () => {
  for (const code of [
    { if: ['on'] }, { '?:': [{ $ref: 'a' }, 'on', 'off'] }, { if: [{ $ref: 'a' }, true, false] }, { fractional: [['on'], ['off']] }, { fractional: [['on', 1.5]] },
    { if: [{ '==': ['gold', { var: 'client.tier' }] }, 'on', 'off'] }, { if: [{ '==': [{ var: ['client.tier'] }, 'gold'] }, 'on', 'off'] },
    { if: [{ '!': [{ $ref: 'a' }] }, 'on'] }, { if: [{ '!': { '!': { $ref: 'a' } } }, 'on'] }, { if: [{ '==': [{ var: 'a' }, 1], '!=': [1, 2] }, 'on'] }, { $ref: 'a' }, 'on', [],
  ] as Json[]) expect(parseTargeting(code), JSON.stringify(code)).toBeUndefined();
});

test('shares stay at 100 per cent together when one is moved', () => {
  forAll((random) => {
    const shares = random.some(6, () => ({ variant: 'v', weight: random.below(500) }), 1);
    const at = random.below(shares.length);
    const wanted = random.below(101);
    const after = setPercent(shares, at, wanted);
    expect(after.reduce((sum, { weight }) => sum + weight, 0)).toBe(100);
    if (shares.length > 1) expect(after[at]!.weight).toBe(wanted);
    expect(after.every(({ weight }) => Number.isInteger(weight) && weight >= 0)).toBe(true);
  });
  expect(percents([{ variant: 'a', weight: 1 }, { variant: 'b', weight: 3 }])).toEqual([{ variant: 'a', percent: 25 }, { variant: 'b', percent: 75 }]);
  expect(percents([{ variant: 'a', weight: 0 }])).toEqual([{ variant: 'a', percent: 0 }]);
});

test('rules are told in words', () => {
  expect(describeRule({ or: [{ $ref: 'beta' }, { and: [{ '>=': [{ var: 'client.seats' }, 50] }, { '!': { $ref: 'europe' } }] }] })).toBe('in segment beta or (client.seats is at least 50 and not in segment europe)');
  expect(describeRule({ '+': [1] })).toBe('hand-written logic');
  expect(describeCondition({ kind: 'group', match: 'all', negated: false, members: [] })).toBe('everybody');
  expect(rolloutOf({ targeting: { fractional: [['on', 35], ['off', 65]] } })).toMatchObject({ kind: 'split', text: '35 % on, 65 % off' });
  expect(rolloutOf({ targeting: {}, defaultVariant: 'on' })).toMatchObject({ kind: 'same', text: 'on for everybody' });
  expect(rolloutOf({ targeting: { if: [{ $ref: 'a' }, 'on', 'off'] } })).toMatchObject({ kind: 'rules', text: '1 rule, else off' });
  expect(rolloutOf({ targeting: { if: [{ $ref: 'a' }, 'on', { $ref: 'b' }, { fractional: [['on', 1], ['off', 3]] }] }, defaultVariant: 'off' })).toEqual({
    kind: 'rules', text: '2 rules, else off', label: 'rule 1: on; rule 2: 25 % on, 75 % off; everybody else: off',
    parts: [{ variant: 'on', percent: 20, byRule: true }, { variant: 'on', percent: 5, byRule: true }, { variant: 'off', percent: 15, byRule: true }, { variant: 'off', percent: 60 }],
    key: { rules: 2, byRules: ['on', 'off'], others: [{ variant: 'off', percent: 100 }] },
  });
  expect([...segmentsIn({ if: [{ $ref: 'a' }, 'on', { '!': { $ref: 'b' } }, 'x'] })]).toEqual(['a', 'b']);
});

test('equality of JSON does not see prototypes', () => {
  expect(sameJson({}, JSON.parse('{"__proto__": 1}'))).toBe(false);
  expect(sameJson([1], { 0: 1 })).toBe(false);
});
