import type { Page } from '@playwright/test';
import { App } from './app';
import { expect, kPassword, test } from './fixture';
import { until } from './server';

const logIn = async (page: Page, username: string, password = kPassword) => {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
};
const logOut = async (page: Page) => {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(page.getByRole('heading', { name: 'Log in to Togglecast' })).toBeVisible();
};
const isLive = (page: Page) => expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');

test('changes the own password, which ends the other sessions', async ({ page, console }) => {
  console.expectError(/401/);
  const username = await console.server.admin('viewer');
  await console.open('/platforms', { username });
  const other = await console.another(username);
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Your account' }).click();
  await page.getByRole('button', { name: 'Change password' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Present password').fill('wrong');
  await dialog.getByLabel('New password', { exact: true }).fill('a new sentence as password');
  await dialog.getByLabel('New password again').fill('another sentence');
  await dialog.getByRole('button', { name: 'Change' }).click();
  await expect(dialog.getByText('The two passwords differ.')).toBeVisible();
  await dialog.getByLabel('New password again').fill('a new sentence as password');
  await dialog.getByRole('button', { name: 'Change' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await console.accessible();
  await dialog.getByLabel('Present password').fill(kPassword);
  await dialog.getByRole('button', { name: 'Change' }).click();
  await expect(page.getByText('The password is changed')).toBeVisible();
  await expect(dialog).toBeHidden();
  await isLive(page);

  await expect(other.getByRole('heading', { name: 'Log in to Togglecast' })).toBeVisible();
  await expect(other.getByText(/Your session has ended/)).toBeVisible();
  await logIn(other, username, 'a new sentence as password');
  await isLive(other);
});

test('lists the own sessions, ends one, and logs out everywhere', async ({ page, console }) => {
  const { server } = console;
  const username = await server.admin('editor');
  const [first, second] = [await server.login(username, kPassword), await server.login(username, kPassword)];
  const works = (token: string) => server.call('GET', '/api/v1/auth/sessions', undefined, token).then(() => true, () => false);
  await console.open('/account', { username });
  const table = page.getByRole('table', { name: 'Sessions' });
  await expect(table.getByTestId(/^session-/)).toHaveCount(3);
  await expect(table.getByTestId(/^session-/).filter({ hasText: 'this one' })).toContainText('Chrome on Linux');
  await expect(table.getByTestId(/^session-/).filter({ hasText: 'this one' }).getByRole('button')).toHaveCount(0);
  await console.accessible();
  await table.getByTestId(/^session-/).filter({ hasText: 'node' }).first().getByRole('button', { name: /^End the session/ }).click();
  await expect(table.getByTestId(/^session-/)).toHaveCount(2);
  expect([await works(first), await works(second)].filter(Boolean)).toHaveLength(1);

  await page.getByRole('button', { name: 'End all others' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End them' }).click();
  await expect(table.getByTestId(/^session-/)).toHaveCount(1);
  expect([await works(first), await works(second)]).toEqual([false, false]);
  await isLive(page);

  const third = await server.login(username, kPassword);
  await page.getByRole('button', { name: 'Log out everywhere' }).click();
  await console.accessible();
  await page.getByRole('dialog').getByRole('button', { name: 'Log out everywhere' }).click();
  await expect(page.getByRole('heading', { name: 'Log in to Togglecast' })).toBeVisible();
  expect(await works(third)).toBe(false);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Log in to Togglecast' })).toBeVisible();
});

test('sets up a second factor, keeps its recovery codes, and logs in with it', async ({ page, console }) => {
  console.expectError(/401/);
  const { server } = console;
  const username = await server.admin('viewer');
  await console.open('/account', { username });
  const factor = page.getByRole('region', { name: 'Second factor' });
  await expect(factor.getByText('off', { exact: true })).toBeVisible();
  await factor.getByRole('button', { name: 'Set up' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(kPassword);
  await dialog.getByRole('button', { name: 'Begin' }).click();
  await expect(dialog.getByRole('img', { name: /^QR code/ })).toBeVisible();
  await console.accessible();
  const app = new App((await dialog.getByLabel('Key for the authenticator app').textContent())!);
  expect(await dialog.getByRole('link', { name: /open it in an app/ }).getAttribute('href')).toMatch(/^otpauth:\/\/totp\//);
  await dialog.getByRole('textbox', { name: 'Code' }).fill(app.wrong());
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Code' }).fill(app.next());
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  const codes = await until(async () => {
    const all = await dialog.getByTestId('recovery-codes').locator('code').allTextContents();
    return all.length === 10 ? all : undefined;
  }, 'recovery codes');
  await console.accessible();
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await expect(factor.getByText('on', { exact: true })).toBeVisible();
  await expect(factor).toContainText('10 of 10 recovery codes are left');
  await expect(page.getByText(codes[0]!)).toHaveCount(0);

  await logOut(page);
  await logIn(page, username);
  await page.getByRole('textbox', { name: 'Code' }).fill(app.wrong());
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('main').getByRole('alert')).toBeVisible();
  await console.accessible();
  await page.getByRole('textbox', { name: 'Code' }).fill(app.next());
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await isLive(page);
});

test('makes new recovery codes, and switches the second factor off', async ({ page, console }) => {
  console.expectError(/401/);
  const { server } = console;
  const username = await server.admin('viewer');
  const token = await server.login(username, kPassword);
  const { secret } = await server.call<{ secret: string }>('POST', '/api/v1/auth/second-factor', { password: kPassword }, token);
  const { recovery_codes: codes } = await server.call<{ recovery_codes: string[] }>('POST', '/api/v1/auth/second-factor/confirm', { code: new App(secret).next() }, token);
  await page.goto(`${server.url}/account`);
  await logIn(page, username);
  await page.getByRole('textbox', { name: 'Code' }).fill(codes[2]!);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  const factor = page.getByRole('region', { name: 'Second factor' });
  await expect(factor).toContainText('9 of 10 recovery codes are left');
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'New recovery codes' }).click();
  await dialog.getByLabel('Password', { exact: true }).fill(kPassword);
  await dialog.getByRole('textbox', { name: 'Code' }).fill(codes[0]!);
  await dialog.getByRole('button', { name: 'Make new codes' }).click();
  const newer = await until(async () => {
    const all = await dialog.getByTestId('recovery-codes').locator('code').allTextContents();
    return all.length === 10 ? all : undefined;
  }, 'new recovery codes');
  expect(newer).not.toContain(codes[1]);
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByRole('button', { name: 'Switch off' }).click();
  await dialog.getByLabel('Password', { exact: true }).fill(kPassword);
  await dialog.getByRole('textbox', { name: 'Code' }).fill(codes[1]!);
  await dialog.getByRole('button', { name: 'Switch off' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible(); // a code from before
  await dialog.getByRole('textbox', { name: 'Code' }).fill(newer[0]!);
  await dialog.getByRole('button', { name: 'Switch off' }).click();
  await expect(factor.getByText('off', { exact: true })).toBeVisible();
  await console.accessible();
});

test('on a phone and in the dark, the account stays within the screen', async ({ page, console }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await console.open('/account', { username: await console.server.admin('viewer') });
  await expect(page.getByRole('table', { name: 'Sessions' })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await console.accessible();
});
