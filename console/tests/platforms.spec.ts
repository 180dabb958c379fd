import { expect, test } from './fixture';
import { own, type Entity } from './server';

test('makes a platform, whose key follows from its name, and shows what the server refuses at its field', async ({ page, console }) => {
  await console.open('/platforms');
  await page.getByRole('button', { name: 'New platform' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Smart TV (beta)');
  await expect(dialog.getByLabel('Key')).toHaveValue('smart-tv-beta');
  await dialog.getByLabel('Key').fill('no good');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByText('A key has no spaces')).toBeVisible();
  const key = own('tv');
  console.expectError(/409/);
  await console.server.call('POST', '/api/v1/platforms', { key: `${key}-taken`, name: 'Taken' });
  await dialog.getByLabel('Key').fill(`${key}-taken`);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByText('Is taken')).toBeVisible();
  await expect(dialog.getByLabel('Key')).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByLabel('Key').fill(key);
  await console.accessible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: 'Smart TV (beta)' })).toBeVisible();
  await expect(page).toHaveURL(/\/platforms\/\d+$/);
});

test('asks with the clients affected before a switch, and follows its delivery', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('shop'), name: 'Shop' });
  const feature = await server.call('POST', '/api/v1/features', { key: own('cart'), name: 'Cart', platforms: [platform.id] });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant', package_id: plan.id });
  const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`);
  const { io } = await import('socket.io-client');
  const listener = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'] });
  await new Promise<void>((connected) => listener.on('client_connected', () => connected()));

  await console.open('/platforms');
  const row = page.getByTestId(`platform-${platform.key}`);
  const heard = new Promise<{ data: { enabled: boolean } }>((got) => listener.on('platform_update', got));
  await row.getByRole('switch').press('Space');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('impact')).toContainText('1 of');
  await expect(dialog.getByText('Cart')).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Switch off' }).click();

  await expect(row.getByRole('switch')).not.toBeChecked();
  expect((await heard).data.enabled).toBe(false);
  await expect(row.locator('[data-rollout="complete"]')).toContainText('delivered to 1 of 1');
  listener.close();
});

test('shows the change of another admin at once, and both versions before one overwrites the other', async ({ page, console }) => {
  const { server } = console;
  const editor = await server.admin('editor');
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('kiosk'), name: 'Kiosk' });
  await console.open(`/platforms/${platform.id}`);
  await page.getByLabel('Maintenance note').fill('Mine');

  const token = await server.login(editor, 'correct horse battery staple');
  await server.call('PATCH', `/api/v1/platforms/${platform.id}`, { maintenance_note: 'Theirs', name: 'Kiosk 2' }, token);
  await expect(page.getByRole('heading', { name: 'Kiosk 2' })).toBeVisible();
  console.expectError(/409/);
  await page.getByRole('button', { name: 'Save' }).click();

  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText(editor)).toBeVisible();
  await expect(dialog.getByText('both changed it')).toHaveCount(1);
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Kiosk 2 is saved')).toBeVisible();
  const now = await server.call('GET', `/api/v1/platforms/${platform.id}`);
  expect([now['maintenance_note'], now['name']]).toEqual(['Mine', 'Kiosk 2']);
});

test('saves a configuration that is an object, and marks text that is none', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('api'), name: 'API' });
  await console.open(`/platforms/${platform.id}`);
  const editor = page.getByRole('textbox', { name: 'Configuration' });
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('[1');
  await expect(page.getByText('This is no valid JSON')).toBeVisible();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('{"theme": "dark"}');
  await expect(page.getByText('This is no valid JSON')).toBeHidden();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('API is saved')).toBeVisible();
  expect((await server.call('GET', `/api/v1/platforms/${platform.id}`))['config']).toEqual({ theme: 'dark' });
  await console.accessible();

  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Show what changed' }).first().click();
  await expect(page.getByText('"theme": "dark"')).toBeVisible();
  await console.accessible();
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect.poll(async () => (await server.call('GET', `/api/v1/platforms/${platform.id}`))['config']).toEqual({});
});

test('a configuration that only the server refuses, too long or too deep, has its sentence at the field', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('big'), name: 'Big' });
  await console.open(`/platforms/${platform.id}`);
  const editor = page.getByRole('textbox', { name: 'Configuration' });
  const enter = async (config: object) => {
    await editor.click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(JSON.stringify(config));
  };
  const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });
  const refused = [
    [{ text: 'x'.repeat(33 * 1024) }, 'Must be at most 32768 bytes of JSON'],
    [nested(17), 'Must not be nested deeper than 16 levels'],
  ] as const;
  console.expectError(/400/);
  for (const [config, sentence] of refused) {
    await enter(config);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText(sentence)).toBeVisible();
    await expect(editor).toHaveAttribute('aria-invalid', 'true');
    await console.accessible();
    await enter({ small: true });
    await expect(page.getByText(sentence)).toHaveCount(0);
  }
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Big is saved')).toBeVisible();
  expect((await server.call('GET', `/api/v1/platforms/${platform.id}`))['config']).toEqual({ small: true });
});

test('names the users before it deletes, and deletes when the reader insists', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('pay'), name: 'Payments' });
  await server.call('POST', '/api/v1/features', { key: own('invoice'), name: 'Invoices', platforms: [platform.id] });
  await console.open(`/platforms/${platform.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  console.expectError(/409/);
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(dialog.getByTestId('users')).toContainText('Invoices');
  await expect(dialog.getByRole('button', { name: 'Delete' })).toBeDisabled();
  await console.accessible();
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/platforms$/);
  const { items } = await server.call<{ items: Entity[] }>('GET', '/api/v1/platforms?limit=1000');
  expect(items.map(({ id }) => id)).not.toContain(platform.id);
});

test('a viewer reads everything and can switch nothing, and learns why', async ({ page, console }) => {
  const { server } = console;
  const viewer = await server.admin('viewer');
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('seen'), name: 'Seen' });
  await console.open('/platforms', { username: viewer });
  await expect(page.getByTestId(`platform-${platform.key}`).getByRole('switch')).toBeDisabled();
  await expect(page.getByRole('button', { name: 'New platform' })).toBeDisabled();
  await expect(page.getByRole('note', { name: /role editor is needed/ }).first()).toBeVisible();
  await console.accessible();
  await page.getByRole('link', { name: 'Seen' }).click();
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
  await expect(page.getByLabel('Description')).toHaveAttribute('readonly', '');
  await console.accessible();
});

test('the history goes back to the first change, page by page, and begins with the newest', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('old'), name: 'Much changed' });
  for (let version = 1; version <= 35; ++version) await server.call('PATCH', `/api/v1/platforms/${platform.id}`, { description: `version ${version}` });
  await console.open(`/platforms/${platform.id}?tab=history`);
  const entries = page.getByRole('button', { name: 'Undo' });
  await expect(entries).toHaveCount(30);
  await expect(page.getByText('created platform Much changed')).toHaveCount(0);
  await page.getByRole('button', { name: 'Show older' }).click();
  await expect(entries).toHaveCount(36);
  await expect(page.getByText('created platform Much changed')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show older' })).toHaveCount(0);
  await console.accessible();
  // A change of another admin comes on top; the older ones stay.
  await server.call('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: false });
  await expect(entries).toHaveCount(37);
  await page.getByRole('button', { name: 'Undo' }).nth(1).click();
  await expect(entries).toHaveCount(38);
  expect(await server.call('GET', `/api/v1/platforms/${platform.id}`)).toMatchObject({ description: 'version 34', enabled: false });
});

test('names the packages that open it, also those that open every platform', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('opened'), name: 'Opened' });
  const other = await server.call('POST', '/api/v1/platforms', { key: own('other'), name: 'Other' });
  const name = own('plan of');
  await server.call('POST', '/api/v1/packages', { key: own('plan'), name: `${name} one`, platforms: [platform.id] });
  await server.call('POST', '/api/v1/packages', { key: own('plan'), name: `${name} all` });
  await server.call('POST', '/api/v1/packages', { key: own('plan'), name: `${name} others`, platforms: [other.id] });
  await console.open(`/platforms/${platform.id}?tab=users`);
  await expect(page.getByRole('link', { name: `${name} one` })).toBeVisible();
  await expect(page.getByRole('link', { name: `${name} all` })).toBeVisible();
  await expect(page.getByRole('link', { name: `${name} others` })).toHaveCount(0);
  await expect(page.getByText('opens all platforms').first()).toBeVisible();
  await console.accessible();
});
