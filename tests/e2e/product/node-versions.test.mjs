// Nodes of two adjacent versions: what each finds in the store and on the bus. The other version is played by a database
// without the last steps of the schema, one with a step more, a row of the log in a later format, and an interpreter on the
// bus that changes the versions of all messages between two nodes.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { createClient } from 'redis';
import { until, within } from '../support/deadline.mjs';
import { dataFolder, kPassword, ownKey, Product, program } from '../support/product.mjs';
import { freePort } from '../support/server.mjs';
import { complete, joined, live, readCluster, twoNodes } from '../support/two-nodes.mjs';

const kPatience = 60_000;
const servers = twoNodes();
const say = (sql, url) => servers.postgres.query(sql, url);
let databases = 0;
const emptyDatabase = () => servers.postgres.database(`versions${++databases}`);

async function folder(t) {
  const data = await dataFolder();
  t.after(() => data.remove());
  return data.folder;
}

async function node(t, url, { args = [], ...options } = {}) {
  const product = await Product.start(await folder(t), { args: ['--store', url, ...args], ...options });
  t.after(() => product.end('SIGKILL'));
  await product.login();
  return product;
}

const schemaOf = async (url) => Number((await say('SELECT version FROM togglecast.schema_version', url))[0][0]);
const readiness = async (one) => (await (await fetch(`${one.url}/readyz`)).json()).status;

/** The program on this store, which ends by itself: its exit code and what it said. */
async function refusedStart(t, url) {
  const run = program(['serve', '--port', String(await freePort()), '--data', await folder(t), '--store', url], { env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
  t.after(() => run.end('SIGKILL'));
  const { code } = await within(run.exited, 'the end of the start', kPatience);
  return { code, output: run.output };
}

describe('the schema', () => {
  // The steps only add tables, so that a database of an earlier version is one without them.
  for (const [earlier, added] of [[2, ['fetched']], [1, ['fetched', 'usage']]]) {
    test(`${earlier} is brought up to date by nodes that start at once, and the configuration stays`, async (t) => {
      const url = await emptyDatabase();
      const first = await node(t, url);
      const present = await schemaOf(url);
      const { id, token } = await first.createClient();
      await first.createPlatform({ key: ownKey(), name: 'web' });
      const client = await first.clientSocket(t, token).connected();
      const [before] = await client.next('client_connected', kPatience);
      client.close();
      await first.end('SIGTERM');
      await say(`${added.map((table) => `DROP TABLE togglecast.${table};`).join(' ')} UPDATE togglecast.schema_version SET version = ${earlier}`, url);

      const nodes = await Promise.all([node(t, url), node(t, url)]);

      assert.equal(await schemaOf(url), present);
      for (const table of added) await say(`SELECT count(*) FROM togglecast.${table}`, url);
      for (const one of nodes) {
        const again = await one.clientSocket(t, token).connected();
        const [state] = await again.next('client_connected', kPatience);
        assert.deepEqual([state.epoch, state.platforms], [before.epoch, before.platforms]);
      }
      assert.equal((await nodes[0].requestOnce('PATCH', `/api/v1/clients/${id}`, { name: 'renamed' })).status, 200);
    });
  }

  test('of a later version, which adds: nodes that run go on, and one that starts says why it does not', async (t) => {
    const url = await emptyDatabase();
    const [a, b] = [await node(t, url), await node(t, url)];
    const platform = await a.createPlatform({ key: ownKey(), name: 'web' });
    const { token } = await a.createClient();
    await until(async () => (await b.call('GET', '/api/v1/clients')).items.length === 1, 'the client on both nodes', kPatience);
    const client = await joined(t, b, token);
    const later = (await schemaOf(url)) + 1;

    await say(`BEGIN; CREATE TABLE togglecast.wish (environment bigint NOT NULL, text text NOT NULL);
      ALTER TABLE togglecast.change_log ADD COLUMN mood text; ALTER TABLE togglecast.entity ADD COLUMN colour text NOT NULL DEFAULT 'red';
      CREATE INDEX change_log_by_mood ON togglecast.change_log (environment, mood); UPDATE togglecast.schema_version SET version = ${later}; COMMIT`, url);
    await a.toggle(platform.id, false);
    assert.equal((await client.next('platform_update', kPatience))[0].data.enabled, false);
    await until(async () => (await b.requestOnce('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: true })).status === 200, 'a change at the other node', kPatience);
    assert.equal((await client.next('platform_update', kPatience))[0].data.enabled, true);
    for (const one of [a, b]) assert.equal(await readiness(one), 'ready');

    const { code, output } = await refusedStart(t, url);
    assert.equal(code, 1);
    assert.match(output, new RegExp(`written by a newer Togglecast \\(schema ${later}, this program knows ${later - 1}\\); start the newer one, or restore a backup`));
    assert.equal(await schemaOf(url), later, 'it is left alone');
    assert.equal(client.disconnects.size, 0);
  });
});

test('a change that only a newer version can read stops the older node, which says so, keeps its clients, and goes on behind it', async (t) => {
  const url = await emptyDatabase();
  const [newer, older] = [await node(t, url), await node(t, url)];
  const platform = await newer.createPlatform({ key: ownKey(), name: 'web' });
  const { token } = await newer.createClient();
  await until(async () => (await older.call('GET', '/api/v1/clients')).items.length === 1, 'the client on both nodes', kPatience);
  const client = await joined(t, older, token);
  const format = async (from, to, revision) => {
    const sql = `UPDATE togglecast.change_log SET change = replace(change, '"format":${from}', '"format":${to}') 
      WHERE revision = ${revision} AND environment = (SELECT id FROM togglecast.environment WHERE key = 'production') AND change LIKE '%"format":${from}%' RETURNING 1`;
    assert.equal((await say(sql, url)).length, 1, 'the row');
  };

  older.process.child.kill('SIGSTOP');
  await newer.toggle(platform.id, false);
  const { revision } = newer;
  await format(1, 99, revision);
  older.process.child.kill('SIGCONT');

  await until(async () => (await readiness(older)) === 'store_failing', 'an older node that says so', kPatience);
  assert.equal((await fetch(`${older.url}/readyz`)).status, 503);
  await older.process.says('needs a newer version of this program');
  const refused = await older.requestOnce('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: true });
  assert.equal(refused.status, 503, refused.text);
  assert.equal((await newer.requestOnce('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: true })).status, 200, 'the newer one goes on');
  assert.equal(await readiness(newer), 'ready');
  const late = await joined(t, older, token);
  assert.equal(late.unread('platform_update') + client.unread('platform_update'), 0);

  await format(99, 1, revision);  // as the newer program in its place would read it
  for (const enabled of [false, true]) {
    const [update] = await client.next('platform_update', kPatience);
    assert.equal(update.data.enabled, enabled);
  }
  await until(async () => (await readiness(older)) === 'ready', 'a node that is well', kPatience);
  assert.equal(client.disconnects.size + late.disconnects.size, 0);
  assert.equal(client.unread('client_connected') + client.unread('config_sync'), 0, 'no full state');
});

const kSecret = 'one secret '.repeat(4).trim();
const kKey = createHash('sha256').update(`togglecast cluster key\n${kSecret}`).digest();

/** As docs/redis.md describes it. */
function sealed(channel, [node, sequence, sentAt], payload) {
  const mac = createHmac('sha256', kKey).update(`1\n${channel}\n${node} ${sequence} ${sentAt}\n${payload}`).digest('base64url');
  return `1 file ${node} ${sequence} ${sentAt} ${mac}\n${payload}`;
}

/** With members that no node knows. */
const withMore = ({ body, ...letter }) => ({ ...letter, urgency: 'high', body: { ...body, colour: 'red', shoe: { size: 42 } } });

/**
 * Two nodes on one store that hear each other through an interpreter alone: it hands each message on as one of a format
 * that is `step` versions later, with members that no node knows.
 */
async function interpreted(t, step) {
  const url = await emptyDatabase();
  const keyFile = path.join(await folder(t), 'cluster-key');
  await writeFile(keyFile, `${kSecret}\n`);
  const prefix = (name) => `versions${databases}${name}`;
  const nodes = [];
  for (const name of ['a', 'b'])
    nodes.push(await node(t, url, { args: ['--redis', servers.redis.url, '--redis-prefix', prefix(name), '--node-name', name, '--cluster-key-file', keyFile] }));
  const redis = await createClient({ url: servers.redis.url }).connect();
  const listener = await redis.duplicate().connect();
  t.after(() => Promise.all([redis.disconnect(), listener.disconnect()]));
  const handed = new Set();
  for (const [from, to] of [['a', 'b'], ['b', 'a']]) {
    const { node: own } = await readCluster(nodes[from === 'a' ? 0 : 1]);
    const begin = `${prefix(from)}:bus:`;
    await listener.pSubscribe(`${begin}nodes.*`, (message, place) => {
      const channel = place.slice(begin.length);
      const [head, payload] = [message.slice(0, message.indexOf('\n')), message.slice(message.indexOf('\n') + 1)];
      const [, , ...fields] = head.split(' ');
      if (fields[0] !== own) return;  // handed on by ourselves
      const letter = JSON.parse(payload);
      handed.add(channel.replace(own, ''));
      const other = JSON.stringify({ ...withMore(letter), v: letter.v + step });
      const there = `${prefix(to)}:bus:${channel}`;
      redis.publish(there, sealed(there, fields, other)).catch(() => {});
    });
  }
  return { nodes, handed };
}

const count = async (one, name) => {
  const lines = [...(await one.metrics()).matchAll(new RegExp(`^${name} (\\d+)$`, 'gm'))];
  return lines.reduce((sum, [, number]) => sum + Number(number), 0);
};
const kRefused = 'togglecast_node_messages_refused_total\\{reason="(?:malformed|version)"\\}';
// Of those that came. What a node would say before its Redis is there is dropped, too (not_connected).
const kDropped = 'togglecast_bus_dropped_total\\{reason="(?:malformed|unknown_version|foreign|replayed|stale)"\\}';

describe('messages between nodes', () => {
  for (const [name, step] of [['of the next version, with members that are not known', 1], ['of the version before', -1]]) {
    test(`${name}, are understood`, async (t) => {
      const { nodes: [a, b], handed } = await interpreted(t, step);
      for (const one of [a, b]) await live(one, 2);
      const { id, token } = await a.createClient();
      await until(async () => (await b.call('GET', '/api/v1/clients')).items.length === 1, 'the client on both nodes', kPatience);
      const clients = [await joined(t, a, token), await joined(t, b, token)];

      const announced = await complete(() => a.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 'hello', message: 'm' }));
      assert.deepEqual(announced.nodes, { counted: 2, missing: [] });
      await b.call('POST', '/api/v1/broadcasts/broadcast_system_status', { status: 'degraded', message: 'x' });
      for (const client of clients) {
        assert.equal((await client.next('announcement', kPatience))[0].title, 'hello');
        assert.equal((await client.next('system_status', kPatience))[0].status, 'degraded');
      }
      for (const one of [a, b]) {
        const held = await complete(() => one.call('GET', `/api/v1/clients/${id}/connections`));
        assert.deepEqual([held.connections, held.missing ?? []], [2, []]);
        assert.deepEqual((await readCluster(one)).nodes.map((each) => [each.name, each.state]).sort(), [['a', 'live'], ['b', 'live']]);
        assert.deepEqual([...(await one.metrics()).matchAll(new RegExp(`^(?:${kRefused}|${kDropped}) [1-9]\\d*$`, 'gm'))].map(([line]) => line), []);
      }
      for (const channel of ['nodes.beacon', 'nodes.head', 'nodes.messages', 'nodes.client', 'nodes.answer.']) assert.ok([...handed].some((one) => one.startsWith(channel)), `${channel} of ${[...handed]}`);
    });
  }

  test('two versions away are dropped and counted, and changes pass by the store', async (t) => {
    const { nodes: [a, b] } = await interpreted(t, 2);
    for (const one of [a, b]) await until(async () => (await count(one, 'togglecast_node_messages_refused_total\\{reason="version"\\}')) >= 3, 'messages that are refused', kPatience);
    for (const one of [a, b]) assert.equal((await readCluster(one)).live, 1);
    const { token } = await a.createClient();
    await until(async () => (await b.call('GET', '/api/v1/clients')).items.length === 1, 'the client on both nodes', kPatience);
    const client = await joined(t, b, token);
    const { id } = await a.createPlatform({ key: ownKey(), name: 'web' });
    assert.equal((await client.next('platform_update', kPatience))[0].platform_id, id);
  });
});
