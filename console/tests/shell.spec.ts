import { expect, kPassword, Server, test } from './fixture';
import { own } from './server';

test('a deep link opens after the login, and a wrong password is told', async ({ page, console }) => {
  console.expectError(/401/);
  const platform = await console.server.call('POST', '/api/v1/platforms', { key: own('deep'), name: 'Deep link' });
  await page.goto(`${console.server.url}/platforms/${platform.id}?tab=history`);
  await page.getByLabel('User name').fill('owner');
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await console.accessible();
  await page.getByLabel('Password', { exact: true }).fill(kPassword);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Deep link' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'History' })).toHaveAttribute('aria-selected', 'true');
  await expect(page).toHaveTitle(/Deep link · production/);
});

test('the palette finds pages and entities, and ? lists the shortcuts', async ({ page, console }) => {
  await console.server.call('POST', '/api/v1/platforms', { key: own('find'), name: 'Find me here' });
  await console.open('/platforms');
  await page.keyboard.press('Control+K');
  await page.getByPlaceholder(/Page, command/).fill('find me');
  await page.getByRole('button', { name: /Find me here/ }).click();
  await expect(page.getByRole('heading', { name: 'Find me here' })).toBeVisible();
  await expect(page.getByPlaceholder(/Page, command/)).toBeHidden();  // in a field, keys are text

  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(dialog.getByText('Go to Platforms')).toBeVisible();
  await console.accessible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await expect(page).toHaveURL(/\/platforms$/);
});

test('a reload goes on with the session, and a logout ends it in all tabs', async ({ page, console }) => {
  await console.open('/platforms');
  await page.reload();
  await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');
  const other = await console.tab();
  await other.goto(`${console.server.url}/help`);
  await expect(other.getByRole('heading', { name: 'Help' })).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)).not.toMatch(/[A-Za-z0-9_-]{40,}/);

  await page.getByRole('button', { name: /Account of owner/ }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(page.getByRole('heading', { name: 'Log in to Togglecast' })).toBeVisible();
  await expect(other.getByRole('heading', { name: 'Log in to Togglecast' })).toBeVisible();
  await other.close();
});

test('an address without a page says so', async ({ page, console }) => {
  await console.open('/no/such/page');
  await expect(page.getByRole('heading', { name: 'There is no page at this address' })).toBeVisible();
  await console.accessible();
});

test('light and dark', async ({ page, console }) => {
  await console.open('/platforms');
  await page.getByRole('button', { name: /Account of owner/ }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await page.keyboard.press('Escape');
  await console.accessible();
});

test('on a phone, the pages are in a drawer and nothing is wider than the screen', async ({ page, console }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  await console.open('/platforms');
  await page.getByRole('button', { name: 'Pages' }).click();
  await page.getByRole('dialog').getByRole('link', { name: 'Platforms' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await console.accessible();
});

test('a lost connection is shown and heals, with what happened meanwhile', async ({ page, console }) => {
  console.expectError(/WebSocket|ERR_CONNECTION|Failed to load resource/);
  const server = await new Server().start();
  try {
    const platform = await server.call('POST', '/api/v1/platforms', { key: 'lost', name: 'Lost and found' });
    console.expectError(/asked another server/);
    await page.goto(`${server.url}/platforms`);
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password', { exact: true }).fill(kPassword);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');
    await expect(page.getByTestId('platform-lost').getByRole('switch')).toBeChecked();

    await server.stop('SIGKILL');
    await expect(page.getByTestId('connection')).toHaveAttribute('data-state', /reconnecting|offline/);
    await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'offline', { timeout: 30_000 });
    await expect(page.getByText('The server does not answer')).toBeVisible();
    await server.start();
    await server.call('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: false });
    await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live', { timeout: 30_000 });
    await expect(page.getByTestId('platform-lost').getByRole('switch')).not.toBeChecked();
  } finally {
    await server.end();
  }
});
