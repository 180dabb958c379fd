// The session of this page. Its token is kept in memory alone: a reload gets a new one by the HttpOnly cookie, if the server
// gives such a cookie, and otherwise asks for the password again.
import type { Schemas } from '@togglecast/admin';
import { Problem, problemOf } from '../api/problem';

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

/** How sessions begin, go on and end. */
export interface SessionSource {
  methods(): Promise<LoginMethod[]>;
  login(username: string, password: string, environment?: string): Promise<Session>;
  /** A session by the cookie of this browser; nothing if there is no such cookie. */
  restore(environment?: string): Promise<Session | undefined>;
  logout(token: string): Promise<{ logout_url: string | null } | undefined>;
}

const kEnvironment = 'togglecast.environment';

export class Sessions {
  #source: SessionSource;
  #state: SessionState = { phase: 'restoring' };
  #listeners = new Set<() => void>();
  #refreshing: Promise<string> | undefined;
  #generation = 0;

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
    const session = await this.#source.restore(rememberedEnvironment()).catch(() => undefined);
    if (this.#state.phase !== 'restoring') return;
    if (session) this.#begin(session);
    else this.#set({ phase: 'out' });
  }

  async login(username: string, password: string, environment?: string) {
    this.#begin(await this.#source.login(username, password, environment));
  }

  /** False if the cookie does not give a session there: then the reader has to log in. */
  async enter(environment: string): Promise<boolean> {
    const session = await this.#source.restore(environment).catch(() => undefined);
    if (session?.environment !== environment) return false;
    this.#begin(session);
    return true;
  }

  async logout() {
    if (this.#state.phase !== 'in') return;
    const { token } = this.#state.session;
    const answer = await this.#source.logout(token).catch(() => undefined);
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
    if (!refresh) return this.#state.session.token;
    this.#refreshing ??= this.#refresh(this.#state.session.environment).finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  };

  async #refresh(environment: string): Promise<string> {
    const session = await this.#source.restore(environment);
    if (!session) {
      this.end('Your session has ended. Log in again to go on where you were.');
      throw new Problem('token_expired', 'your session has ended');
    }
    if (this.#state.phase === 'in') this.#set({ ...this.#state, session });
    return session.token;
  }

  #begin(session: Session) {
    rememberEnvironment(session.environment);
    this.#set({ phase: 'in', session, generation: ++this.#generation });
  }

  #set(state: SessionState) {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

// The environment of the last session in this browser; a name, and no secret.
export function rememberedEnvironment(): string | undefined {
  return localStorage.getItem(kEnvironment) ?? undefined;
}
function rememberEnvironment(key: string) {
  localStorage.setItem(kEnvironment, key);
}

async function call<Answer>(method: 'GET' | 'POST', path: string, { body, token }: { body?: unknown; token?: string } = {}): Promise<Answer | undefined> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Problem('unreachable', 'the server did not answer');
  }
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? undefined : ((await response.json()) as Answer);
}

/** Sessions of the server that this page came from. */
export const serverSessions: SessionSource = {
  methods: async () => (await call<{ methods: LoginMethod[] }>('GET', '/api/v1/auth/methods'))?.methods ?? [],
  login: async (username, password, environment) =>
    (await call<Session>('POST', '/api/v1/auth/login', { body: { username, password, ...(environment && { environment }) } }))!,
  restore: async () => undefined,
  logout: (token) => call('POST', '/api/v1/auth/logout', { token }),
};
