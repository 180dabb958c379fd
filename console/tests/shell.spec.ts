import { expect, kPassword, Server, test } from './fixture';
import { own } from './server';

test('a deep link opens after the login, and a wrong password is told', async ({ page, console }) => {
  console.expectError(/401/);
  const platform = await console.server.call('POST', '/api/v1/platforms', { key: own('deep'), name: 'Deep link' });
  await page.goto(`${console.server.url}/platforms/${platform.id}?tab=history`);
  await page.getByLabel('User name').fill('owner');
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('Wrong username or password');
  await expect(page.getByRole('alert')).toContainText('Check what you typed; capital letters count. An owner can reset a password');
  await console.accessible();
  await page.getByLabel('Password', { exact: true }).fill(kPassword);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Deep link' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'History' })).toHaveAttribute('aria-selected', 'true');
  await expect(page).toHaveTitle(/Deep link · production/);
});

test('the palette finds pages, commands and entities', async ({ page, console }) => {
  const { server } = console;
  const feature = await server.call('POST', '/api/v1/features', { key: own('find'), name: 'Find a feature' });
  const segment = await server.call('POST', '/api/v1/segments', { key: own('find'), name: 'Find a segment', rule: true });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('find'), name: 'Find a package' });
  const client = await server.call('POST', '/api/v1/clients', { key: own('find'), name: 'Find a client' });
  await server.call('POST', '/api/v1/platforms', { key: own('find'), name: 'Find a platform' });
  await console.open('/activity');
  const search = page.getByRole('textbox', { name: 'Search', exact: true });
  const choose = async (words: string, name: RegExp) => {
    await page.keyboard.press('Control+K');
    await search.fill(words);
    await page.getByRole('button', { name }).click();
    await expect(search).toBeHidden();
  };
  await choose('segments', /^Segments$/);
  await expect(page).toHaveURL(/\/segments$/);
  await choose('new platform', /^New platform$/);
  await expect(page.getByRole('dialog', { name: 'New platform' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await choose('find a platform', /^Find a platform/);
  await expect(page.getByRole('heading', { name: 'Find a platform' })).toBeVisible();
  for (const [kind, { id, key }] of Object.entries({ feature, segment, package: plan, client })) {
    await choose(key, new RegExp(`^Find a ${kind}`));
    await expect(page.getByRole('heading', { name: `Find a ${kind}` })).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`/${kind}s/${id}$`));
  }
  // By the keyboard alone.
  await page.keyboard.press('Control+K');
  await search.fill(segment.key);
  await expect(page.getByRole('button', { name: /^Find a segment/ })).toBeVisible();
  await console.accessible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Find a segment' })).toBeVisible();
});

test('the palette leaves out what the role does not open', async ({ page, console }) => {
  await console.open('/platforms', { username: await console.server.admin('viewer') });
  await page.keyboard.press('Control+K');
  const search = page.getByRole('textbox', { name: 'Search', exact: true });
  await search.fill('settings');
  await expect(page.getByText('Nothing has this name')).toBeVisible();
  await search.fill('segment');
  await expect(page.getByRole('button', { name: /^Segments$/ })).toBeVisible();
  await expect(page.getByRole('button', { name: /^New segment$/ })).toHaveCount(0);
});

test('? lists the shortcuts, and two keys go to a page', async ({ page, console }) => {
  await console.open('/activity');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(dialog.getByText('Go to Platforms')).toBeVisible();
  await console.accessible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  // The second key counts for a second or so after the first: on a busy machine it may come too late.
  await expect(async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await expect(page).toHaveURL(/\/platforms$/, { timeout: 2000 });
  }).toPass();
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
    await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'offline');
    await expect(page.getByText('The server does not answer')).toBeVisible();
    await server.start();
    await server.call('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: false });
    await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');
    await expect(page.getByTestId('platform-lost').getByRole('switch')).not.toBeChecked();
  } finally {
    await server.end();
  }
});
