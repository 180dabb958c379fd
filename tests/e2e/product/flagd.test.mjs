// The file for flagd's in-process providers: flagd's own engine, with the file alone, gives the answers that this server
// gives by OFREP.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { FlagdCore } from '@openfeature/flagd-core';
import { FlagdProvider } from '@openfeature/flagd-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/server-sdk';
import { until } from '../support/deadline.mjs';
import { dataFolder, ownKey, product } from '../support/product.mjs';
import { Random } from '../support/random.mjs';
import { RandomCatalogue } from '../support/random-catalogue.mjs';

const kAll = '/ofrep/v1/evaluate/flags';
const shared = product({ args: ['--write-rate', '10000', '--write-burst', '10000', '--read-rate', '1000000', '--evaluation-rate', '1000000', '--evaluation-burst', '1000000'] });
const post = (kind, body) => shared.it.call('POST', `/api/v1/${kind}`, body);

const machine = async (...scopes) => (await post('api-keys', { name: 'machine', scopes })).key;

async function fileOf(client, options = {}) {
  return shared.it.request('GET', `/flagd/flags.json?client=${encodeURIComponent(client.key)}`, undefined, options);
}

/** flagd's engine with this file; the file fits the schema of flagd that the engine brings. */
function engine(text) {
  const said = [];
  const log = (...words) => said.push(words.join(' '));
  const core = new FlagdCore(undefined, { error: log, warn: log, info: log, debug: log });
  core.setConfigurations(text);
  assert.deepEqual(said, [], text);
  return core;
}

const kResolve = { boolean: 'resolveBooleanEvaluation', string: 'resolveStringEvaluation', number: 'resolveNumberEvaluation', object: 'resolveObjectEvaluation' };
const kDefaults = { boolean: [true, false], string: ['mine', 'other'], number: [-1, -2], object: [{ mine: 1 }, { mine: 2 }] };

/** Holds the engine's answer for one flag to ours. */
function compare(core, type, answer, context, why) {
  for (const byDefault of kDefaults[type]) {
    const theirs = core[kResolve[type]](answer.key, byDefault, context);
    const ours = answer.errorCode || !('value' in answer) ? byDefault : answer.value;
    assert.deepEqual(theirs.value, ours, `${answer.key}: ${why()}\nflagd: ${JSON.stringify(theirs)}\nOFREP: ${JSON.stringify(answer)}`);
    assert.equal(Boolean(theirs.errorCode), Boolean(answer.errorCode), `${answer.key}: ${why()} ${JSON.stringify(theirs)}`);
    const chosen = !answer.errorCode && ['targeting', 'default_variant'].includes(answer.metadata.rule) && answer.variant;
    if (chosen) assert.equal(theirs.variant, answer.variant, answer.key);
  }
}

describe('flagd with the file of a client', () => {
  test('answers as this server for random catalogues and contexts', { timeout: 240_000 }, async () => {
    const key = await machine('evaluate');
    const seed = Number(process.env.TOGGLECAST_SEED ?? Date.now() % 1_000_000);
    const counts = { answers: 0, leftOut: 0, granted: 0, denied: 0 };
    for (let round = 0; round < 12; round += 1) {
      const random = new Random(seed + round);
      const catalogue = new RandomCatalogue(random);
      const { client, types } = await catalogue.write(post, ownKey('random'), 20);
      const file = await fileOf(client);
      assert.equal(file.status, 200, file.text);
      const core = engine(file.text);
      if (file.body.metadata.leftOut) counts.leftOut += 1;
      for (let i = 0; i < 40; i += 1) {
        const context = catalogue.context();
        const all = await shared.it.request('POST', kAll, { context: { ...context, client: client.key } }, { token: key });
        assert.equal(all.status, 200, all.text);
        for (const answer of all.body.flags) {
          compare(core, types[answer.key], answer, context, () => `seed ${seed + round}, ${JSON.stringify(context)}, ${JSON.stringify(file.body.flags[answer.key])}`);
          counts.answers += 1;
          if (answer.metadata?.enabled) counts.granted += 1;
          else counts.denied += 1;
        }
      }
    }
    assert.equal(counts.leftOut, 0, 'a rule that flagd cannot express');
    for (const kind of ['answers', 'granted', 'denied']) assert.ok(counts[kind] > 100, JSON.stringify({ seed, ...counts }));
  });

  test('puts everybody into the bucket of the vectors', async () => {
    const vectors = JSON.parse(readFileSync(new URL('../../vectors/evaluation/fractional.json', import.meta.url), 'utf8'));
    const key = await machine('evaluate');
    const made = [];
    for (const { flag, targeting_key: user, weights, v2 } of vectors.flags) {
      if (!user) continue;
      const variants = Object.fromEntries(weights.map(([name]) => [name, name]));
      const feature = await post('features', { key: ownKey('split'), name: flag, variants, defaultVariant: null, targeting: { fractional: [{ cat: [flag, { var: 'targetingKey' }] }, ...weights] } });
      made.push({ feature, user, v2 });
    }
    assert.ok(made.length > 3);
    const plan = await post('packages', { key: ownKey('plan'), name: 'Plan', features: made.map(({ feature }) => ({ feature_id: feature.id })) });
    const client = await post('clients', { key: ownKey('client'), name: 'Client', package_id: plan.id });
    const core = engine((await fileOf(client)).text);
    for (const { feature, user, v2 } of made) {
      assert.equal(core.resolveStringEvaluation(feature.key, 'none', { targetingKey: user }).value, v2 ?? 'none');
      const ours = await shared.it.request('POST', `${kAll}/${feature.key}`, { context: { targetingKey: user, client: client.key } }, { token: key });
      assert.equal(ours.body.value, v2 ?? undefined);
    }
  });

  test('hashes the key of the flag and of the user as they are written', async () => {
    const vectors = JSON.parse(readFileSync(new URL('../../vectors/evaluation/fractional.json', import.meta.url), 'utf8'));
    const written = vectors.flags.filter(({ flag }) => flag === 'newCheckout');
    assert.ok(written.length > 1);
    const [{ flag, weights }] = written;
    const variants = Object.fromEntries(weights.map(([name]) => [name, name]));
    const feature = await post('features', { key: flag, name: flag, variants, defaultVariant: null, targeting: { fractional: weights } });
    const plan = await post('packages', { key: ownKey('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
    const client = await post('clients', { key: ownKey('Client'), name: 'Client', package_id: plan.id });
    const core = engine((await fileOf(client)).text);
    const key = await machine('evaluate');
    for (const { targeting_key: user, v2 } of written) {
      assert.equal(core.resolveStringEvaluation(flag, 'none', { targetingKey: user }).value, v2);
      const ours = await shared.it.request('POST', `${kAll}/${flag}`, { context: { targetingKey: user, client: client.key } }, { token: key });
      assert.equal(ours.body.value, v2, ours.text);
    }
  });

  test('sees what its rules require of other features', async () => {
    const base = await post('features', { key: ownKey('base'), name: 'Base', targeting: { if: [{ '==': [{ var: 'plan' }, 'pro'] }, 'on', 'off'] } });
    const colour = await post('features', { key: ownKey('colour'), name: 'Colour', variants: { red: 'r', blue: 'b' }, defaultVariant: 'red', requires: [base.id] });
    const plan = await post('packages', { key: ownKey('plan'), name: 'Plan', features: [base, colour].map(({ id }) => ({ feature_id: id })) });
    const client = await post('clients', { key: ownKey('client'), name: 'Client', package_id: plan.id });
    const core = engine((await fileOf(client)).text);
    assert.equal(core.resolveStringEvaluation(colour.key, 'mine', { plan: 'pro' }).value, 'r');
    assert.equal(core.resolveStringEvaluation(colour.key, 'mine', { plan: 'free' }).value, 'mine');
  });
});

/** What docs/openfeature.md has in a code block behind this line. */
const written = (before) => readFileSync(new URL('../../../docs/openfeature.md', import.meta.url), 'utf8').split(before)[1].match(/```sh\n(.*?)```/s)[1];

test('the in-process provider takes the file and its changes, fetched as the manual says', async (t) => {
  const flag = await post('features', { key: ownKey('flag'), name: 'Flag', targeting: { if: [{ '==': [{ var: 'plan' }, 'pro'] }, 'on', 'off'] } });
  const off = await post('features', { key: ownKey('off'), name: 'Off', state: 'DISABLED', sub_features: [{ key: 'part' }] });
  const plan = await post('packages', { key: ownKey('plan'), name: 'Plan', features: [flag, off].map(({ id }) => ({ feature_id: id })) });
  const client = await post('clients', { key: 'acme', name: 'Client', package_id: plan.id });
  const data = await dataFolder();
  t.after(data.remove);
  const command = written('without flagd itself');
  const env = { ...process.env, BASE: shared.it.url, FLAGD_KEY: await machine('flagd') };
  const fetched = () => promisify(execFile)('sh', ['-ec', command], { cwd: data.folder, env });
  const file = path.join(data.folder, 'flags.json');
  await fetched();
  const { mtimeMs } = statSync(file);
  await fetched();
  assert.equal(statSync(file).mtimeMs, mtimeMs, 'the same file is not written again');

  await OpenFeature.setProviderAndWait('file', new FlagdProvider({ resolverType: 'in-process', offlineFlagSourcePath: file }));
  t.after(() => OpenFeature.clearProviders());
  const sdk = OpenFeature.getClient('file');
  const changed = [];
  sdk.addHandler(ProviderEvents.ConfigurationChanged, ({ flagsChanged }) => changed.push(...flagsChanged));
  assert.equal(await sdk.getBooleanValue(flag.key, false, { plan: 'pro' }), true);
  assert.equal(await sdk.getBooleanValue(flag.key, true, { plan: 'free' }), false);
  for (const key of [off.key, `${off.key}/part`]) assert.equal(await sdk.getBooleanValue(key, true), false, key);
  assert.equal((await sdk.getBooleanDetails('unknown', true)).errorCode, 'FLAG_NOT_FOUND');

  await post(`features/${flag.id}/toggle`);
  await fetched();
  await until(() => changed.length > 0, 'the change');
  assert.deepEqual(changed, [flag.key]);
  assert.equal(await sdk.getBooleanValue(flag.key, true, { plan: 'pro' }), false);
});

describe('the file', () => {
  const shop = async (more = {}) => {
    const feature = await post('features', { key: ownKey('flag'), name: 'Flag', ...more });
    const plan = await post('packages', { key: ownKey('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
    const client = await post('clients', { key: ownKey('client'), name: 'Client', package_id: plan.id });
    return { feature, plan, client };
  };

  test('is for servers that may read it, or the whole catalogue', async () => {
    const { client } = await shop();
    for (const scope of ['flagd', 'read']) assert.equal((await fileOf(client, { token: await machine(scope) })).status, 200);
    assert.equal((await shared.it.request('GET', '/api/v1/features', undefined, { token: await machine('flagd') })).status, 403);
    for (const scopes of [['evaluate'], ['stream', 'write:features']]) assert.equal((await fileOf(client, { token: await machine(...scopes) })).status, 403);
    const { token } = await shared.it.issueToken(client.id);
    assert.equal((await fileOf(client, { token })).status, 403, 'rules are not for clients');
    assert.equal((await fileOf(client, { token: null })).status, 401);
  });

  test('is sent again only when it differs', async () => {
    const { feature, client } = await shop();
    const asFlagd = { Accept: 'application/json, application/yaml', 'Accept-Encoding': 'gzip' };
    const first = await fileOf(client, { headers: asFlagd });
    assert.match(first.headers.get('content-type'), /^application\/json/);
    const headers = { ...asFlagd, 'If-None-Match': first.headers.get('etag') };
    assert.equal((await fileOf(client, { headers })).status, 304);
    const { client: other } = await shop();
    assert.equal((await fileOf(client, { headers })).status, 304, 'another revision with the same file');
    assert.equal((await fileOf(other, { headers })).status, 200, 'the file of another client');
    await post(`features/${feature.id}/toggle`);
    const next = await fileOf(client, { headers });
    assert.equal(next.status, 200);
    assert.notEqual(next.headers.get('etag'), first.headers.get('etag'));
    assert.deepEqual(next.body.flags[feature.key].metadata, { rule: 'feature_disabled' });
  });

  test('names what flagd cannot express', async () => {
    const given = [
      [{ bucketing: 'v1', targeting: { fractional: [['on', 1], ['off', 1]] } }, 'its percentages are of the generation v1'],
      [{ targeting: { if: [{ var: { var: 'which' } }, 'on', 'off'] } }, 'its rule computes the name of a variable from the context'],
      [{ targeting: { if: [{ '==': [{ var: '' }, null] }, 'on', 'off'] } }, 'its rule reads the whole context, or more of $flagd or targetingKey than there is'],
      [{ targeting: { if: [{ sem_ver: [{ cat: [{ var: 'app' }, '.0'] }, '>=', '2.0.0'] }, 'on', 'off'] } }, 'its rule compares a version that is computed'],
      [{ targeting: { if: [true, 'no-such-variant', 'on'] } }, 'its rule names no variant'],
    ];
    const { feature: good, plan, client } = await shop();
    const expected = [];
    const features = [];
    for (const [definition, reason] of given) {
      const feature = await post('features', { key: ownKey('flag'), name: 'Flag', ...definition });
      features.push(feature);
      expected.push(`${feature.key}: ${reason}`);
    }
    await shared.it.call('PATCH', `/api/v1/packages/${plan.id}`, { features: [good, ...features].map(({ id }) => ({ feature_id: id })) });
    const { body } = await fileOf(client);
    assert.deepEqual(Object.keys(body.flags), [good.key]);
    for (const line of expected) assert.ok(body.metadata.leftOut.includes(line), `${line}: ${body.metadata.leftOut}`);
  });

  test('has no other member than those that are described', async () => {
    const { feature, client } = await shop({ targeting: { if: [{ var: 'beta' }, 'on', 'off'] } });
    const { body } = await fileOf(client);
    assert.deepEqual(Object.keys(body), ['$schema', 'flags', 'metadata']);
    assert.deepEqual(body.flags[feature.key], { variants: { on: true, off: false }, state: 'ENABLED', defaultVariant: 'on', targeting: { if: [{ var: 'beta' }, 'on', 'off'] } });
  });
});
