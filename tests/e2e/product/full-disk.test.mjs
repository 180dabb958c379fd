// The disk of PostgreSQL is full: there is no room for rows, or none for its log, of which it dies. The disk is a small file
// system in memory; a machine that mounts none fails these tests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Copy } from '../support/crash/copy.mjs';
import { freshView } from '../support/crash/world.mjs';
import { until } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, ownKey, Product } from '../support/product.mjs';

const kPatience = 120_000;
const kDisk = '160m';
// Little enough that the log of PostgreSQL leaves room for the rest, and no checkpoint while a test runs.
const kSettings = { max_wal_size: '48MB', min_wal_size: '32MB', checkpoint_timeout: '1h' };
const kPadding = 'x'.repeat(2_000);

const answer = async (node, target) => {
  const response = await fetch(node.url + target);
  return [response.status, (await response.json()).status];
};

/** Two nodes on a PostgreSQL of their own, each with a connection that keeps a copy. */
async function start(t) {
  const postgres = await Postgres.startOnDisk(kDisk, kSettings);
  t.after(() => postgres.remove());
  const nodes = [];
  for (const name of ['a', 'b']) {
    const data = await dataFolder();
    t.after(() => data.remove());
    const node = await Product.start(data.folder, { args: ['--store', postgres.url, '--node-name', name, '--write-rate', '100000', '--write-burst', '100000'] });
    t.after(() => node.end('SIGKILL'));
    await node.login();
    nodes.push(node);
  }
  const { token } = await nodes[0].createClient();
  const tenant = { auth: { token } };
  const problems = [];
  const copies = [];
  for (const [n, node] of nodes.entries()) {
    await until(() => freshView(node.url, tenant).then(() => true, () => false), 'the client on both nodes', kPatience);
    const copy = new Copy(`the client of node ${n}`, (text) => problems.push(text));
    const { socket } = node.clientSocket(t, token, { transports: ['websocket'] });
    socket.onAny((event, ...args) => copy.hear(event, args));
    socket.on('disconnect', (reason) => problems.push(`disconnected: ${reason}`));
    await until(() => copy.began, 'the first state', kPatience);
    copies.push(copy);
  }
  const { epoch } = await freshView(nodes[0].url, tenant);
  return { postgres, nodes, tenant, copies, problems, epoch };
}

/** A platform that takes some room, under a key of its own. Answers the request and its answer. */
async function write(node, key = ownKey('full')) {
  const body = { key, name: key, config: { padding: kPadding } };
  return { node, key, ...await node.requestOnce('POST', '/api/v1/platforms', body, { headers: { 'Idempotency-Key': `write-${key}` } }) };
}

function assertRefused(write) {
  assert.equal(write.status, 503, write.text);
  assert.equal(write.body.code, 'unavailable');
  assert.ok(Number(write.headers.get('retry-after')) >= 1, 'Retry-After');
}

/** When there is room again: what was refused is done once, and every node and copy has the state that the answers told. */
async function assertMended({ postgres, nodes, tenant, copies, problems, epoch }, done, refused) {
  for (const node of nodes) await until(async () => (await answer(node, '/readyz'))[0] === 200, 'a ready node', kPatience);
  for (const { node, key } of refused) {
    const again = await write(node, key);
    assert.equal(again.status, 201, again.text);
    done.push(again);
  }
  for (const node of nodes) done.push(await write(node));

  const rows = await postgres.query("SELECT body::jsonb ->> 'key', count(*) FROM togglecast.entity WHERE kind = 'platform' GROUP BY 1");
  assert.deepEqual(new Map(rows), new Map(done.map(({ key }) => [key, '1'])), 'each acknowledged write once, and nothing else');
  const revisions = done.map(({ revision }) => revision).sort((one, other) => one - other);
  assert.deepEqual(revisions, revisions.map((_, n) => revisions[0] + n), 'no revision is missing');
  for (const [n, node] of nodes.entries()) {
    let fresh;
    await until(async () => (fresh = await freshView(node.url, tenant)).revision >= revisions.at(-1), 'the last revision', kPatience);
    assert.equal(fresh.epoch, epoch);
    assert.equal(fresh.platforms.length, done.length);
    await until(() => copies[n].difference(fresh) === '', 'a current copy', kPatience).catch((error) => assert.equal(copies[n].difference(fresh), '', error.message));
  }
  assert.deepEqual(problems, []);
}

test('no room for rows: writes are refused and say why, reads and clients go on, and all is well when there is room', async (t) => {
  const started = await start(t);
  const { postgres, nodes, tenant } = started;
  const done = [await write(nodes[0]), await write(nodes[1])];
  await postgres.disk.fill();
  const refused = [];
  for (const node of nodes) {
    await until(async () => {
      const last = await write(node);
      (last.status === 201 ? done : refused).push(last);
      return last.status !== 201;
    }, 'a refused write', kPatience);
  }

  for (const one of refused) {
    assertRefused(one);
    assert.match(one.body.detail ?? one.body.message ?? one.text, /disk of the PostgreSQL server is full/);
  }
  for (const node of nodes) {
    assert.equal((await node.requestOnce('GET', '/api/v1/platforms?limit=1')).status, 200);
    assert.deepEqual(await answer(node, '/healthz'), [200, 'ok']);
    assert.deepEqual(await answer(node, '/readyz'), [503, 'store_failing']);
    assert.equal((await freshView(node.url, tenant)).platforms.length, done.length, 'a new client gets what was acknowledged');
    const next = await write(node);
    assertRefused(next);
    refused.push(next);
  }
  await postgres.roomAgain();

  await assertMended(started, done, refused);
  assert.ok(!postgres.process.output.includes('PANIC'), 'PostgreSQL ran all the time');
});

test('no room for the log of PostgreSQL, which dies of it: nothing that was acknowledged is lost, and nothing is there twice', async (t) => {
  const started = await start(t);
  const { postgres, nodes } = started;
  const done = [await write(nodes[0])];
  await postgres.disk.fill();
  const refused = [];
  await until(async () => {
    const last = await write(nodes[refused.length % 2]);
    (last.status === 201 ? done : refused).push(last);
    await postgres.query('SELECT pg_switch_wal()').catch(() => {});
    return /PANIC: .*No space left on device/.test(postgres.process.output);
  }, 'a PostgreSQL that dies', kPatience);
  for (const node of nodes) refused.push(await write(node));
  for (const one of refused) assertRefused(one);
  await postgres.roomAgain();

  await assertMended(started, done, refused);
});
