import { expect, test, vi } from 'vitest';
import { dutyOf, Sessions, type Session, type SessionSource } from '../src/shared/auth/sessions';

const session = (token: string, environment = 'production') => ({ token, environment, expires_at: new Date(Date.now() + 900_000).toISOString(), admin: { id: 1, username: 'a', role: 'owner' } }) as unknown as Session;

function source(restore: SessionSource['restore']): SessionSource {
  return { methods: async () => [], login: async (_user, _password, environment) => session('first', environment), loginBeside: async (_user, _password, environment) => session('beside', environment), restore, logout: async () => ({}), changePassword: async () => undefined, factor: async () => ({ enabled: false, required: false }), beginFactor: async () => ({ secret: 'S', uri: 'otpauth://' }), confirmFactor: async () => ['code'] };
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
  const restore = vi.fn(async () => session('second'));
  const sessions = new Sessions(source(restore));
  await sessions.login('a', 'b');
  const before = sessions.getSnapshot();

  const tokens = await Promise.all([sessions.token({ refresh: true }), sessions.token({ refresh: true })]);

  expect(tokens).toEqual(['second', 'second']);
  expect(restore).toHaveBeenCalledTimes(1);
  expect(sessions.getSnapshot()).toMatchObject({ phase: 'in', generation: before.phase === 'in' ? before.generation : 0 });
  expect(await sessions.token({ refresh: false })).toBe('second');
});

test('a session that cannot be refreshed is over, and says so', async () => {
  const sessions = new Sessions(source(async () => undefined));
  await sessions.login('a', 'b');
  await expect(sessions.token({ refresh: true })).rejects.toThrow(/ended/);
  expect(sessions.getSnapshot()).toMatchObject({ phase: 'out', reason: expect.stringContaining('Log in again') as string });
});

test('a tab follows when another tab has logged in elsewhere: they share the cookie', async () => {
  const sessions = new Sessions(source(async () => session('s', 'staging')));
  await sessions.login('a', 'b');
  const before = sessions.getSnapshot();
  expect(await sessions.token({ refresh: true })).toBe('s');
  expect(sessions.getSnapshot()).toMatchObject({ phase: 'in', session: { environment: 'staging' } });
  expect(sessions.getSnapshot()).not.toMatchObject({ generation: before.phase === 'in' && before.generation });
});

test('a token that is about to end is renewed before a request', async () => {
  const old = { ...session('old'), expires_at: new Date(Date.now() - 1).toISOString() };
  const sessions = new Sessions({ ...source(async () => session('fresh')), login: async () => old });
  await sessions.login('a', 'b');
  expect(await sessions.token({ refresh: false })).toBe('fresh');
});

test('another environment is opened beside the session, until one logs out', async () => {
  const lasting = { ...session('x', 'staging'), expires_at: new Date(Date.now() + 60_000).toISOString() };
  const beside = new Sessions({ ...source(async () => undefined), loginBeside: async () => lasting });
  await beside.login('a', 'b');
  expect(beside.beside('staging')).toBeUndefined();
  await beside.openBeside('staging', 'a', 'b');
  expect(beside.beside('staging')?.token).toBe('x');
  expect(beside.getSnapshot()).toMatchObject({ session: { environment: 'production' } });
  beside.end();
  expect(beside.beside('staging')).toBeUndefined();
  const late = new Sessions({ ...source(async () => undefined), loginBeside: async () => ({ ...lasting, expires_at: new Date(0).toISOString() }) });
  await late.openBeside('staging', 'a', 'b');
  expect(late.beside('staging'), 'it has expired').toBeUndefined();
});

test('no token is given while nobody is logged in', async () => {
  const sessions = new Sessions(source(async () => undefined));
  await expect(sessions.token({ refresh: false })).rejects.toThrow(/not logged in/);
});
