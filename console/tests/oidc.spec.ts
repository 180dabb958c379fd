// The login page with an OpenID Connect provider: the way to the provider and back, and the logout at both.
import type { Page } from '@playwright/test';
import { OidcProvider } from '../../tests/e2e/support/oidc-provider.mjs';
import { expect, kPassword, Server, test as base, type Console } from './fixture';
import { own } from './server';

const kEnvironment = 'staging';

interface Installation {
  provider: OidcProvider;
  server: Server;
}

const test = base.extend<object, { installation: Installation; server: Server }>({
  installation: [
    async ({}, use) => {
      const ends: (() => void)[] = [];
      const provider = await OidcProvider.start({ after: (end: () => void) => ends.push(end) });
      provider.person = { ...provider.person, groups: ['admins'] as never[] };
      const server = await new Server().start('--demo', '--egress-plain-loopback', ...provider.args('owner=admins'));
      await server.call('POST', '/api/v1/environments', { key: kEnvironment });
      await use({ provider, server });
      await server.end();
      for (const end of ends) end();
    },
    { scope: 'worker' },
  ],
  server: [({ installation }, use) => use(installation.server), { scope: 'worker' }],
});

test.beforeEach(({ console, installation }) => {
  installation.provider.requests = [];
  console.expectError(new RegExp(`^asked another server: ${installation.provider.origin}/realms/main/(authorize|logout)\\?`));
});

const button = (page: Page) => page.getByRole('link', { name: 'Log in with Test login' });
const isIn = async (page: Page, environment: string) => {
  await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');
  await expect(page.getByRole('button', { name: /^Environment / })).toHaveAccessibleName(`Environment ${environment}`);
};
const refreshCookie = async (page: Page) => (await page.context().cookies()).find(({ name }) => name.startsWith('togglecast_refresh'));
const logOut = async (page: Page) => {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(page.getByRole('heading', { name: 'Log in to Togglecast' })).toBeVisible();
};
const logIn = async ({ server }: Console, page: Page, path = '/platforms') => {
  await page.goto(server.url + path);
  await button(page).click();
  await isIn(page, 'production');
};

test('the button leads to the provider, and back to the page of the link', async ({ page, console, installation }) => {
  const { provider, server } = installation;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('deep'), name: 'Deep link' });
  const path = `/platforms/${platform.id}?tab=history`;
  await page.goto(server.url + path);
  await expect(button(page)).toBeVisible();
  await expect(page.getByLabel('User name')).toBeVisible();
  await console.accessible();
  const begun = page.waitForRequest((request) => new URL(request.url()).pathname === '/api/v1/auth/oidc/login');

  await button(page).click();

  const asked = new URL((await begun).url()).searchParams;
  expect([asked.get('return_to'), asked.get('environment')]).toEqual([path, null]);
  await expect(page.getByRole('heading', { name: 'Deep link' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'History' })).toHaveAttribute('aria-selected', 'true');
  expect(page.url()).toBe(server.url + path);
  await isIn(page, 'production');
  await expect(page.getByRole('button', { name: 'Account of anna' })).toBeVisible();
  expect(provider.count('/authorize')).toBe(1);
});

test('the session lies in a cookie that no script sees, and outlives a reload and the tab', async ({ page, console, installation }) => {
  await logIn(console, page);

  expect(await refreshCookie(page)).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)).not.toMatch(/[A-Za-z0-9_-]{40,}/);
  await page.reload();
  await isIn(page, 'production');
  const other = await console.tab();
  await other.goto(`${installation.server.url}/features`);
  await expect(other.getByRole('heading', { name: 'Features', level: 1 })).toBeVisible();
  await isIn(other, 'production');
  await other.close();
  expect(installation.provider.count('/authorize'), 'one login for all of this').toBe(1);
});

test('the login begins in the environment that the form names', async ({ page, console, installation }) => {
  const { server } = installation;
  await page.goto(`${server.url}/platforms`);
  await page.getByRole('button', { name: 'Another environment' }).click();
  await page.getByLabel('Environment').fill(kEnvironment);
  await expect(button(page)).toHaveAttribute('href', `/api/v1/auth/oidc/login?return_to=%2Fplatforms&environment=${kEnvironment}`);
  await console.accessible();

  await button(page).click();

  await isIn(page, kEnvironment);
  await expect(page).toHaveTitle(new RegExp(` · ${kEnvironment}`));
  await page.reload();
  await isIn(page, kEnvironment);
});

test('a logout ends the session here, and goes to the provider to end it there', async ({ page, console, installation }) => {
  const { provider, server } = installation;
  await logIn(console, page);
  const left = page.waitForRequest((request) => request.url().startsWith(`${provider.issuer}/logout?`));

  await logOut(page);

  const asked = new URL((await left).url()).searchParams;
  expect([asked.get('client_id'), asked.get('post_logout_redirect_uri')]).toEqual(['togglecast', `${server.url}/`]);
  expect(asked.get('id_token_hint')!.split('.')).toHaveLength(3);
  await expect(page).toHaveURL(`${server.url}/`); // the provider has sent the browser back
  await expect(button(page)).toBeVisible();
  expect(await refreshCookie(page)).toBeUndefined();
  expect(provider.count('/logout')).toBe(1);
  await page.reload();
  await expect(button(page)).toBeVisible();
});

test('an account with a password logs out here alone', async ({ page, console, installation }) => {
  await console.open('/platforms', { username: 'owner', password: kPassword });
  await logOut(page);
  await page.reload();
  await expect(button(page)).toBeVisible();
  expect(installation.provider.requests).toEqual([]);
});
