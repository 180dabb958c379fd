// The real server, on a port and a data folder of its own, and a proxy in front of it that a test can cut.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect as connectTo, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

const binaries = process.env['TOGGLECAST_BIN_DIR']!;  // vitest.config.ts has the default
const patience = Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1);
export const kPassword = 'correct horse battery staple';
/** How long anything may take, in ms. */
export const deadline = 30_000 * patience;

/** Asks again and again until the answer is truthy. */
export async function until<Answer>(condition: () => Answer | Promise<Answer>, what: string): Promise<NonNullable<Answer>> {
  const end = performance.now() + deadline;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${deadline} ms`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

export interface Entity {
  id: number;
  key: string;
  [member: string]: unknown;
}

export class Server {
  readonly data = mkdtempSync(path.join(tmpdir(), 'togglecast-clients-'));
  url = '';
  port = 0;
  token = '';
  output = '';
  /** Of owner. Undefined: a random one, which `data/first-login` has, and nobody is logged in. */
  password: string | undefined = kPassword;
  process: ChildProcess | undefined;

  /** Starts it, on the port of its last life if it had one. */
  async start(...args: string[]): Promise<this> {
    this.output = '';
    const all = ['serve', '--port', String(this.port), '--data', this.data, '--exempt-loopback', '--write-rate', '1000', '--write-burst', '1000', ...args];
    if (!args.includes('--admin-token-lifetime')) all.push('--admin-token-lifetime', '86400'); // longer than any test
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TOGGLECAST_')));
    const { password } = this;
    const child = spawn(path.join(binaries, 'togglecast'), all, { env: { ...env, ...(password && { TOGGLECAST_OWNER_PASSWORD: password }) } });
    this.process = child;
    const hear = (text: Buffer) => (this.output += String(text));
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    let failure = '';
    child.on('error', (error) => (failure = String(error)));
    const found = await until(() => {
      if (failure || child.exitCode !== null) throw new Error(`the server ended: ${failure}\n${this.output}`);
      return /Address +(http:\/\/localhost:(\d+))/.exec(this.output);
    }, 'a running server');
    this.url = found[1]!;
    this.port = Number(found[2]);
    if (password) this.token ||= (await this.call<{ token: string }>('POST', '/api/v1/auth/login', { username: 'owner', password })).token;
    return this;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM') {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async end() {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  async call<Answer = Entity>(method: string, target: string, body?: unknown): Promise<Answer> {
    for (;;) {
      const answer = await fetch(this.url + target, {
        method,
        headers: { ...(this.token && { Authorization: `Bearer ${this.token}` }), ...(body !== undefined && { 'Content-Type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (answer.status === 429) {
        await new Promise((next) => setTimeout(next, 1000 * Number(answer.headers.get('Retry-After') ?? 1)));
        continue;
      }
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${target} answered ${answer.status}: ${text}`);
      return (text ? JSON.parse(text) : undefined) as Answer;
    }
  }

  /** A package with these features, and a client on it with a token. */
  async world(features: { [key: string]: object } = {}, { limits = {} as { [key: string]: number }, attributes = {} } = {}) {
    const made: { [key: string]: Entity } = {};
    for (const [key, more] of Object.entries(features)) made[key] = await this.call('POST', '/api/v1/features', { key: own(key), name: key, ...more });
    const plan = await this.call('POST', '/api/v1/packages', {
      key: own('plan'), name: 'Plan',
      features: Object.entries(made).map(([key, { id }]) => ({ feature_id: id, ...(limits[key] !== undefined && { limit: limits[key] }) })),
    });
    const client = await this.call('POST', '/api/v1/clients', { key: own('client'), name: 'Client', package_id: plan.id, attributes });
    return { features: made, plan, client, token: await this.issue(client.id) };
  }

  async issue(client: number, more: object = {}) {
    return (await this.call<{ token: string }>('POST', `/api/v1/clients/${client}/tokens`, more)).token;
  }
}

let keys = 0;
/** A key that nobody else uses. */
export const own = (prefix: string) => `${prefix}-${++keys}`;

/** A way to the server that can be cut and closed. Ends with the test. */
export async function proxyTo(server: Server) {
  const links = new Set<Socket>();
  let open = true;
  let answer: string | undefined;
  const proxy = createServer((near) => {
    if (!open) return void near.destroy();
    const said = answer;
    if (said !== undefined) return void near.once('data', () => near.end(said)).on('error', () => {});
    const far = connectTo(server.port, 'localhost');
    links.add(near);
    near.on('close', () => (links.delete(near), far.destroy())).on('error', () => {});
    far.on('close', () => near.destroy()).on('error', () => {});
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((listening) => proxy.listen(0, 'localhost', listening));
  const cut = () => links.forEach((link) => link.destroy());
  onTestFinished(() => {
    cut();
    proxy.close();
  });
  return {
    url: `http://localhost:${(proxy.address() as AddressInfo).port}`,
    cut,
    /** Connections that are open now. */
    get open() {
      return links.size;
    },
    /** What new connections hear instead of the server. */
    answer(text: string | undefined) {
      answer = text;
    },
    let(through: boolean) {
      open = through;
      if (!open) cut();
    },
  };
}
