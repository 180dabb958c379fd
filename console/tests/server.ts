// The real server, on a port and a data folder of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const binaries = process.env['TOGGLECAST_BIN_DIR'] ?? path.join(import.meta.dirname, '../../build/release/bin');
const patience = Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1);
export const kPassword = 'correct horse battery staple';
const kDeadline = 60_000;

export interface Entity {
  id: number;
  key: string;
  etag: string;
  [member: string]: unknown;
}

/** Asks again and again until the answer is truthy. */
export async function until<Answer>(condition: () => Answer | Promise<Answer>, what: string): Promise<NonNullable<Answer>> {
  const end = performance.now() + kDeadline * patience;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${kDeadline * patience} ms`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

let keys = 0;
/** A key that nobody else uses. */
export const own = (prefix: string) => `${prefix}-${process.pid}-${++keys}`;

export class Server {
  readonly data = mkdtempSync(path.join(tmpdir(), 'togglecast-console-'));
  url = '';
  port = 0;
  token = '';
  output = '';
  process: ChildProcess | undefined;
  readonly #ownPassword: boolean;

  /** `ownPassword: false`: the server makes the first password, and nobody is logged in. */
  constructor({ ownPassword = true } = {}) {
    this.#ownPassword = ownPassword;
  }

  /** Starts it, on the port of its last life if it had one. */
  async start(...args: string[]): Promise<this> {
    this.output = '';
    const all = ['serve', '--port', String(this.port), '--data', this.data, '--exempt-loopback', '--admin-token-lifetime', '86400', '--write-rate', '1000', '--write-burst', '1000', ...args];
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TOGGLECAST_')));
    const child = spawn(path.join(binaries, 'togglecast'), all, { env: { ...env, ...(this.#ownPassword && { TOGGLECAST_OWNER_PASSWORD: kPassword }) } });
    this.process = child;
    const hear = (text: Buffer) => void (this.output += String(text));
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    let failure = '';
    child.on('error', (error) => void (failure = String(error)));
    const found = await until(() => {
      if (failure || child.exitCode !== null) throw new Error(`the server ended: ${failure}\n${this.output}`);
      return /Address +(http:\/\/localhost:(\d+))/.exec(this.output);
    }, 'a running server');
    this.url = found[1]!;
    this.port = Number(found[2]);
    if (this.#ownPassword) this.token ||= await this.login('owner', kPassword);
    return this;
  }

  async login(username: string, password: string, environment?: string): Promise<string> {
    return (await this.call<{ token: string }>('POST', '/api/v1/auth/login', { username, password, ...(environment && { environment }) })).token;
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

  /** A request of the owner, or with the token given. */
  async call<Answer = Entity>(method: string, target: string, body?: unknown, token = this.token): Promise<Answer> {
    const answer = await fetch(this.url + target, {
      method,
      headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${target} answered ${answer.status}: ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }

  /** An admin with this role; its name and the password of all. */
  async admin(role: 'viewer' | 'editor' | 'owner'): Promise<string> {
    const username = own(role);
    await this.call('POST', '/api/v1/admins', { username, password: kPassword, role });
    return username;
  }
}
