// The session of an admin: a short token, and what gets the next one. A program keeps the refresh token itself; a page of
// the server leaves it in a cookie that no script can read.
import type { components } from './rest.js';

export type Session = components['schemas']['Session'];

export interface SessionOptions {
  /** The server, without a final slash; empty: the page's own origin. */
  url: string;
  /** Where the refresh token lies. */
  mode: 'body' | 'cookie';
  refreshToken?: string;
  fetch: typeof fetch;
  /** Each new token, and `undefined` once the session has ended. */
  onSession?: (session: Session | undefined) => void;
}

/** The server has refused a login or a refresh. */
export class AdminError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'AdminError';
  }
}

/** A refusal that another try will not mend. */
const isFinal = (error: unknown): error is AdminError =>
  error instanceof AdminError && ['token_invalid', 'token_expired', 'revoked', 'unauthenticated', 'forbidden'].includes(error.code);

const kLock = 'togglecast-refresh';

/** One at a time, in all tabs: a request that is slow on its way must not arrive after its successor. */
async function inTurn<Answer>(task: () => Promise<Answer>): Promise<Answer> {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  return locks ? await locks.request(kLock, task) : task();
}

export class SessionKeeper {
  #options: SessionOptions;
  #session: Session | undefined;
  #refreshToken: string | undefined;
  #ended = false;
  #renewAt = 0;
  #refreshing: Promise<Session> | undefined;
  /** The number of logins: a refresh of an earlier session must not replace a later one. */
  #logins = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#refreshToken = options.refreshToken;
  }

  /** A login or a refresh has given a token. */
  get active(): boolean {
    return this.#session !== undefined;
  }

  /** There is something to refresh, as far as this client knows. In a cookie there may be. */
  get canRefresh(): boolean {
    return !this.#ended && (this.#options.mode === 'cookie' || this.#refreshToken !== undefined);
  }

  async login(body: { username: string; password: string; environment?: string; code?: string }): Promise<Session> {
    const login = ++this.#logins;
    const session = await this.#post('login', this.#options.mode === 'cookie' ? { ...body, cookie: true } : body);
    if (login === this.#logins) this.#take(session);
    return session;
  }

  /** A token with some life left. Empty without a session. */
  async token(): Promise<string> {
    if (this.#session && Date.now() < this.#renewAt) return this.#session.token;
    if (!this.canRefresh) return this.#session?.token ?? '';
    try {
      return (await this.refresh()).token;
    } catch (error) {
      if (isFinal(error)) return '';
      if (this.#session && Date.parse(this.#session.expires_at) > Date.now()) return this.#session.token;
      throw error;
    }
  }

  /** The next token. Calls at the same time share one request. */
  refresh(): Promise<Session> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** After a refusal of `used`: the token of now, if it is another one; otherwise the next one. */
  async newerThan(used: string): Promise<string> {
    if (this.#session && this.#session.token !== used) return this.#session.token;
    return (await this.refresh()).token;
  }

  /** Forgets the session here. */
  end(): void {
    if (this.#ended && !this.#session) return;
    this.#logins += 1;
    this.#session = undefined;
    this.#refreshToken = undefined;
    this.#ended = true;
    this.#options.onSession?.(undefined);
  }

  async #refresh(): Promise<Session> {
    const login = this.#logins;
    try {
      const session = await inTurn(() =>
        this.#post('refresh', this.#options.mode === 'cookie' ? {} : { refresh_token: this.#refreshToken ?? '' }));
      if (login === this.#logins) this.#take(session);
      return session;
    } catch (error) {
      if (isFinal(error) && login === this.#logins) this.end();
      throw error;
    }
  }

  #take(session: Session): void {
    this.#session = session;
    this.#ended = false;
    if (session.refresh_token !== undefined) this.#refreshToken = session.refresh_token;
    // Clocks differ: the server's times say how long the token lives, this clock says when that is over.
    const life = Math.max(0, Date.parse(session.expires_at) - Date.now());
    this.#renewAt = Date.now() + life - Math.min(60_000, life / 4);
    this.#options.onSession?.(session);
  }

  async #post(what: 'login' | 'refresh', body: object): Promise<Session> {
    const answer = await this.#options.fetch(`${this.#options.url}/api/v1/auth/${what}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const parsed = (await answer.json().catch(() => ({}))) as Session & { code?: string; detail?: string };
    if (answer.ok) return parsed;
    throw new AdminError(answer.status, parsed.code ?? 'internal', parsed.detail ?? `the ${what} failed`);
  }
}
