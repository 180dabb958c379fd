// Nodes on one PostgreSQL: they start at the same moment, hear of each other's changes, live on without the database,
// and heal by themselves.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { dataFolder, kPassword, ownKey, Product, program } from '../support/product.mjs';
import { Postgres, startPgBouncer } from '../support/postgres.mjs';
import { freePort, sharedByTests } from '../support/server.mjs';

const kPatience = 60_000;
const shared = sharedByTests(() => Postgres.start(), (server) => server.remove());

let databases = 0;
const emptyDatabase = () => shared().database(`nodes${++databases}`);

/** A node with a data folder of its own, ended with the test. */
async function node(t, url, args = []) {
  const data = await dataFolder();
  let product;
  t.after(async () => {
    if (product) await product.end('SIGKILL');
    await data.remove();
  });
  product = await Product.start(data.folder, { args: ['--store', url, '--write-rate', '1000', '--write-burst', '1000', ...args] });
  await product.login();
  return product;
}

const readiness = (product) => fetch(`${product.url}/readyz`).then(async (answer) => [answer.status, (await answer.json()).status]);
const ready = (product) => until(async () => (await readiness(product))[0] === 200, 'a ready server', kPatience);
const sees = (product, id, enabled) => until(async () => {
  const found = (await product.platforms()).find((one) => one.id === id);
  return found?.enabled === enabled;
}, `platform ${id} on the other node`, kPatience);

/** The update of this platform that a socket gets. */
async function updateOf(socket, id) {
  for (;;) {
    const [update, offset] = await socket.next('platform_update', kPatience);
    if (update.platform_id === id) return { update, offset };
  }
}

describe('nodes on one PostgreSQL', () => {
  test('start at the same moment on an empty database, and write at the same time', async (t) => {
    const url = await emptyDatabase();
    const nodes = await Promise.all([node(t, url), node(t, url), node(t, url)]);

    const platforms = await Promise.all(nodes.flatMap((one) => [1, 2, 3, 4].map(() => one.createPlatform({ key: ownKey(), name: 'n' }))));

    const revisions = platforms.map((one) => one.revision).sort((a, b) => a - b);
    assert.deepEqual(revisions, revisions.map((_, i) => revisions[0] + i), 'contiguous');
    for (const one of nodes)
      await until(async () => (await one.platforms()).length === platforms.length, 'all platforms on each node', kPatience);
    const admins = await nodes[1].call('GET', '/api/v1/admins');
    assert.equal((admins.items ?? admins).length, 1);
    const [[environments]] = await shared().query('SELECT count(*) FROM togglecast.environment', url);
    assert.equal(environments, '2');
  });

  test('a change on one node is pushed to the clients of the other one, under the same offset', async (t) => {
    const url = await emptyDatabase();
    const [a, b] = [await node(t, url), await node(t, url)];
    await until(async () => /togglecast_store_listening 1/.test(await b.metrics()), 'a node that listens', kPatience);
    const near = await a.adminSocket(t).connected();
    const far = await b.adminSocket(t).connected();
    await near.next('admin_connected');
    await far.next('admin_connected');

    const platform = await a.createPlatform({ key: ownKey(), name: 'web' });

    const here = await updateOf(near, platform.id);
    const there = await updateOf(far, platform.id);
    assert.equal(there.offset, here.offset);
    assert.deepEqual(there.update.data, here.update.data);
    assert.equal(there.update.revision, a.revision);
  });

  for (const signal of ['SIGINT', 'SIGKILL']) {
    test(`go on from memory while the database is away after ${signal}, and heal when it is back`, async (t) => {
      const server = await Postgres.start();
      t.after(() => server.remove());
      const [a, b] = [await node(t, server.url), await node(t, server.url)];
      const { token } = await a.createClient();
      const platform = await a.createPlatform({ key: ownKey(), name: 'web' });
      await sees(b, platform.id, true);
      const admin = await b.adminSocket(t).connected();
      await admin.next('admin_connected');

      await server.end(signal);

      let refused;  // the killed server's children may carry out a few more requests
      await until(async () => {
        refused = await a.requestOnce('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: true });
        return refused.status !== 200;
      }, 'a refusal', kPatience);
      assert.equal(refused.status, 503, refused.text);
      assert.ok(Number(refused.headers.get('retry-after')) >= 1);
      assert.equal(refused.body.code, 'unavailable');
      for (const one of [a, b]) {  // also the one that nobody writes to
        await until(async () => (await readiness(one))[1] === 'store_failing', 'a server that says so', kPatience);
        assert.equal((await fetch(`${one.url}/healthz`)).status, 200);
        assert.equal((await one.platforms()).length, 1);
      }
      const client = await b.clientSocket(t, token).connected();
      await client.next('client_connected');
      assert.equal((await client.ask('config_check')).up_to_date, true);

      await server.begin();

      await ready(a);
      await ready(b);
      await a.toggle(platform.id, false);
      const { update } = await updateOf(admin, platform.id);
      assert.equal(update.data.enabled, false);
      assert.equal(update.revision, a.revision);
      assert.ok((await a.createPlatform({ key: ownKey(), name: 'next' })).revision === a.revision);
      await a.process.says('the store works again');
    });
  }

  test('behind PgBouncer in transaction mode, with a direct connection for notifications or without', async (t) => {
    const name = `pooled${++databases}`;
    const direct = await shared().database(name);
    const bouncer = await startPgBouncer(shared(), { database: name });
    t.after(() => bouncer.remove());
    const a = await node(t, bouncer.url, ['--store-listen', direct]);
    const b = await node(t, bouncer.url);
    await a.process.says('listening for changes of other nodes');
    await b.process.says('goes through a pooler');

    const platform = await a.createPlatform({ key: ownKey(), name: 'web' });
    await sees(b, platform.id, true);
    await b.toggle(platform.id, false);
    await sees(a, platform.id, false);
    const many = await Promise.all([a, b, a, b, a, b].map((one) => one.createPlatform({ key: ownKey(), name: 'n' })));

    assert.equal(new Set(many.map((one) => one.revision)).size, many.length);
    assert.match(await a.metrics(), /togglecast_store_listening 1/);
    assert.match(await b.metrics(), /togglecast_store_listening 0/);
  });

  test('a password of an admin is changed beside the running nodes', async (t) => {
    const url = await emptyDatabase();
    const a = await node(t, url);

    const passwd = program(['admin', 'passwd', '--store', url], { stdio: ['pipe', 'pipe', 'pipe'] });
    passwd.child.stdin.end('another long password of an owner\n');
    const { code } = await passwd.exited;

    assert.equal(code, 0, passwd.output);
    await until(async () => (await a.requestOnce('POST', '/api/v1/auth/login',
      { username: 'owner', password: 'another long password of an owner' }, { token: null })).status === 200, 'the new password', kPatience);
  });

  test('over TLS, as sslmode says', async (t) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'tg-tls-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const [key, certificate] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    await chmod(folder, 0o755);
    if (process.getuid() === 0) await chown(key, Number(execFileSync('id', ['-u', 'postgres'])), 0);
    const port = await freePort();
    const server = await Postgres.start({ ssl: 'on', ssl_key_file: key, ssl_cert_file: certificate, listen_addresses: '127.0.0.1', port });
    t.after(() => server.remove());
    const url = (query) => `postgresql://togglecast@localhost:${port}/togglecast?${query}`;

    const a = await node(t, url(`sslmode=verify-full&sslrootcert=${encodeURIComponent(certificate)}`));
    await a.createPlatform({ key: ownKey(), name: 'web' });

    const [[plain]] = await server.query(
      "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'togglecast' AND NOT s.ssl");
    assert.equal(plain, '0');
    const data = await dataFolder();
    t.after(() => data.remove());
    const stranger = program(['serve', '--port', '0', '--data', data.folder, '--store', url('sslmode=verify-full')], { env: { HOME: folder } });
    assert.equal((await stranger.exited).code, 1, stranger.output);
    assert.match(stranger.output, /certificate/);
  });

  test('a store that cannot be used is an error that says so, without the password', async (t) => {
    const data = await dataFolder();
    t.after(() => data.remove());
    const start = async (url) => {
      const process = program(['serve', '--port', '0', '--data', data.folder, '--store', url], { env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
      const { code } = await process.exited;
      assert.ok(!process.output.includes('hunter2'), process.output);
      return { code, output: process.output };
    };
    const away = await start(`postgresql://togglecast:hunter2@/none?host=${encodeURIComponent(shared().folder)}`);
    assert.equal(away.code, 1);
    assert.match(away.output, /database "none" does not exist/);
    const misspelt = await start('postgresql://u:hunter2@h/d?sslmod=require');
    assert.equal(misspelt.code, 2);
    assert.match(misspelt.output, /--store: it cannot be read/);

    const url = await emptyDatabase();
    await node(t, url);
    await shared().query('UPDATE togglecast.schema_version SET version = 1000', url);
    const newer = await start(url);
    assert.equal(newer.code, 1);
    assert.match(newer.output, /written by a newer Togglecast/);
  });
});
