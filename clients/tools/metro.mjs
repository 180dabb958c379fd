// Tries the core with the tools of React Native: Metro bundles the packed package with the configuration of React Native, Hermes
// compiles each bundle, and the tests of client/tests/native.test.ts run with it. Their packages are many, so they come into
// a temporary folder, and ./check does not run this: node tools/metro.mjs, in the folder clients, after ./check.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const kPackages = ['metro@0.84.6', '@react-native/metro-config@0.86.3', '@react-native/babel-preset@0.86.3', 'hermes-compiler@260318099.0.8'];
const kBuilds = [['android', false], ['ios', false], ['ios', true]]; // platform, for developers

const clients = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'togglecast-metro-'));
const run = (program, args, options) => execFileSync(program, args, { stdio: 'inherit', cwd: folder, ...options });

try {
  writeFileSync(path.join(folder, 'package.json'), '{"private": true}');
  writeFileSync(path.join(folder, 'index.js'), "import { createClient } from '@togglecast/client';\nglobalThis.togglecast = { createClient };\n");
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: path.join(clients, 'client'), encoding: 'utf8' }).trim();
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `./${packed}`, ...kPackages]);

  const require = createRequire(path.join(folder, 'index.js'));
  const Metro = require('metro');
  const { getDefaultConfig, mergeConfig } = require('@react-native/metro-config');
  const config = await Metro.loadConfig({ cwd: folder, projectRoot: folder }, mergeConfig(getDefaultConfig(folder), {
    maxWorkers: 1, cacheStores: [], reporter: { update() {} },
    serializer: { getModulesRunBeforeMainModule: () => [] }, // they are of React Native itself, which is not here
  }));
  const hermes = path.join(folder, 'node_modules/hermes-compiler/hermesc', { darwin: 'osx-bin', win32: 'win64-bin' }[process.platform] ?? 'linux64-bin', 'hermesc');
  for (const [platform, dev] of kBuilds) {
    const out = path.join(folder, `${platform}-${dev ? 'dev' : 'release'}.js`);
    await Metro.runBuild(config, { entry: 'index.js', platform, dev, minify: !dev, out });
    run(hermes, ['-O', '-w', '-emit-binary', '-out', `${out}.hbc`, out]);
    console.log(`--- ${path.basename(out)}`);
    run('npx', ['vitest', 'run', 'client/tests/native.test.ts'], { cwd: clients, env: { ...process.env, TOGGLECAST_NATIVE_BUNDLE: out } });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
