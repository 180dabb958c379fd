// Writes a picture of each page of the navigation, of the first entity of each list, and of some dialogs, in light and dark.
import { test, type Page } from '@playwright/test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App } from '../tests/app';
import { serveBuilt } from '../tests/built';
import { kPassword, Server, type Entity } from '../tests/server';
import { bustle, connectClients, seed, work } from './example';
import { smallPng } from './small-png';

// SIZE=390x844 takes the pictures as a phone shows them, for a look, beside those of the documentation.
const size = /^(\d+)x(\d+)$/.exec(process.env['SIZE'] ?? '');
const viewport = size ? { width: Number(size[1]), height: Number(size[2]) } : { width: 1280, height: 800 };
const folder = path.join(import.meta.dirname, size ? `../../build/console/pictures-${size[0]}` : '../../docs/images');
const only = process.env['PAGES']?.split(',');

test('pictures', async ({ page }) => {
  test.setTimeout(600_000 * Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1));
  mkdirSync(folder, { recursive: true });
  await page.setViewportSize(viewport);
  const server = await new Server().start('--demo');
  const sockets = await connectClients(server);
  await seed(server, sockets);
  await work(server);
  try {
    await serveBuilt(page);
    await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'light' });
    await page.goto(server.url);
    await page.getByLabel('User name').waitFor();
    if (!only || only.includes('login')) await shoot(page, 'login');
    if (!only || only.includes('login-second-factor')) await secondFactor(page, server);
    await logIn(page, 'owner', kPassword);
    await page.getByTestId('connection').waitFor();
    const links = page.getByRole('navigation', { name: 'Pages', includeHidden: true }).getByRole('link', { includeHidden: true });
    const paths = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).pathname));
    for (const to of paths) {
      const name = to === '/' ? 'dashboard' : to.slice(1);
      if (only && !only.some((wanted) => wanted === name || wanted.startsWith(`${name}/`))) continue;
      await goTo(page, to);
      await shoot(page, name);
      const entity = page.locator(`main a[href^="${to}/"]`).first();
      if (to === '/' || !(await entity.count())) continue;
      await entity.click();
      await settled(page);
      await shoot(page, `${name}-one`);
    }
    const [first] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/clients?sort=name&limit=1')).items;
    const [message] = (await server.call<{ items: { id: string }[] }>('GET', '/api/v1/messages?limit=1')).items;
    // A flag that a rule decides for this client.
    const ruled = (await server.call<{ items: (Entity & { effective: { rule: string } })[] }>('GET', `/api/v1/clients/${first!.id}/effective`)).items.find(({ effective }) => effective.rule === 'targeting');
    const [platform] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/platforms?q=ios&limit=1')).items;
    const [flag] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/features?q=guest-checkout&limit=1')).items;
    for (const [name, to] of [
      ['dashboard-graphs', '/dashboard'], ['announcements-one', `/announcements/${message!.id}`], ['features-question', `/features?switch=${flag!.id}-off`],
      ['environments-promote', '/environments/compare?from=staging&to=production&select=segment:large-teams,feature:smart-search&promote=yes'], ['platforms-conflict', `/platforms/${platform!.id}`],
      ['playground-why', `/playground?client=${first!.id}&flag=${ruled!.key}`], ['packages-matrix', '/packages?view=matrix'], ['playground', `/playground?client=${first!.id}`], ['clients-tokens', `/clients/${first!.id}?tab=tokens`],
      ['account', '/account'], ['account-factor', '/account?factor=setup'], ['announcements-delivery', '/announcements?tab=sent'], ['announcements-status', '/announcements?tab=status'],
      ['api-keys-new', '/api-keys?new=yes'], ['issuers-new', '/issuers?new=yes'], ['clients-override', `/clients/${first!.id}?override=${flag!.id}`], ['first-minutes', `/first-minutes?flag=${flag!.id}&client=${first!.id}`],
    ] as const) {
      if (only && !only.includes(name)) continue;
      await goTo(page, to);
      if (name === 'account-factor') await beginFactor(page);
      if (name === 'platforms-conflict') await conflict(page, server, platform!);
      if (name === 'dashboard-graphs') {
        await bustle(server);
        await page.setViewportSize({ ...viewport, height: viewport.height + 80 });
        await page.getByRole('heading', { name: 'Graphs' }).evaluate((heading) => scrollTo(0, heading.getBoundingClientRect().top + scrollY - 76));
      }
      if (name === 'first-minutes') await flip(page, String(flag!.key));
      await shoot(page, name);
      await page.setViewportSize(viewport);
      if (await page.getByRole('dialog').count()) await page.keyboard.press('Escape');
    }
    if (!only || only.includes('login-first-password')) await firstPassword(page);
  } finally {
    for (const socket of sockets) socket.close();
    await server.end();
  }
});

async function beginFactor(page: Page) {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(kPassword);
  await dialog.getByRole('button', { name: 'Begin' }).click();
  await dialog.getByRole('img', { name: /^QR code/ }).waitFor();
}

// The trial with something that has arrived.
async function flip(page: Page, key: string) {
  const tile = page.getByTestId(`trial-${key}`);
  await tile.waitFor();
  const before = await tile.textContent();
  await page.getByTestId('step-3').getByRole('switch').first().press('Space');
  await tile.filter({ hasNotText: before! }).waitFor();
}

// Without the navigation, which a phone hides.
async function goTo(page: Page, to: string) {
  await page.evaluate((address) => history.pushState({}, '', address), to);
  await settled(page);
}

async function settled(page: Page) {
  await page.waitForLoadState('networkidle');
  await page.getByRole('status').filter({ hasText: '…' }).waitFor({ state: 'detached' }).catch(() => {});
}

async function shoot(page: Page, name: string) {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.mouse.move(0, 0);
    writeFileSync(path.join(folder, `console-${name}-${scheme}.png`), smallPng(await page.screenshot({ animations: 'disabled' })));
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

async function logIn(page: Page, username: string, password: string) {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

// An account with an authenticator app is asked for its code.
async function secondFactor(page: Page, server: Server) {
  const token = await server.login('ada', kPassword);
  const { secret } = await server.call<{ secret: string }>('POST', '/api/v1/auth/second-factor', { password: kPassword }, token);
  await server.call('POST', '/api/v1/auth/second-factor/confirm', { code: new App(secret).next() }, token);
  await logIn(page, 'ada', kPassword);
  await page.getByLabel('Code').waitFor();
  await shoot(page, 'login-second-factor');
  await page.reload();
}

// The first login of an installation that made its password itself.
async function firstPassword(page: Page) {
  const server = await new Server({ ownPassword: false }).start();
  try {
    await page.goto(server.url);
    await logIn(page, 'owner', /^password: (.*)$/m.exec(readFileSync(path.join(server.data, 'first-login'), 'utf8'))![1]!);
    await page.getByLabel('First password').waitFor();
    await shoot(page, 'login-first-password');
  } finally {
    await server.end();
  }
}

// Somebody else saves while the reader writes.
async function conflict(page: Page, server: Server, platform: Entity) {
  await page.getByLabel('Description').fill('The app for iPhone and iPad.');
  await page.getByLabel('Maintenance note').fill('Update to 7.2 if it closes by itself');
  await server.call('PATCH', `/api/v1/platforms/${platform.id}`, { description: 'iPhone, iPad and Watch.' }, await server.login('grace', kPassword));
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').getByRole('row').first().waitFor();
}
