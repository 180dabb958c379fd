// A clone after its first build, for the commands that README.md and the pages in docs tell a newcomer to type.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './deadline.mjs';
import { dataFolder, Product } from './product.mjs';
import { freePort, Process, togglecastBinary } from './server.mjs';

const kRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** A page of this repository. */
export const pageOf = (name) => readFileSync(path.join(kRoot, name), 'utf8');

/** The commands under a heading of a page, a text for each block. */
export function commandsOf(page, heading) {
  const [, section] = page.split(new RegExp(`\n#{2,3} ${heading}\n`));
  assert.ok(section, `the page has ${heading}`);
  return [...section.split(/^#{2,3} /m)[0].matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text);
}

/** A clone in which the server runs with `args`. */
export class Clone {
  static async start(t, args = [], binary = togglecastBinary) {
    const { folder, remove } = await dataFolder();
    const port = await freePort();
    const clone = Object.assign(new Clone(), { t, folder, port, args, binary });
    await clone.serve();
    t.after(() => clone.product.end('SIGTERM').finally(remove));
    await mkdir(path.join(folder, 'build/release'), { recursive: true });
    await symlink(path.dirname(togglecastBinary), path.join(folder, 'build/release/bin'));
    await symlink(path.join(kRoot, 'tests/e2e/node_modules'), path.join(folder, 'node_modules'));
    await writeFile(path.join(folder, 'npm'), '#!/bin/sh\necho "npm $*"\n');
    await chmod(path.join(folder, 'npm'), 0o755);
    await writeFile(path.join(folder, 'togglecast.toml'), `port = ${port}\n`);
    return clone;
  }

  /** Starts the server, with the data in `data`. */
  async serve() {
    this.product = await Product.start(path.join(this.folder, 'data'), { args: this.args, env: {}, port: this.port, binary: this.binary });
  }

  stop() {
    return this.product.end('SIGTERM');
  }

  /** Runs commands as `bash` does, with `options` of it. */
  begin(text, options = []) {
    const { t, folder } = this;
    const env = { HOME: folder, PATH: `${folder}:${path.dirname(togglecastBinary)}:${path.dirname(process.execPath)}:${process.env.PATH}`, TOGGLECAST_CONFIG: 'togglecast.toml' };
    const run = new Process('bash', [...options, '-c', text.replaceAll('localhost:5001', `localhost:${this.port}`)], { cwd: folder, env, detached: true });
    t.after(() => {
      if (run.running) process.kill(-run.pid, 'SIGKILL');  // and what it has begun
    });
    return run;
  }

  /** The same, to the end: the process, with the exit `code`. */
  async run(text, options) {
    const run = this.begin(text, options);
    return Object.assign(run, await within(run.exited, `the end of ${text}`, 300_000));
  }

  async succeeds(text, options) {
    const run = await this.run(text, options);
    assert.equal(run.code, 0, run.output);
    return run.stdout;
  }

  read(name) {
    return readFile(path.join(this.folder, name), 'utf8');
  }

  async password() {
    return /^password: (.*)$/m.exec(await this.read('data/owner-login'))[1];
  }
}
