// A typed admin client: REST by the OpenAPI document of the server, and live events over the stock client.
import createFetch, { type Client as Rest } from 'openapi-fetch';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { AdminClientEvents, AdminServerEvents, Unacknowledged } from './events.js';
import type { components, paths } from './rest.js';
import { SessionKeeper, type Session } from './session.js';

export interface AdminOptions {
  /** The server, such as `https://flags.example`. Absent: the page's own origin. */
  url?: string;
  /**
   * Where the refresh token of a login lies: `body`, in this client, for programs; `cookie`, for pages of the server, whose
   * scripts then never see it. By default `cookie` in a page of the server, otherwise `body`.
   */
  session?: 'body' | 'cookie';
  /** Goes on with a session: the last `refresh_token` that `onSession` told. */
  refreshToken?: string;
  /** Told each new token with its `refresh_token`, and `undefined` once the session has ended. */
  onSession?: (session: Session | undefined) => void;
  /** Instead of a login: an API key, or a token that somebody else renews. */
  token?: string;
  /** Instead of a login: gets the token at every request and connect. `refresh`: the last one was refused. */
  getToken?: (ask: { refresh: boolean }) => string | Promise<string>;
  /** Options of the stock client. */
  transport?: Partial<ManagerOptions & SocketOptions>;
  fetch?: typeof fetch;
}

export type AdminSocket = Socket<AdminServerEvents, AdminClientEvents> & Unacknowledged<AdminClientEvents>;

/** What the server shows admins of the connection: name and version of this package. */
const kSdk = 'togglecast-admin-js/0.1.0';
const kStale = new Set(['token_expired', 'token_invalid', 'revoked']);
// Requests that get a token rather than need one.
const kWithoutToken = new Set(['/api/v1/auth/login', '/api/v1/auth/refresh']);

function isOwnPage(url: string): boolean {
  if (typeof location === 'undefined' || typeof document === 'undefined') return false;
  return url === '' || new URL(url, location.href).origin === location.origin;
}

export class Admin {
  /** `rest.GET('/api/v1/platforms/{id}', {params: {path: {id: 1}}})` answers `{data, error, response}`. */
  readonly rest: Rest<paths>;
  #options: AdminOptions;
  #url: string;
  #fetch: typeof fetch;
  #session: SessionKeeper;
  #refresh = false;
  #closed = false;
  #socket: AdminSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Copies of requests under way, for a second try with a new token. */
  #sent = new Map<string, { copy: Request; token: string }>();

  constructor(options: AdminOptions = {}) {
    this.#options = options;
    this.#url = (options.url ?? '').replace(/\/+$/, '');
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#session = new SessionKeeper({
      url: this.#url,
      mode: options.session ?? (isOwnPage(this.#url) ? 'cookie' : 'body'),
      ...(options.refreshToken !== undefined && { refreshToken: options.refreshToken }),
      ...(options.onSession && { onSession: options.onSession }),
      fetch: this.#fetch,
    });
    this.rest = createFetch<paths>({ baseUrl: this.#url, fetch: (request) => this.#fetch(request) });
    this.rest.use({
      onRequest: async ({ request, schemaPath, id }) => {
        if (kWithoutToken.has(schemaPath)) return request;
        const token = await this.#token();
        if (token) request.headers.set('Authorization', `Bearer ${token}`);
        this.#sent.set(id, { copy: request.clone(), token });
        return request;
      },
      onResponse: async ({ response, id }) => {
        const sent = this.#sent.get(id);
        this.#sent.delete(id);
        if (response.status !== 401 || !sent) return;
        const { code } = (await response.clone().json().catch(() => ({}))) as { code?: string };
        if (!code || !kStale.has(code) || !this.#renews) return;
        return (await this.#again(sent.copy, sent.token)) ?? response;
      },
      onError: ({ id }) => {
        this.#sent.delete(id);
      },
    });
  }

  /** Logs in with a password, and with a `code` if the account has a second factor. This client renews its token from now on. */
  async login(username: string, password: string, options: { environment?: string; code?: string } = {}): Promise<Session> {
    return this.#session.login({ username, password, ...options });
  }

  /**
   * Goes on with the session that is there: in the cookie, or `refreshToken`. Undefined when there is none, and somebody has
   * to log in.
   */
  async resume(): Promise<Session | undefined> {
    if (!this.#session.canRefresh) return undefined;
    try {
      return await this.#session.refresh();
    } catch (error) {
      if (this.#session.canRefresh) throw error; // the server is away
      return undefined;
    }
  }

  /** Ends the session at the server, with all its tokens and connections. `logout_url`: where to end the provider's, too. */
  async logout(): Promise<{ logout_url?: string | null }> {
    const { data, response } = await this.rest.POST('/api/v1/auth/logout', {});
    if (!response.ok && response.status !== 401) throw new Error(`the logout failed with ${response.status}`);
    this.#session.end();
    this.close();
    return (data as { logout_url?: string | null } | undefined) ?? {};
  }

  /** The sessions of this admin that live, the newest first. For owners: those of the admin with this id. */
  async sessions(admin?: number): Promise<Schemas['SessionInfo'][]> {
    const { data, error } = await this.rest.GET('/api/v1/auth/sessions', { params: { query: admin === undefined ? {} : { admin } } });
    if (!data) throw new Error((error as { detail?: string } | undefined)?.detail ?? 'the sessions cannot be read');
    return data.items;
  }

  /** The connection to /admin, made when it is first read. It comes back by itself, with the token of that moment. */
  get socket(): AdminSocket {
    if (this.#socket) return this.#socket;
    this.#closed = false;
    const socket: AdminSocket = io(`${this.#url}/admin`, {
      ...this.#options.transport,
      forceNew: true,
      // Without a token nothing is sent: the server closes the connection soon, and the next one asks again.
      auth: (send) => void this.#token().then((token) => send({ token, sdk: kSdk }), () => {}),
    });
    socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
      if (!kStale.has(error.data?.code ?? '') || !this.#renews) return;
      this.#connectAgain(socket); // the pause keeps a bad token from being refused in a loop
    });
    socket.on('disconnect', (reason) => {
      // The session has ended, or its token's key was retired: a refresh tells.
      if (reason === 'io server disconnect' && this.#renews) this.#connectAgain(socket);
    });
    socket.on('token_expiring', () => {
      if (!this.#renews) return;
      void this.#renewed().then((token) => socket.emit('admin_connect', { token }, () => {}), () => {});
    });
    this.#socket = socket;
    return socket;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.disconnect();
    this.#socket = undefined;
  }

  get #renews(): boolean {
    if (this.#options.getToken) return true;
    return this.#session.canRefresh && (this.#options.token === undefined || this.#session.active);
  }

  /** The token for a request. */
  async #token(): Promise<string> {
    const { getToken, token } = this.#options;
    if (!getToken) return token !== undefined && !this.#session.active ? token : this.#session.token();
    const answer = await getToken({ refresh: this.#refresh });
    this.#refresh = false;
    return answer;
  }

  async #renewed(): Promise<string> {
    if (!this.#options.getToken) return (await this.#session.refresh()).token;
    this.#refresh = true;
    return this.#token();
  }

  /** Nothing when there is no newer token. */
  async #again(request: Request, used: string): Promise<Response | undefined> {
    try {
      const token = this.#options.getToken ? await this.#renewed() : await this.#session.newerThan(used);
      request.headers.set('Authorization', `Bearer ${token}`);
    } catch {
      return undefined;
    }
    return this.#fetch(request);
  }

  #connectAgain(socket: AdminSocket): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => void this.#renewed().then(
        () => !this.#closed && socket.connect(),
        () => !this.#closed && this.#renews && this.#connectAgain(socket), // the server is away
      ),
      1000 + 4000 * Math.random(),
    );
  }
}

export const createAdmin = (options: AdminOptions = {}): Admin => new Admin(options);

/** Entities and other bodies of the REST API by name, such as `Schemas['Feature']`. */
export type Schemas = components['schemas'];
export { AdminError, type Session } from './session.js';
export type { paths } from './rest.js';
export type * from './events.js';
