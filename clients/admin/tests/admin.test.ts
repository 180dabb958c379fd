// The admin client against the real server.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createAdmin } from '../src/index.js';
import { kPassword, own, Server } from '../../support/server.js';

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
