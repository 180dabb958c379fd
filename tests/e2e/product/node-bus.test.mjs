// What two nodes say to each other over Redis: that there is a change, that they are there, and how far they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from 'redis';
import { until } from '../support/deadline.mjs';
import { ownKey } from '../support/product.mjs';
import { Proxy } from '../support/proxy.mjs';
import { joined, readCluster, twoNodes } from '../support/two-nodes.mjs';

const kPatience = 60_000;
const servers = twoNodes();

test('Redis alone wakes a node: changes come faster than its poll could bring them', async (t) => {
  const [a, b] = await servers.start(t, { args: ['--store-listen', 'off', '--write-rate', '1000', '--write-burst', '1000'] });
  const { token } = await a.createClient();
  const client = await joined(t, b, token);
  const { id } = await a.createPlatform({ key: ownKey(), name: 'web' });
  await client.next('platform_update', kPatience);

  // Each change waits for the push of the one before, so a poll brings at most one; two lie 0.9 s apart, as beacons do.
  const [kRounds, kWithin] = [10, 7_000];
  const pushed = [];
  let enabled = true;
  await until(async () => {
    enabled = !enabled;
    await a.toggle(id, enabled);
    assert.equal((await client.next('platform_update', kPatience))[0].data.enabled, enabled);
    pushed.push(performance.now());
    return pushed.at(-1) - pushed.at(-kRounds) < kWithin;
  }, `${kRounds} changes within ${kWithin} ms`, kPatience);
  assert.match(await b.metrics(), /^togglecast_store_listening 0$/m);
});

test('each node sends a beacon once a second', async (t) => {
  const [a] = await servers.start(t);
  const listener = await createClient({ url: servers.redis.url }).connect();
  t.after(() => listener.quit());
  const sent = new Map();  // node => the times at which it says that it sent its beacons
  await listener.subscribe(`${a.prefix}:bus:nodes.beacon`, (message) => {
    const [, , node, , at] = message.split('\n', 1)[0].split(' ');
    sent.set(node, [...(sent.get(node) ?? []), Number(at)]);
  });

  // The pause is a second, give or take a tenth. A busy machine makes some longer, but none shorter.
  const kPauses = 4;
  const pausesOf = (times) => (times.at(-1) - times.at(-1 - kPauses)) / kPauses;
  const steady = (times) => times.length > kPauses && pausesOf(times) <= 1_200;
  const seen = new Set();
  await until(() => {
    for (const [node, times] of sent) if (steady(times)) seen.add(node);
    return seen.size === 2;
  }, 'beacons of both, once a second', kPatience);
  for (const times of sent.values()) assert.ok((times.at(-1) - times[0]) / (times.length - 1) >= 890, `too often: ${times}`);
});

test('a node that does not get the changes from the store is shown with how many it lacks, and for how long', async (t) => {
  const way = await Proxy.start(t, `${servers.postgres.folder}/.s.PGSQL.5432`);
  const through = (database) => `postgresql://togglecast@127.0.0.1:${way.port}/${database}?sslmode=disable&gssencmode=disable`;
  const [a, b] = await servers.start(t, { wayOf: { b: through } });
  const { id, revision: first } = await a.createPlatform({ key: ownKey(), name: 'web' });
  const seenBy = async (node) => (await readCluster(node)).nodes.find(({ name }) => name === 'b').environments.production;
  await until(async () => (await seenBy(a)).revision === first, 'both at the same revision', kPatience);
  assert.deepEqual([(await seenBy(a)).lag_revisions, (await seenBy(a)).lag_ms], [0, 0]);

  const release = way.stall();
  const began = Date.now();
  for (const enabled of [false, true, false]) await a.toggle(id, enabled);
  const lag = await until(async () => {
    const now = await seenBy(a);
    return now.lag_revisions === 3 && now.lag_ms > 0 && now;
  }, 'a node that lags', kPatience);
  assert.deepEqual([lag.revision, lag.epoch], [first, 1]);
  assert.ok(lag.lag_ms <= Date.now() - began + 1, `${lag.lag_ms} ms`);
  await until(async () => (await seenBy(a)).lag_ms > lag.lag_ms, 'a lag that grows', kPatience);

  release();
  await until(async () => (await seenBy(a)).revision === first + 3, 'the changes', kPatience);
  for (const node of [a, b]) {
    await until(async () => (await seenBy(node)).lag_revisions === 0, 'no lag', kPatience);
    assert.equal((await seenBy(node)).lag_ms, 0);
  }
});
