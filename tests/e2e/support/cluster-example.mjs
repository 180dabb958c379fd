// examples/cluster with 30 clients, in a folder and on ports of the calling test.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from './deadline.mjs';
import { freePort, Process, togglecastBinary } from './server.mjs';

const scripts = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../examples/cluster');
const run = promisify(execFile);
const kPatience = 240_000; // on a machine with much else to do

/** The first of four ports in a row. */
async function fourPorts() {
  let row = [];
  while (row.length < 4) {
    const port = await freePort();
    row = port === row.at(-1) + 1 ? [...row, port] : [port];
  }
  return row[0];
}

export class Example {
  static async start(t) {
    const example = new Example();
    example.folder = path.join(os.tmpdir(), `tg-example-${process.pid}`);
    example.env = { ...process.env, CLUSTER_FOLDER: example.folder, TOGGLECAST_BIN_DIR: path.dirname(togglecastBinary) };
    example.port = await fourPorts();
    example.process = new Process(path.join(scripts, 'run'), ['--clients', '30', '--port', String(example.port)], { env: example.env });
    t.after(() => example.process.end('SIGTERM', 120_000));
    return example;
  }

  /** The script `break`; answers what it said. */
  async break(...what) {
    return (await run(path.join(scripts, 'break'), what, { env: this.env })).stdout;
  }

  /** Waits until all clients have the newest change, after `least` or more came back. Answers its revision. */
  current(least) {
    return until(() => {
      if (!this.process.running) throw new Error(`the example ended:\n${this.process.output}`);
      const lines = this.process.stdout.split('\n').map((line) => /(\d+) of 30 connected \((\d+) came back\); revision (\d+): (\d+) have it/.exec(line)).filter(Boolean);
      const [, connected, back, revision, have] = (lines.at(-1) ?? []).map(Number);
      return connected === 30 && have === 30 && back >= least && revision;
    }, `30 current clients, ${least} of which came back`, kPatience);
  }

  /** The same, with so many changes behind `revision`. */
  goesOn(revision, changes = 3) {
    return until(async () => {
      const now = await this.current(0);
      return now > revision + changes && now;
    }, `changes behind ${revision}`, kPatience);
  }

  pid(name) {
    return readFileSync(path.join(this.folder, `${name}.pid`), 'utf8').trim();
  }

  /** Whether the process of that name has been stopped by a signal. */
  standsStill(name) {
    return readFileSync(`/proc/${this.pid(name)}/stat`, 'utf8').includes(') T ');
  }

  /** Processes whose command line names the folder. */
  get processes() {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.folder);
      } catch {
        return false; // it has ended
      }
    });
  }
}
