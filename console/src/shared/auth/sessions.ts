// The session of this page. Its token is kept in memory alone; a reload, and every quarter of an hour, gets a new one by the
// HttpOnly cookie.
import { AdminError, createAdmin, type Schemas } from '@togglecast/admin';
import { Problem, problemOf, type ErrorCode } from '../api/problem';

export type Session = Schemas['Session'];
export interface LoginMethod {
  type: 'password' | 'oidc';
  name?: string;
  url: string;
}

export type SessionState =
  | { phase: 'restoring' }
  | { phase: 'out'; /** Why the last session ended. */ reason?: string; /** Where the next one shall begin. */ environment?: string }
  | { phase: 'in'; session: Session; /** Raised with each new session, not with a refreshed token. */ generation: number };

/** What an authenticator app needs. */
export interface FactorSetup {
  secret: string;
  uri: string;
}

/** What a session must be used for before anything else. */
export type Duty = 'password' | 'factor';
export const dutyOf = (session: Session): Duty | undefined =>
  session.password_change_required ? 'password' : session.second_factor_setup_required ? 'factor' : undefined;

/** How sessions begin, go on and end. */
export interface SessionSource {
  methods(): Promise<LoginMethod[]>;
  /** `code`: of the second factor. */
  login(username: string, password: string, environment?: string, code?: string): Promise<Session>;
  /** A session beside the one of the page, for a look into another environment. It leaves no cookie. */
  loginBeside(username: string, password: string, environment: string): Promise<Session>;
  /** A session by the cookie of this browser; nothing if there is no such cookie. */
  restore(): Promise<Session | undefined>;
  logout(): Promise<{ logout_url?: string | null }>;
  changePassword(token: string, current: string, next: string): Promise<unknown>;
  factor(token: string): Promise<{ enabled: boolean; required: boolean }>;
  beginFactor(token: string, password: string): Promise<FactorSetup>;
  /** Answers the recovery codes. */
  confirmFactor(token: string, code: string): Promise<string[]>;
}

const kEnvironment = 'togglecast.environment';
const kHint = 'togglecast.session'; // that there may be a cookie, which scripts cannot see

export class Sessions {
  #source: SessionSource;
  #state: SessionState = { phase: 'restoring' };
  #listeners = new Set<() => void>();
  #refreshing: Promise<string> | undefined;
  #generation = 0;
  #beside = new Map<string, Session>();
  #renewAt = 0;

  constructor(source: SessionSource) {
    this.#source = source;
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  getSnapshot = () => this.#state;
  methods = () => this.#source.methods();

  /** At the start of the page. */
  async restore() {
    // While the server is away there is no answer; then the login page says so.
    const session = await this.#source.restore().catch(() => undefined);
    if (this.#state.phase !== 'restoring') return;
    if (session) this.#begin(session);
    else this.#set({ phase: 'out' });
  }

  async login(username: string, password: string, environment?: string, code?: string) {
    this.#begin(await this.#source.login(username, password, environment, code));
  }

  /** Replaces the first password. A second factor may be the next duty. */
  async changePassword(current: string, next: string) {
    await this.#source.changePassword(await this.token({ refresh: false }), current, next);
    const { enabled, required } = await this.#source.factor(await this.token({ refresh: false }));
    this.#fulfil(required && !enabled ? { second_factor_setup_required: true } : {});
  }
  beginFactor = async (password: string) => this.#source.beginFactor(await this.token({ refresh: false }), password);
  confirmFactor = async (code: string) => this.#source.confirmFactor(await this.token({ refresh: false }), code);
  /** The settings have changed: this session may only set up a second factor. */
  requireFactor() {
    if (this.#state.phase === 'in') this.#set({ ...this.#state, session: { ...this.#state.session, second_factor_setup_required: true } });
  }
  /** The duty is done: the console opens. */
  fulfil = () => this.#fulfil({});

  #fulfil(left: Pick<Session, 'second_factor_setup_required'>) {
    if (this.#state.phase !== 'in') return;
    const { password_change_required: _password, second_factor_setup_required: _factor, ...session } = this.#state.session;
    this.#set({ ...this.#state, session: { ...session, ...left } });
  }

  /** The token for another environment, if the reader has opened it and it has not expired. */
  beside(environment: string): Session | undefined {
    const known = this.#beside.get(environment);
    return known && Date.parse(known.expires_at) > Date.now() ? known : undefined;
  }

  async openBeside(environment: string, username: string, password: string): Promise<Session> {
    const session = await this.#source.loginBeside(username, password, environment);
    this.#beside.set(environment, session);
    return session;
  }

  async logout() {
    if (this.#state.phase !== 'in') return;
    const answer = await this.#source.logout().catch(() => undefined);
    this.end();
    if (answer?.logout_url) window.location.assign(answer.logout_url);
  }

  /** The session is over, for this reason. The next one begins in `environment`. */
  end(reason?: string, environment?: string) {
    if (this.#state.phase === 'out') return;
    this.#set({ phase: 'out', ...(reason !== undefined && { reason }), ...(environment !== undefined && { environment }) });
  }

  /** The token for a request. `refresh`: the last one was refused as expired. */
  token = async ({ refresh }: { refresh: boolean }): Promise<string> => {
    if (this.#state.phase !== 'in') throw new Problem('token_invalid', 'you are not logged in');
    if (!refresh && Date.now() < this.#renewAt) return this.#state.session.token;
    this.#refreshing ??= this.#refresh(this.#state.session).finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  };

  async #refresh(before: Session): Promise<string> {
    const session = await this.#source.restore();
    if (!session) {
      this.end('Your session has ended. Log in again to go on where you were.');
      throw new Problem('token_expired', 'your session has ended');
    }
    // Another tab may have logged in elsewhere meanwhile: all tabs share the cookie.
    if (session.environment !== before.environment || session.admin.id !== before.admin.id) this.#begin(session);
    else if (this.#state.phase === 'in') {
      this.#keep(session);
      this.#set({ ...this.#state, session });
    }
    return session.token;
  }

  #begin(session: Session) {
    localStorage.setItem(kEnvironment, session.environment);
    this.#keep(session);
    this.#set({ phase: 'in', session, generation: ++this.#generation });
  }

  // Clocks differ: the server's times say how long the token lives, this clock says when that is over.
  #keep(session: Session) {
    const life = Math.max(0, Date.parse(session.expires_at) - Date.now());
    this.#renewAt = Date.now() + life - Math.min(30_000, life / 4);
  }

  #set(state: SessionState) {
    if (state.phase === 'out') this.#beside.clear();
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

// The environment of the last session in this browser; a name, and no secret.
export function rememberedEnvironment(): string | undefined {
  return localStorage.getItem(kEnvironment) ?? undefined;
}

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

function asProblem(error: unknown): never {
  if (error instanceof AdminError) throw new Problem(error.code as ErrorCode, error.message, error.status);
  throw new Problem('unreachable', 'the server did not answer');
}

/** Sessions of the server that this page came from. Their refresh tokens lie in its cookie; tabs take turns. */
export function serverSessions(): SessionSource {
  const keeper = createAdmin({ url: window.location.origin, session: 'cookie' });
  return {
    methods: async () => (await call<{ methods: LoginMethod[] }>('GET', '/api/v1/auth/methods')).methods,
    login: async (username, password, environment, code) => {
      const session = await keeper.login(username, password, { ...(environment && { environment }), ...(code && { code }) }).catch(asProblem);
      expectCookie();
      return session;
    },
    loginBeside: (username, password, environment) => call<Session>('POST', '/api/v1/auth/login', { username, password, environment }),
    restore: async () => {
      if (!localStorage.getItem(kHint)) return undefined;
      const session = await keeper.resume().catch(asProblem);
      if (!session) localStorage.removeItem(kHint);
      return session;
    },
    logout: async () => {
      localStorage.removeItem(kHint);
      return keeper.logout();
    },
    changePassword: (token, current, next) => call('POST', '/api/v1/auth/password', { current, new: next }, token),
    factor: (token) => call('GET', '/api/v1/auth/second-factor', undefined, token),
    beginFactor: (token, password) => call<FactorSetup>('POST', '/api/v1/auth/second-factor', { password }, token),
    confirmFactor: async (token, code) =>
      (await call<{ recovery_codes: string[] }>('POST', '/api/v1/auth/second-factor/confirm', { code }, token)).recovery_codes,
  };
}
