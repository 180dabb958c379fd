// The code that the console offers to copy runs as it stands against the real server.
import type { Page } from '@playwright/test';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import { expect, test, type Console } from './fixture';
import { own } from './server';

const run = promisify(execFile);
const clients = path.join(import.meta.dirname, '../../clients');
/** A feature that is on for a client of its own. */
async function tenant({ server }: Console, key: string) {
  const feature = await server.call('POST', '/api/v1/features', { key, name: key });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: `Plan of ${key}`, features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: `Tenant of ${key}`, package_id: plan.id });
  const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`);
  return { feature, client, env: { ...process.env, FORCE_COLOR: '0', TOGGLECAST_TOKEN: token } };
}

async function codeOf(page: Page, language: string) {
  await page.getByRole('tab', { name: language, exact: true }).click();
  return (await page.getByLabel(new RegExp(`^${language} for |^Code for ${language}$`)).textContent())!;
}

test('of a feature: curl and Python', async ({ page, console }) => {
  const { feature, env } = await tenant(console, 'class'); // a key that is no name in any language
  await console.open(`/features/${feature.id}?tab=code`);
  const curl = await run('bash', ['-c', await codeOf(page, 'curl')], { env });
  expect(JSON.parse(curl.stdout)).toMatchObject({ key: 'class', value: true });

  const python = process.env['TOGGLECAST_PYTHON'] ?? '/usr/bin/python3';
  const { stdout } = await run(python, ['-c', await codeOf(page, 'Python')], { env: { ...env, PYTHONPATH: path.join(clients, 'python/src'), PYTHONDONTWRITEBYTECODE: '1' } });
  expect(stdout).toBe('class: True\n');
});

test('of a client: JavaScript hears of a change', async ({ page, console }) => {
  const { server } = console;
  const { client, feature, env } = await tenant(console, 'new-checkout'); // the flag of the code
  await console.open(`/clients/${client.id}?tab=tokens&new=token`);
  await page.getByRole('button', { name: 'Make the token' }).click();
  const folder = path.join(import.meta.dirname, '../node_modules/.cache', own('snippet')); // where Node finds socket.io-client
  mkdirSync(folder, { recursive: true });
  try {
    const entry = path.join(folder, 'entry.js');
    writeFileSync(entry, await codeOf(page, 'JavaScript'));
    await build({
      configFile: false, root: folder, logLevel: 'error',
      resolve: { alias: { '@togglecast/client': path.join(clients, 'client/src/index.ts') } },
      ssr: { external: ['socket.io-client'] },
      build: { ssr: entry, target: 'node20', outDir: folder, emptyOutDir: false, rollupOptions: { output: { entryFileNames: 'made.mjs' } } },
    });
    const program = spawn(process.execPath, [path.join(folder, 'made.mjs')], { env });
    let said = '';
    for (const stream of [program.stdout, program.stderr]) stream.on('data', (text) => void (said += String(text)));
    try {
      await expect.poll(() => said).toBe('true\n');
      await server.call('POST', `/api/v1/features/${feature.id}/toggle`, { enabled: false });
      await expect.poll(() => said).toContain("changed: [ 'new-checkout' ]");
    } finally {
      program.kill();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
