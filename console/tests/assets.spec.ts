// Files of features and platforms.
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { expect, test } from './fixture';
import { own, type Server } from './server';

// One pixel.
const kPixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

const choose = (page: Page, name: string, mimeType: string, buffer: Buffer) => page.locator('input[type=file]').setInputFiles({ name, mimeType, buffer });
const bytesOf = async (server: Server, sha256: string, token = server.token) => {
  const answer = await fetch(`${server.url}/api/v1/assets/${sha256}`, { headers: { Authorization: `Bearer ${token}` } });
  return { type: answer.headers.get('content-type'), bytes: Buffer.from(await answer.arrayBuffer()) };
};
type Assets = { [name: string]: { sha256: string; size: number; type: string } } | undefined;

test('adds a file to a feature, which its clients get, replaces it, hands it out, and deletes it', async ({ page, console }) => {
  const { server } = console;
  const feature = await server.call('POST', '/api/v1/features', { key: own('files'), name: 'With files' });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant', package_id: plan.id });
  const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`);
  const { io } = await import('socket.io-client');
  const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'] });
  await new Promise<void>((connected) => socket.on('client_connected', () => connected()));
  const stored = async () => (await server.call('GET', `/api/v1/features/${feature.id}`))['assets'] as Assets;

  await console.open(`/features/${feature.id}`);
  await page.getByRole('tab', { name: 'Files' }).click();
  await expect(page.getByText('No files yet')).toBeVisible();
  await console.accessible();
  await page.getByRole('button', { name: 'Add a file' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByText('Choose a file.')).toBeVisible();
  await choose(page, 'Company logo.png', 'image/png', kPixel);
  await expect(dialog.getByLabel('Name')).toHaveValue('Company-logo.png');
  await expect(dialog.getByLabel('Type')).toHaveValue('image/png');
  await dialog.getByLabel('Name').fill('logo');
  await console.accessible();
  const heard = new Promise<{ data: { assets: Assets } }>((got) => socket.once('feature_update', got));
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const row = page.getByTestId('file-logo');
  await expect(row).toContainText('image/png');
  await expect(row).toContainText(`${kPixel.length} bytes`);
  await expect(row.getByRole('img', { name: 'Picture of logo' })).toHaveJSProperty('naturalWidth', 1);
  await expect(page.getByRole('tab', { name: 'Files (1)' })).toBeVisible();
  await console.accessible();
  const { sha256 } = (await stored())!['logo']!;
  expect((await heard).data.assets).toMatchObject({ logo: { sha256 } });
  expect(await bytesOf(server, sha256, token)).toEqual({ type: 'image/png', bytes: kPixel });

  await row.getByRole('button', { name: 'Replace logo' }).click();
  const markup = Buffer.from('<script>window.ran = 1</script>');
  await choose(page, 'other.html', 'text/html', markup);
  await expect(dialog.getByLabel('Name')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Replace' }).click();
  await expect(row).toContainText('text/html');
  await expect(row.getByRole('img')).toHaveCount(0); // only pictures are shown in the page
  expect((await bytesOf(server, (await stored())!['logo']!.sha256)).bytes).toEqual(markup);
  const download = page.waitForEvent('download');
  await row.getByRole('button', { name: 'Download logo' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^logo/);
  expect(readFileSync(await file.path())).toEqual(markup);
  expect(await page.evaluate(() => (window as { ran?: number }).ran)).toBeUndefined();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await row.getByRole('button', { name: 'Copy the address of logo' }).click();
  await expect.poll(async () => page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.url}/api/v1/assets/${(await stored())!['logo']!.sha256}`);

  await row.getByRole('button', { name: 'Delete logo' }).click();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No files yet')).toBeVisible();
  expect(await stored()).toBeUndefined();
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect.poll(async () => (await stored())?.['logo']?.type).toBe('text/html');
  socket.close();
});

test('a platform has files, too; the server’s limit is told, and a name that is taken asks', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('skin'), name: 'Skin' });
  await console.open(`/platforms/${platform.id}?tab=files&file=new`);
  const dialog = page.getByRole('dialog');
  await choose(page, 'model.bin', '', Buffer.alloc(1024 * 1024 + 1));
  await expect(dialog.getByLabel('Type')).toHaveValue('application/octet-stream');
  await expect(dialog.getByText('1.0 MiB')).toBeVisible();
  console.expectError(/413/);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('Make it shorter, or split it.');
  await choose(page, 'model.bin', '', Buffer.alloc(2048, 7));
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await dialog.getByLabel('Type').fill('no type');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByText('Write a type such as image/png.')).toBeVisible();
  await dialog.getByLabel('Type').fill('application/x-model');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const row = page.getByTestId('file-model.bin');
  await expect(row).toContainText('application/x-model');
  await expect(row).toContainText('2.0 KiB');

  // Another admin changes it; the same name replaces it.
  await fetch(`${server.url}/api/v1/platforms/${platform.id}/assets/model.bin`, { method: 'PUT', headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'text/plain' }, body: 'theirs' });
  await expect(row).toContainText('6 bytes');
  await page.getByRole('button', { name: 'Add a file' }).click();
  await choose(page, 'model.bin', 'text/plain', Buffer.from('ours'));
  await expect(dialog.getByText('There is a file model.bin already, of 6 bytes. This one replaces it.')).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Replace' }).click();
  await expect(row).toContainText('4 bytes');
});

test('a viewer reads files and changes none, on a phone too', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('skin'), name: 'Skin' });
  await fetch(`${server.url}/api/v1/platforms/${platform.id}/assets/logo`, { method: 'PUT', headers: { Authorization: `Bearer ${server.token}`, 'Content-Type': 'image/png' }, body: kPixel });
  await page.setViewportSize({ width: 390, height: 800 });
  await console.open(`/platforms/${platform.id}?tab=files`, { username: await server.admin('viewer') });
  await expect(page.getByRole('img', { name: 'Picture of logo' })).toHaveJSProperty('naturalWidth', 1);
  for (const name of ['Add a file', 'Replace logo', 'Delete logo']) await expect(page.getByRole('button', { name })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Download logo' })).toBeEnabled();
  await console.accessible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
