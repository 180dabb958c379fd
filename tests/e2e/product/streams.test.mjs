// GET /api/v1/stream with curl: the view, its updates, Last-Event-ID over `kill -9`, ends, limits, many listeners.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { dataFolder, kOffset, ownKey, Product, product } from '../support/product.mjs';
import { Stream } from '../support/streams.mjs';

const kArgs = ['--write-rate', '1000', '--write-burst', '1000'];
const shared = product({ args: kArgs });
const kId = /^[A-Za-z0-9_-]{22}~(.+)$/;

/** A client on a package with one feature that reads `plan`. */
async function shop(it = shared.it, options) {
  const feature = await it.call('POST', '/api/v1/features', {
    key: ownKey('checkout'), name: 'Checkout', targeting: { if: [{ '==': [{ var: 'plan' }, 'free'] }, 'off', 'on'] },
  });
  const plan = await it.call('POST', '/api/v1/packages', { key: ownKey('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
  const { client, token, tokenId } = await it.createClient(ownKey('shop'), options);
  await it.call('PATCH', `/api/v1/clients/${client.id}`, { package_id: plan.id });
  return { client, token, tokenId, feature, plan };
}

const stream = (t, token, { it = shared.it, context, lastId } = {}) =>
  new Stream(t, `${it.url}/api/v1/stream${context ? `?context=${encodeURIComponent(JSON.stringify(context))}` : ''}`, {
    headers: { Authorization: `Bearer ${token}`, ...(lastId ? { 'Last-Event-ID': lastId } : {}) },
  });
const toggle = (id, it = shared.it) => it.call('POST', `/api/v1/features/${id}/toggle`);

describe('a stream', () => {
  test('brings the view, then the same updates as a socket', async (t) => {
    const { client, token, feature } = await shop();
    const socket = shared.it.clientSocket(t, token);
    const [seen] = await socket.next('client_connected');
    const listener = stream(t, token);
    const first = await listener.next('the view');

    assert.equal(first.name, 'client_connected');
    for (const member of ['client', 'package', 'features', 'platforms', 'revision', 'epoch']) assert.deepEqual(first.data[member], seen[member], member);
    assert.equal(first.data.client.id, client.id);
    assert.match(kId.exec(first.id)[1], kOffset);
    assert.match(listener.headers, /content-type: text\/event-stream/);
    assert.match(listener.headers, /cache-control: no-store/);
    assert.ok(listener.retry >= 1000);

    await toggle(feature.id);
    const [update] = await socket.next('feature_update');
    const event = await listener.next('the update');
    assert.equal(event.name, 'feature_update');
    assert.deepEqual(event.data, update);
    assert.notEqual(event.id, first.id);
  });

  test('evaluates for its context', async (t) => {
    const { token, feature } = await shop();
    const value = async (context) => (await stream(t, token, { context }).next('the view')).data.features.find(({ id }) => id === feature.id).value;

    assert.equal(await value({ plan: 'free' }), false);
    assert.equal(await value({ plan: 'pro' }), true);
    const bad = stream(t, token, { context: ['none'] });
    await bad.head;
    assert.equal(bad.status, 400);
  });

  test('resumes from its last id, and from no other', async (t) => {
    const { token, feature } = await shop();
    const other = await shop();
    const first = stream(t, token, { context: { plan: 'pro' } });
    await first.next('the view');
    await toggle(feature.id);
    const { id } = await first.until('feature_update');
    await first.close();
    await toggle(feature.id);
    await toggle(other.feature.id);

    const again = stream(t, token, { context: { plan: 'pro' }, lastId: id });
    const resumed = await again.next('the answer');
    assert.equal(resumed.name, 'client_resumed');
    assert.equal(resumed.id, id, 'what was missed is not there yet');
    const update = await again.next('what was missed');
    assert.equal(update.data.feature_id, feature.id);
    assert.equal(update.data.type, 'update', 'merged');
    assert.equal(update.data.data.value, true);
    await again.close();

    const current = stream(t, token, { context: { plan: 'pro' }, lastId: update.id });
    assert.equal((await current.next('the answer')).name, 'client_resumed');
    for (const [options, whose] of [
      [{ context: { plan: 'free' }, lastId: update.id }, token],
      [{ context: { plan: 'pro' }, lastId: update.id }, other.token],
      [{ context: { plan: 'pro' }, lastId: 'nonsense' }, token],
      [{ context: { plan: 'pro' }, lastId: `${update.id.split('~')[0]}~1.1.0123456789abcdef` }, token],
    ]) assert.equal((await stream(t, whose, options).next('the answer')).name, 'client_connected');
  });

  test('loses nothing over kill -9 of the server', async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    const it = await Product.start(data.folder, { args: kArgs });
    await it.login();
    const { token, feature } = await shop(it);
    const first = stream(t, token, { it });
    await first.next('the view');
    await toggle(feature.id, it);
    const { id } = await first.until('feature_update');
    await it.end('SIGKILL');
    await first.ended('the stream of a server that was killed');

    const back = await Product.start(data.folder, { args: kArgs, port: it.port });
    t.after(() => back.end('SIGTERM'));
    await back.login();
    await toggle(feature.id, back);
    const again = stream(t, token, { it: back, lastId: id });
    assert.equal((await again.next('the answer')).name, 'client_resumed');
    const update = await again.next('what was missed');
    assert.equal(update.data.data.value, true);
    assert.equal(update.data.revision, back.revision);
  });

  test('is for clients', async (t) => {
    const { key } = await shared.it.call('POST', '/api/v1/api-keys', { name: 'machine', scopes: ['read', 'stream', 'evaluate'] });
    for (const [token, status] of [[shared.it.admin, 403], [key, 403], ['nonsense', 401]]) {
      const refused = stream(t, token);
      await refused.head;
      assert.equal(refused.status, status);
    }
  });
});

describe('the end of a stream', () => {
  test('comes with the token', async (t) => {
    const { client, token, tokenId } = await shop();
    const listener = stream(t, token);
    await listener.next('the view');
    await shared.it.call('DELETE', `/api/v1/clients/${client.id}/tokens/${tokenId}`);

    const end = await listener.until('session_ended');
    assert.ok(end.data.reason);
    await listener.ended('a revoked stream');
    const refused = stream(t, token);
    await refused.head;
    assert.equal(refused.status, 401);
  });

  test('comes with its expiry, after a warning', async (t) => {
    const { token } = await shop(shared.it, { expires_in: 12 });
    const listener = stream(t, token);
    await listener.next('the view');

    const warning = await listener.until('token_expiring');
    assert.ok(warning.data.expires_at);
    await listener.ended('an expired stream');
  });

  test('does not come with a deactivated client, which sees everything off', async (t) => {
    const { client, token, feature } = await shop();
    const listener = stream(t, token);
    await listener.next('the view');
    await shared.it.call('POST', `/api/v1/clients/${client.id}/toggle`);

    const update = await listener.until('feature_update', ({ feature_id: id }) => id === feature.id);
    assert.equal(update.data.data.enabled, false);
  });

  test('comes with the server, which says when to come back', async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    const it = await Product.start(data.folder, { args: kArgs });
    await it.login();
    const { token } = await shop(it);
    const listeners = Array.from({ length: 5 }, () => stream(t, token, { it }));
    for (const one of listeners) await one.next('the view');
    await it.end('SIGTERM');
    for (const one of listeners) await one.ended('a stream that was sent away');
    assert.match(it.process.output, /drained.*"streams":5/);
    assert.ok(listeners.every(({ retry }) => retry >= 1000 && retry < 3000));
  });
});

test('streams count in the limit of their client', async (t) => {
  const data = await dataFolder();
  t.after(data.remove);
  const it = await Product.start(data.folder, { args: [...kArgs, '--connections-per-client', '2'] });
  t.after(() => it.end('SIGTERM'));
  await it.login();
  const { token } = await shop(it);
  const first = stream(t, token, { it });
  await first.next('the view');
  await stream(t, token, { it }).next('the view');
  const third = stream(t, token, { it });
  await third.head;
  assert.equal(third.status, 503);
  assert.match(third.headers, /retry-after: \d/);
  await first.close();
  await until(async () => {
    const another = stream(t, token, { it });
    await another.head;
    return another.status === 200;
  }, 'a place that is free again');
});

test('a slow reader gets what it missed in one piece', { timeout: 180_000 }, async (t) => {
  const data = await dataFolder();
  t.after(data.remove);
  const it = await Product.start(data.folder, { args: [...kArgs, '--stall-timeout', '3600'] });  // it is not given up meanwhile
  t.after(() => it.end('SIGKILL'));
  await it.login();
  const { token, plan } = await shop(it);
  const large = { variants: { a: 'a'.repeat(60_000) }, defaultVariant: 'a' };
  const big = await it.call('POST', '/api/v1/features', { key: ownKey('big'), name: 'Big', ...large });
  await it.call('PUT', `/api/v1/packages/${plan.id}/features/${big.id}`, {});
  const request = http.get(`${it.url}/api/v1/stream`, { headers: { Authorization: `Bearer ${token}` } });
  t.after(() => request.destroy());
  const response = await new Promise((resolve) => request.once('response', resolve));
  response.pause();
  for (let i = 0; i < 150; i += 1) await it.call('PATCH', `/api/v1/features/${big.id}`, { name: `Big ${i}` });

  let text = '';
  response.setEncoding('utf8').on('data', (part) => (text += part));
  response.resume();
  await until(() => text.includes('"name":"Big 149"') && text.endsWith('\n\n'), 'the newest state');
  const updates = text.split('\n').filter((line) => line === 'event: feature_update').length;
  assert.ok(updates < 150, `${updates} updates for 150 changes`);
});

test('2,000 listeners get one change', { timeout: 240_000 }, async (t) => {
  const { token, feature } = await shop();
  const agent = new http.Agent({ maxSockets: Infinity });
  const counts = { views: 0, updates: 0 };
  const requests = [];
  t.after(() => requests.forEach((request) => request.destroy()));
  const listen = () => new Promise((resolve, reject) => {
    const request = http.get(`${shared.it.url}/api/v1/stream`, { agent, headers: { Authorization: `Bearer ${token}` } }, (response) => {
      response.setEncoding('utf8').on('data', (text) => {
        if (text.includes('event: client_connected')) {
          counts.views += 1;
          resolve();
        }
        if (text.includes('event: feature_update')) counts.updates += 1;
      });
    });
    request.on('error', reject);
    requests.push(request);
  });
  for (let i = 0; i < 20; i += 1) await Promise.all(Array.from({ length: 100 }, listen));
  requests.forEach((request) => request.removeAllListeners('error').on('error', () => {}));
  assert.equal(counts.views, 2000);
  await toggle(feature.id);
  await until(() => counts.updates === 2000, 'an update for each listener', 120_000);
  assert.match(await shared.it.metrics(), /togglecast_streams_open 2\d\d\d/);
});
