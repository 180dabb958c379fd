// Faults of nodes on one PostgreSQL: a start before the database, several first starts at once, a line that is cut behind a
// COMMIT, a node that is cut off and does not know it, timers and the dashboard while the database is away.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { until, within } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, kPassword, ownKey, Product, program } from '../support/product.mjs';
import { Proxy } from '../support/proxy.mjs';
import { freePort, sharedByTests } from '../support/server.mjs';

const kPatience = 60_000;
const shared = sharedByTests(() => Postgres.start(), (server) => server.remove());
let databases = 0;
const emptyDatabase = () => shared().database(`faults${++databases}`);

async function folder(t) {
  const data = await dataFolder();
  t.after(() => data.remove());
  return data.folder;
}

async function node(t, url, { args = [], ...options } = {}) {
  const data = await folder(t);
  const product = await Product.start(data, { args: ['--store', url, ...args], ...options });
  t.after(() => product.end('SIGKILL'));
  await product.login();
  return product;
}

/** A node whose way to the database goes through a proxy that a test can hold or cut. */
async function nodeBehindProxy(t, url, args = [], connectTimeout = 30) {
  const [, database] = /@\/(\w+)\?/.exec(url);
  const proxy = await Proxy.start(t, path.join(shared().folder, '.s.PGSQL.5432'));
  const through = `postgresql://togglecast@127.0.0.1:${proxy.port}/${database}?connect_timeout=${connectTimeout}&sslmode=disable&gssencmode=disable`;
  return { proxy, product: await node(t, through, { args: ['--store-listen', 'off', ...args] }) };
}

const probe = async (url, target) => {
  const answer = await fetch(url + target).catch(() => undefined);
  return answer && [answer.status, (await answer.json()).status ?? null];
};
const lines = (text, part) => text.split('\n').filter((line) => line.includes(part)).length;

describe('a start before the database', () => {
  test('waits, says so to probes and once in the log, and goes on when the database is there', async (t) => {
    const server = await Postgres.start();
    t.after(() => server.remove());
    await server.end();
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const waiting = program(['serve', '--port', String(port), '--data', await folder(t), '--store', server.url],
      { env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
    t.after(() => waiting.end('SIGKILL'));

    await until(async () => (await probe(url, '/readyz'))?.[1] === 'store_away', 'a server that waits', kPatience);
    assert.deepEqual(await probe(url, '/readyz'), [503, 'store_away']);
    assert.deepEqual(await probe(url, '/healthz'), [200, 'ok']);
    const refused = await fetch(`${url}/api/v1/platforms`);
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    assert.equal((await refused.json()).code ?? 'unavailable', 'unavailable');
    await server.begin();

    await until(async () => (await probe(url, '/readyz'))?.[0] === 200, 'a ready server', kPatience);
    await waiting.says('the start goes on');
    assert.equal(lines(waiting.output, 'the start waits for it'), 1, waiting.output);
    assert.equal((await fetch(`${url}/api/v1/platforms`)).status, 401);
  });

  test('ends cleanly when it is stopped while it waits, and after --store-wait', async (t) => {
    const nowhere = `postgresql://togglecast@/togglecast?host=${encodeURIComponent(path.join(os.tmpdir(), 'tg-nobody'))}`;
    const serve = async (...args) => program(['serve', '--port', String(await freePort()), '--data', await folder(t), '--store', nowhere, ...args]);
    const stopped = await serve();
    await stopped.says('the start waits for it');
    assert.equal((await stopped.end('SIGTERM')).code, 0, stopped.output);

    const impatient = await serve('--store-wait', '0');
    assert.equal((await impatient.exited).code, 1, impatient.output);
    assert.match(impatient.output, /cannot be reached/);
  });

  test('ends at once with a wrong password, and says what is wrong', async (t) => {
    const server = await Postgres.start();
    t.after(() => server.remove());
    await server.query("ALTER USER togglecast PASSWORD 'right'");
    await server.database('secret');
    await server.end();
    await writeFile(path.join(server.folder, 'data', 'pg_hba.conf'), 'local secret togglecast scram-sha-256\nlocal all all trust\n');
    await server.begin();
    const start = async (password) => {
      const url = server.urlOf('secret', `togglecast:${password}`);
      return program(['serve', '--port', String(await freePort()), '--data', await folder(t), '--store', url], { env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
    };

    const wrong = await start('wrong');
    assert.equal((await wrong.exited).code, 1, wrong.output);
    assert.match(wrong.output, /password authentication failed/);
    assert.ok(!wrong.output.includes('waits for it'), wrong.output);
    const right = await start('right');
    await right.says('is running');
    assert.equal((await right.end('SIGTERM')).code, 0);
  });
});

test('of nodes that start for the first time at once, only the one that made the account tells its password', async (t) => {
  for (let round = 0; round < 4; round += 1) {
    const url = await emptyDatabase();
    const folders = [await folder(t), await folder(t), await folder(t)];
    const nodes = await Promise.all(folders.map((data) => Product.start(data, { args: ['--store', url], env: {} })));
    t.after(() => Promise.all(nodes.map((one) => one.end('SIGKILL'))));

    const told = folders.filter((data) => existsSync(path.join(data, 'first-login')));
    assert.equal(told.length, 1);
    const password = /^password: (.*)$/m.exec(readFileSync(path.join(told[0], 'first-login'), 'utf8'))[1];
    for (const one of nodes) await one.login('owner', password);
    assert.equal(nodes.filter((one) => /password in /.test(one.process.output)).length, 1);
    for (const one of nodes) await one.end('SIGTERM');
  }
});

test('a commit whose answer is lost happens once, and its request is answered', async (t) => {
  const url = await emptyDatabase();
  const { proxy, product } = await nodeBehindProxy(t, url, ['--write-rate', '1000', '--write-burst', '1000']);
  const headers = () => ({ 'Idempotency-Key': ownKey('commit') });
  for (let round = 0; round < 5; round += 1) {
    const key = ownKey();
    const once = headers();
    proxy.loseAnswerTo = /COMMIT/;
    const first = await product.request('POST', '/api/v1/platforms', { key, name: 'n' }, { headers: once });
    assert.equal(proxy.loseAnswerTo, undefined, 'the line was cut');
    const again = await product.request('POST', '/api/v1/platforms', { key, name: 'n' }, { headers: once });

    assert.equal(first.status, 201, first.text);
    assert.equal(again.status, 201, again.text);
    assert.equal(again.body.id, first.body.id);
    assert.equal(again.revision, first.revision);
    const [[rows]] = await shared().query(`SELECT count(*) FROM togglecast.entity WHERE kind = 'platform' AND body::text LIKE '%"key":"${key}"%'`, url);
    assert.equal(rows, '1');
    await until(async () => (await probe(product.url, '/readyz'))[0] === 200, 'a ready server', kPatience);
  }
});

test('a node that is cut off and does not know it sends a client that knows more to another node', async (t) => {
  const url = await emptyDatabase();
  const a = await node(t, url);
  const { proxy, product: b } = await nodeBehindProxy(t, url, ['--store-timeout', '3600']);
  const { token } = await a.createClient();
  const platform = await a.createPlatform({ key: ownKey(), name: 'web' });
  await until(async () => (await b.platforms()).length === 1, 'the platform on both nodes', kPatience);
  const seen = [];
  const manager = { path: '/socket.io/', transports: ['websocket'], forceNew: true, reconnection: false };
  const session = {};
  const connect = (server) => {
    const socket = io(`${server.url}/client`, { ...manager, auth: { token } });
    Object.assign(socket, session);
    t.after(() => socket.disconnect());
    socket.onAny((event, ...args) => seen.push([server === a ? 'a' : 'b', event, args[0]]));
    return socket;
  };
  const first = connect(a);
  await until(() => seen.some(([, event]) => event === 'client_connected'), 'the first state', kPatience);
  const release = proxy.stall();
  await a.toggle(platform.id, false);
  await until(() => seen.some(([, event, update]) => event === 'platform_update' && update.data.enabled === false), 'the change', kPatience);
  Object.assign(session, { _pid: first._pid, _lastOffset: first._lastOffset });
  first.io.engine.close();

  const atB = connect(b);
  const reasons = [];
  atB.io.on('close', (reason, details) => reasons.push(details?.description?.code ?? details?.code ?? reason));
  await until(() => reasons.length > 0, 'the close', kPatience);

  assert.ok(!seen.some(([where]) => where === 'b'), 'no older state');
  assert.equal(atB._pid, first._pid, 'it keeps its session');
  assert.match(await b.metrics(), /togglecast_realtime_resumes_total\{namespace="\/client",result="node_behind"\} 1/);
  const back = connect(a);
  await until(() => seen.some(([where, event]) => where === 'a' && event === 'client_resumed'), 'its session at the other node', kPatience);
  back.disconnect();
  release();
  const resumed = connect(b);
  await until(() => seen.some(([where, event]) => where === 'b' && event === 'client_resumed'), 'its session at this node', kPatience);
  resumed.disconnect();
});

test('a statement whose answer never comes is given up: its write is refused, reads go on, and the node heals', async (t) => {
  const url = await emptyDatabase();
  const { proxy, product } = await nodeBehindProxy(t, url, ['--store-timeout', '5'], 2);
  const { token } = await product.createClient();
  const platform = await product.createPlatform({ key: ownKey(), name: 'web' });
  const toggle = (enabled) => product.requestOnce('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled });

  const release = proxy.stall();
  let answered = false;
  const refusal = toggle(false).finally(() => { answered = true; });
  assert.equal((await product.requestOnce('GET', `/api/v1/platforms/${platform.id}`)).body.enabled, true);
  assert.equal(answered, false, 'a read does not wait for the write');
  const refused = await within(refusal, 'an answer to the write', kPatience);
  assert.equal(refused.status, 503, refused.text);
  assert.equal(refused.body.code, 'unavailable');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  await until(async () => (await probe(product.url, '/readyz'))[1] === 'store_failing', 'a server that says so', kPatience);
  assert.deepEqual(await probe(product.url, '/readyz'), [503, 'store_failing']);
  assert.equal((await toggle(false)).status, 503, 'the next write, too');
  const client = await product.clientSocket(t, token).connected();
  await client.next('client_connected', kPatience);

  release();
  await until(async () => (await probe(product.url, '/readyz'))[0] === 200, 'a ready server', kPatience);
  assert.equal((await product.requestOnce('GET', `/api/v1/platforms/${platform.id}`)).body.enabled, true, 'what was refused did not happen');
  assert.equal((await toggle(false)).status, 200);
  assert.equal((await client.next('platform_update', kPatience))[0].data.enabled, false);
});

test('a statement that the database works on for too long is ended by --store-timeout, and its write is refused', async (t) => {
  const url = await emptyDatabase();
  const one = await node(t, url, { args: ['--store-timeout', '5'] });
  const platform = await one.createPlatform({ key: ownKey(), name: 'web' });
  const toggle = (enabled) => one.requestOnce('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled });
  const ended = () => shared().process.output.match(/canceling statement due to statement timeout/g)?.length ?? 0;
  const before = ended();
  await shared().query(`CREATE FUNCTION sleeps() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(300); RETURN NEW; END'`, url);
  await shared().query('CREATE TRIGGER sleeps BEFORE INSERT ON change_log FOR EACH ROW EXECUTE FUNCTION sleeps()', url);

  const refused = await within(toggle(false), 'an answer to the write', kPatience);
  assert.equal(refused.status, 503, refused.text);
  assert.equal(refused.body.code, 'unavailable');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.ok(ended() > before, shared().process.output.slice(-500));
  assert.equal((await one.requestOnce('GET', `/api/v1/platforms/${platform.id}`)).body.enabled, true);

  await shared().query('DROP TRIGGER sleeps ON change_log', url);
  await until(async () => (await toggle(false)).status === 200, 'a write that is taken', kPatience);
});

test('timers wait for the database, and the dashboard says what is wrong', async (t) => {
  const server = await Postgres.start();
  t.after(() => server.remove());
  const one = await node(t, server.url);
  const { id, token } = await one.createClient();
  const feature = await one.call('POST', '/api/v1/features', { key: ownKey('feature'), name: 'F' });
  const client = await one.clientSocket(t, token).connected();
  await client.next('client_connected');
  const admin = await one.adminSocket(t).connected();
  await admin.next('admin_connected');
  const expires = new Date(Date.now() + 15_000).toISOString();
  await one.call('PUT', `/api/v1/clients/${id}/overrides/${feature.id}`, { value: true, expires_at: expires });
  await until(async () => (await client.next('feature_update', kPatience))[0].type === 'create', 'the override', kPatience);

  await server.end('SIGKILL');
  await until(async () => (await probe(one.url, '/readyz'))[1] === 'store_failing', 'a server that says so', kPatience);
  await until(() => Date.now() > Date.parse(expires) + 500, 'the end of the override', kPatience);
  const board = await admin.ask('request_dashboard_update');
  assert.equal(board.store?.status, 'failing', JSON.stringify(board));
  assert.equal(board.connections.clients, 1);
  assert.equal((await admin.ask('request_system_metrics')).store.status, 'failing');
  assert.equal(client.unread('feature_update'), 0, 'nothing changes without a revision');

  await server.begin();
  const [update] = await client.next('feature_update', kPatience);
  assert.equal(update.type, 'delete');
  assert.ok(Date.parse(update.timestamp) >= Date.parse(expires));
  await until(async () => (await admin.ask('request_dashboard_update')).store.status === 'ok', 'a dashboard that is well', kPatience);
});
