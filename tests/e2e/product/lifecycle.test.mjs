// Starting, stopping and dying: what is promised stays, what is secret stays secret, what goes wrong is named.
import assert from 'node:assert/strict';
import { access, chmod, readdir, readFile, stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket } from '../support/engine.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product, program } from '../support/product.mjs';
import { freePort, Process, togglecastBinary } from '../support/server.mjs';

/** A data folder; it goes with the test, after the servers that were started on it. */
async function folder(t) {
  const data = await dataFolder();
  t.after(async () => {
    await Promise.all(started.filter((one) => one.data.startsWith(data.folder) && one.process.running).map((one) => one.end('SIGKILL')));
    await data.remove();
  });
  return data.folder;
}

const started = [];
async function start(data, options) {
  const product = await Product.start(data, options);
  started.push(product);
  return product;
}

describe('after kill -9', () => {
  test('every acknowledged change is there, tokens stay valid, and clients come back by themselves', async (t) => {
    const data = await folder(t);
    const first = await start(data);
    await first.login();
    const { token } = await first.createClient();
    const platform = await first.createPlatform({ key: ownKey(), name: 'kept' });
    const client = first.clientSocket(t, token, { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
    await client.connected();
    await client.next('client_connected');
    await client.upgraded();  // else the kill may hit it between its transports, which it notices late
    const acknowledged = [];
    const writing = (async () => {
      for (;;) acknowledged.push(await first.createPlatform({ key: ownKey('burst'), name: 'n' }));
    })().catch(() => {});
    await until(() => acknowledged.length >= 10, 'ten acknowledged changes');
    await first.end('SIGKILL');
    await writing;

    const second = await start(data, { port: first.port });
    second.admin = first.admin;
    const there = new Map((await second.platforms()).map((one) => [one.id, one]));
    for (const one of acknowledged) assert.deepEqual(there.get(one.id), one);
    assert.deepEqual(there.get(platform.id), platform);
    await client.reconnected();
    await client.next('client_resumed');
    const heard = new Set();
    await until(async () => {
      const [update] = await client.next('platform_update');
      heard.add(update.platform_id);
      return acknowledged.every(({ id }) => heard.has(id));
    }, 'every acknowledged change');
    await second.toggle(platform.id, false);
    await until(async () => {
      const [update] = await client.next('platform_update');
      return update.platform_id === platform.id && update.type === 'toggle';
    }, 'the switch after the restart');
    assert.ok(second.revision > acknowledged.at(-1).revision);
    const again = await second.login();
    assert.equal(again.admin.username, kOwner);
  });

  test('in the middle of many writes, again and again, nothing acknowledged is lost', async (t) => {
    const data = await folder(t);
    const acknowledged = new Map();
    for (let round = 0; round < 3; round++) {
      const product = await start(data);
      await product.login();
      const before = await product.platforms();
      for (const [id, key] of acknowledged) assert.equal(before.find((one) => one.id === id)?.key, key);
      const enough = acknowledged.size + 5;
      const writers = Array.from({ length: 4 }, async () => {
        for (;;) {
          const created = await product.createPlatform({ key: ownKey('w'), name: 'w' });
          acknowledged.set(created.id, created.key);
        }
      });
      const writing = Promise.allSettled(writers);
      await until(() => acknowledged.size >= enough, 'some acknowledged changes');
      await product.end('SIGKILL');
      await writing;
    }
  });
});

describe('the first start', () => {
  test('without a password writes one to first-login, for the owner alone, never to the log', async (t) => {
    const data = await folder(t);
    const product = await start(data, { env: {} });
    const file = path.join(data, 'first-login');
    const { mode } = await stat(file);
    const text = await readFile(file, 'utf8');
    const words = text.split(/\s+/).filter((word) => word.length >= 8);
    let password;
    for (const word of words.reverse()) {
      const response = await product.request('POST', '/api/v1/auth/login', { username: kOwner, password: word }, { token: null });
      if (response.status !== 200) continue;
      password = word;
      product.admin = response.body.token;
      break;
    }

    assert.ok(password, 'the file holds a password that logs in');
    assert.equal(mode & 0o777, 0o600);
    await product.process.says('first-login');
    assert.equal(product.process.output.includes(password), false);
    await product.call('POST', '/api/v1/auth/password', { current: password, new: kPassword });
    await assert.rejects(access(file), 'the file is gone after the first change');
    const old = await product.request('POST', '/api/v1/auth/login', { username: kOwner, password }, { token: null });
    assert.equal(old.status, 401);
    await product.login();
  });

  test('with a password in the environment writes no file', async (t) => {
    const data = await folder(t);
    const product = await start(data);
    await product.login();

    await product.process.says('Login');
    await assert.rejects(access(path.join(data, 'first-login')));
    assert.equal(product.process.output.includes(kPassword), false);
  });

  test('a later password in the environment changes nothing', async (t) => {
    const data = await folder(t);
    const first = await start(data);
    await first.end('SIGTERM');
    const second = await start(data, { env: { TOGGLECAST_OWNER_PASSWORD: 'another password altogether' } });

    await second.login(kOwner, kPassword);
    await second.process.says('TOGGLECAST_OWNER_PASSWORD is not used');
  });

  test('leaves no file that others could read', async (t) => {
    const data = await folder(t);
    await start(data);
    for (const name of await readdir(data, { recursive: true })) {
      const entry = await stat(path.join(data, name)).catch((error) => {
        if (error.code !== 'ENOENT') throw error;  // written under this name, and renamed since
      });
      if (entry?.isFile()) assert.equal(entry.mode & 0o077, 0, `${name} has mode ${(entry.mode & 0o777).toString(8)}`);
    }
  });
});

describe('what is odd at the start', () => {
  test('a data folder that other users may read is used, with a warning', async (t) => {
    const data = await folder(t);
    const quiet = await start(data);
    await quiet.process.says('"started"');
    assert.doesNotMatch(quiet.process.output, /other users may read/);
    await quiet.end();
    await chmod(data, 0o755);

    const product = await start(data);

    await product.process.says('other users may read the data folder');
  });

  test('without stderr, log lines go nowhere, least of all into the data', async (t) => {
    const data = await folder(t);
    const product = new Product(await freePort(), data);
    const options = ['serve', '--port', String(product.port), '--data', data];
    const env = { ...process.env, TOGGLECAST_OWNER_PASSWORD: kPassword };
    product.process = new Process('sh', ['-c', 'exec "$0" "$@" 2>&-', togglecastBinary, ...options], { env });
    started.push(product);
    await until(() => fetch(`${product.url}/readyz`).then((answer) => answer.ok, () => false), 'a ready server', 30_000);
    await product.login();

    assert.equal(await readFile(path.join(data, 'togglecast.lock'), 'utf8'), `${product.process.pid}\n`);
  });
});

describe('what goes wrong at the start', () => {
  test('a second process on the data folder is refused, naming the first', async (t) => {
    const data = await folder(t);
    const first = await start(data);
    const second = program(['serve', '--port', String(await freePort()), '--data', data], { env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
    const { code } = await second.exited;

    assert.notEqual(code, 0);
    assert.match(second.output, new RegExp(`\\b${first.process.pid}\\b`));
    await first.login();
  });

  test('a port that is taken is named, with the option and the command that shows who has it', async (t) => {
    const data = await folder(t);
    const listener = net.createServer().listen(0, '127.0.0.1');
    t.after(() => listener.close());
    await new Promise((listening) => listener.once('listening', listening));
    const { port } = listener.address();
    const refused = program(['serve', '--port', String(port), '--data', data], { env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
    const { code } = await refused.exited;

    assert.notEqual(code, 0);
    assert.match(refused.output, /--port/);
    assert.match(refused.output, new RegExp(`\\b${port}\\b`));
    assert.ok(refused.output.includes(`ss -ltnp 'sport = :${port}'`), refused.output);
  });

  test('a first start that fails leaves nothing behind, and the next one is a first start again', async (t) => {
    const parent = await folder(t);
    const data = path.join(parent, 'data');
    const listener = net.createServer().listen(0, '127.0.0.1');
    t.after(() => listener.close());
    await new Promise((listening) => listener.once('listening', listening));
    const taken = program(['serve', '--port', String(listener.address().port), '--data', data]);
    assert.notEqual((await taken.exited).code, 0);
    assert.deepEqual(await readdir(parent), []);
    const weak = program(['serve', '--port', '0', '--data', data], { env: { TOGGLECAST_OWNER_PASSWORD: 'short' } });
    assert.notEqual((await weak.exited).code, 0);
    assert.match(weak.output, /TOGGLECAST_OWNER_PASSWORD/);
    assert.deepEqual(await readdir(parent), []);

    const product = await start(data, { env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
    await product.login(kOwner, kPassword);
  });

  test('a start that fails keeps the data of an earlier one', async (t) => {
    const data = await folder(t);
    const first = await start(data);
    await first.end('SIGTERM');
    const listener = net.createServer().listen(0, '127.0.0.1');
    t.after(() => listener.close());
    await new Promise((listening) => listener.once('listening', listening));
    const refused = program(['serve', '--port', String(listener.address().port), '--data', data]);
    assert.notEqual((await refused.exited).code, 0);

    const again = await start(data);
    await again.login();
  });

  test('an unknown option is named', async (t) => {
    const refused = program(['serve', '--no-such-option', '--data', await folder(t)]);
    const { code } = await refused.exited;

    assert.notEqual(code, 0);
    assert.match(refused.output, /--no-such-option/);
  });

  test('a missing serve is guessed, and a mistyped option or variable gets a suggestion', async (t) => {
    const wrong = program(['--prot', '0', '--data', await folder(t)]);
    assert.equal((await wrong.exited).code, 2);
    assert.match(wrong.output, /'--prot'; did you mean --port\?/);

    const product = await start(await folder(t), { env: { TOGGLECAST_OWNER_PASSWORD: kPassword, TOGGLECAST_DATAS: '/nowhere' } });
    await product.process.says('did you mean TOGGLECAST_DATA?');
  });
});

describe('stopping', () => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    test(`by ${signal} is clean: WebSockets are told to come back, the exit code is 0`, async (t) => {
      const product = await start(await folder(t));
      await product.login();
      const socket = await EngineSocket.open(product.port, '/socket.io/');
      socket.send(`40/admin,${JSON.stringify({ token: product.admin })}`);
      await socket.packet();
      const ending = product.end(signal);

      assert.equal(await socket.closeCode(), 1012);
      assert.deepEqual(await ending, { code: 0, signal: null });
    });
  }

  test('with a poll waiting is just as quick', async (t) => {
    const product = await start(await folder(t));
    await product.login();
    const client = await product.adminSocket(t, { transports: ['polling'] }).connected();
    await client.next('admin_connected');

    assert.deepEqual(await product.end('SIGINT'), { code: 0, signal: null });
  });
});

describe('togglecast admin passwd', () => {
  test('sets a new password', async (t) => {
    const data = await folder(t);
    const first = await start(data);
    await first.end('SIGTERM');
    const change = program(['admin', 'passwd', '--data', data], { stdio: ['pipe', 'pipe', 'pipe'] });
    change.child.stdin.end('a new password for the owner\n');
    const { code } = await change.exited;
    assert.equal(code, 0, change.output);
    const second = await start(data, { env: {} });

    await second.login(kOwner, 'a new password for the owner');
  });
});
