// The admin client against the real server.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createAdmin, type AdminServerEvents } from '../src/index.js';
import { kPassword, own, Server, until } from '../../support/server.js';

const server = new Server();
beforeAll(() => server.start());
afterAll(() => server.end());

test('REST is typed, and answers', async () => {
  const admin = createAdmin({ url: server.url });
  const { admin: me } = await admin.login('owner', kPassword);
  expect(me.username).toBe('owner');
  const key = own('web');
  const { data: platform } = await admin.rest.POST('/api/v1/platforms', { body: { key, name: 'Web', config: { theme: 'dark' } } });
  expect(platform).toMatchObject({ key, enabled: true, config: { theme: 'dark' } });
  const { data: read } = await admin.rest.GET('/api/v1/platforms/{id}', { params: { path: { id: platform!.id } } });
  expect(read).toEqual(platform);
  const { error, response } = await admin.rest.GET('/api/v1/platforms/{id}', { params: { path: { id: 9999 } } });
  expect([response.status, error?.code]).toEqual([404, 'not_found']);
  // @ts-expect-error a path that does not exist does not compile
  void admin.rest.GET('/api/v1/plattforms').catch(() => {});
  await expect(admin.login('owner', 'wrong')).rejects.toThrow();
});

test('events are typed, and come', async () => {
  const admin = createAdmin({ url: server.url, getToken: () => server.token });
  onTestFinished(() => admin.close());
  const { socket } = admin;
  await new Promise((connected) => socket.on('admin_connected', connected));
  const { data: platform } = await admin.rest.POST('/api/v1/platforms', { body: { key: own('web'), name: 'Web' } });
  const update = new Promise<boolean | undefined>((resolve) => socket.on('platform_update', ({ type, platform_id: id, data }) => {
    if (type === 'toggle' && id === platform!.id) resolve(data?.enabled);
  }));
  await admin.rest.POST('/api/v1/platforms/{id}/toggle', { params: { path: { id: platform!.id } }, body: { enabled: false } });
  expect(await update).toBe(false);
  const feed = await socket.emitWithAck('request_activity_feed', { limit: 1 });
  expect('items' in feed && feed.items.length).toBe(1);
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  const { data: connections } = await admin.rest.GET('/api/v1/connections', { params: { query: { namespace: '/admin' } } });
  expect(connections!.items.map(({ sdk }) => sdk)).toEqual([`togglecast-admin-js/${version}`]);
});

test('a token that was refused as expired is replaced once, and the request is sent again', async () => {
  const asked: boolean[] = [];
  let expired = true;
  const bodies: string[] = [];
  const admin = createAdmin({
    url: server.url,
    getToken: ({ refresh }) => {
      asked.push(refresh);
      if (refresh) expired = false;
      return server.token;
    },
    // The transport says in the server's place that this token is too old.
    fetch: async (request) => {
      bodies.push(await (request as Request).clone().text());
      return expired
        ? new Response(JSON.stringify({ code: 'token_expired' }), { status: 401, headers: { 'Content-Type': 'application/problem+json' } })
        : fetch(request as Request);
    },
  });
  const key = own('web');
  const { data } = await admin.rest.POST('/api/v1/platforms', { body: { key, name: 'Web' } });
  expect(data?.key).toBe(key);
  expect(asked).toEqual([false, true]);
  expect(bodies[1]).toBe(bodies[0]);
});

test('without an acknowledgement, the answer to a request comes as an event', async () => {
  const { socket } = createAdmin({ url: server.url, getToken: () => server.token });
  onTestFinished(() => void socket.disconnect());
  const heard = <Name extends keyof AdminServerEvents>(name: Name) =>
    new Promise<Parameters<AdminServerEvents[Name]>[0]>((resolve) => socket.once(name as 'asset', resolve as never));
  const start = await heard('admin_connected');
  expect('admin' in start && start.admin).toMatchObject({ username: 'owner' });
  const feature = await server.call('POST', '/api/v1/features', { key: own('chat'), name: 'Chat' });

  socket.emit('subscribe_entity_updates', { entity_type: 'feature', entity_id: feature.id });
  const subscribed = await heard('entity_subscribed');
  expect('data' in subscribed && [subscribed.state, subscribed.data['key']]).toEqual(['viewing', feature.key]);
  // Clients that are away are counted beside all else, so the first answer may not have their number.
  const dashboard = await until(async () => {
    socket.emit('request_dashboard_update');
    const update = await heard('dashboard_update');
    if (!('counts' in update)) throw new Error('an acknowledgement, not an update');
    return update.changes[0]?.rollout?.offline === null ? undefined : update;
  }, 'a counted rollout');
  expect([dashboard.nodes, dashboard.changes[0]?.rollout?.offline]).toEqual([1, 0]);
  socket.emit('request_activity_feed', { limit: 1 });
  const feed = await heard('activity_feed');
  expect('items' in feed && feed.items[0]?.actor.name).toBe('owner');
  socket.emit('request_system_metrics');
  const metrics = await heard('system_metrics');
  expect('bus' in metrics && [metrics.bus.kind, metrics.lag.length === metrics.process.shards]).toEqual(['local', true]);
  socket.emit('unsubscribe_entity_updates', { entity_type: 'feature', entity_id: 0 });
  expect(await heard('entity_unsubscribed')).toMatchObject({ error: { code: 'invalid_argument' } });
  // @ts-expect-error a request without what it needs does not compile
  const wrong = () => socket.emit('subscribe_entity_updates');
  expect(wrong).toBeTypeOf('function');
});

test('an API key is told as a machine, and a change names its author', async () => {
  const { key } = await server.call<{ key: string }>('POST', '/api/v1/api-keys', { name: own('follower'), scopes: ['stream'] });
  const machine = createAdmin({ url: server.url, token: key }).socket;
  onTestFinished(() => void machine.disconnect());
  const start = await new Promise<Parameters<AdminServerEvents['admin_connected']>[0]>((resolve) => machine.on('admin_connected', resolve));
  expect('machine' in start && start.machine?.scopes).toEqual(['stream']);

  const { socket } = createAdmin({ url: server.url, getToken: () => server.token });
  onTestFinished(() => void socket.disconnect());
  await new Promise((connected) => socket.on('admin_connected', connected));
  const author = new Promise((resolve) => socket.on('platform_update', ({ actor }) => resolve([actor?.kind, actor?.name])));
  await server.call('POST', '/api/v1/platforms', { key: own('web'), name: 'Web' });
  expect(await author).toEqual(['admin', 'owner']);
});
