// The product under test: starts `togglecast serve` on a data folder of its own, and speaks its REST API.
// TOGGLECAST_PROGRAM  another command line to use for the program
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from './clients.mjs';
import { until } from './deadline.mjs';
import { freePort, Process, sharedByTests, togglecastBinary } from './server.mjs';

export const kOwner = 'owner';
export const kPassword = 'correct horse battery staple';

/** Runs the program with other arguments. */
export function program(args, { env = {}, binary = togglecastBinary, ...options } = {}) {
  const override = process.env.TOGGLECAST_PROGRAM?.split(' ').filter(Boolean) ?? [];
  const [command, ...first] = override.length && binary === togglecastBinary ? override : [binary];
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TOGGLECAST_')));
  return new Process(command, [...first, ...args], { env: { ...clean, ...env }, ...options });
}

export async function dataFolder() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'togglecast-e2e-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) };
}

/** An answer that was not what a call expected. */
export class ApiError extends Error {
  constructor(call, response) {
    super(`${call} answered ${response.status}: ${response.text}`);
    this.status = response.status;
    this.error = response.body?.error;
  }
}

const started = new Map();
/** The product of this file that listens on `port`. */
export const productAt = (port) => started.get(port);

export class Product {
  /** Starts the server and waits until it is ready. With `exempt` false, limits by address count this machine. */
  static async start(data, { args = [], env = { TOGGLECAST_OWNER_PASSWORD: kPassword }, port, exempt = true, ready = true, binary } = {}) {
    const product = new Product(port ?? (await freePort()), data);
    const more = exempt ? ['--exempt-loopback'] : [];
    if (!args.includes('--admin-token-lifetime')) more.push('--admin-token-lifetime', '86400');  // longer than any test
    product.process = program(['serve', '--port', String(product.port), '--data', data, ...more, ...args], { env, binary });
    started.set(product.port, product);
    if (!ready) {  // it answers no plain request
      await product.process.says('is running');
      return product;
    }
    await until(async () => {
      if (!product.process.running) throw new Error(`the server ended:\n${product.process.output}`);
      return fetch(`${product.url}/readyz`).then((answer) => answer.ok, () => false);
    }, 'a ready server', 60_000);
    return product;
  }

  constructor(port, data) {
    this.port = port;
    this.data = data;
    this.url = `http://localhost:${port}`;
    this.admin = null;
  }

  /** A request to the API; `token` null sends none. Asked to come back later, it does. */
  async request(...call) {
    let response;
    let again = 0;
    await until(async () => {
      if (performance.now() < again) return false;
      response = await this.requestOnce(...call);
      again = performance.now() + 1000 * Number(response.headers.get('retry-after') ?? 1);
      return response.status !== 429;
    }, `an answer to ${call[0]} ${call[1]} other than 429`, 60_000);
    return response;
  }

  async requestOnce(method, target, body, { token = this.admin, headers = {} } = {}) {
    const answer = await fetch(this.url + target, {
      method,
      headers: {
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const text = bytes.toString();
    let parsed;
    try {
      parsed = text ? JSON.parse(text) : undefined;
    } catch {
      parsed = undefined;
    }
    const revision = Number(answer.headers.get('togglecast-revision') ?? NaN);
    return { status: answer.status, headers: answer.headers, bytes, text, body: parsed, revision };
  }

  /** The same, but only success will do: answers the body, with the revision beside it. */
  async call(method, target, body, options) {
    const response = await this.request(method, target, body, options);
    if (response.status >= 300) throw new ApiError(`${method} ${target}`, response);
    this.revision = response.revision;
    return response.body;
  }

  async login(username = kOwner, password = kPassword) {
    const answer = await this.call('POST', '/api/v1/auth/login', { username, password }, { token: null });
    this.admin = answer.token;
    return answer;
  }

  /** The text of /metrics. */
  async metrics() {
    if (!this.admin) await this.login();
    return (await this.requestOnce('GET', '/metrics')).text;
  }

  platforms() {
    return this.call('GET', '/api/v1/platforms?limit=1000').then((answer) => answer.items ?? answer);
  }

  createPlatform(body) {
    return this.call('POST', '/api/v1/platforms', body);
  }

  toggle(id, enabled) {
    return this.call('POST', `/api/v1/platforms/${id}/toggle`, enabled === undefined ? undefined : { enabled });
  }

  /** A new client with a token: {client, id, token, tokenId}. */
  async createClient(key = `client-${Math.random().toString(36).slice(2, 10)}`, tokenOptions = {}) {
    const client = await this.call('POST', '/api/v1/clients', { key, name: key });
    const issued = await this.issueToken(client.id, tokenOptions);
    return { client, id: client.id, token: issued.token, tokenId: issued.id };
  }

  issueToken(client, options = {}) {
    return this.call('POST', `/api/v1/clients/${client}/tokens`, options);
  }

  /** A stock client of `nsp`, closed with the test. */
  socket(t, nsp, auth, options = {}) {
    const client = new Client(this.url, { path: '/socket.io/', nsp, auth, ...options });
    t.after(() => client.close());
    return client;
  }

  adminSocket(t, options) {
    return this.socket(t, '/admin', { token: this.admin }, options);
  }

  clientSocket(t, token, options) {
    return this.socket(t, '/client', { token }, options);
  }

  end(signal) {
    return this.process.end(signal);
  }
}

/** One server for all tests of the calling file, with the owner logged in, as `it`. */
export function product(options) {
  const started = sharedByTests(async () => {
    const data = await dataFolder();
    try {
      const server = await Product.start(data.folder, options);
      await server.login();
      return { server, data };
    } catch (error) {
      await data.remove();
      throw error;
    }
  }, ({ server, data }) => server.end('SIGTERM').finally(data.remove));
  return {
    get it() {
      return started().server;
    },
  };
}

let keys = 0;
/** A key nobody else in this file uses. */
export const ownKey = (prefix = 'platform') => `${prefix}-${++keys}`;

export const kTimestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const kOffset = /^\d+\.\d+\.[A-Za-z0-9_-]+/;
