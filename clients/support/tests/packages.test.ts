// Each package as it is packed: installed into an empty project by the lines of the manual, run by node, read by the compiler.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const clients = path.resolve(import.meta.dirname, '../..');
const manual = readFileSync(path.join(clients, '../docs/clients.md'), 'utf8');
const [block = ''] = /^packages=~[^]*?^```$/m.exec(manual) ?? [];
const [setting = '', ...lines] = block.split('\n').slice(0, -1);
const nameOf = (line: string) => `@togglecast/${/togglecast-(?:\{client,)?([a-z-]+)\}?-\d/.exec(line)?.[1]}`;
type Manifest = { name: string; version: string; exports: { [entry: string]: unknown } };
const read = <Content>(...where: string[]) => JSON.parse(readFileSync(path.join(...where), 'utf8')) as Content;
/** Where others have the types that these packages mention. */
const kTypes: { [name: string]: string } = { '@togglecast/react': '@types/react', '@togglecast/openfeature-server': '@types/node' };
const workspaces = read<{ workspaces: string[] }>(clients, 'package.json').workspaces;

// The home folder of a reader who has built the packages.
const home = mkdtempSync(path.join(tmpdir(), 'togglecast-packages-'));
const env = {
  ...process.env, HOME: home, npm_config_cache: process.env['npm_config_cache'] ?? path.join(homedir(), '.npm'),
  npm_config_audit: 'false', npm_config_update_notifier: 'false', npm_config_replace_registry_host: 'never', npm_config_registry: '',
};

/** Not synchronous, because the registry is in this process. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { cwd, env }).catch((error: Error & { stdout: string; stderr: string }) => {
    throw new Error(`${program} ${args.join(' ')}:\n${error.stdout}${error.stderr}`);
  });
  return stdout;
}

/** What others publish, in the versions of the workspace; npm finds the files in its cache. */
function registry(upstream: string) {
  const { packages } = read<{ packages: { [where: string]: { version: string; integrity?: string } } }>(clients, 'package-lock.json');
  const known: { [name: string]: { name: string; 'dist-tags': object; versions: { [version: string]: object } } } = {};
  for (const [where, { integrity, ...manifest }] of Object.entries(packages)) {
    const name = where.split('node_modules/').at(-1)!;
    if (!integrity) continue;
    const { version } = manifest;
    const { versions } = (known[name] ??= { name, 'dist-tags': { latest: version }, versions: {} });
    versions[version] = { ...manifest, name, dist: { integrity, tarball: `${upstream}${name}/-/${name.split('/').at(-1)}-${version}.tgz` } };
  }
  return createServer(({ url = '' }, answer) => {
    const found = known[decodeURIComponent(url.slice(1))];
    answer.writeHead(found ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(found ?? {}));
  });
}

let server: Server;
beforeAll(async () => {
  const packed = path.join(home, 'togglecast/build/packages');
  mkdirSync(packed, { recursive: true });
  execFileSync('npm', ['pack', '--workspaces', '--pack-destination', packed, '--silent'], { cwd: clients });
  server = registry(execFileSync('npm', ['config', 'get', 'registry'], { cwd: clients, encoding: 'utf8' }).trim());
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
  env.npm_config_registry = `http://localhost:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  rmSync(home, { recursive: true, force: true });
});

test('the manual installs every package, in its own version', () => {
  expect(lines.map(nameOf).sort()).toEqual(workspaces.map((folder) => `@togglecast/${folder}`).sort());
  for (const folder of workspaces) expect(block).toMatch(new RegExp(`${folder}\\}?-${read<Manifest>(clients, folder, 'package.json').version}\\.tgz`));
});

test.each(lines.map((line) => [nameOf(line), line]))('%s is installed by its line of the manual, runs and has types', async (name, line) => {
  const folder = path.join(home, name.split('/')[1]!);
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
  await run(folder, 'bash', '-ec', `${setting}\n${line}`);

  const installed = path.join(folder, 'node_modules', name);
  const types = kTypes[name];
  if (types) await run(folder, 'npm', 'install', types);
  const entries = Object.keys(read<Manifest>(installed, 'package.json').exports).filter((entry) => entry !== './package.json');
  const imported = entries.map((entry) => path.posix.join(name, entry));
  const main = imported.map((entry, index) => `import * as part${index} from '${entry}';`).join('\n');
  const said = await run(folder, process.execPath, '--input-type=module', '-e', `${main}\nconsole.log(Object.keys(part0).join());`);
  expect(said).toMatch(/createClient|Provider|createTogglecast|createAdmin/);

  const uses = imported.map((_, index) => `export const all${index}: { [name: string]: unknown } = part${index};\n`).join('');
  writeFileSync(path.join(folder, 'main.ts'), `${main}\n${uses}// @ts-expect-error: the types are there\npart0.misspelt;\n`);
  const options = { strict: true, noEmit: true, target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom'] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['main.ts'] }));
  await run(folder, process.execPath, path.join(clients, 'node_modules/typescript/bin/tsc'));
});
