// Writes a picture of each page of the navigation, and of the first entity of each list, in light and dark.
import { test } from '@playwright/test';
import { io, type Socket } from 'socket.io-client';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { serveBuilt } from '../tests/built';
import { kPassword, Server, type Entity } from '../tests/server';

const folder = path.join(import.meta.dirname, '../../docs/images');
const only = process.env['PAGES']?.split(',');

// Clients of the example catalogue that are connected while the pictures are taken.
async function connectClients(server: Server): Promise<Socket[]> {
  const { items } = await server.call<{ items: Entity[] }>('GET', '/api/v1/clients?limit=20');
  const sockets: Socket[] = [];
  for (const client of items) {
    const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`, {});
    const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true });
    await new Promise<void>((connected, failed) => socket.on('client_connected', () => connected()).on('connect_error', failed));
    sockets.push(socket);
  }
  return sockets;
}

test('pictures', async ({ page }) => {
  test.setTimeout(600_000);
  mkdirSync(folder, { recursive: true });
  const server = await new Server().start('--demo');
  const sockets = await connectClients(server);
  try {
    await serveBuilt(page);
    await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
    await page.goto(server.url);
    await page.getByLabel('User name').waitFor();
    if (!only || only.includes('login')) await shoot(page, 'login');
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password', { exact: true }).fill(kPassword);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByTestId('connection').waitFor();
    const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
    const paths = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).pathname));
    for (const [index, to] of paths.entries()) {
      const name = to === '/' ? 'dashboard' : to.slice(1);
      if (only && !only.some((wanted) => wanted === name || wanted.startsWith(`${name}/`))) continue;
      await links.nth(index).click();
      await settled(page);
      await shoot(page, name);
      const entity = page.locator(`main a[href^="${to}/"]`).first();
      if (to === '/' || !(await entity.count())) continue;
      await entity.click();
      await settled(page);
      await shoot(page, `${name}-one`);
    }
    const [first] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/clients?sort=name&limit=1')).items;
    const [flag] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/features?q=guest-checkout&limit=1')).items;
    for (const [name, to] of [
      ['packages-matrix', '/packages?view=matrix'], ['clients-tokens', `/clients/${first!.id}?tab=tokens`],
      ['clients-override', `/clients/${first!.id}?override=${flag!.id}`], ['first-minutes', `/first-minutes?flag=${flag!.id}&client=${first!.id}`],
    ] as const) {
      if (only && !only.includes(name)) continue;
      await page.evaluate((address) => history.pushState({}, '', address), to);
      await settled(page);
      if (name === 'first-minutes') await flip(page, String(flag!.key));
      await shoot(page, name);
      if (name === 'clients-override') await page.keyboard.press('Escape');
    }
  } finally {
    for (const socket of sockets) socket.close();
    await server.end();
  }
});

// The trial with something that has arrived.
async function flip(page: import('@playwright/test').Page, key: string) {
  const tile = page.getByTestId(`trial-${key}`);
  await tile.waitFor();
  const before = await tile.textContent();
  await page.getByTestId('step-3').getByRole('switch').first().press('Space');
  await tile.filter({ hasNotText: before! }).waitFor();
}

async function settled(page: import('@playwright/test').Page) {
  await page.waitForLoadState('networkidle');
  await page.getByRole('status').filter({ hasText: '…' }).waitFor({ state: 'detached' }).catch(() => {});
}

async function shoot(page: import('@playwright/test').Page, name: string) {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.mouse.move(0, 0);
    await page.screenshot({ path: path.join(folder, `console-${name}-${scheme}.png`), animations: 'disabled' });
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}
