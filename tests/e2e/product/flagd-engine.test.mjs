// docs/openfeature.md: the rules that flagd's JavaScript engine answers otherwise than this server, and how to write them so
// that it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlagdCore } from '@openfeature/flagd-core';
import { ownKey, product } from '../support/product.mjs';

const shared = product();
const post = (kind, body) => shared.it.call('POST', `/api/v1/${kind}`, body);
const quiet = Object.fromEntries(['error', 'warn', 'info', 'debug'].map((name) => [name, () => {}]));

const kVariants = { true: 'yes', false: 'no', on: 'ON', a1: 'A1', 1: 'ONE' };
const plan = { var: 'plan' };
const isA = { '==': [plan, 'a'] };

/** A rule, a context, and the other form of the rule, if there is one. */
const kRules = [
  [{ '==': [{ var: 'n' }, 0] }, {}, { '===': [{ var: 'n' }, 0] }],
  [{ '!=': [{ var: 'beta' }, false] }, {}, { '!==': [{ var: 'beta' }, false] }],
  [{ '==': [{ var: 'beta' }, isA] }, { plan: 'b', beta: false }, { '===': [{ var: 'beta' }, isA] }],
  [{ '!=': [isA, { starts_with: [plan, 'c'] }] }, { plan: 'b' }, { '!==': [isA, { starts_with: [plan, 'c'] }] }],
  [{ '<': [{ var: 'age' }, 18] }, { age: 'old' }],
  [{ '!!': [{ '-': [{ var: 'age' }, 18] }] }, { age: 'old' }],
  [{ cat: [plan, 1] }, {}, { cat: [{ var: ['plan', ''] }, 1] }],
  [{ cat: [{ or: [plan, 'b'] }, 1] }, { plan: 'a' }, { cat: [{ if: [plan, plan, 'b'] }, 1] }],
  [{ '==': [{ substr: [plan, 1] }, 'x'] }, {}, { '==': [{ substr: [{ var: ['plan', ''] }, 1] }, 'x'] }],
  [{ if: [{ all: [{ var: 'tags' }, { '==': [{ var: '' }, 'a'] }] }, 'true', 'false'] }, {}, { if: [{ and: [{ var: 'tags' }, { all: [{ var: 'tags' }, { '==': [{ var: '' }, 'a'] }] }] }, 'true', 'false'] }],
  [{ '==': [{ reduce: [['1'], { cat: [{ var: 'accumulator' }, { var: 'current' }] }, plan] }, 'a1'] }, { plan: 'a' }],
  [{ some: [{ var: 'tags' }, { starts_with: [{ var: '' }, 'a'] }] }, { tags: ['ab'] }, { some: [{ var: 'tags' }, { '===': [{ substr: [{ var: '' }, 0, 1] }, 'a'] }] }],
  [{ some: [{ var: 'tags' }, { sem_ver: [{ var: '' }, '=', '1.0.0'] }] }, { tags: ['1.0.0'] }],
  [{ '!!': [{ missing: ['plan'] }] }, { plan: '' }],
  [{ '!!': [{ sem_ver: [{ var: 'version' }, '=', '1.0.0'] }] }, { version: ' 1.0.0' }],
];

test("rules that flagd's JavaScript engine answers otherwise have another form", async () => {
  const { key } = await post('api-keys', { name: 'machine', scopes: ['evaluate'] });
  const made = [];
  const add = async (targeting) => {
    if (!targeting) return undefined;
    made.push(await post('features', { key: ownKey('flag'), name: 'Flag', variants: kVariants, defaultVariant: null, targeting }));
    return made.at(-1);
  };
  const rows = [];
  for (const [rule, context, other] of kRules) rows.push({ rule, context, asked: await add(rule), other: await add(other) });
  const { id } = await post('packages', { key: ownKey('plan'), name: 'Plan', features: made.map((feature) => ({ feature_id: feature.id })) });
  const client = await post('clients', { key: ownKey('client'), name: 'Client', package_id: id });
  const file = await shared.it.request('GET', `/flagd/flags.json?client=${client.key}`);
  assert.equal(file.body.metadata.leftOut, undefined);
  const core = new FlagdCore(undefined, quiet);
  core.setConfigurations(file.text);

  const ours = async (feature, context) => {
    const body = { context: { ...context, client: client.key } };
    return (await shared.it.request('POST', `/ofrep/v1/evaluate/flags/${feature.key}`, body, { token: key })).body.value;
  };
  const theirs = (feature, context) => {
    const { value, errorCode } = core.resolveStringEvaluation(feature.key, 'mine', context, quiet);
    return errorCode ? undefined : value;
  };
  for (const { rule, context, asked, other } of rows) {
    const why = `${JSON.stringify(rule)} with ${JSON.stringify(context)}`;
    const answer = await ours(asked, context);
    assert.notEqual(answer, undefined, why);
    assert.notEqual(theirs(asked, context), answer, why);
    if (!other) continue;
    assert.equal(await ours(other, context), answer, `the other form of ${why}`);
    assert.equal(theirs(other, context), answer, `the other form of ${why}`);
  }
});
