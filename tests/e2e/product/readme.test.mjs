// The first steps of README.md, word for word, in a folder with a server beside it. Only the port is another, and `npm` is a
// stand-in that notes how it was called.
import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until, within } from '../support/deadline.mjs';
import { dataFolder, Product } from '../support/product.mjs';
import { freePort, Process, togglecastBinary } from '../support/server.mjs';

const kRoot = fileURLToPath(new URL('../../..', import.meta.url));
const readme = await readFile(path.join(kRoot, 'README.md'), 'utf8');

/** The commands under a heading of the README, a text for each block. */
function commands(heading) {
  const [, section] = readme.split(`\n### ${heading}\n`);
  assert.ok(section, `README.md has ${heading}`);
  return [...section.split(/^#{2,3} /m)[0].matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text);
}

/** A clone after its first build, in which the server runs with `args`. */
class Clone {
  static async start(t, args = []) {
    const { folder, remove } = await dataFolder();
    const port = await freePort();
    const product = await Product.start(path.join(folder, 'data'), { args, env: {}, port });
    t.after(() => product.end('SIGTERM').finally(remove));
    await mkdir(path.join(folder, 'build/release'), { recursive: true });
    await symlink(path.dirname(togglecastBinary), path.join(folder, 'build/release/bin'));
    await symlink(path.join(kRoot, 'tests/e2e/node_modules'), path.join(folder, 'node_modules'));
    await writeFile(path.join(folder, 'npm'), '#!/bin/sh\necho "npm $*"\n');
    await chmod(path.join(folder, 'npm'), 0o755);
    await writeFile(path.join(folder, 'togglecast.toml'), `port = ${port}\n`);
    return Object.assign(new Clone(), { t, folder, port, product });
  }

  /** Runs commands as `bash` does, with `options` of it. */
  begin(text, options = []) {
    const env = { HOME: this.folder, PATH: `${this.folder}:${path.dirname(process.execPath)}:${process.env.PATH}`, TOGGLECAST_CONFIG: 'togglecast.toml' };
    const run = new Process('bash', [...options, '-c', text.replaceAll('localhost:5001', `localhost:${this.port}`)], { cwd: this.folder, env, detached: true });
    this.t.after(() => {
      if (run.running) process.kill(-run.pid, 'SIGKILL');  // and what it has begun
    });
    return run;
  }

  /** The same, to the end: the process, with the exit `code`. */
  async run(text, options) {
    const run = this.begin(text, options);
    return Object.assign(run, await within(run.exited, `the end of ${text}`, 60_000));
  }

  async succeeds(text, options) {
    const run = await this.run(text, options);
    assert.equal(run.code, 0, run.output);
    return run.stdout;
  }

  read(name) {
    return readFile(path.join(this.folder, name), 'utf8');
  }

  /** The commands that log in with curl, with this password. */
  static loggingIn(password) {
    const [text] = commands('The same over HTTP');
    assert.equal(text.split("'the password from above'").length, 2);
    return text.replace('the password from above', () => password);
  }

  async password() {
    return /^password: (.*)$/m.exec(await this.read('data/owner-login'))[1];
  }
}

const kWrong = /wrong username or password/;
const [make, listen, toggle] = commands('A flag and a client');

test('a flag and a client, then the same over HTTP', async (t) => {
  const clone = await Clone.start(t);
  assert.match(await clone.succeeds(make), /feature +quickstart-banner +id \d+ +made/);
  const listener = clone.begin(listen.replace('listen.mjs', `listen.mjs http://localhost:${clone.port}`));
  await listener.says('connected as quickstart-client');
  assert.match(listener.stdout, /^npm install socket\.io-client$/m);
  assert.match(await clone.succeeds(toggle), /quickstart-banner is now off/);
  await until(() => /^feature_update toggle quickstart-banner false at revision \d+$/m.test(listener.stdout), 'the switch');

  const [, look] = commands('The same over HTTP');
  const [refresh] = /ask \$BASE\/auth\/refresh [^`]*/.exec(readme);
  const answers = (await clone.succeeds(`${Clone.loggingIn(await clone.password())}\n${look}\n${refresh}`, ['-e'])).trim().split('\n').map((line) => JSON.parse(line));
  const [features, clients, activity, session] = answers;
  assert.deepEqual(features.items.map(({ key }) => key), ['quickstart-banner']);
  assert.deepEqual(clients.items.map(({ key }) => key), ['quickstart-client']);
  assert.equal(activity.items.length, 5);
  assert.ok(session.token.length > 0);
});

test('a client of the example; and a wrong password stops with the sentence of the server', async (t) => {
  const clone = await Clone.start(t, ['--demo']);
  await clone.succeeds(make);
  const before = await clone.read('client-token');
  const [issue] = commands('A catalogue with an example');
  const refused = `${Clone.loggingIn('not the password')}\n${issue}`;
  const stopped = await clone.run(refused, ['-e']);
  assert.notEqual(stopped.code, 0);
  assert.match(stopped.stderr, kWrong);
  assert.equal(stopped.stdout, '', 'and nothing behind it ran');
  const pasted = await clone.run(refused);
  assert.notEqual(pasted.code, 0);
  assert.match(pasted.stderr, kWrong);
  assert.match(pasted.stderr, /"code":"unauthenticated"/);
  assert.equal(await clone.read('client-token'), before, 'the token is as it was');

  const { state } = JSON.parse(await clone.succeeds(`${Clone.loggingIn(await clone.password())}\n${issue}`, ['-e']));
  assert.equal(state.clients.length, 61, 'those of the example, and that of the quickstart');
  const token = (await clone.read('client-token')).trim();
  const client = await clone.product.clientSocket(t, token).connected();
  const [greeting] = await client.next('client_connected');
  assert.equal(greeting.client.key, 'acme-outfitters');
});

test('the connection with curl', async (t) => {
  const clone = await Clone.start(t);
  const [shake] = commands('Testing the connection with curl');
  const answer = await clone.succeeds(shake);
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /Transport unknown/);
  assert.match(readme, /'http:\/\/localhost:5001\/socket\.io\/\?EIO=4&transport=websocket'/);
  const lines = shake.trimEnd().split('\n');
  const open = clone.begin([...lines.slice(0, -1), "  'http://localhost:5001/socket.io/?EIO=4&transport=websocket'"].join('\n'));
  await open.says('0{"sid":');
  assert.match(open.stdout, /^HTTP\/1\.1 101 /);
});
