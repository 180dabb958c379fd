// Dialogs that have an address: "back" closes them, and never opens one again.
import type { Page } from '@playwright/test';
import { expect, test, type Console } from './fixture';
import { own, type Entity } from './server';

test.beforeEach(({ page }) => page.emulateMedia({ reducedMotion: 'reduce' }));

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
