// Starts the real binaries on free ports and ends them by process id.
// TOGGLECAST_BIN_DIR        folder of the binaries (default build/release/bin under the repository)
// TOGGLECAST_CONFORMANCE    another command line to use for the conformance server
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endWithUs, running } from './children.mjs';
import { until, within } from './deadline.mjs';
import { freePort } from './ports.mjs';

export { freePort };

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const bin = path.resolve(root, process.env.TOGGLECAST_BIN_DIR ?? 'build/release/bin');

// stopped from outside, a test file still ends what it started
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const started = [];
const kLastLines = 20;

/** When a test has failed: how each program of its file ended, and its last lines that are more than news. */
function report(code) {
  if (code === 0) return;
  for (const { child, pid, asked, output } of started) {
    const lines = output.split('\n').filter((line) => line && !line.includes('"level":"info"')).slice(-kLastLines);
    const end = child.exitCode ?? child.signalCode;
    const what = end === null ? 'runs' : `ended with ${end}${asked ? '' : ', which its test did not ask for'}`;
    console.error([`${path.basename(process.argv[1])}: process ${pid} ${what}: ${child.spawnargs.join(' ')}`, ...lines].join('\n    ').slice(0, 8000));
  }
}
process.on('exit', report);

/** A started program: its output so far, its exit, and ways to end it. */
export class Process {
  constructor(command, args, options = {}) {
    started.push(this);
    this.asked = false;
    this.output = '';
    this.stdout = '';
    this.stderr = '';
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.pid = this.child.pid;
    for (const stream of ['stdout', 'stderr']) {
      this.child[stream].setEncoding('utf8').on('data', (text) => {
        this.output += text;
        this[stream] += text;
      });
    }
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal }));
      this.child.once('error', (error) => {
        this.output += String(error);
        resolve({ code: -1, signal: null });
      });
    });
    this.running = true;
    this.exited.then(() => (this.running = false));
    endWithUs(this.child);
  }

  async says(text, ms = 60_000) {
    await until(() => this.output.includes(text) || !this.running, `"${text}" from process ${this.pid}`, ms);
    if (!this.output.includes(text)) throw new Error(`the program ended without "${text}":\n${this.output}`);
  }

  /** Sends the signal and answers {code, signal} of the exit. */
  async end(signal = 'SIGTERM', ms = 30_000) {
    this.asked ||= this.running;
    if (this.running) this.child.kill(signal);
    try {
      return await within(this.exited, `exit of process ${this.pid} after ${signal}`, ms);
    } catch (late) {
      this.child.kill('SIGKILL');
      throw late;
    }
  }
}

export async function startConformance(options = []) {
  const port = await freePort();
  const override = process.env.TOGGLECAST_CONFORMANCE?.split(' ').filter(Boolean);
  const [command, ...args] = override?.length ? override : [path.join(bin, 'conformance-server')];
  const server = new Process(command, [...args, '--port', String(port), ...options]);
  await server.says(`listening on ${port}`);
  server.port = port;
  server.url = `http://localhost:${port}`;
  return server;
}

/**
 * Something that all tests of the calling file share: started before them, ended after them. Answers a function
 * that gives it out; when the start failed, each test that asks fails with the reason, and what it had started
 * has ended, which would keep the file from its end.
 */
export function sharedByTests(start, end) {
  let outcome;
  before(async () => {
    const earlier = new Set(running);
    outcome = await start().then((value) => ({ value }), (error) => ({ error }));
    if (outcome.error) for (const child of running) if (!earlier.has(child)) child.kill('SIGKILL');
  });
  after(() => outcome.value && end(outcome.value));
  return () => {
    if (outcome.error) throw outcome.error;
    return outcome.value;
  };
}

/** One conformance server for all tests of the calling file: its `port`, `url` and `process`. */
export function conformance(...options) {
  const server = sharedByTests(() => startConformance(options), (process) => process.end('SIGTERM'));
  return {
    get port() {
      return server().port;
    },
    get url() {
      return server().url;
    },
    get process() {
      return server();
    },
  };
}

export const togglecastBinary = path.join(bin, 'togglecast');
