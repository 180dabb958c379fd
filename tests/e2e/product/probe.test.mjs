// `togglecast probe`: every event works, the report says so, and nothing is left behind.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until, within } from '../support/deadline.mjs';
import { dataFolder, kPassword, Product, program } from '../support/product.mjs';
import { metric } from '../support/hostile.mjs';
import { freePort } from '../support/server.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const kPrefix = 'togglecast-probe-';

async function started(t, { args = [], env, ...options } = {}) {
  const data = await dataFolder();
  const product = await Product.start(data.folder, { args, ...(env ? { env } : {}), ...options });
  t.after(() => product.end('SIGKILL').finally(data.remove));
  product.folder = data.folder;
  return product;
}

/** Runs the command to its end: {code, output, stdout}. */
async function probe(args, env = {}) {
  const process = program(['probe', '--timeout', '60', ...args], { env });
  const { code } = await within(process.exited, 'the end of the probe', 300_000);
  return { code, output: process.output, stdout: process.stdout };
}

async function report(args, env) {
  const ran = await probe([...args, '--json'], env);
  assert.equal(ran.stdout.trim().split('\n').length, 1, ran.output);
  return { ...ran, ...JSON.parse(ran.stdout) };
}

const failed = ({ steps }) => steps.filter(({ outcome }) => outcome === 'failed');

/** Everything in the catalogue that a probe made. */
async function leftBehind(product) {
  const found = [];
  for (const kind of ['platforms', 'features', 'packages', 'clients']) {
    const { items } = await product.call('GET', `/api/v1/${kind}?limit=1000&q=${kPrefix}`);
    found.push(...items.map(({ key }) => `${kind}/${key}`));
  }
  return found;
}

test('where no server is, that is said first, with and without a password', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  for (const env of [{ TOGGLECAST_OWNER_PASSWORD: kPassword }, {}]) {
    const nobody = await probe([url], env);
    assert.equal(nobody.code, 1);
    assert.match(nobody.output, new RegExp(`^togglecast: .*${url}`), nobody.output);
    assert.doesNotMatch(nobody.output, /password/);
  }
});

describe('a server of its own', () => {
  test('has no session left afterwards, though no heartbeat would end one', async (t) => {
    const product = await started(t, { args: ['--ping-interval', '3600', '--ping-timeout', '3600'] });
    await product.login();

    const all = await report([product.url, '--rounds', '1'], { TOGGLECAST_ADMIN_TOKEN: product.admin });

    assert.deepEqual(failed(all), []);
    await until(async () => (await metric(product, 'togglecast_sessions_open')) === 0, 'the end of all sessions', 60_000);
  });

  test('is exercised with every event and every broadcast, and is clean afterwards', async (t) => {
    const product = await started(t);
    await product.login();

    const all = await report([product.url, '--rounds', '3'], { TOGGLECAST_ADMIN_TOKEN: product.admin });

    assert.deepEqual(failed(all), []);
    assert.equal(all.code, 0, all.output);
    assert.equal(all.ok, true);
    const used = new Set(all.steps.filter(({ outcome }) => outcome === 'ok').flatMap(({ events }) => events));
    const contract = await readFile(path.join(root, 'src/realtime/protocol/events.hpp'), 'utf8');
    const names = [...contract.matchAll(/"([a-z][a-z_]+)"/g)].map(([, name]) => name);
    assert.ok(names.length >= 30, 'the names of the events were found');
    const routes = await readFile(path.join(root, 'src/http_api/handlers/messages.cpp'), 'utf8');
    names.push(...[...routes.matchAll(/\{"((?:broadcast|send)_[a-z_]+)"/g)].map(([, name]) => name));
    assert.deepEqual(names.filter((name) => !used.has(name)), [], 'the probe has a step for every event and broadcast');
    for (const where of ['admin websocket', 'admin polling', 'client websocket', 'client polling'])
      assert.ok(all.steps.filter((step) => step.where === where && step.outcome === 'ok').length >= 8, where);
    for (const step of all.steps.filter(({ outcome }) => outcome === 'ok')) {
      assert.ok(step.samples >= 1, JSON.stringify(step));
      assert.ok(step.min_ms >= 0 && step.min_ms <= step.median_ms && step.median_ms <= step.max_ms, JSON.stringify(step));
    }
    assert.deepEqual(await leftBehind(product), []);
    assert.doesNotMatch(all.output, /eyJ/, 'no token is shown');
  });

  test('over TLS, with the password of the owner, and a table', async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    const [certificate, key] = ['server.crt', 'server.key'].map((name) => path.join(data.folder, name));
    await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
      '-keyout', key, '-out', certificate, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']);
    const folder = path.join(data.folder, 'data');
    const env = { TOGGLECAST_OWNER_PASSWORD: kPassword };
    const server = program(['serve', '--port', String(await freePort()), '--data', folder, '--tls-certificate', certificate, '--tls-key', key], { env });
    t.after(() => server.end('SIGKILL'));
    await server.says('is running');
    const port = /"port":(\d+)/.exec(await until(() => server.stderr.includes('"started"') && server.stderr, 'the start'))[1];
    const url = `https://localhost:${port}`;

    const distrusted = await probe([url, '--data', folder], env);
    assert.equal(distrusted.code, 1, distrusted.output);
    assert.match(distrusted.output, /certificate verify failed.*--ca/);
    for (const trust of [['--ca', certificate], ['--insecure']]) {
      const ran = await probe([url, '--data', folder, '--rounds', '1', ...trust], env);
      assert.equal(ran.code, 0, ran.output);
      assert.match(ran.output, /where +step +times +min ms +median ms +max ms/);
      assert.match(ran.output, /client polling +heartbeat +1 +\d+\.\d\d/);
      assert.match(ran.output, /\d+ steps passed, 0 failed/);
    }
  });
});

describe('a server with other connections', () => {
  test('they notice nothing, and the steps that they would notice are left out', async (t) => {
    const product = await started(t);
    await product.login();
    const { token } = await product.createClient();
    const heard = [];
    const other = product.clientSocket(t, token);
    await other.connected();
    await other.next('client_connected');
    other.socket.onAny((event) => heard.push(event));

    const all = await report([product.url, '--rounds', '1'], { TOGGLECAST_ADMIN_TOKEN: product.admin });

    assert.deepEqual(failed(all), []);
    assert.equal(all.code, 0);
    const skipped = all.steps.filter(({ outcome }) => outcome === 'skipped').map(({ step }) => step);
    assert.ok(skipped.includes('broadcast_system_status'), JSON.stringify(skipped));
    assert.ok(skipped.includes('make and remove a platform'));
    await other.ask('heartbeat', {});
    assert.deepEqual(heard, []);
    assert.deepEqual(await leftBehind(product), []);
  });

  test('a client of the operator is not changed', async (t) => {
    const product = await started(t);
    await product.login();
    const { id, token } = await product.createClient();
    const before = await product.call('GET', `/api/v1/clients/${id}`);
    const file = path.join(product.folder, 'client-token');
    await writeFile(file, `${token}\n`);

    const all = await report([product.url, '--rounds', '1', '--client-token-file', file], { TOGGLECAST_ADMIN_TOKEN: product.admin });

    assert.deepEqual(failed(all), []);
    const { revision, etag, updated_at: updated, ...after } = await product.call('GET', `/api/v1/clients/${id}`);
    for (const [member, value] of Object.entries(after)) assert.deepEqual(value, before[member], member);
    assert.deepEqual(await leftBehind(product), []);
  });
});

describe('what goes wrong', () => {
  test('Ctrl-C cleans up, and the status is 1', async (t) => {
    const product = await started(t);
    await product.login();
    const running = program(['probe', product.url, '--rounds', '8', '--json'], { env: { TOGGLECAST_ADMIN_TOKEN: product.admin } });
    await until(async () => (await leftBehind(product)).length >= 2, 'things that the probe made');
    const { code } = await running.end('SIGINT', 120_000);

    assert.equal(code, 1, running.output);
    assert.equal(JSON.parse(running.stdout).interrupted, true);
    assert.deepEqual(await leftBehind(product), []);
  });

  test('a role that may not do it fails with the server\'s own words, and cleans up', async (t) => {
    const product = await started(t);
    await product.login();
    await product.call('POST', '/api/v1/admins', { username: 'edith', password: 'correct horse battery', role: 'editor' });
    const file = path.join(product.folder, 'password');
    await writeFile(file, 'correct horse battery\n');

    const all = await report([product.url, '--username', 'edith', '--password-file', file]);

    assert.equal(all.code, 1);
    assert.equal(failed(all).length, 1);
    assert.match(failed(all)[0].reason, /may not issue or revoke tokens/);
    assert.deepEqual(await leftBehind(product), []);
  });

  test('a server that does not answer, or is none of ours, is named', async (t) => {
    const silent = net.createServer().listen(0, '127.0.0.1');
    t.after(() => silent.close());
    await new Promise((listening) => silent.once('listening', listening));
    const token = { TOGGLECAST_ADMIN_TOKEN: 'eyJ.e.x' };

    const nobody = await probe([`http://127.0.0.1:${await freePort()}`], token);
    assert.equal(nobody.code, 1);
    assert.match(nobody.output, /cannot connect to http:\/\/127\.0\.0\.1/);
    const stuck = program(['probe', `http://127.0.0.1:${silent.address().port}`, '--timeout', '1'], { env: token });
    assert.equal((await stuck.exited).code, 1);
    assert.match(stuck.output, /did not come within 1 s/);
  });

  test('a wrong command line has the status 2', async () => {
    for (const args of [[], ['ftp://host'], ['http://localhost', '--rounds', '0'], ['http://localhost', '--no-such'],
      ['http://localhost', '--admin-token-file', '/nonexistent']]) {
      const refused = await within(program(['probe', ...args], { env: { TOGGLECAST_OWNER_PASSWORD: kPassword } }).exited, 'the refusal');
      assert.equal(refused.code, 2, args.join(' '));
    }
  });
});
