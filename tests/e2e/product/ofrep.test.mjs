// OFREP with the stock providers of OpenFeature, and every answer against the public description.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature as ServerSdk } from '@openfeature/server-sdk';
import { OpenFeature as WebSdk, ProviderEvents } from '@openfeature/web-sdk';
import { EventSource } from 'eventsource';
import { until } from '../support/deadline.mjs';
import { fits, holds, kAll, kOne } from '../support/ofrep.mjs';
import { dataFolder, ownKey, Product, product } from '../support/product.mjs';
import { Stream } from '../support/streams.mjs';

globalThis.EventSource = EventSource;  // as in a browser

const kOrigin = 'https://app.example';
const kArgs = ['--write-rate', '1000', '--write-burst', '1000', '--cors-origin', kOrigin];
const shared = product({ args: kArgs });

/** A client with one flag of each type, one of which is not in its package, and one that can break. */
async function shop(it = shared.it) {
  const make = (kind, body) => it.call('POST', `/api/v1/${kind}`, { name: 'Any', ...body });
  const key = (name) => ownKey(name);
  const flags = {};
  const add = async (name, body) => (flags[name] = await make('features', { key: key(name), ...body }));
  await add('checkout', { sub_features: [{ key: 'express' }], targeting: { if: [{ '==': [{ var: 'plan' }, 'pro'] }, 'on', 'off'] } });
  await add('colour', { variants: { red: '#f00', blue: '#00f' }, defaultVariant: 'red', targeting: { if: [{ '==': [{ var: 'targetingKey' }, 'u2'] }, 'blue', null] } });
  await add('size', { variants: { small: 1, large: 2.5 }, defaultVariant: 'large' });
  await add('theme', { variants: { dark: { ink: 'white' } }, defaultVariant: 'dark' });
  await add('unchosen', { variants: { a: 'a' }, defaultVariant: null });
  await add('broken', { targeting: { if: [{ var: 'break' }, 'no-such-variant', 'on'] } });
  await add('unpaid');
  const plan = await make('packages', { key: key('plan'), features: Object.values(flags).slice(0, -1).map(({ id }) => ({ feature_id: id })) });
  const { client, token } = await it.createClient(key('shop'));
  await it.call('PATCH', `/api/v1/clients/${client.id}`, { package_id: plan.id });
  await it.call('PUT', `/api/v1/clients/${client.id}/overrides/${flags.unpaid.id}`, { removed: true });
  return { client, token, flags, key: (name) => flags[name].key };
}

const machine = async (scopes = ['evaluate']) => (await shared.it.call('POST', '/api/v1/api-keys', { name: 'machine', scopes })).key;

const asked = async (path, body, token, headers = {}) =>
  holds(path.startsWith(`${kAll}/`) ? kOne : kAll, await shared.it.request('POST', path, body, { token, headers }));
const one = (flag, context, token, headers) => asked(`${kAll}/${encodeURIComponent(flag)}`, { context }, token, headers);

describe('the public description', () => {
  test('fits every answer', async () => {
    const { token, key, flags } = await shop();
    const values = { checkout: true, colour: '#f00', size: 2.5, theme: { ink: 'white' }, unchosen: undefined, broken: true, unpaid: false };
    for (const [name, value] of Object.entries(values)) {
      const answer = await one(key(name), { targetingKey: 'u1', plan: 'pro' }, token);
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(answer.body.value, value, name);
    }
    assert.equal((await one(`${key('checkout')}/express`, { plan: 'pro' }, token)).body.value, true);

    const all = await asked(kAll, { context: { targetingKey: 'u2', break: true } }, token);
    assert.equal(all.body.flags.length, Object.keys(flags).length + 1);
    assert.equal(all.body.flags.find((flag) => flag.key === key('broken')).errorCode, 'GENERAL');
    const headers = { 'If-None-Match': all.headers.get('etag') };
    assert.equal((await asked(kAll, { context: { targetingKey: 'u2', break: true } }, token, headers)).status, 304);
  });

  test('fits every refusal, and each has its code', async () => {
    const { token, key } = await shop();
    const checkout = key('checkout');
    const refusals = [
      [400, 'PARSE_ERROR', undefined, () => asked(kAll, '{"context":', token)],
      [400, 'PARSE_ERROR', checkout, () => asked(`${kAll}/${checkout}`, '{"context":', token)],
      [400, 'INVALID_CONTEXT', undefined, () => asked(kAll, { context: [] }, token)],
      [400, 'INVALID_CONTEXT', checkout, () => one(checkout, 'u1', token)],
      [400, 'INVALID_CONTEXT', undefined, () => asked(kAll, { context: { targetingKey: 7 } }, token)],
      [400, 'INVALID_CONTEXT', checkout, () => one(checkout, { targetingKey: 7 }, token)],
      [400, 'GENERAL', key('broken'), () => one(key('broken'), { break: true }, token)],
      [400, 'TARGETING_KEY_MISSING', checkout, async () => one(checkout, {}, await machine())],
      [401, 'GENERAL', checkout, () => one(checkout, {}, 'nonsense')],
      [401, 'GENERAL', undefined, () => asked(kAll, {}, null)],
      [403, 'GENERAL', undefined, async () => asked(kAll, {}, await machine(['read']))],
      [404, 'FLAG_NOT_FOUND', 'a/b c/é', () => one('a/b c/é', {}, token)],
    ];
    for (const [status, code, flag, ask] of refusals) {
      const { body, status: answered } = await ask();
      assert.deepEqual([answered, body.errorCode, body.key], [status, code, flag], String(ask));
      assert.ok(body.errorDetails.length > 0);
    }
  });
});

describe('the stock server provider', () => {
  test('evaluates for many clients with one API key', async (t) => {
    const { client, key } = await shop();
    const apiKey = await machine();
    await ServerSdk.setProviderAndWait('server', new OFREPProvider({ baseUrl: shared.it.url, headers: [['X-API-Key', apiKey]] }));
    t.after(() => ServerSdk.clearProviders());
    const sdk = ServerSdk.getClient('server');

    assert.equal(await sdk.getBooleanValue(key('checkout'), false, { client: client.key, plan: 'pro' }), true);
    assert.equal(await sdk.getBooleanValue(`${key('checkout')}/express`, false, { client: client.key, plan: 'pro' }), true);
    assert.equal(await sdk.getStringValue(key('colour'), 'none', { client: client.key, targetingKey: 'u2' }), '#00f');
    assert.equal(await sdk.getNumberValue(key('size'), 0, { client: client.key }), 2.5);
    assert.deepEqual(await sdk.getObjectValue(key('theme'), {}, { client: client.key }), { ink: 'white' });
    assert.equal(await sdk.getStringValue(key('unchosen'), 'mine', { client: client.key }), 'mine', 'the default of the code');
    assert.equal(await sdk.getBooleanValue(key('unpaid'), true, { client: client.key }), false, 'a default opens nothing');
    const unknown = await sdk.getBooleanDetails('unknown', true, { client: client.key });
    assert.equal(unknown.errorCode, 'FLAG_NOT_FOUND');
    const details = await sdk.getBooleanDetails(key('checkout'), false, { targetingKey: client.key });
    assert.equal(details.reason, 'TARGETING_MATCH');
    assert.equal(details.flagMetadata.rule, 'targeting');
    assert.equal((await sdk.getBooleanDetails(key('checkout'), false, {})).errorCode, 'TARGETING_KEY_MISSING');
  });
});

describe('the stock web provider', () => {
  test('keeps all flags, takes 304, and follows its context', async (t) => {
    const { token, key, flags } = await shop();
    const statuses = [];
    const provider = new OFREPWebProvider({
      baseUrl: shared.it.url,
      changeDetection: 'polling',
      pollInterval: 100,
      cacheMode: 'disabled',
      headers: [['Authorization', `Bearer ${token}`]],
      fetchImplementation: async (...request) => {
        const answer = await fetch(...request);
        statuses.push(answer.status);
        return answer;
      },
    });
    await WebSdk.setContext('web', { plan: 'pro', targetingKey: 'u1' });
    await WebSdk.setProviderAndWait('web', provider);
    t.after(() => WebSdk.clearProviders());
    const sdk = WebSdk.getClient('web');
    const changed = [];
    sdk.addHandler(ProviderEvents.ConfigurationChanged, (event) => changed.push(...event.flagsChanged));

    assert.equal(sdk.getBooleanValue(key('checkout'), false), true);
    assert.equal(sdk.getStringValue(key('colour'), 'none'), '#f00');
    assert.equal(sdk.getBooleanValue(key('unpaid'), true), false);
    await until(() => statuses.includes(304), 'a poll without news');
    await WebSdk.setContext('web', { plan: 'free', targetingKey: 'u1' });
    assert.equal(sdk.getBooleanValue(key('checkout'), true), false, 'another context with the same targetingKey');

    await shared.it.call('POST', `/api/v1/features/${flags.colour.id}/toggle`);
    await until(() => changed.includes(key('colour')), 'the change');
    assert.equal(sdk.getStringValue(key('colour'), 'mine'), 'mine');
  });
});

describe('notices', () => {
  const web = async (t, domain, it, token) => {
    await WebSdk.setContext(domain, { plan: 'pro', targetingKey: 'u1' });
    await WebSdk.setProviderAndWait(domain, new OFREPWebProvider({ baseUrl: it.url, cacheMode: 'disabled', headers: [['Authorization', `Bearer ${token}`]] }));
    t.after(() => WebSdk.clearProviders());
    return WebSdk.getClient(domain);
  };

  test('bring each change to the stock web provider, without polls', async (t) => {
    const { token, key, flags } = await shop();
    const sdk = await web(t, 'live', shared.it, token);
    const changed = [];
    sdk.addHandler(ProviderEvents.ConfigurationChanged, (event) => changed.push(...event.flagsChanged));
    assert.equal(sdk.getStringValue(key('colour'), 'none'), '#f00');

    for (const value of ['mine', '#f00', 'mine']) {
      await shared.it.call('POST', `/api/v1/features/${flags.colour.id}/toggle`);
      await until(() => sdk.getStringValue(key('colour'), 'mine') === value, `the value ${value}`);
    }
    assert.ok(changed.includes(key('colour')));
  });

  test('bring what changed while the server was away', { timeout: 120_000 }, async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    const it = await Product.start(data.folder, { args: kArgs });
    await it.login();
    const { token, key, flags } = await shop(it);
    const sdk = await web(t, 'away', it, token);
    assert.equal(sdk.getStringValue(key('colour'), 'none'), '#f00');
    await it.end('SIGKILL');

    const back = await Product.start(data.folder, { args: kArgs, port: it.port });
    t.after(() => back.end('SIGTERM'));
    await back.login();
    await back.call('POST', `/api/v1/features/${flags.colour.id}/toggle`);
    await until(() => sdk.getStringValue(key('colour'), 'mine') === 'mine', 'what was missed', 60_000);
  });

  const notices = async (token) => {
    const all = await asked(kAll, { context: {} }, token);
    assert.equal(all.body.eventStreams.length, 1);
    return { all, target: all.body.eventStreams[0].endpoint.requestUri };
  };

  test('come at every connect and at each change that concerns the client', async (t) => {
    const { token, flags } = await shop();
    const other = await shop();
    const { target } = await notices(token);
    const listener = new Stream(t, shared.it.url + target);
    const first = await listener.next('the notice at the connect');
    fits('sseEventData', first.data);
    assert.equal(first.name, 'message');
    assert.equal(first.id, first.data.etag);

    await shared.it.call('POST', `/api/v1/features/${other.flags.colour.id}/toggle`);
    await shared.it.call('POST', `/api/v1/features/${flags.colour.id}/toggle`);
    const next = await listener.next('the notice of the change');
    assert.equal(next.data.etag, `1.${shared.it.revision}`, 'and none of the other one');
    const told = await asked(`${kAll}?flagConfigEtag=${next.data.etag}&flagConfigLastModified=${next.data.lastModified}`, {}, token);
    assert.equal(told.status, 200);
    await listener.close();

    const same = new Stream(t, shared.it.url + target, { headers: { 'Last-Event-ID': next.id } });
    await same.head;
    await shared.it.call('POST', `/api/v1/features/${flags.colour.id}/toggle`);
    assert.equal((await same.next('a notice')).data.etag, `1.${shared.it.revision}`, 'nothing was told at the connect');
  });

  test('have a ticket that stays the same, opens nothing else, and ends with its token', async (t) => {
    const { client, token } = await shop();
    const { all, target } = await notices(token);
    assert.equal((await notices(token)).target, target);
    const ticket = new URL(target, shared.it.url).searchParams.get('ticket');
    assert.ok(!Buffer.from(ticket, 'base64url').toString().includes('production'));
    for (const [method, path] of [['POST', kAll], ['GET', '/api/v1/stream'], ['GET', '/api/v1/features']])
      assert.equal((await shared.it.request(method, path, undefined, { token: ticket })).status, 401, path);

    const listener = new Stream(t, shared.it.url + target);
    await listener.next('a notice');
    const [{ id }] = (await shared.it.call('GET', `/api/v1/clients/${client.id}/tokens`)).items;
    const { token: renewed } = await shared.it.issueToken(client.id);
    await shared.it.call('DELETE', `/api/v1/clients/${client.id}/tokens/${id}`);
    await listener.ended('a stream whose token was revoked');
    assert.equal((await shared.it.request('GET', target, undefined, { token: null })).status, 401);
    const headers = { 'If-None-Match': all.headers.get('etag') };
    const next = await asked(kAll, { context: {} }, renewed, headers);
    assert.equal(next.status, 200, 'a page that needs another URL gets it');
    assert.notEqual(next.body.eventStreams[0].endpoint.requestUri, target);
  });

  test('are not for servers, which name a client', async () => {
    const { client } = await shop();
    const answer = await asked(kAll, {}, await machine(), { 'Togglecast-Client': client.key });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.eventStreams, undefined);
  });
});

test('a page of another origin may ask, and reads the tag', async () => {
  const preflight = await fetch(shared.it.url + kAll, {
    method: 'OPTIONS',
    headers: { Origin: kOrigin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type,x-api-key' },
  });
  const allowed = preflight.headers.get('access-control-allow-headers').toLowerCase().split(',');
  for (const name of ['content-type', 'authorization', 'x-api-key', 'if-none-match', 'last-event-id', 'togglecast-client']) assert.ok(allowed.includes(name), name);
  assert.ok(Number(preflight.headers.get('access-control-max-age')) >= 600);
  const { token } = await shop();
  const answer = await asked(kAll, {}, token, { Origin: kOrigin });
  assert.equal(answer.headers.get('access-control-allow-origin'), kOrigin);
  const exposed = answer.headers.get('access-control-expose-headers').split(',');
  for (const name of ['ETag', 'Retry-After']) assert.ok(exposed.includes(name), name);
});
