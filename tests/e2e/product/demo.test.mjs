// `--demo`: what it fills in, what a client of it gets to see, and that time alone changes it.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { eachWay } from '../support/clients.mjs';
import { dataFolder, ownKey, Product } from '../support/product.mjs';

const data = await dataFolder();
let demo = await Product.start(data.folder, { args: ['--demo'] });
await demo.login();
after(async () => {
  await demo.end('SIGKILL');
  await data.remove();
});

async function restart(signal, { args = ['--demo'], meanwhile = async () => {} } = {}) {
  const { admin } = demo;
  await demo.end(signal);
  await meanwhile();
  demo = await Product.start(data.folder, { args });
  demo.admin = admin;
}

const stateOf = () => demo.call('GET', '/api/v1/state');
const named = (list, key) => list.find((one) => one.key === key);

/** A stock client of the demo's client of that key, connected and greeted. */
async function member(t, key, options) {
  const { state } = await stateOf();
  const client = named(state.clients, key);
  const { token } = await demo.issueToken(client.id);
  const socket = await demo.clientSocket(t, token, options).connected();
  const [greeting] = await socket.next('client_connected');
  return { socket, client, greeting, state };
}

/** Gives a client these overrides in place of its own. */
const override = (client, overrides) => demo.call('PATCH', `/api/v1/clients/${client.id}`, { overrides });

describe('an empty catalogue', () => {
  test('holds the whole example afterwards, made in one revision', async () => {
    const { state } = await stateOf();

    const counts = Object.fromEntries(['platforms', 'features', 'packages', 'clients', 'segments'].map((kind) => [kind, state[kind].length]));
    assert.deepEqual(counts, { platforms: 6, features: 40, packages: 4, clients: 60, segments: 6 });
    assert.ok(new Set(state.features.map((feature) => feature.metadata.group)).size >= 5);
    assert.ok(state.features.filter((feature) => feature.targeting).length >= 10);
    assert.ok(state.features.filter((feature) => feature.sub_features.length).length >= 5);
    assert.ok(state.features.filter((feature) => feature.requires.length).length >= 3);
    assert.ok(state.clients.filter((client) => client.overrides.length).length >= 5);
    assert.deepEqual(await demo.call('GET', '/api/v1/state?at=0').then((then) => then.state.features), []);
    const { items } = await demo.call('GET', '/api/v1/activity?source=start');
    assert.equal(items.length, 1);
    assert.equal(items[0].revision, 1);
  });

  test('and the start says what there is to look at', async () => {
    await demo.process.says('6 platforms, 6 segments, 40 features, 4 packages, 60 clients, created just now');
    await demo.process.says('client 1, acme-outfitters, on Pro, with an override of single-sign-on');
  });
});

eachWay((way, options) => {
  test(`${way}: a client on Pro sees what Pro holds and what it was given, in its own state`, async (t) => {
    const { client, greeting, state } = await member(t, 'acme-outfitters', options);

    const pro = named(state.packages, 'pro');
    const ids = [...pro.features.map((one) => one.feature_id), ...client.overrides.map((one) => one.feature_id)];
    assert.deepEqual(greeting.features.map((one) => one.id).sort((a, b) => a - b), ids.sort((a, b) => a - b));
    assert.equal(greeting.package.key, 'pro');
    assert.deepEqual(greeting.platforms.map((one) => one.key).sort(), ['android', 'ios', 'kiosk', 'partner-api', 'web']);
    const answer = (key) => named(greeting.features, key);
    assert.equal(answer('single-sign-on').enabled, true);
    assert.equal(answer('product-search').limit, 100_000);
    assert.equal(answer('size-advisor').value, true, 'in Europe, and in fashion');
    assert.equal(answer('assistant').value, true, 'a beta tester');
    assert.equal(answer('summer-sale').value, false, 'begins the day after tomorrow');
    assert.doesNotMatch(JSON.stringify(greeting), /targeting"\s*:|\$ref|beta-testers/);
  });

  test(`${way}: an override ends when its time is over, and the client hears of it`, async (t) => {
    const { socket, client, state } = await member(t, 'garden-gate', options);
    const feature = named(state.features, 'summer-sale');
    const before = await override(client, [
      { feature_id: feature.id, value: true, reason: 'a preview', expires_at: new Date(Date.now() + 15_000).toISOString() },
    ]);
    assert.equal(before.overrides.length, 1);

    const values = [];
    await until(async () => {
      const [update] = await socket.next('feature_update');
      if (update.feature_id === feature.id) values.push(update.data.value);
      return values.at(-1) === false;
    }, 'the end of the override', 60_000);
    assert.deepEqual(values, [true, false]);
    assert.deepEqual((await demo.call('GET', `/api/v1/clients/${client.id}`)).overrides, []);
    const { items } = await demo.call('GET', `/api/v1/activity?source=timer&entity_type=client&entity_id=${client.id}&limit=1`);
    assert.equal(items[0].summary, 'override of Summer sale for client Garden Gate expired');
    assert.equal(items[0].actor.kind, 'system');
  });
});

test('on a catalogue that holds something else, the start says that the example was not loaded', async (t) => {
  const data = await dataFolder();
  const first = await Product.start(data.folder);
  t.after(async () => {
    if (first.process.running) await first.end('SIGKILL');
    await data.remove();
  });
  await first.login();
  const own = await first.createPlatform({ key: ownKey(), name: 'own' });
  await first.end('SIGTERM');
  const second = await Product.start(data.folder, { args: ['--demo'] });
  t.after(() => second.end('SIGKILL'));
  await second.login();

  assert.deepEqual((await second.platforms()).map(({ key }) => key), [own.key]);
  await second.process.says('the example was NOT loaded');
  assert.match(second.process.stdout, /Demo +the example was NOT loaded.*--demo --data demo-data/);
  assert.match(second.process.stderr, /"warn".*the example was NOT loaded/);
});

describe('a second start', () => {
  test('just runs', async () => {
    const before = await stateOf();
    await restart('SIGTERM');

    assert.deepEqual(await stateOf(), before);
    await demo.process.says('60 clients, unchanged');
  });

  test('does what became due meanwhile, once and before it serves', async () => {
    const { state } = await stateOf();
    const client = named(state.clients, 'fjord-sports');
    const feature = named(state.features, 'assistant');
    const expiry = Date.now() + 15_000;
    await override(client, [{ feature_id: feature.id, value: true, reason: 'short', expires_at: new Date(expiry).toISOString() }]);
    const revision = demo.revision;
    const over = () => until(() => Date.now() > expiry, 'the end of the override', 30_000);
    await restart('SIGKILL', { args: [], meanwhile: over });

    const first = await stateOf();
    assert.equal(first.revision, revision + 1);
    assert.deepEqual(named(first.state.clients, 'fjord-sports').overrides, []);
    await restart('SIGTERM', { args: [] });
    assert.equal((await stateOf()).revision, revision + 1);
  });
});
