// Writes a picture of each page of the navigation, and of the first entity of each list, in light and dark.
import { test } from '@playwright/test';
import { io, type Socket } from 'socket.io-client';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { serveBuilt } from '../tests/built';
import { kPassword, Server, type Entity } from '../tests/server';
import { smallPng } from './small-png';

const folder = path.join(import.meta.dirname, '../../docs/images');
// Of an example: RFC 8410, section 10.1.
const kPublicKey = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
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

// What two admins did a moment ago, so that the dashboard and the activity show a day like any other.
async function work(server: Server) {
  const grace = await server.login('grace', kPassword);
  const keyed = async (path: string, key: string) => (await server.call<{ items: Entity[] }>('GET', `/api/v1/${path}?q=${key}&limit=20`)).items.find((item) => item.key === key)!.id;
  const change = (token: string, method: string, target: string, body: object) => server.call(method, `/api/v1/${target}?confirm=true`, body, token);
  await change(grace, 'POST', `features/${await keyed('features', 'express-checkout')}/toggle`, { enabled: false });
  await change(server.token, 'PATCH', `platforms/${await keyed('platforms', 'kiosk')}`, { maintenance_note: 'New printers until Friday' });
  await change(grace, 'PATCH', `features/${await keyed('features', 'product-reviews')}`, { description: 'Stars and texts of buyers.' });
  await change(server.token, 'POST', `features/${await keyed('features', 'gift-cards')}/toggle`, { enabled: false });
  await change(grace, 'POST', `features/${await keyed('features', 'express-checkout')}/toggle`, { enabled: true });
  await change(grace, 'POST', `platforms/${await keyed('platforms', 'tv')}/toggle`, { enabled: false });
}

test('pictures', async ({ page }) => {
  test.setTimeout(600_000 * Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1));
  mkdirSync(folder, { recursive: true });
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
      ['packages-matrix', '/packages?view=matrix'], ['playground', `/playground?client=${first!.id}`], ['clients-tokens', `/clients/${first!.id}?tab=tokens`],
      ['account', '/account'], ['account-factor', '/account?factor=setup'], ['announcements-delivery', '/announcements?tab=sent'], ['announcements-status', '/announcements?tab=status'],
      ['api-keys-new', '/api-keys?new=yes'], ['issuers-new', '/issuers?new=yes'], ['clients-override', `/clients/${first!.id}?override=${flag!.id}`], ['first-minutes', `/first-minutes?flag=${flag!.id}&client=${first!.id}`],
    ] as const) {
      if (only && !only.includes(name)) continue;
      await page.evaluate((address) => history.pushState({}, '', address), to);
      await settled(page);
      if (name === 'account-factor') await beginFactor(page);
      if (name === 'first-minutes') await flip(page, String(flag!.key));
      await shoot(page, name);
      if (['clients-override', 'account-factor', 'api-keys-new', 'issuers-new'].includes(name)) await page.keyboard.press('Escape');
    }
  } finally {
    for (const socket of sockets) socket.close();
    await server.end();
  }
});

// What an installation has after a while: people, keys of machines, messages.
async function seed(server: Server, sockets: Socket[]) {
  await fillStaging(server);
  for (const [username, role, environments] of [['ada', 'owner', {}], ['grace', 'editor', {}], ['linus', 'viewer', { staging: 'editor' }], ['support', 'none', { production: 'viewer' }]] as const)
    await server.call('POST', '/api/v1/admins', { username, role, password: kPassword, ...(Object.keys(environments).length > 0 && { environments }) });
  for (const [name, scopes, more] of [
    ['deploy pipeline', ['read', 'write:features'], { addresses: ['10.20.0.0/16', '2001:db8::/32'], expires_in: 7_776_000 }], ['metrics scraper', ['read'], { addresses: ['10.0.4.7'] }],
    ['search service', ['evaluate', 'stream'], { environment: 'staging', expires_in: 2_592_000 }],
  ] as const) {
    const { key } = await server.call<{ key: string }>('POST', '/api/v1/api-keys', { name, scopes, ...more });
    if (name === 'search service') await server.call('GET', '/api/v1/features?limit=1', undefined, key).catch(() => {});
  }
  for (const [key, name, keys, more] of [
    ['shop', 'Shop back end', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'shop-2026', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] } }, {}],
    ['sso', 'Company login', { pem: kPublicKey }, { environment: 'staging', audiences: ['flags', 'flags-preview'], client_claim: '/app/tenant', active: false }],
  ] as const)
    await server.call('POST', '/api/v1/issuers', { key, name, issuer: `https://${key}.example/`, audiences: ['flags'], environment: 'production', keys, ...more });
  sockets.forEach((socket, index) => index % 3 > 0 && socket.on('announcement', (_message, acknowledge?: () => void) => acknowledge?.()));
  await server.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 'New terms from March', message: 'Please read and accept the new terms of service.', audience: 'clients', ack: 'client', ttl: 2_592_000 });
  const [plan] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/packages?limit=1')).items;
  await server.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 'Exports are slow today', message: 'We are on it. Exports arrive, but later than usual.', level: 'warning', audience: { package: plan!.id }, ack: 'client' });
}

// An environment beside production, in which a few things differ.
async function fillStaging(server: Server) {
  await server.call('POST', '/api/v1/environments', { key: 'staging' });
  await server.call('POST', '/api/v1/environments/staging/copy', { from: 'production', clients: true });
  const token = await server.login('owner', kPassword, 'staging');
  const find = async (path: string, key: string) => (await server.call<{ items: Entity[] }>('GET', `/api/v1/${path}?q=${key}&limit=20`, undefined, token)).items.find((item) => item.key === key)!.id;
  await server.call('PATCH', `/api/v1/platforms/${await find('platforms', 'web')}`, { config: { theme: 'spring' } }, token);
  await server.call('PATCH', `/api/v1/segments/${await find('segments', 'large-teams')}`, { rule: { '>=': [{ var: 'client.seats' }, 25] } }, token);
  await server.call('POST', `/api/v1/features/${await find('features', 'forecasts')}/toggle`, { enabled: false }, token);
  await server.call('PATCH', `/api/v1/features/${await find('features', 'dashboards')}`, { description: 'Boards that a team shares.' }, token);
  await server.call('POST', '/api/v1/features', { key: 'smart-search', name: 'Smart search', description: 'Finds what the buyer means.' }, token);
}

async function beginFactor(page: import('@playwright/test').Page) {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(kPassword);
  await dialog.getByRole('button', { name: 'Begin' }).click();
  await dialog.getByRole('img', { name: /^QR code/ }).waitFor();
}

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
    writeFileSync(path.join(folder, `console-${name}-${scheme}.png`), smallPng(await page.screenshot({ animations: 'disabled' })));
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}
