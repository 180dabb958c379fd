// Two nodes whose PostgreSQL is away: what needs no store still reaches the clients of both over Redis, and the rest is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { kPassword, Product } from '../support/product.mjs';
import { complete, joined, live, twoNodes } from '../support/two-nodes.mjs';

const kPatience = 60_000;
const servers = twoNodes();

/** PostgreSQL is away until the test ends. */
async function takeAway(t, nodes) {
  t.after(() => servers.postgres.begin());
  await servers.postgres.end('SIGKILL');
  for (const node of nodes) await until(async () => (await (await fetch(`${node.url}/readyz`)).json()).status === 'store_failing', 'a node that says so', kPatience);
}

test('announcements and the status of the system reach clients of the other node while PostgreSQL is away', async (t) => {
  const [a, b] = await servers.start(t);
  const { token } = await a.createClient();
  const client = await joined(t, b, token);
  const admin = await b.adminSocket(t).connected();
  await admin.next('admin_connected', kPatience);

  await takeAway(t, [a, b]);
  await live(a, 2);
  const announced = await complete(() => a.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 'without a store', message: 'm' }));
  await a.call('POST', '/api/v1/broadcasts/broadcast_system_status', { status: 'degraded', message: 'the database is away' });

  assert.deepEqual(announced.nodes, { counted: 2, missing: [] });
  for (const socket of [client, admin]) {
    assert.equal((await socket.next('announcement', kPatience))[0].title, 'without a store');
    const [status] = await socket.next('system_status', kPatience);
    assert.deepEqual([status.status, status.message], ['degraded', 'the database is away']);
  }
  const late = await joined(t, b, token);
  assert.equal((await late.next('system_status', kPatience))[0].status, 'degraded', 'a client that comes later hears it, too');
  const stored = await a.requestOnce('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 't', message: 'm', ack: 'client' });
  assert.equal(stored.status, 503, 'a message that waits for acknowledgements needs the store');
  for (const node of [a, b]) assert.equal((await fetch(`${node.url}/readyz`)).status, 503, 'the database was away all the time');
});

test('admins see each other at an entity, and what needs the store is refused, while PostgreSQL is away', async (t) => {
  const [a, b] = await servers.start(t);
  const platform = await a.createPlatform({ key: 'web', name: 'Web' });
  const { id: admin } = await a.call('POST', '/api/v1/admins', { username: 'ada', password: kPassword, role: 'editor' });
  const ada = new Product(b.port);
  await until(() => ada.login('ada', kPassword).then(() => true, () => false), 'an account on both nodes', kPatience);
  await until(async () => (await b.platforms()).length === 1, 'the platform on both nodes', kPatience);
  const [here, there] = [await a.adminSocket(t).connected(), await ada.adminSocket(t).connected()];
  for (const socket of [here, there]) await socket.next('admin_connected', kPatience);

  await takeAway(t, [a, b]);
  const about = { entity_type: 'platform', entity_id: platform.id };
  const seen = await here.ask('subscribe_entity_updates', about);
  assert.equal(seen.data.key, 'web', 'from memory');
  await there.ask('subscribe_entity_updates', { ...about, state: 'editing' });
  await until(async () => {
    const [{ viewers }] = await here.next('entity_presence', kPatience);
    return viewers.some((viewer) => viewer.id === admin && viewer.state === 'editing') && viewers.length === 2;
  }, 'the other admin, who edits', kPatience);
  there.close();
  await until(async () => (await here.next('entity_presence', kPatience))[0].viewers.length === 1, 'that the other admin left', kPatience);

  const refusals = {
    login: await b.requestOnce('POST', '/api/v1/auth/login', { username: 'ada', password: kPassword }, { token: null }),
    log: await b.requestOnce('GET', '/api/v1/activity'),
    change: await b.requestOnce('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: false }),
  };
  for (const [what, answer] of Object.entries(refusals)) {
    assert.equal(answer.status, 503, `${what}: ${answer.text}`);
    assert.equal(answer.body.code, 'unavailable', what);
    assert.ok(Number(answer.headers.get('retry-after')) >= 1, what);
  }
  assert.equal((await b.requestOnce('GET', `/api/v1/platforms/${platform.id}`)).body.enabled, true, 'reads of the state go on');
});
