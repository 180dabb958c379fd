import { expect, test, vi } from 'vitest';
import { Sessions, type Session, type SessionSource } from '../src/shared/auth/sessions';

const session = (token: string, environment = 'production') => ({ token, environment, expires_at: '', admin: { id: 1, username: 'a', role: 'owner' } }) as unknown as Session;

function source(restore: SessionSource['restore']): SessionSource {
  return { methods: async () => [], login: async (_user, _password, environment) => session('first', environment), restore, logout: async () => undefined };
}

test('a session begins by the cookie, or waits for a login', async () => {
  const with_ = new Sessions(source(async () => session('kept')));
  await with_.restore();
  expect(with_.getSnapshot()).toMatchObject({ phase: 'in', session: { token: 'kept' } });

  const without = new Sessions(source(async () => undefined));
  await without.restore();
  expect(without.getSnapshot()).toEqual({ phase: 'out' });
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

test('another environment is entered by the cookie alone', async () => {
  const sessions = new Sessions(source(async (environment) => (environment === 'staging' ? session('s', 'staging') : undefined)));
  await sessions.login('a', 'b');
  expect(await sessions.enter('staging')).toBe(true);
  expect(await sessions.enter('other')).toBe(false);
  expect(sessions.getSnapshot()).toMatchObject({ session: { environment: 'staging' } });
});

test('no token is given while nobody is logged in', async () => {
  const sessions = new Sessions(source(async () => undefined));
  await expect(sessions.token({ refresh: false })).rejects.toThrow(/not logged in/);
});
