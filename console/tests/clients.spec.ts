import { expect, test, type Console } from './fixture';
import { own, type Entity } from './server';

/** A feature, a package with it, and a client on the package. */
async function tenant({ server }: Console, name: string) {
  const feature = await server.call('POST', '/api/v1/features', { key: own('feat'), name: `${name} feature`, sub_features: [{ key: 'daily' }] });
  const other = await server.call('POST', '/api/v1/features', { key: own('other'), name: `${name} extra`, variants: { small: 'S', large: 'L' }, defaultVariant: 'small' });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: `${name} plan`, features: [{ feature_id: feature.id, limit: 25 }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name, package_id: plan.id, attributes: { region: 'de' } });
  return { feature, other, plan, client };
}

test('makes a client, finds it again by search and filters, and switches it off with the impact', async ({ page, console }) => {
  const { server } = console;
  const { plan } = await tenant(console, 'Alder');
  await console.open('/clients');
  await page.getByRole('button', { name: 'New client' }).click();
  const dialog = page.getByRole('dialog');
  const name = `Söder & Söhne ${own('x')}`;
  await dialog.getByLabel('Name').fill(name);
  await expect(dialog.getByLabel('Key')).toHaveValue(/^soder-sohne/);
  await dialog.getByRole('textbox', { name: 'Package' }).click();
  await page.getByRole('option', { name: 'Alder plan' }).click();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await expect(page).toHaveURL(/\/clients\/\d+$/);
  const key = String((await server.call('GET', `/api/v1/clients/${page.url().split('/').pop()}`)).key);

  await page.goBack();
  await page.getByLabel('Search clients').fill(key);
  await expect(page.getByRole('status').filter({ hasText: '1 client' })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`q=${key}`));
  const row = page.getByTestId(`client-${key}`);
  await expect(row).toContainText('Alder plan');
  await console.accessible();
  await row.getByRole('switch').press('Space');
  await expect(dialog.getByTestId('impact')).toContainText('1 of');
  await dialog.getByText('By client').click();
  await expect(dialog.getByText(/^− feat/)).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Make inactive' }).click();
  await expect(row.getByRole('switch')).not.toBeChecked();
  await expect.poll(async () => (await server.call<{ items: Entity[] }>('GET', `/api/v1/clients?q=${key}`)).items[0]!['active']).toBe(false);

  // Another admin renames it, and makes one that fits the search.
  const id = (await server.call<{ items: Entity[] }>('GET', `/api/v1/clients?q=${key}`)).items[0]!.id;
  await server.call('PATCH', `/api/v1/clients/${id}`, { name: 'Renamed elsewhere' });
  await expect(row.getByText('Renamed elsewhere')).toBeVisible();
  await server.call('POST', '/api/v1/clients', { key: `${key}-two`, name: 'Second of them' });
  await expect(page.getByText('Second of them')).toBeVisible();

  await page.getByLabel('Search clients').fill('');
  await page.getByRole('textbox', { name: 'Filter by package' }).click();
  await page.getByRole('option', { name: 'Alder plan' }).click();
  await expect(page).toHaveURL(new RegExp(`package=${plan.id}`));
  await expect(page.getByRole('status').filter({ hasText: '2 clients' })).toBeVisible();
});

test('a long list has only the rows in sight in the page, and reads on while one scrolls', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  const prefix = own('many');
  for (let begin = 0; begin < 1200; begin += 40)
    await Promise.all(Array.from({ length: 40 }, (_, index) => server.call('POST', '/api/v1/clients', { key: `${prefix}-${String(begin + index).padStart(4, '0')}`, name: `Many ${String(begin + index).padStart(4, '0')}` })));
  await console.open(`/clients?q=${prefix}`);
  await expect(page.getByRole('status').filter({ hasText: '1,200 clients' })).toBeVisible();
  const table = page.getByRole('table', { name: 'Clients' });
  await expect(table).toHaveAttribute('aria-rowcount', '1201');
  expect(await table.getByRole('row').count()).toBeLessThan(60);
  for (const wanted of ['0480', '0980', '1199']) {
    await expect(async () => {
      await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await expect(page.getByTestId(/^client-/).last()).toBeVisible();
      const last = await page.getByTestId(/^client-/).last().getAttribute('data-testid');
      expect(Number(last!.slice(-4))).toBeGreaterThanOrEqual(Number(wanted));
    }).toPass();
  }
  expect(await table.getByRole('row').count()).toBeLessThan(60);
  await table.getByRole('button', { name: 'Client' }).click();
  await expect(page).toHaveURL(/sort=-name/);
  await expect(table.getByRole('columnheader', { name: 'Client' })).toHaveAttribute('aria-sort', 'descending');
});

test('shows plan, override, effective value and deciding rule, and follows changes of others', async ({ page, console }) => {
  const { server } = console;
  const { feature, other, client } = await tenant(console, 'Birch');
  await console.open(`/clients/${client.id}`);
  const row = page.getByTestId(`effective-${feature.key}`);
  await expect(row).toContainText('≤ 25');
  await expect(row.locator('[data-rule="default_variant"]')).toBeVisible();
  await row.getByRole('button', { name: /Sub-features/ }).click();
  await expect(page.getByTestId(`effective-${feature.key}/daily`)).toContainText('on');
  await console.accessible();

  // Somebody switches the feature off.
  await server.call('POST', `/api/v1/features/${feature.id}/toggle`, { enabled: false });
  await expect(row.locator('[data-rule="feature_disabled"]')).toBeVisible();
  await server.call('POST', `/api/v1/features/${feature.id}/toggle`, { enabled: true });
  await expect(row.locator('[data-rule="default_variant"]')).toBeVisible();

  // The package does not include the other one: an override gives it, for a week.
  await page.getByText(/^All \d/).click();
  await page.getByLabel('Search features of the client').fill(other.key);
  const extra = page.getByTestId(`effective-${other.key}`);
  await expect(extra.locator('[data-rule="not_in_package"]')).toBeVisible();
  await extra.getByRole('button', { name: /^Override/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Value' }).click();
  await page.getByRole('option', { name: /large/ }).click();
  await dialog.getByLabel('Reason').fill('A trial');
  await dialog.getByRole('button', { name: 'In a week' }).click();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(extra.locator('[data-rule="override"]')).toBeVisible();
  await expect(extra).toContainText('A trial');
  const [override] = (await server.call<{ overrides: { value: string; expires_at: string }[] }>('GET', `/api/v1/clients/${client.id}`)).overrides;
  expect(override!.value).toBe('L');
  expect(Date.parse(override!.expires_at) - Date.now()).toBeGreaterThan(6 * 86_400_000);

  // Somebody changes the same override while the dialog is open.
  await extra.getByRole('button', { name: /Change the override/ }).click();
  await server.call('PUT', `/api/v1/clients/${client.id}/overrides/${other.id}`, { value: 'S', reason: 'Theirs' });
  await expect(dialog.getByText('Somebody changed this override meanwhile')).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Take theirs' }).click();
  await expect(dialog.getByLabel('Reason')).toHaveValue('Theirs');
  await dialog.getByRole('button', { name: 'End the override' }).click();
  await expect(extra.locator('[data-rule="not_in_package"]')).toBeVisible();
});

test('an override takes a feature away, with a reason, until it ends', async ({ page, console }) => {
  const { server } = console;
  const { feature, client } = await tenant(console, 'Beech');
  await console.open(`/clients/${client.id}`);
  const row = page.getByTestId(`effective-${feature.key}`);
  await expect(row.locator('[data-rule="default_variant"]')).toBeVisible();
  await row.getByRole('button', { name: /^Override/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: /^does not get the feature/ }).check();
  await expect(dialog.getByRole('radiogroup', { name: 'Value' })).toHaveCount(0);
  await dialog.getByLabel('Reason').fill('Not paid');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(row.locator('[data-rule="override"]')).toBeVisible();
  await expect(row).toContainText('Not paid');
  const { overrides } = await server.call<{ overrides: object[] }>('GET', `/api/v1/clients/${client.id}`);
  expect(overrides).toMatchObject([{ feature_id: feature.id, removed: true, reason: 'Not paid', expires_at: null }]);
  const { items } = await server.call<{ items: { effective: object }[] }>('GET', `/api/v1/clients/${client.id}/effective?feature=${feature.key}`);
  expect(items[0]!.effective).toMatchObject({ enabled: false, rule: 'override' });
  await row.getByRole('button', { name: /Change the override/ }).click();
  await expect(dialog.getByRole('radio', { name: /^does not get the feature/ })).toBeChecked();
  await dialog.getByRole('button', { name: 'End the override' }).click();
  await expect(row.locator('[data-rule="default_variant"]')).toBeVisible();
});

test('withdraws all tokens that were signed before now, and lets them count again', async ({ page, console }) => {
  const { server } = console;
  const { client } = await tenant(console, 'Elder');
  const make = async (label: string) => (await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`, { label })).token;
  const token = await make('first');
  await make('second');
  const { io } = await import('socket.io-client');
  const connect = (with_: string) => {
    const socket = io(`${server.url}/client`, { auth: { token: with_ }, transports: ['websocket'], forceNew: true, reconnection: false });
    const outcome = new Promise<string>((is) => socket.on('client_connected', () => is('connected')).on('connect_error', (error: Error & { data?: { code?: string } }) => is(error.data?.code ?? error.message)));
    return { socket, outcome };
  };
  const { socket, outcome } = connect(token);
  expect(await outcome).toBe('connected');
  await console.open(`/clients/${client.id}?tab=tokens`);
  await expect(page.getByText('valid', { exact: true })).toHaveCount(2);
  await console.accessible();
  const ended = new Promise<{ reason: string }>((got) => socket.on('session_ended', got));
  await page.getByRole('button', { name: 'Withdraw all tokens signed before now' }).click();
  const dialog = page.getByRole('dialog');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Withdraw all' }).click();
  expect((await ended).reason).toBe('token_revoked');
  await expect(page.getByTestId('valid-from')).toContainText(/^Tokens signed before .* are refused/);
  await expect(page.getByText('withdrawn', { exact: true })).toHaveCount(2);
  expect(await connect(token).outcome).toBe('revoked');
  const from = Date.parse(String((await server.call('GET', `/api/v1/clients/${client.id}`))['tokens_valid_from']));
  expect(Math.abs(from - Date.now())).toBeLessThan(60_000);
  // A token that is made afterwards counts.
  await expect(async () => {
    const next = connect(await make('third'));
    expect(await next.outcome).toBe('connected');
    next.socket.close();
  }).toPass();
  await expect(page.getByText('valid', { exact: true })).toHaveCount(1);
  await page.getByRole('button', { name: 'Let older ones count again' }).click();
  await expect(page.getByText('withdrawn', { exact: true })).toHaveCount(0);
  const again = connect(token);
  expect(await again.outcome).toBe('connected');
  again.socket.close();
});

test('saves attributes and package after it has shown the impact, and both versions of a lost update', async ({ page, console }) => {
  const { server } = console;
  const { client } = await tenant(console, 'Cedar');
  await console.open(`/clients/${client.id}?tab=settings`);
  const editor = page.getByRole('textbox', { name: 'Attributes', exact: true });
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('{"region": "fr", "seats": 7}');
  await page.getByRole('textbox', { name: 'Package' }).click();
  await page.getByRole('option', { name: 'Enterprise' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('impact')).toContainText('1 of');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Cedar is saved')).toBeVisible();
  const saved = await server.call('GET', `/api/v1/clients/${client.id}`);
  expect(saved['attributes']).toEqual({ region: 'fr', seats: 7 });
  expect(saved['package_id']).not.toBe(client['package_id']);

  await page.getByLabel('Name').fill('Cedar mine');
  await server.call('PATCH', `/api/v1/clients/${client.id}`, { name: 'Cedar theirs' });
  await expect(page.getByRole('heading', { name: 'Cedar theirs' })).toBeVisible();
  console.expectError(/409/);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('both changed it')).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(page.getByRole('heading', { name: 'Cedar mine' })).toBeVisible();

  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect.poll(async () => (await server.call('GET', `/api/v1/clients/${client.id}`))['name']).toBe('Cedar theirs');
});

test('makes a token that is shown once, shows its connection, sends it a message, and withdraws it', async ({ page, console }) => {
  const { server } = console;
  const { client } = await tenant(console, 'Dogwood');
  await console.open(`/clients/${client.id}?tab=tokens`);
  await expect(page.getByText('No tokens yet')).toBeVisible();
  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Label').fill('checkout');
  await dialog.getByRole('button', { name: 'Make the token' }).click();
  const token = await dialog.getByLabel('The token', { exact: true }).textContent();
  expect(token).toMatch(/^ey/);
  await expect(dialog.getByText('createClient')).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await expect(page.getByText('checkout')).toBeVisible();
  await expect(page.getByText(token!)).toHaveCount(0);

  const { io } = await import('socket.io-client');
  const socket = io(`${server.url}/client`, { auth: { token, sdk: 'shop-app/1.2.0' }, transports: ['websocket'] });
  const ended = new Promise<{ reason: string }>((got) => socket.on('session_ended', got));
  await new Promise<void>((connected) => socket.on('client_connected', () => connected()));
  await page.getByRole('tab', { name: 'Connections' }).click();
  const row = page.getByTestId('connection-row');
  await expect(row).toContainText('websocket');
  await expect(row).toContainText('shop-app/1.2.0');
  await console.accessible();
  const back = new Promise<void>((again) => socket.once('disconnect', () => {
    for (const event of ['client_connected', 'client_resumed']) socket.once(event, () => again());
  }));
  await row.getByRole('button', { name: /End the connection/ }).click();
  await back; // stock clients come back
  await expect(row).toContainText('shop-app/1.2.0');

  await page.getByRole('tab', { name: 'Message' }).click();
  const heard = new Promise<{ title: string; level: string; id: string }>((got) => socket.on('client_notification', (message, acknowledge) => {
    if (typeof acknowledge === 'function') acknowledge();
    got(message);
  }));
  await page.getByLabel('Title').fill('New terms');
  await page.getByRole('textbox', { name: 'Message' }).fill('Please read them.');
  await page.getByRole('textbox', { name: 'Acknowledgement' }).click();
  await page.getByRole('option', { name: 'by one connection' }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByTestId('sent')).toContainText('Sent to 1 connection');
  expect((await heard).title).toBe('New terms');
  await expect(page.getByTestId('kept-message')).toContainText('1 of 1 received, 1 acknowledged');
  await console.accessible();

  await page.getByRole('tab', { name: 'Tokens' }).click();
  await page.getByRole('button', { name: 'Withdraw checkout' }).click();
  await dialog.getByRole('button', { name: 'Withdraw' }).click();
  expect((await ended).reason).toBe('token_revoked');
  await expect(page.getByText('withdrawn', { exact: true })).toBeVisible();
  await console.accessible();
  socket.close();
});

test('makes a token that never ends', async ({ page, console }) => {
  const { server } = console;
  const { client } = await tenant(console, 'Hazel');
  await console.open(`/clients/${client.id}?tab=tokens&new=token`);
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Label').fill('till');
  await dialog.getByRole('textbox', { name: 'It ends after' }).click();
  await page.getByRole('option', { name: 'never ends' }).click();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Make the token' }).click();
  const token = (await dialog.getByLabel('The token', { exact: true }).textContent())!;
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await expect(page.getByTestId(/^token-/).filter({ hasText: 'till' }).getByRole('cell', { name: 'never', exact: true })).toBeVisible();
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number };
  expect(new Date(exp * 1000).getUTCFullYear()).toBe(9999);
  const { items } = await server.call<{ items: object[] }>('GET', `/api/v1/clients/${client.id}/tokens`);
  expect(items).toMatchObject([{ label: 'till', expires_at: null, revoked_at: null }]);
});

test('deletes a client', async ({ page, console }) => {
  const { client } = await tenant(console, 'Elm');
  await console.open(`/clients/${client.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/clients$/);
  console.expectError(/404/);
  await page.goto(`${console.server.url}/clients/${client.id}`);
  await expect(page.getByText('This client does not exist')).toBeVisible();
  await console.accessible();
});

test('an editor has no tokens, and a viewer reads everything and changes nothing', async ({ page, console }) => {
  const { server } = console;
  const { feature, client } = await tenant(console, 'Fir');
  await console.open(`/clients/${client.id}?tab=tokens`, { username: await server.admin('editor') });
  await expect(page.getByText('Tokens are for owners')).toBeVisible();
  const other = await console.another(await server.admin('viewer'));
  await other.goto(`${server.url}/clients/${client.id}`);
  const row = other.getByTestId(`effective-${feature.key}`);
  await expect(row).toContainText('≤ 25');
  await expect(row.getByRole('button', { name: /^Override/ })).toBeDisabled();
  await expect(other.getByRole('button', { name: 'Delete' })).toBeDisabled();
  await expect(other.getByRole('note', { name: /role editor is needed/ }).first()).toBeVisible();
  await console.accessible(other);
  await other.getByRole('tab', { name: 'Settings' }).click();
  await expect(other.getByRole('button', { name: 'Save' })).toBeDisabled();
  await other.getByRole('tab', { name: 'Message' }).click();
  await expect(other.getByRole('button', { name: 'Send' })).toBeDisabled();
  await console.accessible(other);
});

test('on a phone, the list and the page of a client stay within the screen', async ({ page, console }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  const { client } = await tenant(console, 'Ginkgo');
  await console.open(`/clients/${client.id}`);
  for (const tab of ['Features', 'Settings', 'Tokens', 'Connections', 'Message']) {
    await page.getByRole('tab', { name: tab }).click();
    await expect(page.getByRole('tabpanel')).not.toBeEmpty();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  }
  await page.emulateMedia({ colorScheme: 'dark' });
  await console.accessible();
});
