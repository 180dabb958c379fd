// A store that comes back with less while the server runs: a new epoch begins, and everybody connected is told.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { until } from '../support/deadline.mjs';
import { ownKey, product } from '../support/product.mjs';

const shared = product();
const run = promisify(execFile);

/** Takes back the newest change of production, which made this platform. */
const lose = (folder, revision, platform) =>
  run('python3', ['-c', `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("BEGIN IMMEDIATE")
env, = db.execute("SELECT id FROM environment WHERE key = 'production'").fetchone()
db.execute("DELETE FROM change_log_entity WHERE environment = ? AND revision >= ?", (env, int(sys.argv[2])))
db.execute("DELETE FROM entity WHERE environment = ? AND kind = 'platform' AND id = ?", (env, int(sys.argv[3])))
db.execute("DELETE FROM change_log WHERE environment = ? AND revision >= ?", (env, int(sys.argv[2])))
digest, at = db.execute("SELECT digest, at FROM change_log WHERE environment = ? AND revision = ?", (env, int(sys.argv[2]) - 1)).fetchone()
db.execute("UPDATE environment SET revision = ?, digest = ?, as_of = ? WHERE id = ?", (int(sys.argv[2]) - 1, digest, at, env))
db.execute("COMMIT")
`, path.join(folder, 'togglecast.db'), String(revision), String(platform)]);

test('connections get config_sync with the new epoch, and /readyz heals', async (t) => {
  const server = shared.it;
  const { token } = await server.createClient();
  const kept = await server.createPlatform({ key: ownKey(), name: 'kept' });
  const client = server.clientSocket(t, token);
  const admin = server.adminSocket(t);
  const [[connected]] = await Promise.all([client.next('client_connected'), admin.next('admin_connected')]);
  const lost = await server.createPlatform({ key: ownKey(), name: 'lost' });
  const { revision } = server;
  await client.next('platform_update');
  const marker = () => readFile(path.join(server.data, 'togglecast.marker'), 'utf8').catch(() => '');
  await until(async () => (await marker()).includes(`"name":"lost"`), 'a marker with the text of the change', 60_000);

  await lose(server.data, revision, lost.id);

  const [sync, offset] = await client.next('config_sync', 60_000);
  assert.equal(sync.reason, 'new_epoch');
  assert.ok(sync.epoch > connected.epoch);
  assert.equal(sync.revision, revision - 1);
  assert.match(offset, new RegExp(`^${sync.epoch}\\.${sync.revision}\\.`));
  assert.ok(sync.snapshot.platforms.some((one) => one.id === kept.id));
  assert.ok(!sync.snapshot.platforms.some((one) => one.id === lost.id));
  const [told] = await admin.next('config_sync', 60_000);
  assert.deepEqual(told, { reason: 'new_epoch', revision: sync.revision, epoch: sync.epoch });
  await until(async () => (await fetch(`${server.url}/readyz`)).ok, 'a ready server', 60_000);
  assert.equal(server.process.output.match(/CHANGES WERE LOST/g).length, 1);
  assert.ok((await readdir(server.data)).some((name) => name.startsWith('togglecast.lost-production-')));

  const next = await server.createPlatform({ key: ownKey(), name: 'next' });
  assert.equal(server.revision, revision, 'the revision of the lost change, in another epoch');
  const [update] = await client.next('platform_update', 60_000);
  assert.equal(update.platform_id, next.id);
  assert.equal(update.epoch, sync.epoch);
});
