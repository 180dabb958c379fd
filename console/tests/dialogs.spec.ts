// Dialogs that have an address: "back" closes them, and never opens one again.
import type { Page } from '@playwright/test';
import { expect, test, type Console } from './fixture';
import { own, type Entity } from './server';

/** Opens the dialog by its button on the page at `to`, closes it in each way, and goes back to the page before. */
async function opensAndCloses(page: Page, to: string, press: () => Promise<void>, parameter: RegExp) {
  const dialog = page.getByRole('dialog');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Help' }).click();
  await expect(page.getByRole('heading', { name: 'Help', level: 1 })).toBeVisible();
  await page.evaluate((address) => history.pushState({}, '', address), to);
  await press();
  await expect(dialog).toBeVisible();
  await expect(page).toHaveURL(parameter);
  await page.goBack();
  await expect(dialog).toBeHidden();
  await expect(page).not.toHaveURL(parameter);
  await press();
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page).not.toHaveURL(parameter);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Help', level: 1 })).toBeVisible();
  await expect(dialog).toBeHidden();
}

test('those of the lists', async ({ page, console }) => {
  await console.open('/help');
  for (const [to, button] of [['/platforms', 'New platform'], ['/features', 'New feature'], ['/segments', 'New segment'], ['/packages', 'New package'], ['/clients', 'New client'], ['/environments', 'New environment']] as const)
    await opensAndCloses(page, to, () => page.getByRole('button', { name: button }).click(), /new=yes/);
});

test('those of a client and of the playground', async ({ page, console }) => {
  const { server } = console;
  const feature = await server.call('POST', '/api/v1/features', { key: own('f'), name: 'Of the dialogs' });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant', package_id: plan.id });
  await console.open('/help');
  await opensAndCloses(page, `/clients/${client.id}`, () => page.getByRole('button', { name: 'Override Of the dialogs' }).click(), /override=/);
  await opensAndCloses(page, `/clients/${client.id}?tab=tokens`, () => page.getByRole('button', { name: 'New token' }).click(), /new=token/);
  await opensAndCloses(page, `/playground?client=${client.id}&q=${feature.key}`, () => page.getByTestId(`flag-${feature.key}`).getByRole('button').click(), /flag=/);
});

test('those of admins, API keys and trusted issuers', async ({ page, console }) => {
  const { server } = console;
  const username = await server.admin('viewer');
  const admin = (await server.call<{ items: Entity[] }>('GET', `/api/v1/admins?q=${username}`)).items[0]!;
  const name = own('key');
  await server.call('POST', '/api/v1/api-keys', { name, scopes: ['read'] });
  const issuer = await server.call('POST', '/api/v1/issuers', { key: own('issuer'), name: 'Of the dialogs', issuer: `https://${name}.example`, audiences: ['a'], environment: 'production', keys: { jwks_url: 'https://keys.invalid/certs' } });
  await console.open('/help');
  await opensAndCloses(page, '/admins', () => page.getByRole('button', { name: 'New admin' }).click(), /new=yes/);
  const reset = (item: string) => async () => {
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await opensAndCloses(page, `/admins/${admin.id}`, reset('Password'), /dialog=password/);
  await opensAndCloses(page, `/admins/${admin.id}`, () => page.getByRole('button', { name: 'Delete' }).click(), /dialog=delete/);
  await opensAndCloses(page, '/api-keys', () => page.getByRole('button', { name: 'New API key' }).click(), /new=yes/);
  await opensAndCloses(page, '/api-keys', () => page.getByRole('button', { name: `Edit ${name}` }).click(), /key=\d+/);
  await opensAndCloses(page, '/api-keys', () => page.getByRole('button', { name: `Revoke ${name}` }).click(), /revoke=\d+/);
  await opensAndCloses(page, '/issuers', () => page.getByRole('button', { name: 'New issuer' }).click(), /new=yes/);
  await opensAndCloses(page, '/issuers', () => page.getByRole('button', { name: 'Edit Of the dialogs' }).click(), /issuer=\d+/);
  await opensAndCloses(page, '/issuers', () => page.getByRole('button', { name: 'Delete Of the dialogs' }).click(), /delete=\d+/);
  await server.call('DELETE', `/api/v1/issuers/${issuer.id}`);
});

test('those of the own account', async ({ page, console }) => {
  await console.open('/help');
  await opensAndCloses(page, '/account', () => page.getByRole('button', { name: 'Change password' }).click(), /change=password/);
  await opensAndCloses(page, '/account', () => page.getByRole('button', { name: 'Set up' }).click(), /factor=setup/);
});

test('a deletion leads to the list, and the way back does not open its dialog', async ({ page, console }) => {
  const platform = await console.server.call('POST', '/api/v1/platforms', { key: own('gone'), name: 'Soon gone' });
  console.expectError(/404/);
  await console.open('/help');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Platforms' }).click();
  await page.getByTestId(`platform-${platform.key}`).getByRole('link', { name: 'Soon gone' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/delete=yes/);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/platforms$/);
  await expect(page.getByText('Soon gone is deleted')).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`/platforms/${platform.id}$`));
  await expect(page.getByText(/does not exist/)).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

async function makes(page: Page, console: Console, to: string, noun: string, fill?: () => Promise<void>) {
  const key = own(noun);
  await page.getByRole('navigation', { name: 'Pages' }).locator(`a[href="${to}"]`).click();
  await page.getByRole('button', { name: `New ${noun}` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill(`Made by ${key}`);
  await dialog.getByLabel('Key').fill(key);
  await fill?.();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: `Made by ${key}` })).toBeVisible();
  const { items } = await console.server.call<{ items: Entity[] }>('GET', `/api/v1${to}?q=${key}`);
  expect(items.map((item) => item.key)).toEqual([key]);
  await page.goBack();
  await expect(page).toHaveURL(new RegExp(`${to}$`));
  await expect(page.getByRole('button', { name: `New ${noun}` })).toBeVisible();
  await expect(dialog).toBeHidden();
}

test('what was made has a way back to its list', async ({ page, console }) => {
  await console.open('/help');
  await makes(page, console, '/platforms', 'platform');
  await makes(page, console, '/features', 'feature');
  await makes(page, console, '/segments', 'segment', async () => {
    await page.getByRole('dialog').getByLabel('Attribute').fill('client.seats');
    await page.getByRole('dialog').getByRole('textbox', { name: 'Value', exact: true }).fill('5');
    await page.keyboard.press('Tab');
  });
  await makes(page, console, '/packages', 'package');
  await makes(page, console, '/clients', 'client');
});
