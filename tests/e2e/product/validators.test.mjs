// Tags and revisions tell the truth: also after a restore, when the same numbers stand for other states.
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { dataFolder, ownKey, product, Product } from '../support/product.mjs';

const shared = product();

/** A server whose newest change was undone by a restore, and replaced by another one. */
async function restored(t) {
  const { folder, remove } = await dataFolder();
  let server;
  t.after(async () => {
    await server?.end('SIGKILL');
    await remove();
  });
  const data = path.join(folder, 'data');
  const backup = path.join(folder, 'backup');
  server = await Product.start(data);
  await server.login();
  const { token } = await server.createClient();
  const platform = await server.createPlatform({ key: 'web', name: 'Web' });
  await server.end('SIGTERM');
  await cp(data, backup, { recursive: true });
  server = await Product.start(data, { port: server.port });
  await server.login();
  const lost = await server.call('PATCH', `/api/v1/platforms/${platform.id}`, { name: 'Lost' });
  await server.end('SIGTERM');
  await rm(data, { recursive: true });
  await cp(backup, data, { recursive: true });
  server = await Product.start(data, { port: server.port });
  await server.login();
  const kept = await server.toggle(platform.id, false);
  assert.equal(kept.revision, lost.revision);
  return { server, token, lost, kept, path: `/api/v1/platforms/${platform.id}` };
}

describe('after a restore', () => {
  test('nothing that was known before names what came after', async (t) => {
    const { server, token, lost, kept, path: one } = await restored(t);
    const [epoch, revision] = kept.etag.slice(1, -1).split('.').map(Number);
    const status = async (...call) => (await server.request(...call)).status;
    const header = (name, value) => ({ headers: { [name]: value } });

    assert.equal(lost.etag, `"1.${lost.revision}"`);
    assert.ok(epoch > 1);
    assert.equal(await status('GET', one, undefined, header('If-None-Match', lost.etag)), 200);
    assert.equal(await status('GET', one, undefined, header('If-None-Match', kept.etag)), 304);
    const overwritten = await server.request('PATCH', one, { name: 'Mine' }, header('If-Match', lost.etag));
    assert.equal(overwritten.status, 409);
    assert.equal(overwritten.body.current.etag, kept.etag);
    assert.equal(overwritten.body.expected_epoch, 1);
    assert.equal(overwritten.body.expected, undefined, 'the entity of this revision is another one now');
    assert.equal(await status('PATCH', one, { name: 'Mine', etag: lost.etag }), 409);

    assert.equal(await status('GET', one, undefined, header('Togglecast-Min-Revision', `1.${revision + 5}`)), 409);
    assert.equal(await status('GET', one, undefined, header('Togglecast-Min-Revision', `${epoch}.${revision}`)), 200);
    assert.equal(await status('GET', `${one}?at=1.${revision}`), 409);
    assert.equal(await status('GET', `${one}?at=${epoch}.${revision}`), 200);
    assert.equal(await status('GET', `/api/v1/state/diff?from=1.${revision - 1}&to=1.${revision}`), 409);
    assert.equal(await status('GET', `/api/v1/state/diff?from=1.${revision - 1}`), 200);
    assert.equal(await status('GET', `/api/v1/activity?before=1.${revision}`), 409);

    assert.equal(await status('POST', `/api/v1/activity/1.${revision}/undo`), 409);
    const bare = await server.request('POST', `/api/v1/activity/${revision}/undo`);
    assert.equal(bare.status, 400);
    assert.match(bare.body.detail, /epoch/);
    const undone = await server.request('POST', `/api/v1/activity/${epoch}.${revision}/undo`);
    assert.equal(undone.status, 200);
    assert.equal(Number(undone.headers.get('togglecast-epoch')), epoch);

    const client = server.clientSocket(t, token);
    const [greeting] = await client.next('client_connected');
    assert.equal(greeting.epoch, epoch);
    for (const event of ['config_check', 'heartbeat', 'config_ack']) {
      const { error } = await client.ask(event, { revision, epoch: 1 });
      assert.equal(error?.code, 'conflict', event);
      assert.equal((await client.ask(event, { revision: greeting.revision, epoch })).error, undefined, event);
    }
  });
});

test('each body of an entity carries its tag, on sockets too', async (t) => {
  const admin = shared.it.adminSocket(t);
  await admin.next('admin_connected');
  const platform = await shared.it.createPlatform({ key: ownKey(), name: 'Tagged' });
  const [created] = await admin.next('platform_update');
  const subscribed = await admin.ask('subscribe_entity_updates', { entity_type: 'platform', entity_id: platform.id });
  const list = await shared.it.platforms();

  assert.match(platform.etag, /^"1\.\d+"$/);
  assert.equal(created.data.etag, platform.etag);
  assert.equal(subscribed.data.etag, platform.etag);
  assert.equal(list.find(({ id }) => id === platform.id).etag, platform.etag);
});

test('tags are taken as proxies write them, and a bare revision is refused in words', async () => {
  const platform = await shared.it.createPlatform({ key: ownKey(), name: 'Tagged' });
  const one = `/api/v1/platforms/${platform.id}`;
  const version = platform.etag.slice(1, -1);
  const patch = (tags) => shared.it.request('PATCH', one, { name: 'Tagged' }, { headers: { 'If-Match': tags } });

  for (const tags of [`"${version}"`, `W/"${version}"`, `"${version}-br"`, `"${version}-gzip"`, `"${version};gz"`, `"1.1", "${version}"`, '*'])
    assert.equal((await patch(tags)).status, 200, tags);
  assert.equal((await patch('"1.900001", W/"1.900002"')).status, 409);
  const bare = await patch(`"${platform.revision}"`);
  assert.equal(bare.status, 400);
  assert.match(bare.body.detail, /a revision without its epoch/);
  const malformed = await patch(`"${version}`);
  assert.equal(malformed.status, 400);
  assert.match(malformed.body.detail, /at byte \d+/);
});
