// The real server, on a port and a data folder of its own: for the tests of the client packages and of the web console.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const patience = Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1);
/** How long anything may take, in ms. */
export const deadline = 60_000 * patience;
export const kPassword = 'correct horse battery staple';

export interface Entity {
  id: number;
  key: string;
  etag: string;
  [member: string]: unknown;
}

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

let keys = 0;
/** A key that nobody else uses. */
export const own = (prefix: string) => `${prefix}-${process.pid}-${++keys}`;

/** The binary is that of the folder TOGGLECAST_BIN_DIR. */
export class RunningServer {
  readonly data: string;
  url = '';
  port = 0;
  token = '';
  output = '';
  /** Of owner. Undefined: a random one, which `data/first-login` has, and nobody is logged in. */
  password: string | undefined = kPassword;
  process: ChildProcess | undefined;

  /** `data`: a folder that exists. `ownPassword: false`: the server makes the first password, and nobody is logged in. */
  constructor({ data, ownPassword = true }: { data?: string | undefined; ownPassword?: boolean } = {}) {
    this.data = data ?? mkdtempSync(path.join(tmpdir(), 'togglecast-test-'));
    if (!ownPassword) this.password = undefined;
  }

  /** Starts it, on the port of its last life if it had one. */
  async start(...args: string[]): Promise<this> {
    this.output = '';
    const lifetime = '--admin-token-lifetime';
    const all = ['serve', '--port', String(this.port), '--data', this.data, '--exempt-loopback', '--write-rate', '1000', '--write-burst', '1000', ...args];
    if (!args.includes(lifetime)) all.push(lifetime, '86400'); // longer than any test, on a busy machine too
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TOGGLECAST_')));
    const child = spawn(path.join(process.env['TOGGLECAST_BIN_DIR']!, 'togglecast'), all, { env: { ...env, ...(this.password && { TOGGLECAST_OWNER_PASSWORD: this.password }) } });
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
    if (this.password) this.token ||= await this.login('owner', this.password);
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

  /** A request of the owner, who logs in again when it must, or with the token given. One that is limited waits. */
  async call<Answer = Entity>(method: string, target: string, body?: unknown, token = this.token): Promise<Answer> {
    for (;;) {
      const answer = await fetch(this.url + target, {
        method,
        headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body !== undefined && { 'Content-Type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.status === 429) {
        await new Promise((next) => setTimeout(next, 1000 * Number(answer.headers.get('Retry-After') ?? 1)));
        continue;
      }
      // Each login of a test is a session of the owner, and the server keeps the newest fifty.
      if (answer.status === 401 && token && token === this.token && this.password && text.includes('"revoked"')) {
        token = this.token = await this.login('owner', this.password);
        continue;
      }
      if (!answer.ok) throw new Error(`${method} ${target} answered ${answer.status}: ${text}`);
      return (text ? JSON.parse(text) : undefined) as Answer;
    }
  }
}
