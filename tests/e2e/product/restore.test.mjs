// Backups that come back: beside the write-ahead log of another moment, onto the file that is in use, and as the README
// says. The log of the right moment is never lost.
import assert from 'node:assert/strict';
import { copyFile, cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { dataFolder, ownKey, Product } from '../support/product.mjs';

const kDatabase = 'togglecast.db';

/** A server with a platform `kept`, its backup as the README makes it, and a platform `lost` that came later. */
async function backedUp(t) {
  const parent = await dataFolder();
  const data = path.join(parent.folder, 'data');
  const backup = path.join(parent.folder, 'backup');
  const running = [];
  const start = async () => {
    const one = await Product.start(data);
    running.push(one);
    await one.login();
    return one;
  };
  t.after(async () => {
    await Promise.all(running.filter(({ process }) => process.running).map((one) => one.end('SIGKILL')));
    await parent.remove();
  });
  const first = await start();
  const kept = await first.createPlatform({ key: ownKey(), name: 'kept' });
  await first.end('SIGTERM');
  await cp(data, backup, { recursive: true, preserveTimestamps: true });
  const product = await start();
  const lost = await product.createPlatform({ key: ownKey(), name: 'lost' });
  return { data, backup, product, start, kept, lost };
}

const keys = async (product) => (await product.platforms()).map(({ key }) => key);
const setAside = async (data) => (await readdir(data)).filter((name) => name.includes('.set-aside-'));

describe('after kill -9', () => {
  test('the log of the same moment loses nothing', async (t) => {
    const { data, product, start, kept, lost } = await backedUp(t);
    await product.end('SIGKILL');

    const again = await start();

    assert.deepEqual(await keys(again), [kept.key, lost.key]);
    assert.deepEqual(await setAside(data), []);
    assert.doesNotMatch(again.process.output, /new epoch/);
  });

  for (const [way, restore] of Object.entries({
    'copied onto the file': ({ data, backup }) => copyFile(path.join(backup, kDatabase), path.join(data, kDatabase)),
    'as a new file': async ({ data, backup }) => {
      await copyFile(path.join(backup, kDatabase), path.join(data, 'arriving'));
      await rename(path.join(data, 'arriving'), path.join(data, kDatabase));
    },
    'as a folder copied over the folder': ({ data, backup }) => cp(backup, data, { recursive: true, force: true }),
  })) {
    test(`a backup ${way} is served, and the old log is set aside`, async (t) => {
      const { data, backup, product, start, kept } = await backedUp(t);
      await product.end('SIGKILL');
      await restore({ data, backup });

      const restored = await start();

      assert.deepEqual(await keys(restored), [kept.key]);
      assert.equal((await setAside(data)).length, 1);
      await restored.process.says('set the other file aside');
      await restored.process.says('new epoch');
      const after = await restored.createPlatform({ key: ownKey(), name: 'after' });
      await restored.end('SIGKILL');
      assert.deepEqual(await keys(await start()), [kept.key, after.key]);
    });
  }
});

test('a backup copied onto the file that is in use stops changes, and is served at the next start', async (t) => {
  const { data, backup, product, start, kept } = await backedUp(t);
  await copyFile(path.join(backup, kDatabase), path.join(data, kDatabase));

  const refused = await product.requestOnce('POST', '/api/v1/platforms', { key: ownKey(), name: 'refused' });
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.body.detail, /was overwritten with other content.*stop the server/);
  await product.end('SIGTERM');
  assert.deepEqual(await keys(await start()), [kept.key]);
});

test('a backup in the place of the folder begins a new epoch', async (t) => {
  const { data, backup, product, start, kept } = await backedUp(t);
  await product.end('SIGTERM');
  await rm(data, { recursive: true });
  await cp(backup, data, { recursive: true });

  const restored = await start();

  assert.deepEqual(await keys(restored), [kept.key]);
  await restored.process.says('new epoch');
  assert.deepEqual(await setAside(data), []);
});

test('clients and admins of the lost epoch are told everything again, and never that they are current', async (t) => {
  const { data, backup, product, start, kept, lost: before } = await backedUp(t);
  const tenant = await product.createClient();
  await product.end('SIGTERM');
  await rm(backup, { recursive: true });
  await cp(data, backup, { recursive: true, preserveTimestamps: true });
  const later = await start();
  const lost = await later.createPlatform({ key: ownKey(), name: 'lost' });
  /** What a page keeps of its connection. */
  const pageOf = async (one, socket, first) => {
    await socket.connected();
    const [state] = await socket.next(first);
    return { state, pid: socket.socket._pid, offset: socket.socket._lastOffset, recovered: socket.socket.recovered };
  };
  const client = await pageOf(later, later.clientSocket(t, tenant.token), 'client_connected');
  const admin = await pageOf(later, later.adminSocket(t), 'admin_connected');
  assert.ok(client.state.platforms.some(({ id }) => id === lost.id));
  await later.end('SIGKILL');
  await rm(data, { recursive: true });
  await cp(backup, data, { recursive: true });

  const restored = await start();
  const { epoch } = await restored.call('GET', '/api/v1/state');
  assert.ok(epoch > client.state.epoch);
  const back = async (nsp, token, { pid, offset }, first) => {
    assert.match(offset, new RegExp(`^${client.state.epoch}[.]`));
    return pageOf(restored, restored.socket(t, nsp, { token, pid, offset }), first);
  };

  const again = await back('/client', tenant.token, client, 'client_connected');
  assert.deepEqual([again.recovered, again.state.epoch], [false, epoch]);
  assert.deepEqual(again.state.platforms.map(({ key }) => key), [kept.key, before.key]);
  const adminAgain = await back('/admin', restored.admin, admin, 'admin_connected');
  assert.deepEqual([adminAgain.recovered, adminAgain.state.epoch], [false, epoch]);
  const third = await back('/client', tenant.token, { ...again, offset: client.offset }, 'client_connected');
  assert.equal(third.recovered, false, 'nor does the new session make an old offset true');
});

test('an older database beside a newer marker begins a new epoch, and the lost change is kept as text', async (t) => {
  const { data, backup, product, start, kept, lost } = await backedUp(t);
  await product.end('SIGTERM');
  // as a store would come back that cannot tell by itself: the same file, and no trace of the copy
  await copyFile(path.join(backup, kDatabase), path.join(data, kDatabase));
  for (const name of await readdir(data)) if (name.startsWith('togglecast.life-')) await rm(path.join(data, name));

  const restored = await start();

  assert.deepEqual(await keys(restored), [kept.key]);
  await restored.process.says('CHANGES WERE LOST');
  await restored.process.says('the server begins a new epoch');
  assert.match(restored.process.output, /"environment":"production".*"lost":"revisions 2 to 2"/);
  const { epoch } = await restored.call('GET', '/api/v1/state');
  assert.ok(epoch > 1_000_000_000, `epoch ${epoch}`);
  const [file, ...more] = (await readdir(data)).filter((name) => name.startsWith('togglecast.lost-production-'));
  assert.deepEqual(more, []);
  const rows = (await readFile(path.join(data, file), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rows.map(({ revision, change }) => [revision, change.ops[0].after.key]), [[lost.revision, lost.key]]);

  await restored.end('SIGTERM');
  const again = await start();
  assert.equal((await again.call('GET', '/api/v1/state')).epoch, epoch, 'once');
  assert.doesNotMatch(again.process.output, /CHANGES WERE LOST/);
});
