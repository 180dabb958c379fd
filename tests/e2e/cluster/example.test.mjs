// examples/cluster: one command starts it all, `break` breaks it, and Ctrl-C leaves nothing behind.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../support/deadline.mjs';
import { freePort, Process, togglecastBinary } from '../support/server.mjs';

const example = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../examples/cluster');
const kPatience = 240_000;

/** The first of four ports that are free. */
async function fourPorts() {
  const isFree = (port) => new Promise((resolve) => {
    const probe = net.createServer().once('error', () => resolve(false)).listen(port, () => probe.close(() => resolve(true)));
  });
  for (;;) {
    const port = await freePort();
    if ((await Promise.all([1, 2, 3].map((n) => isFree(port + n)))).every(Boolean)) return port;
  }
}

/** Processes whose command line names the folder. */
const processesOf = (folder) => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
  } catch {
    return false; // it has ended
  }
});

test('the example runs, breaks, mends itself, and leaves nothing', async (t) => {
  const folder = path.join(os.tmpdir(), `tg-example-${process.pid}`);
  const env = { ...process.env, CLUSTER_FOLDER: folder, TOGGLECAST_BIN_DIR: path.dirname(togglecastBinary) };
  const port = await fourPorts();
  const run = new Process(path.join(example, 'run'), ['--clients', '30', '--port', String(port)], { env });
  t.after(() => run.end('SIGTERM'));
  const breakIt = (...what) => promisify(execFile)(path.join(example, 'break'), what, { env });
  /** The last line of the clients that says all have the newest change, after so many came back. */
  const current = (least) => until(() => {
    if (!run.running) throw new Error(`the example ended:\n${run.output}`);
    const lines = run.stdout.split('\n').map((line) => /(\d+) of 30 connected \((\d+) came back\); revision (\d+): (\d+) have it/.exec(line)).filter(Boolean);
    const [, connected, back, revision, have] = (lines.at(-1) ?? []).map(Number);
    return connected === 30 && have === 30 && back >= least && revision;
  }, `30 current clients, ${least} of which came back`, kPatience);

  const first = await current(0);
  assert.match(run.stdout, new RegExp(`Togglecast +http://localhost:${port} `));
  assert.match(run.stdout, /Login +owner, \S+/);
  await breakIt('node', '2');
  await until(async () => (await current(1)) > first, 'later changes', kPatience);
  await breakIt('flush');
  const flushed = await current(1);
  await breakIt('postgres-kill');
  await until(async () => (await current(1)) > flushed + 3, 'changes after the death of PostgreSQL', kPatience);

  await run.end('SIGINT', 120_000);
  assert.ok(!existsSync(folder));
  assert.deepEqual(processesOf(folder), []);
});
