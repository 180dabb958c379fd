import { expect, kPassword, test } from './fixture';
import { own, type Entity } from './server';

test('shows the change of a second admin at once, with the values before and after, and undoes it', async ({ page, console }) => {
  const { server } = console;
  const name = await server.admin('editor');
  const editor = await server.login(name, kPassword);
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('shop'), name: 'Shop of activity', maintenance_note: 'Before' });
  await console.open('/activity');
  await expect(page.getByRole('article').first()).toContainText('created platform Shop of activity');

  await server.call('PATCH', `/api/v1/platforms/${platform.id}`, { maintenance_note: 'After' }, editor);
  const newest = page.getByRole('article').first();
  await expect(newest).toHaveAttribute('data-fresh', 'true');
  await expect(newest).toContainText(name);
  await newest.getByRole('button', { name: 'Show what changed' }).click();
  const change = newest.getByRole('group', { name: 'Before and after of Shop of activity' });
  await expect(change.locator('del')).toHaveText('  "maintenance_note": "Before"');
  await expect(change.locator('ins')).toHaveText('  "maintenance_note": "After"');
  await console.accessible();

  await newest.getByRole('button', { name: /^Undo revision/ }).click();
  await expect(page.getByRole('article').first()).toContainText('undid revision');
  expect((await server.call('GET', `/api/v1/platforms/${platform.id}`))['maintenance_note']).toBe('Before');
});

test('says what is in the way of an undo, and leads there', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('kiosk'), name: 'Kiosk of conflicts', maintenance_note: 'One' });
  const second = await server.call<Entity & { revision: number }>('PATCH', `/api/v1/platforms/${platform.id}`, { maintenance_note: 'Two' });
  const third = await server.call<Entity & { revision: number }>('PATCH', `/api/v1/platforms/${platform.id}`, { maintenance_note: 'Three' });
  await console.open(`/activity?entity_type=platform&entity=${platform.id}`);
  await expect(page.getByRole('article')).toHaveCount(3);
  console.expectError(/409/);
  await page.getByRole('button', { name: `Undo revision ${second.revision}`, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`was changed by revision ${third.revision}`);
  await console.accessible();
  await dialog.getByRole('link', { name: `revision ${third.revision}` }).click();
  await expect(page).toHaveURL(new RegExp(`/activity/1\\.${third.revision}$`));
  await expect(page.getByRole('heading', { name: `Revision ${third.revision}` })).toBeVisible();
  await expect(page.getByRole('region', { name: 'What changed' }).locator('ins')).toContainText('Three');
  await console.accessible();

  // The address of one revision works by itself, and so does its undo.
  await page.reload();
  await page.getByRole('button', { name: /^Undo revision/ }).click();
  await expect(page).not.toHaveURL(new RegExp(`/activity/1\\.${third.revision}$`));
  await expect(page.getByRole('link', { name: `undoes revision ${third.revision}` })).toBeVisible();
  expect((await server.call('GET', `/api/v1/platforms/${platform.id}`))['maintenance_note']).toBe('Two');
});

test('filters by actor, kind, entity and words, in the address, also what arrives live', async ({ page, console }) => {
  const { server } = console;
  const name = await server.admin('editor');
  const editor = await server.login(name, kPassword);
  const feature = await server.call('POST', '/api/v1/features', { key: own('cart'), name: 'Cart of filters' }, editor);
  await server.call('POST', '/api/v1/platforms', { key: own('tv'), name: 'TV of filters' });
  await console.open('/activity');
  await page.getByLabel('Actor').fill(name);
  await expect(page).toHaveURL(new RegExp(`actor=${name}`));
  await expect(page.getByRole('article')).toHaveCount(1);
  await page.getByLabel('Kind of entity').selectOption('feature');
  await page.getByLabel('Kind of change').selectOption('toggle');
  await expect(page.getByText('No change fits.')).toBeVisible();

  await server.call('POST', '/api/v1/platforms', { key: own('tv'), name: 'Another TV' }, editor);
  await server.call('POST', `/api/v1/features/${feature.id}/toggle`, undefined, editor);
  await expect(page.getByRole('article')).toHaveCount(1);
  await expect(page.getByRole('article')).toContainText('Cart of filters');
  await page.reload();
  await expect(page.getByRole('article')).toHaveCount(1);

  await page.getByRole('button', { name: 'Show everything' }).click();
  await page.getByLabel('Search the activity').fill('tv of filters');
  await expect(page.getByRole('article')).toHaveCount(1);
  await expect(page.getByRole('article')).toContainText('TV of filters');
  await console.accessible();
});

test('a viewer reads and does not undo; a revision that does not exist is said', async ({ page, console }) => {
  const { server } = console;
  await server.call('POST', '/api/v1/platforms', { key: own('pos'), name: 'POS of viewers' });
  await page.setViewportSize({ width: 390, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await console.open('/activity', { username: await server.admin('viewer') });
  const newest = page.getByRole('article').first();
  await expect(newest).toContainText('POS of viewers');
  await expect(newest.getByRole('button', { name: /^Undo revision/ })).toBeDisabled();
  await expect(newest.getByRole('note')).toHaveAttribute('aria-label', /To undo changes, the role editor is needed/);
  await newest.getByRole('button', { name: 'Show what changed' }).click();
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  await console.accessible();
  await page.goto(`${server.url}/activity/1.999999`);
  await expect(page.getByText('There is no entry for this revision')).toBeVisible();
});
