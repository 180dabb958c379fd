// @togglecast/client against the real server.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Client, TogglecastError, type ClientOptions, type StateStorage } from '../src/index.js';
import { own, proxyTo, Server, until } from '../../support/server.js';
import { page as pageOf, Shelf } from './page.js';

const server = new Server();
beforeAll(() => server.start());
afterAll(() => server.end());

const page = (options: ClientOptions) => pageOf({ url: server.url, ...options });
const toggle = (id: number, enabled: boolean) => server.call('POST', `/api/v1/features/${id}/toggle`, { enabled });
const metric = async (line: string) => {
  const text = await (await fetch(`${server.url}/metrics`, { headers: { Authorization: `Bearer ${server.token}` } })).text();
  return Number(text.split('\n').find((one) => one.startsWith(`${line} `))?.split(' ')[1] ?? 0);
};

describe('answers', () => {
  test('flags of every type, sub-features, limits, platforms and the plan', async () => {
    const platform = await server.call('POST', '/api/v1/platforms', { key: own('web'), name: 'Web', config: { theme: 'dark' } });
    const { features, plan, client: record, token } = await server.world({
      chat: { sub_features: [{ key: 'files' }] },
      layout: { variants: { grid: 'grid', list: 'list' }, defaultVariant: 'grid' },
      rows: { variants: { few: 10, many: 50 }, defaultVariant: 'many' },
      theme: { variants: { a: { colour: 'red' } }, defaultVariant: 'a' },
      off: { variants: { a: 'a' }, defaultVariant: 'a', state: 'DISABLED' },
      closed: { state: 'DISABLED' },
    }, { limits: { chat: 25, closed: 3 } });
    const key = (name: string) => features[name]!.key;
    const { client } = page({ token });
    await client.ready();

    expect(client.flag(key('chat'), false)).toBe(true);
    expect(client.flag(`${key('chat')}/files`, false)).toBe(true);
    expect(client.flag(key('layout'), 'list')).toBe('grid');
    expect(client.flag(key('rows'), 1)).toBe(50);
    expect(client.flag(key('theme'), { colour: 'none' })).toEqual({ colour: 'red' });
    expect(client.flag(key('off'), 'default'), 'a denied text is the default of the code').toBe('default');
    expect(client.flag(key('closed'), true), 'a denied boolean is false').toBe(false);
    expect(client.flag('unknown', 'default')).toBe('default');
    expect(client.flag(key('layout'), 7), 'another type').toBe(7);
    expect(client.details(key('layout'))).toEqual({
      key: key('layout'), enabled: true, value: 'grid', variant: 'grid', reason: 'STATIC', rule: 'default_variant',
    });
    expect(client.details('unknown')).toBeUndefined();
    expect([client.limit(key('chat')), client.limit(key('rows')), client.limit(key('closed')), client.limit('unknown')]).toEqual([25, Infinity, 0, 0]);
    expect(client.platform(platform.key)?.config).toEqual({ theme: 'dark' });
    expect(client.plan()?.key).toBe(plan.key);
    expect(client.identity()?.key).toBe(record.key);
    expect(client.age()).toBe(0);
  });

  test('a change names the keys, and the receipt says that it was applied', async () => {
    const { features, token } = await server.world({ chat: { sub_features: [{ key: 'files' }] } });
    const { id, key } = features['chat']!;
    const { client } = page({ token });
    await client.ready();
    const heard: string[][] = [];
    client.on('change', (keys) => heard.push([...keys].sort()));
    await toggle(id, false);
    await until(() => !client.flag(key, true), 'the change');

    expect(heard).toEqual([[key, `${key}/files`]]);
    const { revision } = client.getSnapshot().state!;
    type Rollout = { stages: { applied: { connections: number } } };
    const applied = async () => (await server.call<Rollout>('GET', `/api/v1/changes/${revision}/rollout`)).stages.applied.connections;
    await until(async () => (await applied()) === 1, 'the receipt');
  });

  test('the context decides, at the login and later', async () => {
    const { features, token } = await server.world({ beta: { targeting: { if: [{ '==': [{ var: 'region' }, 'eu'] }, 'on', 'off'] } } });
    const { key } = features['beta']!;
    const { client } = page({ token, context: { region: 'eu' } });
    await client.ready();
    expect(client.flag(key, false)).toBe(true);
    await client.setContext({ region: 'us' });
    expect(client.flag(key, true)).toBe(false);
    await expect(client.setContext({ a: { b: { c: { d: { e: { f: 1 } } } } } })).rejects.toThrow(TogglecastError);
    expect(client.context).toEqual({ region: 'us' });
    client.socket.io.engine.close();
    await until(() => client.status === 'stale', 'the loss');
    await client.ready();
    expect(client.flag(key, true), 'the next connection has the same context').toBe(false);
  });

  test('metrics are added up, also those of before the connection', async () => {
    const { token } = await server.world();
    const { client } = page({ token, connect: false });
    const early = client.reportMetrics([{ name: 'early', value: 1 }]);
    client.connect();
    expect(await early).toEqual({ accepted: 1, dropped: 0 });
    expect(await client.reportMetrics([{ name: 'late', value: 2 }])).toEqual({ accepted: 1, dropped: 0 });
    await expect(client.reportMetrics([{ name: 'not a name', value: 2 }])).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('admins see the name and the version of the package', async () => {
    const { client: record, token } = await server.world();
    await page({ token }).client.ready();
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
    const { items } = await server.call<{ items: { sdk: string }[] }>('GET', `/api/v1/connections?client=${record.id}`);
    expect(items.map(({ sdk }) => sdk)).toEqual([`togglecast-js/${version}`]);
  });

  test('every event of the original is there for those who want it', async () => {
    const { client: record, token } = await server.world();
    const { client } = page({ token });
    const heard = new Promise<string>((resolve) => client.socket.on('client_notification', ({ title }) => resolve(title)));
    await client.ready();
    await server.call('POST', '/api/v1/broadcasts/send_client_notification', { client_id: record.id, title: 'hello', message: 'you' });
    expect(await heard).toBe('hello');
    const reply = await client.socket.emitWithAck('heartbeat', {});
    expect(reply).toMatchObject({ revision: expect.any(Number) as number });
  });
});

describe('away and back', () => {
  test('a lost connection is stale, answers, and resumes with what it missed', async () => {
    const { features, token } = await server.world({ chat: {} });
    const { id, key } = features['chat']!;
    const proxy = await proxyTo(server);
    const { client, events } = page({ token, url: proxy.url });
    const told: string[] = [];
    client.on('status', (status) => told.push(status));
    await client.ready();
    proxy.let(false);
    await until(() => client.status === 'offline', 'offline');
    await toggle(id, false);
    expect(client.flag(key, false), 'the last good state').toBe(true);
    expect(client.age()).toBeGreaterThanOrEqual(0);
    proxy.let(true);
    await until(() => client.status === 'ready' && !client.flag(key, true), 'the missed change');

    expect(events.filter((name) => name === 'client_connected').length).toBe(1);
    expect(events).toContain('client_resumed');
    expect(told).toEqual(['ready', 'stale', 'offline', 'ready']);
  });

  test('a server that has no time for it says when to come back', async () => {
    const { token } = await server.world();
    const proxy = await proxyTo(server);
    proxy.answer('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    const { client } = page({ token, url: proxy.url });
    await until(() => client.status === 'offline', 'the refusal');
    const pauses = timers.mock.calls.map(([, pause]) => pause ?? 0);
    expect(pauses.filter((ms) => ms >= 7000 && ms < 9000), `of ${pauses.join()}: 7 s, and at most 2 s of its own`).toHaveLength(1);

    proxy.answer(undefined);
    client.connect(); // at once
    await client.ready();
  });

  test('a reloaded page answers at once from the storage, and resumes', async () => {
    const { features, token } = await server.world({ chat: {} });
    const { id, key } = features['chat']!;
    const shelf = new Shelf();
    const first = page({ token, storage: shelf }).client;
    await first.ready();
    await until(() => shelf.size > 0, 'the record');
    first.close();
    await toggle(id, false);

    const { client, events } = page({ token, storage: shelf, connect: false });
    expect([client.status, client.getSnapshot().source, client.flag(key, false)]).toEqual(['stale', 'storage', true]);
    expect(client.age()).toBeLessThan(60_000);
    client.connect();
    await until(() => client.status === 'ready' && !client.flag(key, true), 'what it missed');
    expect(events[0]).toBe('client_resumed');
    expect(events).not.toContain('client_connected');
  });

  test('another context or another client is no session to resume, nor a state to show', async () => {
    const { features, token } = await server.world({ chat: {} });
    const other = await server.world({});
    const shelf = new Shelf();
    const first = page({ token, storage: shelf }).client;
    await first.ready();
    first.close();
    expect(shelf.size).toBe(1);

    for (const options of [{ token, context: { region: 'eu' } }, { token: other.token }]) {
      const { client, events } = page({ ...options, storage: new Shelf(shelf), connect: false });
      expect([client.status, client.flag(features['chat']!.key, false)]).toEqual(['connecting', false]);
      client.connect();
      await client.ready();
      expect(events[0]).toBe('client_connected');
      client.close();
    }
  });

  test('a token that is got later: another person does not see the stored state, the same one does', async () => {
    const { features, token, client: record } = await server.world({ chat: {} });
    const other = await server.world({});
    const { key } = features['chat']!;
    const shelf = new Shelf();
    const first = page({ token, storage: shelf }).client;
    await first.ready();
    first.close();

    const seen: boolean[] = [];
    const stranger = page({ getToken: () => Promise.resolve(other.token), storage: new Shelf(shelf), connect: false }).client;
    stranger.subscribe(() => seen.push(stranger.flag(key, false)));
    stranger.connect();
    await stranger.ready();
    expect(seen).not.toContain(true);

    // A new token of the same client resumes the session.
    const renewed = await server.issue(record.id);
    const same = page({ getToken: () => Promise.resolve(renewed), storage: new Shelf(shelf) });
    await same.client.ready();
    expect(same.events[0]).toBe('client_resumed');

    // Nobody can be asked: the last state is better than none, until it turns out whose it is.
    let online = false;
    const lost = page({ getToken: () => (online ? other.token : Promise.reject(new Error('no network'))), storage: new Shelf(shelf) }).client;
    await until(() => lost.flag(key, false), 'the last state');
    expect(lost.status).toBe('offline');
    online = true;
    await lost.ready();
    expect(lost.flag(key, false)).toBe(false);
  });

  test('without a server, and with a storage that only promises, full or forbidden', async () => {
    const { features, token } = await server.world({ chat: {} });
    const { key } = features['chat']!;
    const shelf = new Shelf();
    const promising: StateStorage = {
      getItem: async (name) => shelf.getItem(name),
      setItem: async (name, value) => shelf.setItem(name, value),
      removeItem: async (name) => shelf.removeItem(name),
    };
    const first = page({ token, storage: promising }).client;
    await first.ready();
    first.close();
    const proxy = await proxyTo(server);
    proxy.let(false);
    const text = [...shelf.values()][0]!;
    const elsewhere = new Shelf([[`togglecast:${proxy.url}:`, text.replaceAll(server.url, proxy.url)]]);
    const { client } = page({ token, url: proxy.url, storage: { ...promising, getItem: async (name) => elsewhere.getItem(name) } });
    await until(() => client.status === 'offline' && client.flag(key, false), 'the stored state');
    proxy.let(true);
    await client.ready();

    const broken = (): never => {
      throw new Error('QuotaExceededError');
    };
    const rejecting = () => Promise.reject(new Error('SecurityError'));
    for (const storage of [
      { getItem: broken, setItem: broken, removeItem: broken },
      { getItem: rejecting, setItem: rejecting, removeItem: rejecting },
      { getItem: () => '{"version":1,"state":{"client":{}}', setItem: () => {}, removeItem: () => {} },
      { getItem: () => '{"version":1,"view":"x","asOf":1,"state":{"client":{"id":1}}}', setItem: () => {}, removeItem: () => {} },
    ]) {
      const { client: poor } = page({ token, storage });
      await poor.ready();
      expect(poor.flag(key, false)).toBe(true);
      poor.forget();
    }
  });

  test('a page keeps the bootstrap of its server until it is connected', async () => {
    const { features, token } = await server.world({ chat: {} });
    const { key, id } = features['chat']!;
    const rendering = page({ token }).client;
    await rendering.ready();
    const bootstrap = JSON.parse(JSON.stringify(rendering.dehydrate())) as NonNullable<ReturnType<Client['dehydrate']>>;
    await toggle(id, false);
    const { client } = page({ token, bootstrap, connect: false });
    expect([client.status, client.getSnapshot().source, client.flag(key, false)]).toEqual(['stale', 'bootstrap', true]);
    expect(client.getInitialSnapshot().state?.flags.get(key)?.value).toBe(true);
    client.connect();
    await client.ready();
    expect(client.flag(key, true)).toBe(false);
  });

  test('a wrong clock costs nothing', async () => {
    const { features, token } = await server.world({ chat: {} });
    const { key } = features['chat']!;
    const real = Date.now;
    onTestFinished(() => void (Date.now = real));
    const shelf = new Shelf();
    Date.now = () => real() + 86_400_000;
    const first = page({ token, storage: shelf }).client;
    await first.ready();
    first.close();
    Date.now = () => real() - 86_400_000;
    const { client } = page({ token, storage: shelf, connect: false });
    expect([client.flag(key, false), client.age()]).toEqual([true, 0]);
    client.connect();
    await client.ready();
    expect(client.status).toBe('ready');
  });
});

describe('tokens', () => {
  test('one that is about to expire is renewed on the same connection', async () => {
    const { client: record, features } = await server.world({ chat: {} });
    const asked: boolean[] = [];
    const { client, events } = page({
      getToken: async ({ refresh }) => {
        asked.push(refresh);
        return server.issue(record.id, { expires_in: refresh ? 86_400 : 12 });
      },
    });
    await client.ready();
    const { id } = client.socket;
    await until(() => asked.length === 2, 'the renewal');
    await until(() => events.filter((name) => name === 'config_status').length === 2, 'the new offset');
    expect(asked).toEqual([false, true]);
    expect([client.status, client.socket.id, client.flag(features['chat']!.key, false)]).toEqual(['ready', id, true]);
  });

  test('one that has expired is replaced after a pause', async () => {
    const { client: record } = await server.world();
    const { token: expired, expires_at } = await server.call<{ token: string; expires_at: string }>('POST', `/api/v1/clients/${record.id}/tokens`, { expires_in: 1 });
    await until(() => Date.now() > Date.parse(expires_at) + 50, 'the expiry');
    const errors: string[] = [];
    const { client } = page({ getToken: ({ refresh }) => (refresh ? server.issue(record.id) : expired), connect: false });
    client.on('error', ({ code }) => errors.push(code));
    client.connect();
    await client.ready();
    expect(errors).toEqual(['token_expired']);
  });

  test('one that is wrong or withdrawn is an error, and the answers stay', async () => {
    const wrong = page({ token: 'nonsense' }).client;
    await expect(wrong.ready()).rejects.toMatchObject({ code: 'token_invalid' });
    expect(wrong.status).toBe('error');

    const { client: record, features } = await server.world({ chat: {} });
    const issued = await server.call<{ id: number; token: string }>('POST', `/api/v1/clients/${record.id}/tokens`, {});
    const { client } = page({ token: issued.token });
    await client.ready();
    await server.call('DELETE', `/api/v1/clients/${record.id}/tokens/${issued.id}`);
    await until(() => client.status === 'error', 'the end');
    expect(client.flag(features['chat']!.key, false)).toBe(true);
  });
});

test('a server that restarts finds its clients where they were', async () => {
  const own = new Server();
  onTestFinished(() => own.end());
  await own.start();
  const { features, token } = await own.world({ chat: {} });
  const resumed = () => events.filter((name) => name === 'client_resumed').length;
  const { client, events } = page({ url: own.url, token });
  await client.ready();
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const before = resumed();
    await own.stop(signal);
    await until(() => client.status !== 'ready', 'the loss');
    expect(client.flag(features['chat']!.key, false)).toBe(true);
    await own.start();
    await until(() => client.status === 'ready' && resumed() > before, 'the way back');
  }
});

test('a new epoch replaces everything', async () => {
  const { features, token } = await server.world({ chat: {} });
  const { client } = page({ token });
  await client.ready();
  const { epoch } = client.getSnapshot().state!;
  const sync = { reason: 'new_epoch', revision: 1, epoch: epoch + 1, snapshot: { ...client.dehydrate()!, features: [] } };
  // As the server says it: tests/e2e/product/new-epoch.test.mjs makes it do so.
  (client.socket as unknown as { emitEvent(args: unknown[]): void }).emitEvent(['config_sync', sync]);
  expect(client.getSnapshot().state).toMatchObject({ revision: 1, epoch: epoch + 1 });
  expect(client.details(features['chat']!.key)).toBeUndefined();
});

test('many connections that the server sends away come back one after the other', async () => {
  const { token } = await server.world();
  const proxy = await proxyTo(server);
  const all = Array.from({ length: 20 }, () => page({ token, url: proxy.url }).client);
  await Promise.all(all.map((client) => client.ready()));
  const began = performance.now();
  const came: number[] = [];
  all.forEach((client) => client.on('status', (status) => status === 'ready' && came.push(performance.now() - began)));
  proxy.cut();
  await until(() => came.length === 20, 'all of them');
  expect(new Set(came.map((at) => Math.floor(at / 50))).size, `spread over ${came.map(Math.round).join()}`).toBeGreaterThan(3);
  expect(await metric('togglecast_realtime_resumes_total{namespace="/client",result="current"}')).toBeGreaterThanOrEqual(20);
});
