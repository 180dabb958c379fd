// The library as its users get it: installed into an empty folder, found by a project that knows only that folder, spoken to
// by the official client. The documentation is held to the same files.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '../support/clients.mjs';
import { Process, freePort, sharedByTests } from '../support/server.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const build = path.resolve(root, process.env.TOGGLECAST_BIN_DIR ?? 'build/release/bin', '..');
const example = path.join(root, 'examples/outside');
const read = (...parts) => readFile(path.join(...parts), 'utf8');

/** Runs a program to its end; its output is the error when it fails. */
async function run(...command) {
  try {
    const { stdout, stderr } = await promisify(execFile)(command[0], command.slice(1), { timeout: 300_000 });
    return stdout + stderr;
  } catch (error) {
    throw new Error(`${command.join(' ')}\n${error.stdout}${error.stderr}`);
  }
}

// One installation for all tests here. The project is copied, so that nothing of the repository is near it.
const house = sharedByTests(
  async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'togglecast-library-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const prefix = path.join(folder, 'prefix');
    await run('cmake', '--install', build, '--prefix', prefix);
    await mkdir(path.join(folder, 'outside'));
    for (const name of ['CMakeLists.txt', 'main.cpp'])
      await writeFile(path.join(folder, 'outside', name), await read(example, name));
    return { folder, prefix, include: path.join(prefix, 'include') };
  },
  () => {},
);

/** All files below a folder, as paths from there. */
async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)));
}

/** Our headers that a header names, installed or in the repository. */
const includesOf = (text) => [...text.matchAll(/^#include (?:<togglecast\/|")(.+\.hpp)[>"]$/gm)].map(([, name]) => name);

describe('the installation', () => {
  test('has the server, the libraries, the headers and the package', async () => {
    const files = await filesOf(house().prefix);

    for (const wanted of [/^bin\/togglecast$/, /\/libtogglecast_socketio\.a$/, /\/libtogglecast_base\.a$/,
      /^include\/togglecast\/socketio\.hpp$/, /^include\/togglecast\/socketio\/server\.hpp$/,
      /\/cmake\/togglecast\/togglecastConfig\.cmake$/, /\/cmake\/togglecast\/togglecastConfigVersion\.cmake$/])
      assert.ok(files.some((file) => wanted.test(file)), `${wanted} in\n${files.join('\n')}`);
    assert.deepEqual(files.filter((file) => /(domain|storage|auth|service|realtime)/.test(file)), [], 'no switches');
    assert.match(await run(path.join(house().prefix, 'bin/togglecast'), '--version'), /\d+\.\d+\.\d+/);
  });

  test('has headers that name each other in full', async () => {
    const headers = await filesOf(house().include);
    for (const header of headers) {
      const text = await read(house().include, header);
      assert.doesNotMatch(text, /^\s*#\s*include\s*"/m, header);
      for (const name of includesOf(text)) assert.ok(headers.includes(`togglecast/${name}`), `${header}: ${name}`);
    }
  });

  test('gives its users none of our flags and none of our folders', async () => {
    const files = (await filesOf(house().prefix)).filter((file) => /Targets.*\.cmake$/.test(file));
    assert.ok(files.length >= 2);
    for (const file of files) {
      const text = await read(house().prefix, file);
      for (const leak of [/[\s";]-[WfO]\w/, /_GLIBCXX|FORTIFY/, /cmake_pch/, /SPDLOG|FMT/]) assert.doesNotMatch(text, leak);
      assert.ok(!text.includes(root) && !text.includes(build), `${file} names the repository`);
    }
  });

  test('is not found by who asks for another version', async () => {
    const folder = path.join(house().folder, 'other-version');
    await mkdir(folder);
    await writeFile(path.join(folder, 'CMakeLists.txt'),
      'cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES CXX)\nfind_package(togglecast ${WANTED} REQUIRED)\n');
    const configure = (wanted) =>
      run('cmake', '-G', 'Ninja', '-S', folder, '-B', path.join(folder, wanted), `-DCMAKE_PREFIX_PATH=${house().prefix}`, `-DWANTED=${wanted}`);

    await assert.rejects(configure('7.0'), /version/);
    await assert.rejects(configure('0.0'), /version/);
  });
});

describe('a program from outside', () => {
  test('that has folders named like ours still gets ours', async () => {
    const own = path.join(house().folder, 'own');
    for (const name of ['base/error.hpp', 'base/json.hpp', 'net/shard.hpp', 'socketio/server.hpp', 'web/router.hpp']) {
      await mkdir(path.dirname(path.join(own, name)), { recursive: true });
      await writeFile(path.join(own, name), '#error "this is the program\'s own"\n');
    }
    const source = path.join(own, 'main.cpp');
    await writeFile(source, '#include <togglecast/socketio.hpp>\n#include <togglecast/socketio.hpp>\nint main() {}\n');

    await run('c++', '-std=c++20', '-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Werror', '-fsyntax-only',
      '-DBOOST_ASIO_NO_DEPRECATED', '-I', own, '-I', house().include, source);
  });

  test('is built with find_package alone and speaks with the official client', async (t) => {
    const project = path.join(house().folder, 'outside');
    const output = path.join(house().folder, 'outside-build');
    const [, sanitizer] = /^TOGGLECAST_SANITIZE:\w+=(.+)$/m.exec(await read(build, 'CMakeCache.txt')) ?? [];
    const flags = `-Wall -Wextra -Wpedantic -Wshadow -Werror ${sanitizer ? `-fsanitize=${sanitizer}` : ''}`;
    await run('cmake', '-G', 'Ninja', '-S', project, '-B', output, `-DCMAKE_PREFIX_PATH=${house().prefix}`, '-DCMAKE_BUILD_TYPE=Debug',
      `-DCMAKE_CXX_FLAGS=${flags}`);
    await run('cmake', '--build', output);

    const port = await freePort();
    const server = new Process(path.join(output, 'counters'), [String(port)]);
    t.after(() => server.end('SIGKILL'));
    await server.says(`http://localhost:${port}`);
    const url = `http://localhost:${port}`;
    for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
      const name = transports.join('+');
      const watcher = new Client(url, { path: '/socket.io/', transports });
      const adder = new Client(url, { path: '/socket.io/', transports });
      t.after(() => [watcher, adder].forEach(({ socket }) => socket.close()));
      await Promise.all([watcher.connected(), adder.connected()]);

      assert.equal(await watcher.ask('watch', name), 0);
      assert.equal(await adder.ask('add', name, 3), 3);
      assert.equal(await adder.ask('add', name, -1), 2);
      assert.deepEqual(await watcher.next('counted'), [{ name, value: 3 }]);
      assert.deepEqual(await watcher.next('counted'), [{ name, value: 2 }]);
    }
    const counters = await fetch(`${url}/counters`);
    assert.deepEqual(await counters.json(), { polling: 2, websocket: 2, 'polling+websocket': 2 });
    assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null });
  });
});

describe('docs/library.md', () => {
  test('shows the example as it is', async () => {
    const page = await read(root, 'docs/library.md');
    for (const name of ['CMakeLists.txt', 'main.cpp'])
      assert.ok(page.includes(`\n${await read(example, name)}\`\`\`\n`), `examples/outside/${name} is shown in full`);
  });

  test('lists the headers that the umbrella header names', async () => {
    const listed = [...(await read(root, 'docs/library.md')).matchAll(/^\| `([a-z_/]+\.hpp)` \|/gm)].map(([, name]) => name);

    assert.deepEqual(listed.sort(), includesOf(await read(root, 'include/togglecast/socketio.hpp')).sort());
  });
});
