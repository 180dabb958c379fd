// Timers and the removal of old changes run on one node at a time. When that node dies, stops or sleeps, another one
// goes on with both.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { logMetric, untilPruned } from '../support/log.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, ownKey, Product } from '../support/product.mjs';
import { sharedByTests } from '../support/server.mjs';

const kPatience = 120_000;
const kKept = 20;
const kUnlimited = ['--write-rate', '1000', '--write-burst', '1000'];
const shared = sharedByTests(() => Postgres.start(), (server) => server.remove());
let databases = 0;
const emptyDatabase = () => shared().database(`leases${++databases}`);

async function node(t, url, name, args = []) {
  const data = await dataFolder();
  t.after(() => data.remove());
  const product = await Product.start(data.folder, { args: ['--store', url, '--node-name', name, ...kUnlimited, ...args] });
  t.after(() => product.end('SIGKILL'));
  await product.login();
  return product;
}

/** Waits until `one` says that the node `name` has the lease; answers its number. */
const held = (one, name) => until(async () => {
  const { upkeep } = (await one.call('GET', '/api/v1/cluster')).leases;
  return upkeep?.name === name && upkeep.number;
}, `the lease at ${name}`, kPatience);

/** Nodes `a`, which has the lease, and `b`, with a client of `b` that has one feature by an override. */
async function holderAndOther(t, args) {
  const url = await emptyDatabase();
  const a = await node(t, url, 'a', args);
  await held(a, 'a');
  const b = await node(t, url, 'b', args);
  const number = await held(b, 'a');
  const { id, token } = await b.createClient();
  const feature = await b.call('POST', '/api/v1/features', { key: ownKey('feature'), name: 'F' });
  const client = await b.clientSocket(t, token).connected();
  await client.next('client_connected', kPatience);
  return { url, a, b, number, id, feature, client };
}

/** The override ends soon; waits until `client` hears of its end, and answers the one change that ended it. */
async function overrideEnds(b, id, feature, client) {
  for (let ahead = 2_000, response; response?.status !== 200; ahead *= 2) { // it must begin before it ends
    const expires = new Date(Date.now() + ahead).toISOString();
    response = await b.request('PUT', `/api/v1/clients/${id}/overrides/${feature.id}`, { value: true, expires_at: expires });
    assert.ok([200, 400].includes(response.status) && ahead < kPatience, response.text);
  }
  let update;
  do [update] = await client.next('feature_update', kPatience);
  while (update.type !== 'delete');
  return async () => {
    const { items } = await b.call('GET', `/api/v1/activity?source=timer&entity_type=client&entity_id=${id}`);
    assert.deepEqual(items.map(({ revision }) => revision), [update.revision], 'one change ends it');
  };
}

describe('the lease of timers and retention', () => {
  test('moves when its holder is killed', async (t) => {
    const { a, b, number, id, feature, client } = await holderAndOther(t, ['--keep-changes', String(kKept), '--keep-days', '0', '--ring-bytes', '0']);
    const { id: platform } = await a.createPlatform({ key: ownKey(), name: 'Web' });
    for (let n = 0; n < 2 * kKept; n += 1) await a.toggle(platform);
    await untilPruned(a, kKept, kPatience);

    await a.end('SIGKILL');
    const removed = (await logMetric(b, 'pruned_total')) ?? 0;

    const once = await overrideEnds(b, id, feature, client);
    assert.ok((await held(b, 'b')) > number);
    await once();
    for (let n = 0; n < 2 * kKept; n += 1) await b.toggle(platform);
    await until(async () => (await logMetric(b, 'pruned_total')) > removed, 'removed by the other node', kPatience);
    await untilPruned(b, kKept, kPatience);
  });

  test('moves when its holder sleeps, which then knows that it lost it', async (t) => {
    const { a, b, number, id, feature, client } = await holderAndOther(t);
    a.process.child.kill('SIGSTOP');

    assert.ok((await held(b, 'b')) > number);
    const once = await overrideEnds(b, id, feature, client);
    a.process.child.kill('SIGCONT');

    await a.process.says('another node has taken over the timers');
    assert.ok((await held(a, 'b')) > number);
    await until(async () => (await a.call('GET', '/api/v1/state')).revision === (await b.call('GET', '/api/v1/state')).revision, 'the same state', kPatience);
    await once();
  });

  test('is given back by a holder that stops, so that nobody waits for its end', async (t) => {
    const { url, a, b, number, id, feature, client } = await holderAndOther(t);
    assert.equal((await a.end('SIGTERM')).code, 0, a.process.output);

    const once = await overrideEnds(b, id, feature, client);
    assert.ok((await held(b, 'b')) > number);
    await once();
    assert.equal((await b.end('SIGTERM')).code, 0, b.process.output);
    const [[open]] = await shared().query('SELECT count(*) FROM togglecast.lease WHERE expires_at > extract(epoch FROM now()) * 1000', url);
    assert.equal(open, '0', 'the last one gives it back, too');
  });
});
