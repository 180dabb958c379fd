// `togglecast quickstart`: the first steps of a new user, on a bare and on a full catalogue, once and again.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { until, within } from '../support/deadline.mjs';
import { dataFolder, kPassword, Product, program } from '../support/product.mjs';

async function workFolder(t) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'togglecast-quickstart-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the command to its end: {code, output}. */
async function quickstart(folder, args, env = {}) {
  const process = program(['quickstart', ...args], { env, cwd: folder });
  const { code } = await within(process.exited, 'the end of quickstart', 60_000);
  return { code, output: process.output };
}

async function started(t, options) {
  const data = await dataFolder();
  t.after(data.remove);
  const product = await Product.start(data.folder, options);
  t.after(() => product.end('SIGTERM'));
  return { product, data: data.folder };
}

test('a client hears the switch, and a second run changes nothing', async (t) => {
  for (const args of [[], ['--demo']]) {
    const { product, data } = await started(t, { args, env: {} }); // the password is in first-login
    const folder = await workFolder(t);
    const options = ['--port', String(product.port), '--data', data];

    const first = await quickstart(folder, options);
    assert.equal(first.code, 0, first.output);
    assert.match(first.output, /feature +quickstart-banner +id \d+ +made/);
    assert.match(first.output, /The first password of 'owner' was replaced; the new one is in .*owner-login/);
    assert.equal((await stat(path.join(data, 'owner-login'))).mode & 0o777, 0o600);
    await assert.rejects(stat(path.join(data, 'first-login')));
    const token = (await readFile(path.join(folder, 'client-token'), 'utf8')).trim();
    assert.equal((await stat(path.join(folder, 'client-token'))).mode & 0o777, 0o600);
    assert.match(await readFile(path.join(folder, 'listen.mjs'), 'utf8'), /socket\.io-client/);

    const client = product.clientSocket(t, token);
    const heard = [];
    client.socket.onAny((name, body) => heard.push([name, body]));
    await client.connected();
    const banner = (list) => list?.find(({ key }) => key === 'quickstart-banner');
    await until(() => heard.some(([name, body]) => name === 'client_connected' && banner(body.features)?.enabled), 'the feature is on');

    const again = await quickstart(folder, options);
    assert.equal(again.code, 0, again.output);
    assert.match(again.output, /feature +quickstart-banner +id \d+ +was there\n/);
    assert.equal((await readFile(path.join(folder, 'client-token'), 'utf8')).trim(), token, 'a valid token stays');

    const toggled = await quickstart(folder, [...options, '--toggle']);
    assert.equal(toggled.code, 0, toggled.output);
    assert.match(toggled.output, /quickstart-banner is now off/);
    await until(() => heard.some(([name, body]) => name === 'feature_update' && body.data.key === 'quickstart-banner' && !body.data.enabled), 'the client hears it');

    assert.match((await quickstart(folder, options)).output, /quickstart-banner +id \d+ +was there, and is ready again/);
    await until(() => heard.some(([name, body]) => name === 'feature_update' && banner([body.data])?.enabled), 'it is on again');
  }
});

test('it mends what others took apart, and works in another environment', async (t) => {
  const { product } = await started(t);
  await product.login();
  const folder = await workFolder(t);
  const env = { TOGGLECAST_OWNER_PASSWORD: kPassword };
  const options = ['--port', String(product.port)];
  assert.equal((await quickstart(folder, options, env)).code, 0);
  const first = await readFile(path.join(folder, 'client-token'), 'utf8');
  const [client] = (await product.call('GET', '/api/v1/clients?q=quickstart-client')).items;
  const [one] = (await product.call('GET', '/api/v1/packages?q=quickstart-plan')).items;
  await product.call('PATCH', `/api/v1/clients/${client.id}`, { package_id: null, active: false });
  await product.call('PATCH', `/api/v1/packages/${one.id}`, { features: [] });

  const mended = await quickstart(folder, options, env);
  assert.equal(mended.code, 0, mended.output);
  const effective = await product.call('GET', `/api/v1/clients/${client.id}/effective?feature=quickstart-banner`);
  assert.equal(effective.items[0].effective.enabled, true);

  await product.call('POST', '/api/v1/environments', { key: 'staging' });
  const passwords = path.join(folder, 'password');
  await writeFile(passwords, `${kPassword}\n`);
  const staging = await quickstart(folder, [...options, '--environment', 'staging', '--password-file', passwords]);
  assert.equal(staging.code, 0, staging.output);
  assert.notEqual(await readFile(path.join(folder, 'client-token'), 'utf8'), first, 'a token of another environment is replaced');
});

test('a refusal is the sentence of the server, and says where the password is from', async (t) => {
  const { product } = await started(t);
  const folder = await workFolder(t);
  const options = ['--port', String(product.port), '--data', folder];

  const wrong = await quickstart(folder, options, { TOGGLECAST_OWNER_PASSWORD: 'not the password' });
  assert.equal(wrong.code, 1);
  assert.match(wrong.output, /wrong username or password \(the password is from TOGGLECAST_OWNER_PASSWORD/);
  const none = await quickstart(folder, options);
  assert.equal(none.code, 1);
  assert.match(none.output, /no password: name a file with --password-file/);
  await product.end('SIGTERM');
  for (const env of [{ TOGGLECAST_OWNER_PASSWORD: kPassword }, {}]) {
    const nobody = await quickstart(folder, options, env);
    assert.equal(nobody.code, 1);
    assert.match(nobody.output, /^togglecast: no server answers at http:\/\/localhost:\d+ /, 'first of all, with and without a password');
  }
});
