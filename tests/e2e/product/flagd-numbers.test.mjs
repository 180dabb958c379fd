// Results that JSON cannot express: NaN and infinity are no constants for the file for flagd.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlagdCore } from '@openfeature/flagd-core';
import { ownKey, product } from '../support/product.mjs';

const shared = product();
const post = (kind, body) => shared.it.call('POST', `/api/v1/${kind}`, body);
const quiet = Object.fromEntries(['error', 'warn', 'info', 'debug'].map((name) => [name, () => {}]));
const kOnOff = { on: true, off: false };
const kTrueFalse = { true: true, false: false };

/** Rules of a client with 5 seats, none of them used, for the context {n: 5}. */
const kRules = [
  [{ '+': ['a'] }, kOnOff, 'on'],
  [{ '/': [{ var: 'client.seats' }, { var: 'client.used' }] }, kOnOff, 'on'],
  [{ '<': [{ '/': [{ var: 'client.seats' }, { var: 'client.used' }] }, { var: 'n' }] }, kTrueFalse, null],
  [{ '<': [{ '+': [{ var: 'client.absent' }] }, { var: 'n' }] }, kTrueFalse, null],
  [{ '==': [{ '+': ['a'] }, { var: 'absent' }] }, kTrueFalse, null],
  [{ in: [{ var: 'absent' }, [{ '+': ['a'] }]] }, kTrueFalse, null],
];

test('the file for flagd answers an error or what this server answers, also where a rule divides by zero', async () => {
  const { key } = await post('api-keys', { name: 'machine', scopes: ['evaluate'] });
  const features = [];
  for (const [targeting, variants, defaultVariant] of kRules) features.push(await post('features', { key: ownKey('flag'), name: 'Flag', variants, defaultVariant, targeting }));
  const plan = await post('packages', { key: ownKey('plan'), name: 'Plan', features: features.map(({ id }) => ({ feature_id: id })) });
  const client = await post('clients', { key: ownKey('client'), name: 'Client', package_id: plan.id, attributes: { seats: 5, used: 0 } });
  const file = await shared.it.request('GET', `/flagd/flags.json?client=${client.key}`);
  const core = new FlagdCore(undefined, quiet);
  core.setConfigurations(file.text);
  const wrong = [];
  for (const feature of features) {
    const ours = (await shared.it.request('POST', `/ofrep/v1/evaluate/flags/${feature.key}`, { context: { n: 5, client: client.key } }, { token: key })).body;
    const theirs = core.resolveBooleanEvaluation(feature.key, false, { n: 5 }, quiet);
    if (theirs.errorCode || (!ours.errorCode && theirs.value === ours.value)) continue;
    wrong.push(`${JSON.stringify(feature.targeting)}: ${ours.errorCode ?? ours.value} here, ${theirs.value} by ${JSON.stringify(file.body.flags[feature.key])}`);
  }
  assert.deepEqual(wrong, []);
});

test('the error of a rule that answers no number does not speak of null, which is a good answer', async () => {
  for (const targeting of [{ '+': ['a'] }, { '/': [1, 0] }]) {
    const { decision } = await shared.it.call('POST', '/api/v1/evaluate', { feature: ownKey('flag'), definition: { variants: kOnOff, targeting } });
    assert.equal(decision.error.code, 'GENERAL');
    assert.doesNotMatch(decision.error.message, /answered null/);
  }
});
