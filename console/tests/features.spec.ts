import type { Page } from '@playwright/test';
import { expect, test } from './fixture';
import { kPassword, own, type Entity, type Server } from './server';

/** A package with these features and a client of it that listens. */
async function listen(server: Server, features: number[]) {
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan', features: features.map((feature_id) => ({ feature_id })) });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant', package_id: plan.id, attributes: { tier: 'gold' } });
  const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`);
  const { io } = await import('socket.io-client');
  const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'] });
  await new Promise<void>((connected) => socket.on('client_connected', () => connected()));
  return { plan, client, socket };
}
const read = (server: Server, id: number) => server.call('GET', `/api/v1/features/${id}`);
const make = (server: Server, body: object) => server.call('POST', '/api/v1/features', { name: 'Cart', ...body });

/** Saves, through the question with the clients affected. */
async function save(page: Page, seen?: string) {
  await page.getByRole('region', { name: 'Changes that are not saved' }).getByRole('button', { name: 'Save…' }).click();
  const dialog = page.getByRole('dialog');
  if (seen) await expect(dialog.getByTestId('impact')).toContainText(seen);
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Changes that are not saved' })).toBeHidden();
}

test('finds features by operators, shows groups, and keeps the search in the address', async ({ page, console }) => {
  const { server } = console;
  const tag = own('t');
  await make(server, { key: own('a'), name: 'Tagged one', metadata: { group: 'checkout', tags: `${tag}, beta` } });
  await make(server, { key: own('b'), name: 'Tagged two', metadata: { tags: tag }, enabled: false });
  await console.open('/features');
  await expect(page.getByRole('row', { name: 'administration' })).toBeVisible();
  await console.accessible();
  const search = page.getByLabel('Search features');
  await search.fill(`tag:${tag}`);
  await expect(page.getByText(/^2 of \d+ features$/)).toBeVisible();
  await page.getByRole('button', { name: 'off', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Tagged two' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Tagged one' })).toBeHidden();
  await expect(page).toHaveURL(new RegExp(`q=tag%3A${tag}\\+is%3Aoff`));
  await search.fill('is:nonsense');
  await expect(page.getByText('takes on, off, stale')).toBeVisible();
  await expect(page.getByText('No feature fits')).toBeVisible();
  await console.accessible();
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await page.getByRole('button', { name: 'How to search' }).click();
  await expect(page.getByText('package:pro')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByLabel('Group', { exact: true }).selectOption('checkout');
  await expect(search).toHaveValue('group:checkout');
  await page.getByRole('button', { name: `Search the tag ${tag}` }).click();
  await expect(page.getByText(/^1 of \d+ features$/)).toBeVisible();
  await expect(page.getByLabel('Tag', { exact: true })).toHaveValue(tag);
  await page.getByLabel('Group', { exact: true }).selectOption('');
  await expect(search).toHaveValue(`tag:${tag}`);
  await page.getByLabel('Tag', { exact: true }).selectOption('');
  await expect(search).toHaveValue('');
});

test('makes a feature of another type', async ({ page, console }) => {
  const { server } = console;
  await console.open('/features');
  await expect(page.getByRole('table', { name: 'Features' })).toBeVisible();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Home layout 2');
  await expect(dialog.getByLabel('Key')).toHaveValue('home-layout-2');
  const key = own('layout');
  await dialog.getByLabel('Key').fill(key);
  await dialog.getByLabel('Type').selectOption('string');
  await dialog.getByLabel('Group').fill('storefront');
  await dialog.getByRole('textbox', { name: 'Tags' }).fill('beta,early access,');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: 'Home layout 2' })).toBeVisible();
  const { items } = await server.call<{ items: Entity[] }>('GET', `/api/v1/features?q=${key}`);
  expect(items[0]).toMatchObject({ variants: { a: 'a', b: 'b' }, defaultVariant: 'a', metadata: { group: 'storefront', tags: 'beta,early access' }, enabled: true });
});

test('switches in the row after the clients affected are shown', async ({ page, console }) => {
  const { server } = console;
  const feature = await make(server, { key: own('row'), name: 'Row switch' });
  const { socket } = await listen(server, [feature.id]);
  await console.open(`/features?q=key:${feature.key}`);
  const row = page.getByTestId(`feature-${feature.key}`);
  await expect(row).toContainText('1 package');
  await row.getByRole('switch').press('Space');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('impact')).toContainText('1 of');
  await dialog.getByRole('button', { name: 'Switch off' }).click();
  await expect(row.locator('[data-rollout="complete"]')).toContainText('delivered to 1 of 1');
  socket.close();
});

test('the kill switch is one click, with its effect before and its delivery after', async ({ page, console }) => {
  const { server } = console;
  const feature = await make(server, { key: own('kill'), name: 'Kill me' });
  const { socket } = await listen(server, [feature.id]);
  await console.open(`/features/${feature.id}`);
  await expect(page.getByTestId('kill-effect')).toContainText('1 of');
  await console.accessible();
  const heard = new Promise<{ data: { enabled: boolean } }>((got) => socket.on('feature_update', got));
  await page.getByRole('button', { name: 'Switch off now' }).click();
  expect((await heard).data.enabled).toBe(false);
  await expect(page.locator('[data-rollout="complete"]')).toContainText('delivered to 1 of 1');
  await expect(page.getByRole('heading', { name: 'Off', exact: true })).toBeVisible();
  expect((await read(server, feature.id))['enabled']).toBe(false);
  socket.close();
});

test('builds a rule, and a split by percentage', async ({ page, console }) => {
  const { server } = console;
  const feature = await make(server, { key: own('rule'), name: 'Rules', defaultVariant: 'off' });
  const { socket } = await listen(server, [feature.id]);
  await console.open(`/features/${feature.id}`);
  await page.getByRole('button', { name: 'Add a rule' }).click();
  const rule = page.getByRole('group', { name: 'Rule 1', exact: true });
  await expect(page.getByText('A condition needs the name of an attribute.').first()).toBeVisible();
  await rule.getByLabel('Attribute').fill('client.tier');
  await rule.getByLabel('Test').selectOption('in');
  await rule.getByLabel('Values').fill('gold');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await rule.getByRole('button', { name: 'Segment', exact: true }).click();
  await rule.getByLabel('How conditions combine').selectOption('any');
  await rule.getByLabel('Segment', { exact: true }).selectOption('europe');
  await console.accessible();
  await save(page, '1 of');
  expect((await read(server, feature.id))['targeting']).toEqual({ if: [{ or: [{ in: [{ var: 'client.tier' }, ['gold']] }, { $ref: 'europe' }] }, 'on'] });

  await page.getByRole('group', { name: 'Everybody else' }).getByLabel('Everybody else gets').selectOption('split:');
  await page.getByLabel('Per cent of on').fill('35');
  await expect(page.getByLabel('Per cent of off')).toHaveValue('65 %');
  await page.getByRole('slider', { name: 'Share of on' }).focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('img', { name: '36 % on, 64 % off' })).toBeVisible();
  await console.accessible();
  await save(page);
  expect((await read(server, feature.id))['targeting']).toEqual({ if: [{ or: [{ in: [{ var: 'client.tier' }, ['gold']] }, { $ref: 'europe' }] }, 'on', { fractional: [['on', 36], ['off', 64]] }] });
  socket.close();
});

test('hand-written logic is shown as code and not rewritten', async ({ page, console }) => {
  const { server } = console;
  const targeting = { '?:': [{ '===': [{ var: ['client.tier'] }, 'gold'] }, 'on', 'off'] };
  const feature = await make(server, { key: own('code'), name: 'By hand', targeting });
  await console.open(`/features/${feature.id}`);
  await expect(page.getByText('This logic was written by hand')).toBeVisible();
  await expect(page.getByText('"client.tier"')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'Builder' })).toBeDisabled();
  await console.accessible();
  // Another member is saved without it.
  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByLabel('Description').fill('New words');
  await save(page);
  expect(await read(server, feature.id)).toMatchObject({ targeting, description: 'New words' });
  // Logic that fits goes from one editor to the other; text that is no JSON cannot be saved.
  await page.getByRole('tab', { name: 'Targeting' }).click();
  await page.getByRole('textbox', { name: 'Targeting' }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('{"if": [');
  await expect(page.getByRole('button', { name: 'Save…' })).toBeDisabled();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('{"if": [{"$ref": "europe"}, "on", "off"]}');
  await page.locator('label').filter({ hasText: 'Builder' }).click();
  await expect(page.getByRole('group', { name: 'Rule 1', exact: true }).getByLabel('Segment', { exact: true })).toHaveValue('europe');
  await save(page);
  expect((await read(server, feature.id))['targeting']).toEqual({ if: [{ $ref: 'europe' }, 'on', 'off'] });
  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Show what changed' }).first().click();
  await console.accessible();
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect.poll(async () => (await read(server, feature.id))['targeting']).toEqual(targeting);
});

test('changes variants, needs, tags and sub-features', async ({ page, console }) => {
  const { server } = console;
  const other = await make(server, { key: own('other'), name: 'Other one' });
  const feature = await make(server, { key: own('parts'), name: 'Parts', metadata: { ticket: 'T-1' }, variants: { a: 'a', b: 'b' }, defaultVariant: 'a', targeting: { if: [{ $ref: 'europe' }, 'b', 'a'] } });
  await console.open(`/features/${feature.id}`);
  await page.getByLabel('Name of variant 2').fill('blue');
  await page.getByLabel('Value of blue').fill('#00f');
  await page.getByRole('button', { name: 'Add a variant' }).click();
  await page.getByLabel('Value of new').fill('x');
  await page.getByRole('radio', { name: 'blue is the default' }).check();

  await page.getByRole('tab', { name: 'Needs' }).click();
  await page.getByRole('textbox', { name: 'Requires' }).fill('Other one');
  await page.getByRole('option', { name: new RegExp(other.key) }).click();
  await page.getByRole('textbox', { name: 'Platforms' }).click();
  await page.getByRole('option').first().click();
  await page.keyboard.press('Escape');
  await console.accessible();

  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByRole('textbox', { name: 'Tags' }).fill('beta');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Group' }).fill('labs');
  await page.getByLabel('Value of ticket').fill('T-2');
  await page.getByRole('button', { name: 'Add a member' }).click();
  await expect(page.getByText('Enter a name.', { exact: true })).toBeVisible();
  await page.getByLabel('Name of member 2').fill('cost');
  await page.getByLabel('Kind of cost').selectOption('number');
  await page.getByLabel('Value of cost').fill('2.5');
  await console.accessible();

  await page.getByRole('tab', { name: 'Sub-features' }).click();
  await page.getByRole('button', { name: 'Add a sub-feature' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Daily mail');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByTestId('sub-daily-mail')).toContainText('not saved');
  await console.accessible();
  await save(page);
  expect(await read(server, feature.id)).toMatchObject({
    variants: { a: 'a', blue: '#00f', new: 'x' }, defaultVariant: 'blue', targeting: { if: [{ $ref: 'europe' }, 'blue', 'a'] }, requires: [other.id], platforms: [expect.any(Number)],
    metadata: { group: 'labs', tags: 'beta', ticket: 'T-2', cost: 2.5 }, sub_features: [{ key: 'daily-mail', name: 'Daily mail', enabled: true }],
  });
  await page.getByTestId('sub-daily-mail').getByRole('switch').press('Space');
  await expect.poll(async () => ((await read(server, feature.id))['sub_features'] as { enabled: boolean }[])[0]!.enabled).toBe(false);

  await page.getByRole('tab', { name: 'Code' }).click();
  await page.getByLabel('Flag', { exact: true }).selectOption('daily-mail');
  await page.getByRole('tab', { name: 'Python' }).click();
  await expect(page.getByLabel(/^Python for/)).toContainText(`client.flag("${feature.key}/daily-mail", False)`);
  await console.accessible();
});

test('keeps a draft while another admin changes other parts, and shows both versions when they meet', async ({ page, console }) => {
  const { server } = console;
  const editor = await server.admin('editor');
  const token = await server.login(editor, kPassword);
  const feature = await make(server, { key: own('both'), name: 'Both' });
  await console.open(`/features/${feature.id}?tab=settings`);
  await page.getByLabel('Description').fill('Mine');
  // Another page and back: the draft is still there.
  await page.getByRole('tab', { name: 'Used by' }).click();
  await expect(page.getByText('No client has an override of it.')).toBeVisible();
  await console.accessible();
  await page.getByRole('link', { name: 'Platforms' }).first().click();
  await page.goBack();
  await page.getByRole('tab', { name: 'Settings' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('Mine');

  await server.call('POST', `/api/v1/features/${feature.id}/toggle`, { enabled: false }, token);
  await expect(page.getByRole('heading', { name: 'Off', exact: true })).toBeVisible();
  await expect(page.getByLabel('Description')).toHaveValue('Mine');
  await expect(page.getByText('Somebody has changed the same')).toBeHidden();

  await server.call('PATCH', `/api/v1/features/${feature.id}`, { description: 'Theirs' }, token);
  await expect(page.getByText('Somebody has changed the same')).toBeVisible();
  console.expectError(/409/);
  await page.getByRole('button', { name: 'Save…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Somebody changed this meanwhile' });
  await expect(dialog.getByText('both changed it')).toHaveCount(1);
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(async () => (await read(server, feature.id))['description']).toBe('Mine');
});

test('names what depends on it, with links, and hands out code by one click', async ({ page, console }) => {
  const { server } = console;
  const feature = await make(server, { key: own('used'), name: 'Much used' });
  const needs = await make(server, { key: own('needs'), name: 'Needs it', requires: [feature.id] });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan with it', features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant of its own' });
  await server.call('PUT', `/api/v1/clients/${client.id}/overrides/${feature.id}`, { value: true });
  await console.open(`/features?q=key:${feature.key}`);
  await expect(page.getByTestId(`feature-${feature.key}`)).toContainText('1 package, 1 feature');
  await page.getByRole('link', { name: 'Much used' }).click();
  await page.getByRole('tab', { name: 'Used by' }).click();
  for (const [name, path] of [['Needs it', `features/${needs.id}`], ['Plan with it', `packages/${plan.id}`], ['Tenant of its own', `clients/${client.id}`]] as const)
    await expect(page.getByRole('tabpanel').getByRole('link', { name })).toHaveAttribute('href', `/${path}`);
  await expect(page.getByText('No client has an override of it.')).toHaveCount(0);
  await console.accessible();
  await page.getByRole('link', { name: 'Needs it' }).click();
  await expect(page.getByRole('heading', { name: 'Needs it', exact: true })).toBeVisible();

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(`${server.url}/features/${feature.id}?tab=code`);
  const code = await page.getByLabel(/^JavaScript for/).first().textContent();
  expect(code).toContain(feature.key);
  await page.getByRole('button', { name: /^Copy: JavaScript for/ }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(code);
});

test('removes a sub-feature that nothing uses, at once', async ({ page, console }) => {
  const { server } = console;
  const feature = await make(server, { key: own('less'), name: 'Lessened', sub_features: [{ key: 'stays' }, { key: 'goes' }] });
  await console.open(`/features/${feature.id}?tab=subs&sub=goes`);
  await page.getByRole('button', { name: 'Remove goes' }).click();
  await expect(page.getByTestId('sub-goes')).toHaveCount(0);
  await save(page);
  expect(await read(server, feature.id)).toMatchObject({ sub_features: [{ key: 'stays' }] });
  await expect(page.getByTestId('sub-stays')).toBeVisible();
  await expect(page.getByText('Others use what would go')).toHaveCount(0);
  await console.accessible();
});

test('says what the server refuses, and deletes when the reader insists', async ({ page, console }) => {
  const { server } = console;
  const feature = await make(server, { key: own('gone'), name: 'Going', sub_features: [{ key: 'part' }] });
  await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Its package', features: [{ feature_id: feature.id, sub_features: ['part'] }] });
  await console.open(`/features/${feature.id}?tab=subs`);
  await page.getByTestId('sub-part').getByRole('button', { name: /part/ }).first().click();
  await page.getByRole('button', { name: 'Remove part' }).click();
  console.expectError(/409/);
  await page.getByRole('button', { name: 'Save…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Others use what would go')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Its package' })).toBeVisible();
  await page.getByRole('button', { name: 'Save all the same' }).click();
  await expect(page.getByText('is saved')).toBeVisible();

  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/features$/);
  console.expectError(/404/);
  await page.goto(`${server.url}/features/${feature.id}`);
});

test('marks what the server calls stale, until it changes', async ({ page, console }) => {
  const { server } = console;
  const feature = await make(server, { key: own('old'), name: 'Old one' });
  // A feature becomes stale after 30 days: the server's answer, with one that is younger.
  await page.route('**/api/v1/features?*stale=true*', async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { items: Entity[] };
    await route.fulfill({ response: answer, json: { ...body, items: [...body.items, feature] } });
  });
  await console.open('/features?q=is:stale');
  await expect(page.getByTestId(`feature-${feature.key}`)).toContainText('stale');
  await console.accessible();
  await server.call('PATCH', `/api/v1/features/${feature.id}`, { description: 'Still in use' });
  await expect(page.getByText('No feature fits')).toBeVisible();
});

test('a viewer reads everything and can change nothing; on a phone nothing is wider than the screen', async ({ page, console }) => {
  const { server } = console;
  const viewer = await server.admin('viewer');
  const feature = await make(server, { key: own('seen'), name: 'Seen', targeting: { if: [{ $ref: 'europe' }, 'on', { fractional: [['on', 10], ['off', 90]] }] } });
  await page.setViewportSize({ width: 390, height: 800 });
  await console.open(`/features?q=key:${feature.key}`, { username: viewer });
  await expect(page.getByTestId(`feature-${feature.key}`).getByRole('switch')).toBeDisabled();
  await expect(page.getByRole('button', { name: 'New feature' })).toBeDisabled();
  await console.accessible();
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
  expect(await wide()).toBeLessThanOrEqual(390);
  await page.getByRole('link', { name: 'Seen' }).click();
  await expect(page.getByRole('button', { name: 'Switch off now' })).toBeDisabled();
  await expect(page.getByRole('group', { name: 'Rule 1', exact: true }).getByLabel('Segment', { exact: true })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Add a rule' })).toHaveCount(0);
  await console.accessible();
  expect(await wide()).toBeLessThanOrEqual(390);
});

test('a thousand features scroll, and only the rows on the screen exist', async ({ page, console }) => {
  const { server } = console;
  const group = own('many');
  for (let from = 0; from < 1000; from += 50)
    await Promise.all(Array.from({ length: 50 }, (_, index) => make(server, { key: `${group}-${from + index}`, name: `Many ${String(from + index).padStart(4, '0')}`, metadata: { group } })));
  await console.open(`/features?q=group:${group}&sort=name`);
  await expect(page.getByText(/^1,000 of/)).toBeVisible();
  expect(await page.getByRole('row').count()).toBeLessThan(60);
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await expect(page.getByRole('link', { name: 'Many 0999' })).toBeVisible();
  // A change of another admin is there at once.
  const { items } = await server.call<{ items: Entity[] }>('GET', `/api/v1/features?q=${group}-999`);
  await server.call('POST', `/api/v1/features/${items[0]!.id}/toggle`, { enabled: false });
  await expect(page.getByTestId(`feature-${group}-999`).getByRole('switch')).not.toBeChecked();
});
