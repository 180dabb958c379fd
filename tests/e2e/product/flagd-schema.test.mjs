// docs/evaluation.md, "Differences from flagd's schema": one example at least for each row, asked of this server and of the
// schema that flagd's engine contains.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FlagdCore } from '@openfeature/flagd-core';
import { ownKey, product } from '../support/product.mjs';

const shared = product();
const kFlag = { state: 'ENABLED', variants: { on: true, off: false } };
const kShared = 'shared';

async function weTake(definition, segments = {}) {
  const answer = await shared.it.request('POST', '/api/v1/evaluate', { feature: ownKey('flag'), definition, segments: { [kShared]: true, ...segments } });
  assert.ok([200, 400].includes(answer.status), answer.text);
  return answer.status === 200;
}

function theyTake(file) {
  const said = [];
  const log = (...words) => said.push(words.join(' '));
  try {
    new FlagdCore(undefined, { error: log, warn: log, info: log, debug: log }).setConfigurations(JSON.stringify(file));
  } catch {
    // its checks behind the schema
  }
  return !said.some((line) => line.startsWith('invalid flagd flag configuration'));
}

const ruleOf = (targeting) => ({ ...kFlag, targeting });
const same = { '==': [1, 1] };
const $ref = kShared;

const kOnlyWe = [
  { '?:': [true, 'on', 'off'] }, { log: 'on' },
  { $ref }, { sem_ver: [{ $ref }, '=', '1.0.0'] }, { starts_with: [{ $ref }, 'a'] }, { ends_with: ['a', { $ref }] },
  { fractional: [{ $ref }, ['on', 1]] }, { fractional: [['on', { $ref }]] },
  ...['if', 'and', 'or', '+', '-', '*', 'min', 'max', 'cat', 'merge', 'missing'].map((operator) => ({ [operator]: 'on' })),
  { '*': [2] }, { reduce: [[1], { var: 'current' }] },
  { missing: [{ var: 'name' }] }, { missing: [1] }, { missing_some: ['1', ['a']] }, { missing_some: [1, 'a'] }, { missing_some: [1, { var: 'names' }] },
  { sem_ver: ['1.0', '=', '1.0.0'] }, { sem_ver: ['v1.0.0', '=', '1.0.0'] }, { sem_ver: [{ cat: ['1', '.0'] }, '=', '1.0.0'] },
];

const kOnlyThey = [
  { var: ['a', 1, 2] }, { var: ['$flagd.x'] }, { '!': [1, 2] }, { '!!': [1, 2] },
  ...[{ a: 1, b: 2 }, {}, { '==': [1] }, { nope: [1] }, { $ref: 'gone' }].flatMap((wrong) => [{ var: [wrong] }, { '!': [wrong] }, { '!!': [wrong] }, { in: [1, [wrong]] }]),
  { fractional: [{ var: 'a' }] }, { fractional: [['on', 2 ** 31]] }, { '==': [1, 1], '!=': [1, 1] },
  { fractional: [{}, ['on', 1]] }, { sem_ver: [{}, '=', '1.0.0'] }, { starts_with: [{}, 'a'] }, { ends_with: ['a', {}] },
  { if: [{ $ref: 'gone' }, 'on', 'off'] },
];

const kBoth = [
  {}, { var: 'a' }, { '!': same }, { '!': [] }, { '!!': 1 }, { var: [] }, { var: { var: 'a' } }, { missing: [] }, { if: [true] }, { fractional: [['on', 2 ** 31 - 1]] },
  { if: [{ $ref }, 'on', 'off'] }, { fractional: [[{ $ref }, 1]] }, { in: [1, [same, 'a']] },
];

const kNeither = [
  1, 'on', [], null, { '==': [1] }, { '==': [1, 2, 3] }, { nope: [1] }, { var: '$flagd.x' }, { if: [] }, { if: [{}, 'on', 'off'] }, { '/': [1] },
  { sem_ver: ['1.0.0.0', '=', '1.0.0'] }, { sem_ver: ['1.0.0', '==', '1.0.0'] }, { starts_with: [1, 'a'] }, { fractional: [] }, { fractional: [['on', 1.5]] }, { fractional: [['on', -1]] },
];

const kWhat = [[true, false, kOnlyWe], [false, true, kOnlyThey], [true, true, kBoth], [false, false, kNeither]];

describe("differences from flagd's schema", () => {
  for (const [we, they, rules] of kWhat) {
    test(`rules that this server ${we ? 'takes' : 'refuses'} and the schema ${they ? 'takes' : 'refuses'}`, async () => {
      for (const rule of rules) {
        const flag = ruleOf(rule);
        assert.equal(await weTake(flag), we, JSON.stringify(rule));
        assert.equal(theyTake({ flags: { flag } }), they, JSON.stringify(rule));
      }
    });
  }

  test('a segment may be a constant', async () => {
    for (const rule of ['on', 1, null, ['a', 'b']]) {
      assert.equal(await weTake(ruleOf({ $ref: 'constant' }), { constant: rule }), true, JSON.stringify(rule));
      assert.equal(theyTake({ flags: {}, $evaluators: { constant: rule } }), false, JSON.stringify(rule));
    }
  });

  test('members of flags', async () => {
    const given = [
      [true, false, {}], [true, false, { state: 'ENABLED' }], [true, false, { variants: { on: true } }],
      [false, true, { ...kFlag, $comment: 'a note' }], [false, true, { ...kFlag, defaultVariant: 'gone' }], [false, true, { ...kFlag, defaultVariant: '' }],
      [false, true, { ...kFlag, bucketing: 'v3' }], [false, true, { ...kFlag, variants: { on: 2 ** 53 } }], [false, true, { ...kFlag, variants: { ['x'.repeat(257)]: true } }],
      [false, true, { ...kFlag, variants: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`v${i}`, i])) }],
      [true, true, kFlag], [true, true, { ...kFlag, defaultVariant: null }], [true, true, { ...kFlag, metadata: { a: 'b', c: 1, d: true } }], [true, true, { ...kFlag, bucketing: 'v1' }],
      [false, false, { ...kFlag, variants: {} }], [false, false, { ...kFlag, variants: { on: true, off: 'no' } }], [false, false, { ...kFlag, variants: { on: null } }],
      [false, false, { ...kFlag, variants: { '': true } }], [false, false, { ...kFlag, state: 'enabled' }], [false, false, { ...kFlag, metadata: { a: null } }], [false, false, { ...kFlag, targeting: null }],
    ];
    for (const [we, they, flag] of given) {
      assert.equal(await weTake(flag), we, JSON.stringify(flag));
      assert.equal(theyTake({ flags: { flag } }), they, JSON.stringify(flag));
    }
  });
});
