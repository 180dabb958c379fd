// A Redis beside the server: what it gets, and that losing it in any way loses nothing and stops nothing.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../support/deadline.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product, program } from '../support/product.mjs';
import { Proxy } from '../support/proxy.mjs';
import { Redis, sentinelConfig } from '../support/redis.mjs';
import { Process } from '../support/server.mjs';

const kRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const kStream = 'togglecast:changes:production';

async function startRedis(t, options) {
  const redis = await Redis.start(options);
  t.after(() => redis.stop());
  return redis;
}

async function startProduct(t, url, { args = [], ...options } = {}) {
  const data = await dataFolder();
  const product = await Product.start(data.folder, { args: ['--redis', url, ...args], ...options });
  t.after(async () => {
    await product.end('SIGKILL');
    await data.remove();
  });
  await product.login();
  return product;
}

const health = async (product) => (await product.call('GET', '/healthz/details')).bus;
const becomes = (product, status) => until(async () => (await health(product)).status === status, `a bus that is ${status}`, 60_000);
const lines = (product, text) => product.process.output.split('\n').filter((line) => line.includes(text)).length;

/** The ids of the stream, oldest first. */
async function ids(redis, { stream = kStream, cli = [] } = {}) {
  const entries = await redis.cli(...cli, 'XRANGE', stream, '-', '+');
  return entries.split('\n').filter((line) => /^\d+-\d+$/.test(line));
}

/** The stream has exactly the revisions `from` to `to`. */
async function streamHas(redis, from, to, stream = kStream) {
  const wanted = Array.from({ length: to - from + 1 }, (_, i) => `1-${from + i}`);
  let found;
  await until(async () => {
    found = await ids(redis, { stream }).catch(() => []);
    return JSON.stringify(found) === JSON.stringify(wanted);
  }, `the changes ${from} to ${to} in the stream`, 90_000).catch((error) => {
    throw new Error(`${error.message}; it has ${found.slice(0, 3)}…${found.slice(-3)} (${found.length})`);
  });
}

/** Serves: a write is answered, a client is pushed it, and the server is ready. Answers the revision. */
async function assertServes(t, product) {
  const { token } = await product.createClient();
  const socket = product.clientSocket(t, token);
  await socket.next('client_connected');
  const platform = await product.createPlatform({ key: ownKey(), name: 'n' });
  await socket.next('platform_update');
  socket.close();
  assert.equal((await fetch(`${product.url}/readyz`)).status, 200);
  return platform.revision;
}

describe('Redis', () => {
  test('gets each change, in a stream that other services read', async (t) => {
    const redis = await startRedis(t);
    const product = await startProduct(t, redis.url);
    const platform = await product.createPlatform({ key: 'web', name: 'Web' });
    await product.toggle(platform.id, false);
    await streamHas(redis, 1, platform.revision + 1);

    const entry = (await redis.cli('XRANGE', kStream, `1-${platform.revision + 1}`, '+')).split('\n');
    const fields = Object.fromEntries(Array.from({ length: (entry.length - 1) / 2 }, (_, i) => entry.slice(1 + 2 * i, 3 + 2 * i)));
    assert.equal(fields.v, '1');
    assert.equal(fields.offset.split('.').slice(0, 2).join('.'), `1.${platform.revision + 1}`);
    assert.equal(fields.previous.split('.').slice(0, 2).join('.'), `1.${platform.revision}`);
    assert.deepEqual(JSON.parse(fields.summary), [{ entity: 'platform', id: platform.id, key: 'web', type: 'toggle' }]);
    const [op] = JSON.parse(fields.change).ops;
    assert.equal(op.before.enabled, true);
    assert.equal(op.after.enabled, false);
    assert.equal(JSON.parse(fields.actor).name, 'owner');
    assert.deepEqual((await redis.cli('KEYS', '*')).split('\n'), [kStream]);
    assert.doesNotMatch(await redis.cli('XRANGE', kStream, '-', '+'), /hash|secret|password/i);

    assert.equal((await health(product)).kind, 'redis');
    const admin = product.adminSocket(t);
    const shown = await admin.ask('request_system_metrics');
    assert.equal(shown.bus.status, 'ready');
    assert.match(await product.metrics(), /^togglecast_redis_up 1$/m);
  });

  test('has a stream of its own for an environment that is made while the server runs', async (t) => {
    const redis = await startRedis(t);
    const product = await startProduct(t, redis.url);
    const { revision } = await product.createPlatform({ key: 'web', name: 'production' });
    await streamHas(redis, 1, revision);
    const before = await redis.cli('XRANGE', kStream, '-', '+');

    await product.call('POST', '/api/v1/environments', { key: 'staging' });
    const login = { username: kOwner, password: kPassword, environment: 'staging' };
    const { token } = await product.call('POST', '/api/v1/auth/login', login, { token: null });
    for (const key of ['first', 'second']) await product.call('POST', '/api/v1/platforms', { key, name: key }, { token });

    const staging = 'togglecast:changes:staging';
    await streamHas(redis, 1, 2, staging);
    assert.match(await redis.cli('XRANGE', staging, '1-1', '1-1'), /"key":"first"/);
    assert.equal(await redis.cli('XRANGE', kStream, '-', '+'), before);
    assert.deepEqual((await redis.cli('KEYS', '*')).split('\n').sort(), [kStream, staging]);
    await product.createPlatform({ key: 'ios', name: 'production' });
    await streamHas(redis, 1, revision + 1);
    await streamHas(redis, 1, 2, staging);
  });

  test('may be missing at the start, and again empty later', async (t) => {
    const redis = await startRedis(t);
    await redis.kill();
    const began = performance.now();
    const product = await startProduct(t, redis.url);
    await until(async () => /cannot connect/.test((await health(product)).problem ?? ''), 'a problem');
    const first = await assertServes(t, product);

    assert.ok(await redis.restart());
    await streamHas(redis, 1, first);
    await becomes(product, 'ready');

    await redis.kill();
    await becomes(product, 'connecting');
    assert.match(await product.metrics(), /^togglecast_redis_up 0$/m);
    const second = await assertServes(t, product);
    assert.ok(await redis.restart());
    await streamHas(redis, 1, second);
    const minutes = Math.floor((performance.now() - began) / 60_000); // one warning a minute
    for (const text of ['Redis is away', 'Redis is connected']) {
      const count = lines(product, text);
      assert.ok(count >= 1 && count <= 1 + minutes, product.process.output);
    }
  });

  test('may be flushed, trimmed and spoiled', async (t) => {
    const redis = await startRedis(t);
    const product = await startProduct(t, redis.url);
    await streamHas(redis, 1, await assertServes(t, product));

    await redis.cli('FLUSHALL');
    const first = await assertServes(t, product);
    await streamHas(redis, 1, first);

    await redis.cli('XTRIM', kStream, 'MAXLEN', '0');
    const second = await assertServes(t, product);
    await streamHas(redis, first + 1, second);

    await redis.cli('XADD', kStream, '7-1', 'a', 'b');
    await streamHas(redis, 1, await assertServes(t, product));
    assert.equal(lines(product, 'does not belong to the log of this server'), 1);

    await redis.cli('SET', kStream, 'a text');
    const third = await assertServes(t, product);
    await until(async () => /WRONGTYPE/.test((await health(product)).problem ?? ''), 'a problem of the stream');
    await redis.cli('DEL', kStream);
    await streamHas(redis, 1, third);
    await until(async () => (await health(product)).problem === undefined, 'no problem');
    assert.equal(lines(product, 'changes are not added to a stream of Redis'), 1);
  });

  test('may stop answering', async (t) => {
    const redis = await startRedis(t);
    const product = await startProduct(t, redis.url);
    await becomes(product, 'ready');

    await redis.freeze();
    await assertServes(t, product);
    await becomes(product, 'connecting');
    const revision = await assertServes(t, product);
    await redis.thaw();

    await becomes(product, 'ready');
    await streamHas(redis, 1, revision);
  });

  test('may be slow: neither a change nor its push nor the answer to it waits', async (t) => {
    const redis = await startRedis(t);
    const proxy = await Proxy.start(t, redis.port);
    proxy.delay.down = 300;
    proxy.told = [];
    const product = await startProduct(t, `redis://127.0.0.1:${proxy.port}`);
    await becomes(product, 'ready');
    const { id } = await product.createPlatform({ key: 'web', name: 'Web' });
    const { token } = await product.createClient();
    const client = await product.clientSocket(t, token).connected();
    await client.next('client_connected');
    const added = (revision) => proxy.told.some((text) => text.includes(`1-${revision}\r\n`));

    // On a busy machine an answer of Redis is sometimes quicker than we are. If changes waited for it, it always would be.
    let first = 0;
    for (let round = 0; first < 3; round += 1) {
      assert.ok(round < 50, `${first} of ${round} changes came before the answer of Redis`);
      await product.toggle(id, round % 2 === 1);
      await client.next('platform_update', 60_000);
      if (!added(product.revision)) first += 1;
    }

    await until(() => added(product.revision), 'the answer of Redis', 60_000);
    await streamHas(redis, 1, product.revision);
    assert.equal((await health(product)).status, 'ready');
    assert.equal((await health(product)).problem, undefined);
    assert.doesNotMatch(await product.metrics(), /^togglecast_redis_losses_total [1-9]/m);
    assert.equal(lines(product, 'Redis'), 1, 'the log says that it is connected, and no more');
    assert.doesNotMatch(product.process.output, /"level":"(warn|error)"/);
  });

  test('may become a read-only replica when Sentinel makes another one the primary', async (t) => {
    const primary = await startRedis(t);
    const replica = await startRedis(t, { config: [`replicaof 127.0.0.1 ${primary.port}`] });
    const sentinel = await startRedis(t, { config: sentinelConfig(primary.port), sentinel: true });
    await until(async () => (await sentinel.cli('SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)), 'a known replica');
    await until(async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up'), 'a replica that follows');
    const product = await startProduct(t, `redis-sentinel://127.0.0.1:${sentinel.port}/main`);
    await streamHas(primary, 1, await assertServes(t, product));

    await until(() => sentinel.cli('SENTINEL', 'FAILOVER', 'main').then(() => true, () => false), 'a failover that begins');
    // Sentinel ends the connections of the Redis that it promotes, so a question may fail.
    const promoted = () => replica.cli('ROLE').then((role) => role.startsWith('master'), () => false);
    await until(promoted, 'another primary', 60_000);
    const revision = await assertServes(t, product);

    await streamHas(replica, 1, revision);
    await becomes(product, 'ready');
  });

  test('needs no more than the permissions that the documentation lists, and no log shows its password', async (t) => {
    const text = await readFile(path.join(kRoot, 'docs/redis.md'), 'utf8');
    const rules = [...text.matchAll(/^ {4}ACL SETUSER (.*)$/gm)].map(([, rule]) => `user ${rule.replace('PASSWORD', 'a-secret')}`);
    assert.equal(rules.length, 2);
    const redis = await startRedis(t, { config: rules });
    const data = await dataFolder();
    const file = path.join(data.folder, 'password');
    await writeFile(file, 'a-secret\n');
    t.after(data.remove);
    const product = await startProduct(t, `redis://togglecast:x@127.0.0.1:${redis.port}`, { args: ['--redis-password-file', file] });
    const revision = await assertServes(t, product);
    await streamHas(redis, 1, revision);
    await redis.cli('FLUSHALL');
    const later = await assertServes(t, product);
    await streamHas(redis, 1, later);
    assert.equal((await health(product)).problem, undefined);
    assert.doesNotMatch(product.process.output, /a-secret/);

    const reader = ['--user', 'reader', '--pass', 'a-secret', '--no-auth-warning'];
    assert.equal((await ids(redis, { cli: reader })).length, later);
    await assert.rejects(redis.cli(...reader, 'XADD', kStream, '*', 'a', 'b'));
  });

  test('is named by a URL whose password no message repeats', async () => {
    for (const [args, message] of [
      [['--redis', 'http://:a-secret@host'], /--redis: the URL of Redis must begin with redis:\/\//],
      [['--redis', 'redis://:a-secret@host:x'], /--redis: the URL of Redis has a port/],
      [['--redis-prefix', 'two words'], /--redis-prefix: a prefix for Redis is 1 to 64/],
      [['--redis-prefix='], /--redis-prefix: a prefix for Redis is 1 to 64/],
    ]) {
      const run = program(['serve', '--data', '/nonexistent', ...args]);
      await run.exited;
      assert.match(run.output, message);
      assert.doesNotMatch(run.output, /a-secret/);
    }
  });
});

describe('the examples of docs/redis.md', () => {
  for (const [name, command] of [['consume.mjs', process.execPath], ['consume.py', process.env.TOGGLECAST_PYTHON ?? '/usr/bin/python3']]) {
    test(`${name} prints each change`, async (t) => {
      const redis = await startRedis(t);
      const product = await startProduct(t, redis.url, { args: ['--redis-prefix', 'shop'] });
      const folder = await mkdtemp(path.join(os.tmpdir(), 'togglecast-consumer-'));
      t.after(() => rm(folder, { recursive: true, force: true }));
      await copyFile(path.join(kRoot, 'examples/redis', name), path.join(folder, name));
      await symlink(path.join(kRoot, 'tests/e2e/node_modules'), path.join(folder, 'node_modules'));
      const run = new Process(command, [path.join(folder, name), redis.url, 'shop', 'production', '0']);
      t.after(() => run.end('SIGKILL'));

      const platform = await product.createPlatform({ key: 'first', name: 'n' });
      await until(() => run.stdout.includes(`1-${platform.revision} create platform first\n`) || !run.running, `a line of ${name}`, 60_000);
      await product.toggle(platform.id, false);
      await until(() => run.stdout.includes(`1-${platform.revision + 1} toggle platform first\n`) || !run.running, `another line of ${name}`, 60_000);
      assert.ok(run.running, run.output);
    });
  }
});
