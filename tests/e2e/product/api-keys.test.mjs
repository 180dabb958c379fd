// API keys of machines: what they open, and when that ends.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { dataFolder, kOwner, kPassword, kTimestamp, ownKey, Product, product } from '../support/product.mjs';
import { App } from '../support/totp.mjs';

const shared = product();

async function makeKey(body = {}) {
  return shared.it.call('POST', '/api/v1/api-keys', { name: 'deploy', scopes: ['read'], ...body });
}
const as = (token, ...call) => shared.it.request(...call.slice(0, 2), call[2], { token, ...call[3] });

async function stream(t, made) {
  const client = shared.it.socket(t, '/admin', { token: made.key });
  await client.connected();
  const [connected] = await client.next('admin_connected');
  return { client, connected };
}

describe('an API key', () => {
  test('is shown once', async () => {
    const made = await makeKey({ addresses: ['127.0.0.0/8', '::1'] });

    assert.match(made.key, /^tck_[A-Za-z0-9_-]{43}$/);
    assert.equal(made.prefix, made.key.slice(0, 10));
    const read = await shared.it.request('GET', `/api/v1/api-keys/${made.id}`);
    assert.equal(read.body.key, undefined);
    assert.equal(read.body.environment, 'production');
    assert.deepEqual(read.body.scopes, ['read']);
    assert.ok(!read.text.includes(made.key));
    const listed = await shared.it.call('GET', `/api/v1/api-keys?q=${read.body.sha256}`);
    assert.deepEqual(listed.items.map((one) => one.id), [made.id]);
    assert.ok(!(await shared.it.call('GET', '/api/v1/activity?entity_type=api_key&limit=5')).items.some((entry) => JSON.stringify(entry).includes(made.key)));
  });

  test('is made once by a repeated request', async () => {
    const headers = { 'Idempotency-Key': ownKey('make') };
    const body = { name: 'once', scopes: ['read'] };
    assert.equal((await shared.it.request('POST', '/api/v1/api-keys', body, { headers })).status, 201);

    const again = await shared.it.request('POST', '/api/v1/api-keys', body, { headers });

    assert.equal(again.status, 409);
    assert.match(again.body.detail, /shown then and is not stored/);
    assert.equal((await shared.it.call('GET', '/api/v1/api-keys?q=once')).total, 1);
  });

  test('reads with `read` and writes what its scopes name, as itself', async () => {
    const { key } = await makeKey({ name: 'CI', scopes: ['write:features'] });

    const made = await as(key, 'POST', '/api/v1/features', { key: ownKey('flag'), name: 'Flag' });
    assert.equal(made.status, 201, made.text);
    const refused = await as(key, 'POST', '/api/v1/platforms', { key: ownKey(), name: 'Web' });
    assert.equal(refused.status, 403);
    assert.match(refused.body.detail, /this API key may not change platforms; it takes the scope write:platforms/);
    assert.equal((await as(key, 'GET', '/api/v1/features')).status, 403);
    const [entry] = (await shared.it.call('GET', '/api/v1/activity?limit=1')).items;
    assert.equal(entry.actor.kind, 'machine');
    assert.equal(entry.actor.name, 'CI');
    const undone = await as(key, 'POST', `/api/v1/activity/${entry.epoch}.${entry.revision}/undo`);
    assert.equal(undone.status, 200, undone.text);
    await shared.it.createPlatform({ key: ownKey(), name: 'Web' });
    const [other] = (await shared.it.call('GET', '/api/v1/activity?limit=1')).items;
    assert.equal((await as(key, 'POST', `/api/v1/activity/${other.epoch}.${other.revision}/undo`)).status, 403);
  });

  test('changes nothing beside its scopes by force either', async () => {
    const feature = await shared.it.call('POST', '/api/v1/features', { key: ownKey('flag'), name: 'Flag' });
    const body = { key: ownKey('plan'), name: 'Plan', features: [{ feature_id: feature.id }] };
    const plan = await shared.it.call('POST', '/api/v1/packages', body);
    const { key } = await makeKey({ scopes: ['write:features'] });

    const refused = await as(key, 'DELETE', `/api/v1/features/${feature.id}?force=true`);

    assert.equal(refused.status, 403, refused.text);
    assert.match(refused.body.detail, new RegExp(`takes the scope write:packages, because this request also changes package ${plan.id}`));
    const both = await makeKey({ scopes: ['write:features', 'write:packages'] });
    assert.equal((await as(both.key, 'DELETE', `/api/v1/features/${feature.id}?force=true`)).status, 204);
  });

  test('works in one environment', async () => {
    await shared.it.call('POST', '/api/v1/environments', { key: 'staging' });
    const { key } = await makeKey({ environment: 'staging', scopes: ['read', 'write:platforms'] });

    assert.equal((await as(key, 'POST', '/api/v1/platforms', { key: 'there', name: 'There' })).status, 201);
    assert.equal((await as(key, 'GET', '/api/v1/platforms')).body.total, 1);
    assert.ok(!(await shared.it.platforms()).some((platform) => platform.key === 'there'));
    assert.deepEqual((await as(key, 'GET', '/api/v1/environments')).body.items.map((one) => one.key), ['staging']);
    assert.equal((await as(key, 'GET', '/api/v1/environments/production')).status, 403);
  });

  test('evaluates with `evaluate`', async () => {
    const feature = await shared.it.call('POST', '/api/v1/features', { key: ownKey('flag'), name: 'Flag' });
    const { key } = await makeKey({ scopes: ['evaluate'] });

    const answer = await as(key, 'POST', '/api/v1/evaluate', { feature: feature.key, context: {} });

    assert.equal(answer.status, 200, answer.text);
    assert.equal(typeof answer.body.decision.value, 'boolean', answer.text);
    assert.equal((await as(key, 'GET', '/api/v1/features')).status, 403);
    assert.equal((await as(key, 'GET', '/api/v1/clients/999999/effective')).status, 404);
  });

  test('is refused from elsewhere, forged, unknown, and without scopes', async (t) => {
    const elsewhere = await makeKey({ scopes: ['read', 'stream'], addresses: ['192.0.2.0/24'] });
    const refused = await as(elsewhere.key, 'GET', '/api/v1/platforms');
    assert.equal(refused.status, 403);
    assert.match(refused.body.detail, /may not be used from the address (::1|127\.0\.0\.1)/);
    assert.equal((await shared.it.socket(t, '/admin', { token: elsewhere.key }).refused()).data.code, 'forbidden');
    for (const forged of [`tck_${'A'.repeat(43)}`, 'tck_', `${elsewhere.key}x`, elsewhere.key.toUpperCase()]) {
      assert.equal((await as(forged, 'GET', '/api/v1/platforms')).status, 401, forged);
      assert.equal((await shared.it.socket(t, '/admin', { token: forged }).refused()).data.code, 'token_invalid');
    }
    const problem = await shared.it.request('POST', '/api/v1/api-keys', { name: '', scopes: ['all'], addresses: ['home'], environment: 'system' });
    assert.deepEqual(problem.body.errors.map((issue) => issue.pointer).sort(), ['/addresses', '/environment', '/name', '/scopes']);
    assert.equal((await shared.it.request('POST', '/api/v1/api-keys', { name: 'x', scopes: [] })).status, 400);
  });

  test('tells when it was used last', async () => {
    const made = await makeKey();
    assert.equal((await shared.it.call('GET', `/api/v1/api-keys/${made.id}`)).last_used_at, null);
    await as(made.key, 'GET', '/api/v1/platforms');

    const used = await until(async () => (await shared.it.call('GET', `/api/v1/api-keys/${made.id}`)).last_used_at, 'the last use', 30_000);

    assert.match(used, kTimestamp);
  });

  test('counts its own rates', async () => {
    const one = await makeKey({ scopes: ['write:platforms'] });
    const other = await makeKey({ scopes: ['write:platforms'] });
    const write = (key) => shared.it.requestOnce('POST', '/api/v1/platforms/999999/toggle', undefined, { token: key });
    let limited = false;
    await until(async () => {
      limited = (await Promise.all(Array.from({ length: 40 }, () => write(one.key)))).some((answer) => answer.status === 429);
      return limited;
    }, 'a limited key', 60_000);

    assert.equal((await write(other.key)).status, 404);
  });
});

describe('a connection with an API key', () => {
  test('hears of every change, and asks for no more than its scopes say', async (t) => {
    const { client, connected } = await stream(t, await makeKey({ name: 'mirror', scopes: ['stream'] }));

    assert.equal(connected.admin, undefined);
    assert.equal(connected.machine.name, 'mirror');
    assert.deepEqual(connected.machine.scopes, ['stream']);
    const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'Web' });
    await until(async () => (await client.next('platform_update'))[0].platform_id === id, 'the change');
    const ask = (event) => client.socket.timeout(60_000).emitWithAck(event, {});
    assert.equal((await ask('request_activity_feed')).error.code, 'forbidden');
    assert.equal((await ask('broadcast_announcement')).error.code, 'forbidden');
    assert.equal((await ask('config_check')).error, undefined);
  });

  test('needs the scope stream, and never opens /client', async (t) => {
    const { key } = await makeKey({ scopes: ['read', 'evaluate'] });
    const refused = await shared.it.socket(t, '/admin', { token: key }).refused();
    assert.equal(refused.data.code, 'forbidden');
    assert.match(refused.message, /it takes the scope stream/);
    const streams = await makeKey({ scopes: ['stream'] });
    assert.equal((await shared.it.socket(t, '/client', { token: streams.key }).refused()).data.code, 'forbidden');
  });

  test('may log in by event', async (t) => {
    const { key } = await makeKey({ scopes: ['stream'], addresses: ['127.0.0.0/8', '::1'] });
    const client = shared.it.socket(t, '/admin', {});
    await client.connected();

    const answer = await client.socket.timeout(60_000).emitWithAck('admin_connect', { token: key });

    assert.equal(answer.error, undefined, JSON.stringify(answer));
    assert.deepEqual(answer.machine.scopes, ['stream']);
  });

  for (const [name, reason, change] of [
    ['is revoked', 'api_key_revoked', (id) => shared.it.call('DELETE', `/api/v1/api-keys/${id}`)],
    ['is deactivated', 'api_key_deactivated', (id) => shared.it.call('PATCH', `/api/v1/api-keys/${id}`, { active: false })],
    ['loses its address', 'api_key_changed', (id) => shared.it.call('PATCH', `/api/v1/api-keys/${id}`, { addresses: ['192.0.2.7'] })],
    ['loses the scope stream', 'api_key_changed', (id) => shared.it.call('PATCH', `/api/v1/api-keys/${id}`, { scopes: ['read'] })],
  ]) {
    test(`ends when its key ${name}`, async (t) => {
      const made = await makeKey({ scopes: ['stream'] });
      const { client } = await stream(t, made);
      const { client: bystander } = await stream(t, await makeKey({ scopes: ['stream'] }));

      await change(made.id);

      assert.equal((await client.next('session_ended'))[0].reason, reason);
      assert.equal(await client.disconnects.next('the disconnect'), 'io server disconnect');
      assert.equal((await bystander.socket.timeout(60_000).emitWithAck('config_check', {})).error, undefined);
    });
  }

  test('ends when its key expires', async (t) => {
    const made = await makeKey({ scopes: ['stream'], expires_in: 12 });
    const { client } = await stream(t, made);

    assert.match((await client.next('token_expiring'))[0].expires_at, kTimestamp);
    await client.disconnects.next('the close');
    const answer = await as(made.key, 'GET', '/api/v1/platforms');
    assert.deepEqual([answer.status, answer.body.code], [401, 'token_expired']);
    assert.match(answer.body.detail, /expired/);

    const refused = await shared.it.socket(t, '/admin', { token: made.key }).refused();
    assert.equal(refused.data.code, 'token_expired');
    const outside = await shared.it.socket(t, '/admin', {}).connected();
    assert.equal((await outside.ask('admin_connect', { token: made.key })).error.code, 'token_expired');
    const { client: inside } = await stream(t, await makeKey({ scopes: ['stream'] }));
    assert.equal((await inside.ask('admin_connect', { token: made.key })).error.code, 'token_expired');
    assert.ok(inside.socket.connected);
  });

  test('hears nothing of another environment', async (t) => {
    const environment = ownKey('environment');
    await shared.it.call('POST', '/api/v1/environments', { key: environment });
    const { client } = await stream(t, await makeKey({ environment, scopes: ['stream'] }));
    const there = await makeKey({ environment, scopes: ['write:platforms', 'write:clients'] });
    const heard = [];
    client.socket.onAny((event, ...values) => heard.push(JSON.stringify([event, ...values])));
    const production = await shared.it.adminSocket(t).connected();
    await production.next('admin_connected');
    const mark = ownKey('of-production');
    const all = [];
    production.socket.onAny((event, ...values) => all.push(JSON.stringify([event, ...values])));

    const { id } = await shared.it.createPlatform({ key: mark, name: mark });
    await shared.it.toggle(id);
    await shared.it.call('POST', '/api/v1/features', { key: mark, name: mark });
    await shared.it.call('POST', '/api/v1/clients', { key: mark, name: mark });
    await production.ask('broadcast_announcement', { title: mark, message: mark, audience: 'all' });
    for (const event of ['platform_update', 'feature_update', 'entity_update', 'activity', 'announcement'])
      await until(() => all.some((one) => one.startsWith(`["${event}"`) && one.includes(mark)), `${event} in production`);
    const own = (await as(there.key, 'POST', '/api/v1/platforms', { key: ownKey(), name: 'There' })).body;

    assert.equal((await client.next('platform_update'))[0].platform_id, own.id, 'the first one that it hears of');
    assert.equal((await as(there.key, 'POST', '/api/v1/clients', { key: ownKey('client'), name: 'There' })).status, 201);
    assert.equal((await client.next('entity_update'))[0].entity_type, 'client');
    for (const event of ['feature_update', 'announcement']) assert.equal(client.unread(event), 0, event);
    assert.deepEqual(heard.filter((one) => one.includes(mark)), []);
  });
});

describe('the data folder of a server', () => {
  const kPiece = 12;
  /** Where a secret stands in a file, as text or as its bytes: `name of the file: piece`. Pieces, since a row may be cut. */
  function places(files, { text, bytes }) {
    const found = [];
    const forms = [Buffer.from(text), ...(bytes ? [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('hex').toUpperCase())] : [])];
    for (const form of forms) {
      for (let at = 0; at + kPiece <= form.length; at++) {
        const piece = form.subarray(at, at + kPiece);
        for (const { name, content } of files) if (content.includes(piece)) found.push(`${name}: ${piece}`);
      }
    }
    return found;
  }
  const filesIn = async (folder) => Promise.all((await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    .map(async ({ name, parentPath, path: inside }) => ({ name, content: await readFile(path.join(parentPath ?? inside, name)) })));

  for (const signal of ['SIGKILL', 'SIGTERM']) {
    test(`has no secret that it gave out, after ${signal}`, async (t) => {
      const data = await dataFolder();
      t.after(() => data.remove());
      const server = await Product.start(data.folder);
      t.after(() => server.end('SIGKILL'));
      const again = () => ({ headers: { 'Idempotency-Key': ownKey('once') } });  // such an answer is kept for repetitions
      const login = await server.login();
      const key = await server.call('POST', '/api/v1/api-keys', { name: 'a key with this name', scopes: ['read'] }, again());
      assert.equal((await server.request('GET', '/api/v1/platforms', undefined, { token: key.key })).status, 200);
      const client = await server.call('POST', '/api/v1/clients', { key: 'acme', name: 'Acme' });
      const { token } = await server.call('POST', `/api/v1/clients/${client.id}/tokens`, {}, again());
      const refreshed = await server.call('POST', '/api/v1/auth/refresh', { refresh_token: login.refresh_token }, { token: null });
      const factor = await server.call('POST', '/api/v1/auth/second-factor', { password: kPassword }, again());
      const app = new App(factor.secret);
      const codes = (await server.call('POST', '/api/v1/auth/second-factor/confirm', { code: app.next() }, again())).recovery_codes;
      const used = await server.call('POST', '/api/v1/auth/login', { username: kOwner, password: kPassword, code: codes[0] }, { token: null });
      const body = (text) => ({ text, bytes: Buffer.from(text, 'base64url') });
      const lastPart = (text) => body(text.split('.').at(-1));
      const secrets = {
        'the API key': body(key.key.slice('tck_'.length)),
        'the token of the client': lastPart(token),
        'the token of the admin': lastPart(login.token),
        'the first refresh token': lastPart(login.refresh_token),
        'the second refresh token': lastPart(refreshed.refresh_token),
        'the refresh token of the other login': lastPart(used.refresh_token),
        'the secret of the second factor': { text: factor.secret, bytes: app.secret },
        'the password': { text: kPassword },
        ...Object.fromEntries(codes.flatMap((code, n) => [[`recovery code ${n}`, { text: code }], [`recovery code ${n} without dashes`, { text: code.replaceAll('-', '') }]])),
      };

      await server.end(signal);

      const files = await filesIn(data.folder);
      const database = files.filter(({ name }) => name.startsWith('togglecast.db'));
      if (signal === 'SIGKILL') assert.ok(database.some(({ name, content }) => name.endsWith('-wal') && content.length > 0), 'the newest rows are in a file of their own');
      for (const kept of ['a key with this name', key.sha256]) assert.notDeepEqual(places(database, { text: kept }), [], `${kept} is found there`);
      for (const [name, secret] of Object.entries(secrets)) assert.deepEqual(places(files, secret), [], name);
      for (const [name, { text }] of Object.entries(secrets)) assert.ok(!server.process.output.includes(text), `${name} in the log`);
    });
  }
});
