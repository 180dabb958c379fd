// How sessions begin, go on and end at the server. Its refresh token lies in a cookie that no script sees; all tabs share it.
import { Problem, problemOf } from '../api/problem';
import type { FactorSetup, LoginMethod, Session } from './sessions';

export interface SessionSource {
  methods(): Promise<LoginMethod[]>;
  /** `code`: of the second factor. */
  login(username: string, password: string, environment?: string, code?: string): Promise<Session>;
  /** The next token, by the cookie of this browser: in `environment`, or where the session began. Nothing if no session lives. `forbidden`
   *  without a role there: the session stays as it is. */
  refresh(environment?: string): Promise<Session | undefined>;
  logout(token: string): Promise<{ logout_url?: string | null }>;
  changePassword(token: string, current: string, next: string): Promise<unknown>;
  factor(token: string): Promise<{ enabled: boolean; required: boolean }>;
  beginFactor(token: string, password: string): Promise<FactorSetup>;
  /** Answers the recovery codes. */
  confirmFactor(token: string, code: string): Promise<string[]>;
}

const kHint = 'togglecast.session'; // that there may be a cookie, which scripts cannot see
const kOver = ['token_invalid', 'token_expired', 'revoked', 'unauthenticated'];

/** A login is about to leave the page: when it comes back, there may be a cookie. */
export const expectCookie = () => localStorage.setItem(kHint, 'yes');

async function call<Answer>(method: 'GET' | 'POST', path: string, body?: unknown, token?: string): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Problem('unreachable', 'the server did not answer');
  }
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

// One at a time, in all tabs: a request that is slow on its way must not arrive after its successor.
async function inTurn<Answer>(task: () => Promise<Answer>): Promise<Answer> {
  return 'locks' in navigator ? await navigator.locks.request('togglecast-refresh', task) : task();
}

/** Sessions of the server that this page came from. */
export function serverSessions(): SessionSource {
  return {
    methods: async () => (await call<{ methods: LoginMethod[] }>('GET', '/api/v1/auth/methods')).methods,
    login: async (username, password, environment, code) => {
      const session = await call<Session>('POST', '/api/v1/auth/login', { username, password, cookie: true, ...(environment && { environment }), ...(code && { code }) });
      expectCookie();
      return session;
    },
    refresh: async (environment) => {
      if (!localStorage.getItem(kHint)) return undefined;
      try {
        return await inTurn(() => call<Session>('POST', '/api/v1/auth/refresh', environment ? { environment } : {}));
      } catch (error) {
        if (!(error instanceof Problem && kOver.includes(error.code))) throw error;
        localStorage.removeItem(kHint);
        return undefined;
      }
    },
    logout: async (token) => {
      localStorage.removeItem(kHint);
      return call('POST', '/api/v1/auth/logout', {}, token);
    },
    changePassword: (token, current, next) => call('POST', '/api/v1/auth/password', { current, new: next }, token),
    factor: (token) => call('GET', '/api/v1/auth/second-factor', undefined, token),
    beginFactor: (token, password) => call<FactorSetup>('POST', '/api/v1/auth/second-factor', { password }, token),
    confirmFactor: async (token, code) =>
      (await call<{ recovery_codes: string[] }>('POST', '/api/v1/auth/second-factor/confirm', { code }, token)).recovery_codes,
  };
}
