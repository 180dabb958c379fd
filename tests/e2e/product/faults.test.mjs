// What happens around the server, not to it: no room, files taken away, nobody who reads the log. Whoever asks is
// told, everything else goes on, and it recovers by itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { until, within } from '../support/deadline.mjs';
import { metric } from '../support/hostile.mjs';
import { HttpConnection, requestBytes } from '../support/http.mjs';
import { dataFolder, ownKey, Product } from '../support/product.mjs';

async function start(t, options = {}) {
  const data = await dataFolder();
  const product = await Product.start(data.folder, options);
  t.after(async () => {
    await product.end('SIGKILL');
    await data.remove();
  });
  await product.login();
  return product;
}

const readiness = (product) => fetch(`${product.url}/readyz`).then(async (answer) => [answer.status, (await answer.json()).status]);

async function recovers(product) {
  await until(async () => (await readiness(product))[0] === 200, 'a ready server, without a write');
}

/** Refused as the contract says, with reads and pushes going on. */
async function assertRefused(product, platform, reason) {
  const refused = await product.requestOnce('POST', '/api/v1/platforms', { key: ownKey(), name: 'n', config: { pad: 'x'.repeat(30_000) } });
  assert.equal(refused.status, 503, refused.text);
  assert.equal(refused.headers.get('content-type'), 'application/problem+json');
  assert.ok(refused.headers.get('retry-after'));
  assert.equal(refused.body.code, 'unavailable');
  assert.match(refused.body.detail, reason);
  assert.deepEqual(await readiness(product), [503, 'store_failing']);
  assert.equal((await fetch(`${product.url}/healthz`)).status, 200);
  assert.deepEqual(await product.platforms(), [platform]);
}

describe('the store', () => {
  test('that has no more room refuses changes, and takes them once it has', async (t) => {
    const product = await start(t);
    const platform = await product.createPlatform({ key: ownKey(), name: 'before' });
    const limit = (bytes) => assert.equal(spawnSync('prlimit', ['--pid', product.process.pid, `--fsize=${bytes}:`]).status, 0);
    limit(4096);

    await assertRefused(product, platform, /togglecast\.db cannot be read or written: .*File too large/);
    limit('unlimited');
    await recovers(product);

    await product.process.says('the store works again');
    const after = await product.createPlatform({ key: ownKey(), name: 'after' });
    assert.equal(after.revision, platform.revision + 1);
  });

  test('whose database is moved away takes no change that would be lost, until it is back', async (t) => {
    const product = await start(t);
    const platform = await product.createPlatform({ key: ownKey(), name: 'before' });
    const [database, elsewhere] = ['togglecast.db', 'elsewhere'].map((name) => path.join(product.data, name));
    await rename(database, elsewhere);

    await assertRefused(product, platform, /was moved or deleted while it is in use.*put it back/);
    await rename(elsewhere, database);
    await recovers(product);

    assert.equal((await product.toggle(platform.id, false)).enabled, false);
  });

  test('whose write-ahead log is deleted loses nothing that was acknowledged', async (t) => {
    const product = await start(t);
    const platform = await product.createPlatform({ key: ownKey(), name: 'before' });
    await rm(path.join(product.data, 'togglecast.db-wal'));

    await assertRefused(product, platform, /togglecast\.db-wal was moved or deleted.*stop the server/);
    await product.end('SIGKILL');

    const again = await Product.start(product.data);
    again.admin = product.admin;
    const kept = await again.platforms().finally(() => again.end('SIGKILL'));
    assert.deepEqual(kept, [platform]);
  });
});

test('a reader of the log that has stopped holds nobody up, not even the end', async (t) => {
  const product = await start(t, { args: ['--read-rate', '100000', '--read-burst', '1000000'] });
  const { child } = product.process;
  child.stderr.pause();
  const connection = await HttpConnection.open(product.port);
  const question = requestBytes(`/api/v1/platforms/${'9'.repeat(180)}`, { headers: { Authorization: `Bearer ${product.admin}` } });
  await until(async () => {
    connection.write(Buffer.concat(Array(100).fill(question)));
    for (let n = 0; n < 100; n++) assert.equal((await connection.response()).status, 404);
    return (await metric(product.port, 'togglecast_log_lines_left_out_total')) > 0;
  }, 'lines that are left out', 120_000);

  const exit = within(once(child, 'exit'), 'the end', 30_000).finally(() => child.stderr.resume());
  child.kill('SIGTERM');

  assert.deepEqual(await exit, [0, null]);
});
