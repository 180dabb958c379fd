import type { Page } from '@playwright/test';
import { io } from 'socket.io-client';
import { jwks, SigningKey } from '../../tests/e2e/support/issuer.mjs';
import { expect, test } from './fixture';
import { own, type Entity, type Server } from './server';

const now = () => Math.floor(Date.now() / 1000);

const signer = () => new SigningKey('EdDSA', own('kid'));

/** A live connection with this token: `entered` and `ended` come true. */
function connect(server: Server, token: string) {
  const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false });
  const entered = new Promise<{ client: { key: string } }>((got, fail) => {
    socket.on('client_connected', got);
    socket.on('connect_error', fail);
  });
  const ended = new Promise<void>((got) => socket.on('disconnect', () => got()));
  return { socket, entered, ended };
}

async function issuers(server: Server, key: string): Promise<Entity[]> {
  return (await server.call<{ items: Entity[] }>('GET', `/api/v1/issuers?q=${key}`)).items;
}

async function fillNew(page: Page, key: string, iss: string) {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill(`Back end ${key}`);
  await dialog.getByLabel('Key', { exact: true }).fill(key);
  await dialog.getByLabel('Issuer', { exact: true }).fill(iss);
  await dialog.getByRole('textbox', { name: 'Audiences' }).fill('flags, shop');
  await page.keyboard.press('Enter');
}

test('trusts an issuer by its JWK Set, whose tokens then open a client until it is deleted', async ({ page, console }) => {
  const { server } = console;
  const [key, client] = [own('shop'), own('tenant')];
  const iss = `https://${key}.example/`;
  await server.call('POST', '/api/v1/clients', { key: client, name: 'Tenant' });
  const keys = signer();
  await console.open('/issuers?new=yes');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Trust this issuer' }).click();
  for (const told of ['Enter a name.', 'Enter a key.', 'Enter the claim iss of its tokens.', 'Enter at least one audience.', 'Enter the URL.'])
    await expect(dialog.getByText(told)).toBeVisible();
  await console.accessible();
  await fillNew(page, key, iss);
  await dialog.getByText('JWK Set', { exact: true }).click();
  await dialog.getByLabel('JWK Set').last().fill('{"keys": [');
  await dialog.getByLabel('Claim of the client').fill('/app/tenant');
  await dialog.getByLabel('Leeway in seconds').fill('300');
  await dialog.getByRole('button', { name: 'Trust this issuer' }).click();
  await expect(dialog.getByText(/This is no JSON/)).toBeVisible();
  await expect(dialog.getByText('Enter 0 to 120 seconds.')).toBeVisible();
  await dialog.getByLabel('JWK Set').last().fill(jwks(keys));
  await dialog.getByLabel('Leeway in seconds').fill('15');
  await dialog.getByLabel('RS256').uncheck();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Trust this issuer' }).click();
  await expect(dialog).toBeHidden();
  const row = page.getByTestId(`issuer-${key}`);
  await expect(row).toContainText(iss);
  await expect(row).toContainText('shop');
  await expect(row).toContainText('1 key');
  await console.accessible();
  expect((await issuers(server, key))[0]).toMatchObject({ key, issuer: iss, audiences: ['flags', 'shop'], environment: 'production', algorithms: ['EdDSA', 'ES256'], client_claim: '/app/tenant', leeway_s: 15, active: true, keys: { jwks: { keys: [{ kid: keys.jwk.kid }] } } });

  const { socket, entered, ended } = connect(server, keys.token({ iss, aud: 'shop', app: { tenant: client }, iat: now(), exp: now() + 600 }));
  expect((await entered).client.key).toBe(client);
  await row.getByRole('button', { name: `Delete Back end ${key}` }).click();
  await expect(dialog).toContainText('loses its connection at once');
  await expect(dialog).toContainText(iss);
  await console.accessible();
  expect(socket.connected).toBe(true);
  await dialog.getByRole('button', { name: 'Delete the issuer' }).click();
  await ended;
  await expect(row).toHaveCount(0);
  expect(await issuers(server, key)).toEqual([]);
  socket.close();
});

test('an address of keys that cannot be read is shown, and edited, and the issuer deactivated', async ({ page, console }) => {
  console.expectError(/400/);
  const { server } = console;
  const key = own('sso');
  const iss = `https://${key}.example/`;
  await console.open('/issuers');
  await page.getByRole('button', { name: 'New issuer' }).first().click();
  const dialog = page.getByRole('dialog');
  await fillNew(page, key, iss);
  await dialog.getByLabel('URL of the JWK Set').fill('https://127.0.0.1:1/certs');
  await dialog.getByRole('button', { name: 'Trust this issuer' }).click();
  await expect(dialog.getByText(/the URL must not be called/)).toBeVisible();
  await dialog.getByLabel('URL of the JWK Set').fill('https://keys.invalid/certs');
  await dialog.getByRole('button', { name: 'Trust this issuer' }).click();
  await expect(dialog).toBeHidden();
  const row = page.getByTestId(`issuer-${key}`);
  await expect(row).toContainText('none');
  await expect(row.getByText('cannot be read')).toBeVisible();
  await console.accessible();

  const keys = signer();
  await row.getByRole('button', { name: `Edit Back end ${key}` }).click();
  await expect(page).toHaveURL(/issuer=\d+/);
  await expect(dialog.getByLabel('Issuer', { exact: true })).toHaveValue(iss);
  await expect(dialog.getByLabel('Issuer', { exact: true })).not.toBeEditable();
  await dialog.getByText('JWK Set', { exact: true }).click();
  await dialog.getByLabel('JWK Set').last().fill(jwks(keys));
  await dialog.getByRole('switch', { name: 'Active' }).press('Space');
  await expect(dialog.getByText(/connections that they opened end at once/)).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(row).toContainText('deactivated');
  await expect(row).toContainText('1 key');
  expect((await issuers(server, key))[0]).toMatchObject({ active: false, issuer: iss, keys: { jwks: { keys: [{ kid: keys.jwk.kid }] } } });
});

test('two owners who change one issuer see both versions', async ({ page, console }) => {
  console.expectError(/409|412/);
  const { server } = console;
  const key = own('both');
  const { id } = await server.call('POST', '/api/v1/issuers', { key, name: 'Of two', issuer: `https://${key}.example`, audiences: ['a'], environment: 'production', keys: { jwks: JSON.parse(jwks(signer())) as object } });
  await console.open(`/issuers?issuer=${id}`);
  const dialog = page.getByRole('dialog', { name: 'Issuer Of two' });
  await dialog.getByLabel('Name', { exact: true }).fill('Mine');
  await server.call('PATCH', `/api/v1/issuers/${id}`, { name: 'Theirs' });
  await expect(page.getByTestId(`issuer-${key}`)).toContainText('Theirs');
  await page.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('dialog', { name: 'Somebody changed this meanwhile' });
  await expect(conflict.getByText('Theirs')).not.toHaveCount(0);
  await console.accessible();
  await conflict.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(page.getByTestId(`issuer-${key}`)).toContainText('Mine');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('nobody but an owner of the installation sees or changes issuers', async ({ page, console }) => {
  const viewer = await console.server.admin('viewer');
  await console.open('/issuers?new=yes', { username: viewer });
  await expect(page.getByText(/You are a viewer for the installation/)).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await console.accessible();
  const token = await console.server.login(viewer, 'correct horse battery staple');
  await expect(console.server.call('POST', '/api/v1/issuers', {}, token)).rejects.toThrow(/403/);
});

test('the first issuer, and a phone', async ({ page, console }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  await page.route('**/api/v1/issuers?*', (route) => route.fulfill({ json: { items: [], total: 0 } }));
  await console.open('/issuers');
  await expect(page.getByText('No trusted issuers yet')).toBeVisible();
  await console.accessible();
  await page.unroute('**/api/v1/issuers?*');
  const key = own('phone');
  await console.server.call('POST', '/api/v1/issuers', { key, name: 'On a phone', issuer: `https://${key}.example`, audiences: ['a'], environment: 'production', keys: { jwks: JSON.parse(jwks(signer())) as object } });
  await expect(page.getByTestId(`issuer-${key}`)).toContainText('1 key');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.getByRole('button', { name: 'Edit On a phone' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await console.accessible();
});
