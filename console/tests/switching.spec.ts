// From one environment to another with the session that is there: no password, and nothing of the one that was left.
import type { Page } from '@playwright/test';
import { expect, kPassword, testAlone as test, type Console } from './fixture';
import { own, type Entity } from './server';

const switcher = (page: Page) => page.getByRole('button', { name: /^Environment / });

async function switchTo(page: Page, environment: string) {
  await switcher(page).click();
  await page.getByRole('menuitem', { name: new RegExp(`^${environment} `) }).click();
}

async function isIn(page: Page, environment: string) {
  await expect(switcher(page)).toHaveAccessibleName(`Environment ${environment}`);
  await expect(page).toHaveTitle(new RegExp(` · ${environment}`));
  await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');
}

/** An environment with a copy of production, and the token of the owner there. */
async function copyOf(console: Console, name: string) {
  const key = own(name);
  await console.server.call('POST', '/api/v1/environments', { key });
  await console.server.call('POST', `/api/v1/environments/${key}/copy`, { from: 'production' });
  return { key, token: await console.server.login('owner', kPassword, key) };
}

test('the switcher goes there without a password, and production is red', async ({ page, console }) => {
  const staging = await copyOf(console, 'staging');
  await console.open('/features');
  const colour = () => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--tc-environment').trim());
  await expect(switcher(page)).toHaveAttribute('data-color', 'red');
  const red = await colour();
  await console.accessible();

  await switchTo(page, staging.key);
  await isIn(page, staging.key);
  await expect(page.getByRole('heading', { name: 'Features', level: 1 })).toBeVisible();
  await expect(switcher(page)).toHaveAttribute('data-color', 'yellow');
  expect(await colour()).not.toBe(red);
  await console.accessible();

  await switchTo(page, 'production');
  await isIn(page, 'production');
  await expect(switcher(page)).toHaveAttribute('data-color', 'red');
  expect(await colour()).toBe(red);
  const painted = await switcher(page).evaluate((button) => getComputedStyle(button).borderLeftColor);
  const [, r, g, b] = /(\d+), (\d+), (\d+)/.exec(painted)!.map(Number);
  expect(r!, `the border is ${painted}`).toBeGreaterThan(2 * Math.max(g!, b!));
});

test('the page of an entity leads to the list, because its number means nothing there', async ({ page, console }) => {
  const staging = await copyOf(console, 'staging');
  const feature = await console.server.call('POST', '/api/v1/features', { key: own('only'), name: 'Only in production' });
  await console.open(`/features/${feature.id}?tab=history`);
  await expect(page.getByRole('heading', { name: 'Only in production' })).toBeVisible();
  await switchTo(page, staging.key);
  await isIn(page, staging.key);
  await expect(page).toHaveURL(/\/features$/);
});

test('nothing of the environment before reaches the next one, neither what was read nor what happens there now', async ({ page, console }) => {
  const { server } = console;
  const key = own('both');
  const here = await server.call('POST', '/api/v1/platforms', { key, name: 'In production' });
  const staging = await copyOf(console, 'staging');
  const { items } = await server.call<{ items: Entity[] }>('GET', '/api/v1/platforms?limit=500', undefined, staging.token);
  const there = items.find((one) => one.key === key)!;
  await server.call('PATCH', `/api/v1/platforms/${there.id}`, { name: 'In staging' }, staging.token);
  // The same number in both: a page that mixes them up is found.
  expect(there.id).toBe(here.id);

  await console.open('/platforms');
  const row = page.getByTestId(`platform-${key}`);
  await row.getByRole('switch').press('Space');
  await page.getByRole('dialog').getByRole('button', { name: /^Switch off/ }).click();
  await expect(row.getByRole('switch')).not.toBeChecked();
  await expect(row.locator('[data-rollout], :text("no client connected")').first()).toBeVisible();

  await switchTo(page, staging.key);
  await isIn(page, staging.key);
  await expect(row.getByText('In staging')).toBeVisible();
  await expect(row.getByRole('switch')).toBeChecked();
  await expect(row.locator('[data-rollout], :text("no client connected")'), 'the delivery of a change there').toHaveCount(0);

  // A change there, then one here: when the second is in the page, the first would be.
  await server.call('PATCH', `/api/v1/platforms/${here.id}`, { name: 'Changed in production' });
  const late = own('late');
  await server.call('POST', '/api/v1/platforms', { key: late, name: 'Late in production' });
  await server.call('PATCH', `/api/v1/platforms/${there.id}`, { name: 'Changed in staging' }, staging.token);
  await expect(row.getByText('Changed in staging')).toBeVisible();
  await expect(page.getByText('Changed in production')).toHaveCount(0);
  await expect(page.getByTestId(`platform-${late}`)).toHaveCount(0);

  // And back: what happened there meanwhile.
  await switchTo(page, 'production');
  await isIn(page, 'production');
  await expect(row.getByText('Changed in production')).toBeVisible();
  await expect(row.getByRole('switch')).not.toBeChecked();
  await expect(page.getByTestId(`platform-${late}`)).toBeVisible();
});

test('each tab keeps its environment, over reloads too', async ({ page, console }) => {
  const staging = await copyOf(console, 'staging');
  await console.open('/platforms');
  const other = await console.tab();
  await other.goto(`${console.server.url}/platforms`);
  await isIn(other, 'production');

  await switchTo(page, staging.key);
  await isIn(page, staging.key);
  await isIn(other, 'production');
  await other.reload();
  await isIn(other, 'production');
  await page.reload();
  await isIn(page, staging.key);

  // Each writes where it is.
  const [one, two] = [own('tab'), own('tab')];
  for (const [tab, key] of [[page, one], [other, two]] as const) {
    await tab.getByRole('button', { name: 'New platform' }).click();
    await tab.getByRole('dialog').getByLabel('Name', { exact: true }).fill(key);
    await tab.getByRole('dialog').getByLabel('Key').fill(key);
    await tab.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await expect(tab.getByRole('heading', { name: key })).toBeVisible();
  }
  const keysIn = async (token?: string) => (await console.server.call<{ items: Entity[] }>('GET', '/api/v1/platforms?limit=500', undefined, token)).items.map((item) => item.key);
  expect(await keysIn(staging.token)).toContain(one);
  expect(await keysIn(staging.token)).not.toContain(two);
  expect(await keysIn()).toContain(two);
  expect(await keysIn()).not.toContain(one);

  const third = await console.tab();
  await third.goto(`${console.server.url}/platforms`);
  await isIn(third, staging.key); // where the last switch went
});

test('an environment in which the admin has no role any more says so, and the page stays where it is', async ({ page, console }) => {
  console.expectError(/403/);
  const staging = await copyOf(console, 'staging');
  const username = own('mover');
  const admin = await console.server.call('POST', '/api/v1/admins', { username, password: kPassword, role: 'none', environments: { production: 'editor', [staging.key]: 'editor' } });
  await console.open('/platforms', { username });
  await switcher(page).click();
  await expect(page.getByRole('menuitem', { name: new RegExp(`^${staging.key} `) })).toBeVisible();
  await console.server.call('PATCH', `/api/v1/admins/${admin.id}`, { environments: { production: 'editor' } });
  await page.getByRole('menuitem', { name: new RegExp(`^${staging.key} `) }).click();

  const told = page.getByRole('alert').filter({ hasText: `You have no role in ${staging.key}` });
  await expect(told).toContainText('An owner can change it under Admins');
  await console.accessible();
  await isIn(page, 'production');
  // Asked again, it is not in the list any more.
  await switcher(page).click();
  await expect(page.getByRole('menuitem', { name: /^production / })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: new RegExp(`^${staging.key} `) })).toHaveCount(0);
});

test('a tab whose environment was closed opens where the session began, and tells why', async ({ page, console }) => {
  console.expectError(/403/);
  const staging = await copyOf(console, 'staging');
  const username = own('mover');
  const admin = await console.server.call('POST', '/api/v1/admins', { username, password: kPassword, role: 'none', environments: { production: 'viewer', [staging.key]: 'viewer' } });
  await console.open('/platforms', { username });
  await switchTo(page, staging.key);
  await isIn(page, staging.key);
  await page.goto('about:blank');
  await console.server.call('PATCH', `/api/v1/admins/${admin.id}`, { environments: { production: 'viewer' } });
  await page.goto(`${console.server.url}/platforms`);
  await isIn(page, 'production');
  await expect(page.getByRole('alert').filter({ hasText: `is closed to you; this is production` })).toBeVisible();
});

test('a login where the account has no role shows the field of the environment', async ({ page, console }) => {
  console.expectError(/403/);
  const staging = await copyOf(console, 'staging');
  const username = own('other');
  await console.server.call('POST', '/api/v1/admins', { username, password: kPassword, role: 'none', environments: { production: 'viewer' } });
  await console.open('/platforms');
  await switchTo(page, staging.key);
  await isIn(page, staging.key);
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();

  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(kPassword);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText(`no role in the environment '${staging.key}'`);
  await expect(page.getByRole('textbox', { name: 'Environment' })).toHaveValue(staging.key);
  await console.accessible();
  await page.getByRole('textbox', { name: 'Environment' }).fill('production');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await isIn(page, 'production');
});

test('a menu longer than the window scrolls inside, and the last of it takes a click', async ({ page, console }) => {
  const many = Array.from({ length: 30 }, () => own('wide'));
  for (const key of many) await console.server.call('POST', '/api/v1/environments', { key });
  await console.open('/platforms');
  await switcher(page).click();
  const last = page.getByRole('menuitem', { name: 'Compare and promote' });
  await last.scrollIntoViewIfNeeded();
  const menu = (await page.getByRole('menu').boundingBox())!;
  expect(menu.y + menu.height).toBeLessThanOrEqual(page.viewportSize()!.height);
  expect(await page.evaluate(() => window.scrollY), 'the page stays where it is').toBe(0);
  await page.getByRole('menuitem', { name: new RegExp(`^${many.at(-1)!} `) }).click();
  await isIn(page, many.at(-1)!);
});
