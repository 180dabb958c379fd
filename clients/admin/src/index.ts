// A typed admin client: REST by the OpenAPI document of the server, and live events over the stock client.
import createFetch, { type Client as Rest } from 'openapi-fetch';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { AdminClientEvents, AdminServerEvents } from './events.js';
import type { components, paths } from './rest.js';

export interface AdminOptions {
  /** The server, such as `https://flags.example`. Absent: the page's own origin. */
  url?: string;
  token?: string;
  /** Gets the token at every request and connect. `refresh`: the last one was refused as expired. */
  getToken?: (ask: { refresh: boolean }) => string | Promise<string>;
  /** Options of the stock client. */
  transport?: Partial<ManagerOptions & SocketOptions>;
  fetch?: typeof fetch;
}

export type AdminSocket = Socket<AdminServerEvents, AdminClientEvents>;

export class Admin {
  /** `rest.GET('/api/v1/platforms/{id}', {params: {path: {id: 1}}})` answers `{data, error, response}`. */
  readonly rest: Rest<paths>;
  #options: AdminOptions;
  #token: string;
  #refresh = false;
  #socket: AdminSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#token = options.token ?? '';
    this.rest = createFetch<paths>({ baseUrl: this.#url, ...(options.fetch && { fetch: options.fetch }) });
    this.rest.use({
      onRequest: async ({ request, schemaPath }) => {
        if (schemaPath !== '/api/v1/auth/login') request.headers.set('Authorization', `Bearer ${await this.#fetchToken()}`);
        return request;
      },
      onResponse: async ({ response }) => {
        if (response.status !== 401) return;
        const { code } = (await response.clone().json().catch(() => ({}))) as { code?: string };
        this.#refresh ||= code === 'token_expired';
      },
    });
  }

  /** Logs in with a password. Without `getToken`, this client uses the token of the answer from now on. */
  async login(username: string, password: string) {
    const { data, error } = await this.rest.POST('/api/v1/auth/login', { body: { username, password } });
    if (!data) throw new Error((error as { detail?: string } | undefined)?.detail ?? 'the login failed');
    this.#token = data.token;
    return data;
  }

  /** The connection to /admin, made when it is first read. It comes back by itself, with the token of that moment. */
  get socket(): AdminSocket {
    if (this.#socket) return this.#socket;
    const socket: AdminSocket = io(`${this.#url}/admin`, {
      ...this.#options.transport,
      forceNew: true,
      // Without a token nothing is sent: the server closes the connection soon, and the next one asks again.
      auth: (send) => void this.#fetchToken().then((token) => send({ token }), () => {}),
    });
    socket.on('connect_error', (error: Error & { data?: { code?: string } }) => {
      if (error.data?.code !== 'token_expired' || !this.#options.getToken) return;
      this.#refresh = true; // the pause keeps a bad token from being refused in a loop
      this.#timer = setTimeout(() => socket.connect(), 1000 + 4000 * Math.random());
    });
    socket.on('token_expiring', () => {
      if (!this.#options.getToken) return;
      this.#refresh = true;
      void this.#fetchToken().then((token) => socket.emit('admin_connect', { token }, () => {}), () => {});
    });
    this.#socket = socket;
    return socket;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket?.disconnect();
  }

  get #url() {
    return (this.#options.url ?? '').replace(/\/+$/, '');
  }

  async #fetchToken(): Promise<string> {
    const { getToken } = this.#options;
    if (!getToken) return this.#token;
    const token = await getToken({ refresh: this.#refresh });
    this.#refresh = false;
    return token;
  }
}

export const createAdmin = (options: AdminOptions): Admin => new Admin(options);

/** Entities and other bodies of the REST API by name, such as `Schemas['Feature']`. */
export type Schemas = components['schemas'];
export type { paths } from './rest.js';
export type * from './events.js';
