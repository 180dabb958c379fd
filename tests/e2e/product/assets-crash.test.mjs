// kill -9 while assets are written, replaced, removed and collected: no reference is left without its bytes, what was
// acknowledged is there, and what the kept log names can still be read.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { dataFolder, Product } from '../support/product.mjs';

const kKills = 8;
const kWriters = 4;
const args = ['--keep-changes', '10', '--keep-days', '0', '--ring-bytes', '0', '--write-rate', '10000', '--write-burst', '10000',
  '--asset-rate', String(2 ** 30), '--asset-burst', String(2 ** 30), '--read-rate', '100000', '--read-burst', '100000'];
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** All references in entities and in changed members, as `sha256`. */
function references(value, found = new Set()) {
  if (value === null || typeof value !== 'object') return found;
  if (value.asset === true) found.add(value.sha256);
  for (const member of Object.values(value)) references(member, found);
  return found;
}

/** Writes until the server is gone. `last` is what was acknowledged last, null for a removal; `sent` what came after it. */
async function write(server, path, writer) {
  for (let n = 0; ; n++) {
    const bytes = n % 5 === 4 ? null : randomBytes(1 + Math.floor(Math.random() * 20_000));
    writer.sent = bytes && sha256(bytes);
    try {
      const answer = bytes
        ? await server.requestOnce('PUT', `${path}/${writer.name}`, bytes, { headers: { 'Content-Type': 'image/png' } })
        : await server.requestOnce('DELETE', `${path}/${writer.name}`);
      if (![200, 404].includes(answer.status)) throw new Error(`${answer.status}: ${answer.text}`);
      writer.last = writer.sent;
      writer.done += 1;
    } catch (error) {
      if (server.process.running && !/fetch failed|terminated|other side|ECONN/.test(`${error} ${error.cause}`)) throw error;
      return;
    }
  }
}

test('a killed server leaves no reference without its bytes', async (t) => {
  const data = await dataFolder();
  t.after(data.remove);
  let server = await Product.start(data.folder, { args });
  t.after(() => server.end('SIGKILL'));
  await server.login();
  const { id } = await server.createPlatform({ key: 'web', name: 'Web' });
  const path = `/api/v1/platforms/${id}/assets`;
  const writers = Array.from({ length: kWriters }, (_, n) => ({ name: `asset-${n}`, last: null, sent: null, done: 0 }));

  for (let kill = 0; kill < kKills; kill++) {
    const before = writers.reduce((sum, { done }) => sum + done, 0);
    const writing = writers.map((writer) => write(server, path, writer));
    const enough = 5 + Math.floor(Math.random() * 60);
    const dead = (async () => {
      await until(() => !server.process.running || writers.reduce((sum, { done }) => sum + done, 0) >= before + enough, `${enough} writes`, 60_000);
      await server.end('SIGKILL');
    })();
    await Promise.all([...writing, dead]);
    server = await Product.start(data.folder, { args });
    await server.login();

    const platform = await server.call('GET', `/api/v1/platforms/${id}`);
    for (const writer of writers) {
      const now = platform.assets?.[writer.name]?.sha256 ?? null;
      assert.ok([writer.last, writer.sent].includes(now), `kill ${kill}: ${writer.name} has ${now}, acknowledged was ${writer.last}, sent ${writer.sent}`);
      writer.last = now;
    }
    // The log may still be shortened between the two reads, as at each start, and assets go that only old changes name.
    await until(async () => {
      const feed = await server.call('GET', '/api/v1/activity?limit=200');
      const named = references([platform, feed.items]);
      assert.ok(named.size > 0);
      for (const hash of named) {
        const read = await server.requestOnce('GET', `/api/v1/assets/${hash}`);
        if (read.status === 404) return false;
        assert.equal(read.status, 200, `kill ${kill}: ${hash}`);
        assert.equal(sha256(read.bytes), hash);
      }
      return true;
    }, `kill ${kill}: all assets that are named`);
  }
});
