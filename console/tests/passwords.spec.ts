// The login with a password, off and on again, at a server with an identity provider.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { certificate } from '../../tests/e2e/support/certificate.mjs';
import { logIn } from '../../tests/e2e/support/oidc-login.mjs';
import { OidcProvider } from '../../tests/e2e/support/oidc-provider.mjs';
import { expect, kPassword, Server, test as base } from './fixture';

type Provider = Awaited<ReturnType<typeof OidcProvider.start>>;

const test = base.extend<object, { server: Server; provider: Provider }>({
  provider: [
    async ({}, use) => {
      let stop = () => {};
      const folder = mkdtempSync(path.join(tmpdir(), 'togglecast-provider-'));
      const tls = await certificate(folder, 'provider');
      const provider = await OidcProvider.start({ after: (end: () => void) => void (stop = end) }, { certificate: tls } as object);
      await use(Object.assign(provider, { authority: tls.certificate }));
      stop();
      rmSync(folder, { recursive: true });
    },
    { scope: 'worker' },
  ],
  server: [
    async ({ provider }, use) => {
      const { authority } = provider as Provider & { authority: string };
      const server = await new Server().start(...provider.args('owner=admins'), '--egress-allow', '127.0.0.1', '--egress-ca-file', authority);
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],
});

test('passwords go off when an owner comes by the provider, and on again', async ({ page, console, provider }) => {
  const { server } = console;
  await console.open('/settings', { username: await server.admin('owner') });
  Object.assign(provider.person, { groups: ['admins'] });
  expect((await logIn(provider, server)).status).toBe(200);
  const passwords = page.getByRole('switch', { name: /^Login with a password/ });
  await passwords.press('Space');
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await expect(page.getByText('Passwords open nothing')).toBeVisible();
  await expect(passwords).not.toBeChecked();
  await console.accessible();
  expect((await server.call('GET', '/api/v1/settings'))['password_login']).toBe(false);
  await expect(server.login('owner', kPassword)).rejects.toThrow(/403/);

  const fresh = await page.context().browser()!.newPage();
  await fresh.goto(server.url);
  await expect(fresh.getByRole('link', { name: 'Log in with Test login' })).toBeVisible();
  await expect(fresh.getByLabel('User name')).toHaveCount(0);

  await passwords.press('Space');
  await expect(page.getByText('Passwords open accounts')).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect((await server.call('GET', '/api/v1/settings'))['password_login']).toBe(true);
  await fresh.reload();
  await expect(fresh.getByLabel('User name')).toBeVisible();
  await fresh.close();
  expect(await server.login('owner', kPassword)).toMatch(/^ey/);
});

test('a choice stays while another owner changes the settings, and both versions are shown before it is saved', async ({ page, console, provider }) => {
  const { server } = console;
  Object.assign(provider.person, { groups: ['admins'] });
  const { token } = (await logIn(provider, server)).body as { token: string }; // of an owner without a password
  const set = (settings: object) => server.call('PATCH', '/api/v1/settings', settings, token);
  await set({ password_login: true, require_second_factor: 'none' });
  await console.open('/settings', { username: await server.admin('owner') });
  const choice = (name: RegExp) => page.getByRole('radio', { name });
  await choice(/^Owners must/).check();
  await set({ password_login: false });
  await expect(page.getByText('Passwords open nothing')).toBeVisible();
  await expect(choice(/^Owners must/)).toBeChecked();
  await expect(page.getByText('It is now “Nobody must”. Your choice is not saved yet.')).toBeVisible();
  await console.accessible();

  console.expectError(/409/);
  await page.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('dialog', { name: 'Somebody changed this meanwhile' });
  await expect(conflict).toContainText('anna changed the settings');
  await expect(conflict.getByRole('row', { name: /^password login/ }).getByRole('cell').nth(1)).toHaveText('false');
  await expect(conflict.getByRole('row', { name: /^require second factor/ }).getByRole('cell')).toHaveText(['require second factor', 'none', 'owners']);
  await console.accessible();
  await conflict.getByRole('button', { name: 'Take theirs' }).click();
  await expect(choice(/^Nobody must/)).toBeChecked();
  expect((await server.call('GET', '/api/v1/settings', undefined, token))['require_second_factor']).toBe('none');

  await choice(/^Owners must/).check();
  await set({ password_login: true });
  await expect(page.getByText('Passwords open accounts')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  console.expectError(/403/); // what the page asked in the moment of the change: its reader is an owner without a second factor
  await conflict.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(page.getByRole('heading', { name: 'A second factor is required' })).toBeVisible();
  expect(await server.call('GET', '/api/v1/settings', undefined, token)).toMatchObject({ require_second_factor: 'owners', password_login: true });
  await set({ require_second_factor: 'none' });
});
