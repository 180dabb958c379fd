// A real redis-server, and a Sentinel, of one test: on a free port of the loopback address, in a folder of its
// own. The port stays the same over restarts; what it held is gone after each.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { endWithUs } from './children.mjs';
import { freePort } from './ports.mjs';

const run = promisify(execFile);
const kPatience = 60_000 * Number(process.env.TOGGLECAST_TEST_PATIENCE ?? 1);

export class Redis {
  #folder = mkdtempSync(path.join(os.tmpdir(), 'togglecast-redis-'));
  #child;
  #config;
  #sentinel;
  #cliArguments;
  port;

  /** `config` are lines of redis.conf; `cli` are arguments of redis-cli, such as a login. */
  static async start({ config = [], sentinel = false, cli = [] } = {}) {
    const redis = new Redis();
    redis.#config = config;
    redis.#sentinel = sentinel;
    redis.#cliArguments = cli;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      redis.port = await freePort();
      if (await redis.restart()) return redis;
    }
    throw new Error('redis-server does not start');
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }
  get folder() {
    return this.#folder;
  }

  /** Starts it again, empty, after `kill`. Whether it answers. */
  async restart() {
    const file = path.join(this.#folder, 'redis.conf');
    writeFileSync(file, [`port ${this.port}`, 'bind 127.0.0.1', 'save ""', 'appendonly no', `dir ${this.#folder}`,
      `logfile ${path.join(this.#folder, 'log')}`, ...this.#config, ''].join('\n'));
    this.#child = spawn('redis-server', [file, ...(this.#sentinel ? ['--sentinel'] : [])], { stdio: 'ignore' });
    const child = this.#child;
    let ended = false;
    endWithUs(child);
    child.once('exit', () => { ended = true; });
    child.once('error', () => { ended = true; });
    for (const deadline = Date.now() + kPatience; Date.now() < deadline && !ended;) {
      if (await this.cli('PING').then((answer) => answer === 'PONG', () => false)) return true;
      await new Promise((later) => setTimeout(later, 10));
    }
    return false;
  }

  /** The answer to a command, as redis-cli writes it without a terminal. An error answer rejects. */
  async cli(...words) {
    const { stdout } = await run('redis-cli', ['-e', '-p', String(this.port), ...this.#cliArguments, ...words],
      { timeout: kPatience, maxBuffer: 64 << 20 });
    return stdout.replace(/\n$/, '');
  }

  async #signal(name) {
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(name);
  }
  async kill() {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((exited) => child.once('exit', exited));
    child.kill('SIGKILL');
    await gone;
  }
  /** It takes connections and answers nothing. */
  freeze() {
    return this.#signal('SIGSTOP');
  }
  thaw() {
    return this.#signal('SIGCONT');
  }
  /** Ends it and removes its folder. */
  async stop() {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Lines for a Sentinel that watches the primary at `port` under the name `main`. */
export const sentinelConfig = (port) => [`sentinel monitor main 127.0.0.1 ${port} 1`,
  'sentinel down-after-milliseconds main 500', 'sentinel failover-timeout main 3000'];
