import { beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '../src/shared/api/problem';
import type { SessionSource } from '../src/shared/auth/session-source';
import { dutyOf, rememberedEnvironment, Sessions, type Session } from '../src/shared/auth/sessions';

const session = (token: string, environment = 'production', admin = 1) => ({ token, environment, expires_at: new Date(Date.now() + 900_000).toISOString(), admin: { id: admin, username: 'a', role: 'owner' } }) as unknown as Session;

// A server where these environments are open to the account. Its session began in the first.
const serving = (...open: string[]) => vi.fn(async (environment = open[0]!) => {
  if (!open.includes(environment)) throw new Problem('forbidden', 'not there', 403);
  return session(`token of ${environment}`, environment);
});
const stay = async () => {};

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

function source(refresh: SessionSource['refresh']): SessionSource {
  return { methods: async () => [], login: async (_user, _password, environment) => session('first', environment), refresh, logout: async () => ({}), changePassword: async () => undefined, factor: async () => ({ enabled: false, required: false }), beginFactor: async () => ({ secret: 'S', uri: 'otpauth://' }), confirmFactor: async () => ['code'] };
}

test('a session begins by the cookie, or waits for a login', async () => {
  const with_ = new Sessions(source(async () => session('kept')));
  await with_.restore();
  expect(with_.getSnapshot()).toMatchObject({ phase: 'in', session: { token: 'kept' } });

  const without = new Sessions(source(async () => undefined));
  await without.restore();
  expect(without.getSnapshot()).toEqual({ phase: 'out' });
});

test('a duty is done before the console opens, one after the other', async () => {
  const first = { ...session('first'), password_change_required: true } as Session;
  const sessions = new Sessions({ ...source(async () => undefined), login: async () => first, factor: async () => ({ enabled: false, required: true }) });
  const duty = () => {
    const state = sessions.getSnapshot();
    return state.phase === 'in' ? dutyOf(state.session) : 'none is in';
  };
  await sessions.login('a', 'b');
  expect(duty()).toBe('password');
  await sessions.changePassword('b', 'another one');
  expect(duty()).toBe('factor');
  await sessions.beginFactor('another one');
  expect(await sessions.confirmFactor('123456')).toEqual(['code']);
  expect(duty()).toBe('factor');
  sessions.fulfil();
  expect(duty()).toBeUndefined();
});

test('an expired token is refreshed once for all requests, and stays the same session', async () => {
  const refresh = vi.fn(async () => session('second'));
  const sessions = new Sessions(source(refresh));
  await sessions.login('a', 'b');
  const before = sessions.getSnapshot();

  const tokens = await Promise.all([sessions.token({ refresh: true }), sessions.token({ refresh: true })]);

  expect(tokens).toEqual(['second', 'second']);
  expect(refresh).toHaveBeenCalledTimes(1);
  expect(refresh).toHaveBeenCalledWith('production');
  expect(sessions.getSnapshot()).toMatchObject({ phase: 'in', generation: before.phase === 'in' ? before.generation : 0 });
  expect(await sessions.token({ refresh: false })).toBe('second');
});

test('a session that cannot be refreshed is over, and says so', async () => {
  const sessions = new Sessions(source(async () => undefined));
  await sessions.login('a', 'b');
  await expect(sessions.token({ refresh: true })).rejects.toThrow(/ended/);
  expect(sessions.getSnapshot()).toMatchObject({ phase: 'out', reason: expect.stringContaining('Log in again') as string });
});

test('a tab follows when another tab has logged in as somebody else, and its requests do not go on with that token', async () => {
  const sessions = new Sessions(source(async (environment) => session('of another', environment, 2)));
  await sessions.login('a', 'b');
  const before = sessions.getSnapshot();
  await expect(sessions.token({ refresh: true })).rejects.toThrow(/another account/);
  expect(sessions.getSnapshot()).toMatchObject({ phase: 'in', session: { admin: { id: 2 } } });
  expect(sessions.getSnapshot()).not.toMatchObject({ generation: before.phase === 'in' && before.generation });
  expect(await sessions.token()).toBe('of another');
});

test('a token that is about to end is renewed before a request', async () => {
  const old = { ...session('old'), expires_at: new Date(Date.now() - 1).toISOString() };
  const sessions = new Sessions({ ...source(async () => session('fresh')), login: async () => old });
  await sessions.login('a', 'b');
  expect(await sessions.token({ refresh: false })).toBe('fresh');
});

test('the session goes on in another environment, and a refusal leaves it where it is', async () => {
  const sessions = new Sessions(source(serving('production', 'staging')));
  await sessions.login('a', 'b');
  await expect(sessions.enter('qa', stay)).rejects.toThrow('you have no role in qa');
  expect(sessions.getSnapshot()).toMatchObject({ session: { environment: 'production' }, generation: 1 });

  const before: string[] = [];
  await sessions.enter('staging', async () => void before.push(await sessions.token()));

  expect(before, 'the page of before is left with its own token').toEqual(['first']);
  expect(sessions.getSnapshot()).toMatchObject({ session: { environment: 'staging' }, generation: 2 });
  expect(await sessions.token()).toBe('token of staging');
});

test('a request of an environment that the page has left never gets the token of the next one', async () => {
  const sessions = new Sessions(source(serving('production', 'staging')));
  await sessions.login('a', 'b');
  await sessions.enter('staging', stay);
  expect(await sessions.token({ environment: 'production', refresh: true })).toBe('token of production');
  expect(sessions.getSnapshot()).toMatchObject({ session: { environment: 'staging', token: 'token of staging' }, generation: 2 });
});

test('each tab begins again where it was, and a new one where the last tab went', async () => {
  const sessions = new Sessions(source(serving('production', 'staging')));
  await sessions.login('a', 'b');
  localStorage.setItem('togglecast.environment', 'staging'); // by another tab
  const reloaded = new Sessions(source(serving('production', 'staging')));
  await reloaded.restore();
  expect(reloaded.getSnapshot()).toMatchObject({ session: { environment: 'production' } });
  sessionStorage.clear();
  localStorage.setItem('togglecast.environment', 'staging');
  const opened = new Sessions(source(serving('production', 'staging')));
  await opened.restore();
  expect(opened.getSnapshot()).toMatchObject({ session: { environment: 'staging' } });
});

test('an environment that was closed meanwhile leads to the one where the session began, and says so', async () => {
  const open = serving('production', 'staging');
  const sessions = new Sessions(source((environment) => open(environment)));
  await sessions.login('a', 'b', 'staging');
  open.mockImplementation(serving('production'));
  await expect(sessions.token({ refresh: true })).rejects.toThrow(/no role in staging any more/);
  expect(sessions.getSnapshot()).toMatchObject({ session: { environment: 'production' }, closed: 'staging' });
  expect(rememberedEnvironment()).toBe('production');

  sessionStorage.setItem('togglecast.environment', 'staging');
  const reloaded = new Sessions(source(serving('production')));
  await reloaded.restore();
  expect(reloaded.getSnapshot()).toMatchObject({ session: { environment: 'production' }, closed: 'staging' });
});

test('no token is given while nobody is logged in', async () => {
  const sessions = new Sessions(source(async () => undefined));
  await expect(sessions.token({ refresh: false })).rejects.toThrow(/not logged in/);
});
