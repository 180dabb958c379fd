// Sessions of the admin client against the real server, whose tokens live for twelve seconds.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createAdmin, type Admin, type AdminOptions, type Session } from '../src/index.js';
import { kPassword, own, Server, until } from '../../support/server.js';

const server = new Server();
beforeAll(() => server.start('--admin-token-lifetime', '12'));
afterAll(() => server.end());

/** A client with the paths of its requests, and the sessions that it was told. */
function program(options: AdminOptions = {}) {
  const paths: string[] = [];
  const sessions: (Session | undefined)[] = [];
  const admin = createAdmin({
    url: server.url,
    fetch: (input, init) => {
      paths.push(new URL(input instanceof Request ? input.url : String(input)).pathname.replace('/api/v1/', ''));
      return fetch(input, init);
    },
    onSession: (session) => sessions.push(session),
    ...options,
  });
  onTestFinished(() => admin.close());
  return { admin, paths, sessions };
}
const read = async (admin: Admin) => (await admin.rest.GET('/api/v1/platforms')).response.status;
const refreshes = (paths: string[]) => paths.filter((one) => one === 'auth/refresh').length;

test('a token is renewed before it ends, by one request for all that wait', async () => {
  const { admin, paths } = program();
  const first = await admin.login('owner', kPassword);
  const statuses = new Set<number>();
  await until(async () => {
    for (const status of await Promise.all([read(admin), read(admin), read(admin)])) statuses.add(status);
    return refreshes(paths) === 2;
  }, 'the second refresh');
  expect([...statuses]).toEqual([200]);
  expect(first.refresh_token).toMatch(/^tcr_/);
});

test('a connection goes on when its token ends', async () => {
  const { admin } = program();
  await admin.login('owner', kPassword);
  const { socket } = admin;
  let connected = 0;
  let expiring = 0;
  socket.on('connect', () => (connected += 1));
  socket.on('token_expiring', () => (expiring += 1));
  await until(() => expiring === 3, 'the third warning');
  expect(connected).toBe(1);
});

test('a refused token is replaced once, and the request is sent again', async () => {
  let refused = 0;
  const { admin } = program({
    fetch: async (input, init) => {
      if (input instanceof Request && input.url.endsWith('/platforms') && refused === 0) {
        refused += 1;
        return new Response(JSON.stringify({ code: 'revoked' }), { status: 401, headers: { 'Content-Type': 'application/problem+json' } });
      }
      return fetch(input, init);
    },
  });
  await admin.login('owner', kPassword);
  const key = own('web');
  const { data } = await admin.rest.POST('/api/v1/platforms', { body: { key, name: 'Web' } });
  expect(data?.key).toBe(key);
});

test('two programs that refresh the same session at once both go on', async () => {
  const { admin: first, sessions } = program();
  await first.login('owner', kPassword);
  const refreshToken = sessions[0]!.refresh_token!;
  const tabs = [program({ refreshToken }), program({ refreshToken }), program({ refreshToken })];
  const resumed = await Promise.all(tabs.map(({ admin }) => admin.resume()));
  expect(new Set(resumed.map((session) => session?.refresh_token)).size).toBe(1);
  for (const { admin } of tabs) expect(await read(admin)).toBe(200);
});

test('a used refresh token ends the session for all', async () => {
  const strict = await new Server().start('--refresh-leeway', '0');
  onTestFinished(() => strict.end());
  const { admin: owner, sessions } = program({ url: strict.url });
  await owner.login('owner', kPassword);
  const stolen = sessions[0]!.refresh_token!;
  expect((await owner.resume())?.session.id).toBe(sessions[0]!.session.id);
  const { admin: thief, sessions: told } = program({ url: strict.url, refreshToken: stolen });

  expect(await thief.resume()).toBeUndefined();

  expect(told).toEqual([undefined]);
  expect(await read(owner)).toBe(401);
  expect(sessions.at(-1)).toBeUndefined();
});

test('sessions are listed, and a logout ends one with its connection', async () => {
  const { admin } = program();
  const { session } = await admin.login('owner', kPassword);
  const { socket } = admin;
  await new Promise((connected) => socket.on('admin_connected', connected));
  const mine = (await admin.sessions()).find((one) => one.current);
  expect(mine).toMatchObject({ id: session.id, method: 'password', environment: 'production' });
  const ended = new Promise<string>((resolve) => socket.on('session_ended', ({ reason }) => resolve(reason)));
  const { admin: other, sessions: told } = program();
  await other.login('owner', kPassword);

  await other.rest.DELETE('/api/v1/auth/sessions/{id}', { params: { path: { id: session.id } } });

  expect(await ended).toBe('logged_out');
  await until(async () => (await read(admin)) === 401, 'the end of the first one');
  await other.logout();
  expect(told.at(-1)).toBeUndefined();
  expect(await read(other)).toBe(401);
});

test('without a session there is nothing to resume', async () => {
  const { admin, paths } = program();
  expect(await admin.resume()).toBeUndefined();
  expect(paths).toEqual([]);
  await expect(admin.login('owner', 'wrong')).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
});
