import { expect, test, type Console } from './fixture';
import { own, type Entity } from './server';

async function shop({ server }: Console, name: string, planName = `${name} plan`, amount = 4900) {
  const one = await server.call('POST', '/api/v1/features', { key: own('one'), name: `${name} one`, sub_features: [{ key: 'daily' }, { key: 'weekly' }] });
  const two = await server.call('POST', '/api/v1/features', { key: own('two'), name: `${name} two` });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: planName, features: [{ feature_id: one.id }], price: { amount, currency: 'EUR' }, billing_period: 'monthly' });
  const client = await server.call('POST', '/api/v1/clients', { key: own('buyer'), name: `${name} buyer`, package_id: plan.id });
  return { one, two, plan, client };
}

test('makes a package, prices it, takes it from sale, and deletes it', async ({ page, console }) => {
  const { server } = console;
  await console.open('/packages');
  await page.getByRole('button', { name: 'New package' }).click();
  const dialog = page.getByRole('dialog');
  const name = `Team ${own('n')}`;
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Price').fill('49,905');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByText('Enter an amount in EUR')).toBeVisible();
  await dialog.getByLabel('Price').fill('49.90');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
  const id = Number(page.url().split('/').pop());
  expect((await server.call('GET', `/api/v1/packages/${id}`))['price']).toEqual({ amount: 4990, currency: 'EUR' });

  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByLabel('Price').fill('1200');
  await page.getByRole('textbox', { name: 'Currency' }).fill('jpy');
  await page.getByRole('textbox', { name: 'Billed' }).fill('yearly');
  await page.getByLabel('Description').fill('For teams.');
  await page.getByLabel('Name').click();
  await console.accessible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/¥1,200 yearly/)).toBeVisible();
  const saved = await server.call('GET', `/api/v1/packages/${id}`);
  expect([saved['price'], saved['billing_period'], saved['description']]).toEqual([{ amount: 1200, currency: 'JPY' }, 'yearly', 'For teams.']);

  await page.getByRole('switch', { name: `${name}: on` }).press('Space');
  await expect(page.getByRole('heading', { name: 'Not for sale' })).toBeVisible();
  await expect.poll(async () => (await server.call('GET', `/api/v1/packages/${id}`))['available']).toBe(false);

  await page.getByRole('tab', { name: 'History' }).click();
  await expect(page.getByRole('button', { name: 'Undo' }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/packages$/);
});

test('changes cells of the matrix, shows who gains and loses what, and saves', async ({ page, console }) => {
  const { server } = console;
  const { one, two, plan, client } = await shop(console, 'Quay', 'A Quay plan', 0); // the first column, by price and name: those out of sight are not drawn
  await console.open('/packages?view=matrix&q=Quay');
  const cell = (feature: Entity) => page.getByRole('switch', { name: `${String(feature['name'])} in A Quay plan` });
  await cell(two).scrollIntoViewIfNeeded();
  await expect(cell(one)).toBeChecked();
  await expect(cell(two)).not.toBeChecked();
  await cell(two).check();
  await page.getByLabel('Limit of Quay two in A Quay plan').fill('25');
  await page.getByLabel('Limit of Quay two in A Quay plan').press('Enter');
  await cell(one).uncheck();
  const bar = page.getByRole('region', { name: 'Changes that are not saved' });
  await expect(bar).toContainText('2 changes in 1 package');
  await console.accessible();
  expect((await server.call<{ features: unknown[] }>('GET', `/api/v1/packages/${plan.id}`)).features).toHaveLength(1);

  await bar.getByRole('button', { name: 'Preview change' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('impact')).toContainText('1 of');
  await expect(dialog.getByText('Quay two')).toBeVisible();
  await dialog.getByText('By client').click();
  await expect(dialog.getByText('Quay buyer')).toBeVisible();
  await expect(dialog.getByLabel(`gain: ${two.key}`)).toBeVisible();
  await expect(dialog.getByLabel(`loss: ${one.key}`)).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(bar).toBeHidden();
  const saved = await server.call<{ features: { feature_id: number; limit?: number }[] }>('GET', `/api/v1/packages/${plan.id}`);
  expect(saved.features.map(({ feature_id: id, limit }) => [id, limit])).toEqual([[two.id, 25]]);
  const { items } = await server.call<{ items: { effective: { enabled: boolean } }[] }>('GET', `/api/v1/clients/${client.id}/effective?feature=${two.id}`);
  expect(items[0]!.effective.enabled).toBe(true);

  // What another admin changes stands in the matrix at once.
  await server.call('PUT', `/api/v1/packages/${plan.id}/features/${one.id}`, { limit: 7 });
  await expect(page.getByLabel('Limit of Quay one in A Quay plan')).toHaveValue('7');
});

test('sub-features and platforms have cells of their own', async ({ page, console }) => {
  const { server } = console;
  const { one, plan } = await shop(console, 'Reef');
  const kiosk = await server.call('POST', '/api/v1/platforms', { key: own('kiosk'), name: 'Reef kiosk' });
  await console.open(`/packages/${plan.id}?q=Reef`);
  await page.getByRole('button', { name: 'Sub-features of Reef one' }).click();
  await page.getByRole('switch', { name: 'Reef one: weekly in Reef plan' }).uncheck();
  await page.getByRole('button', { name: 'Preview change' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  expect((await server.call<{ features: { sub_features: string[] }[] }>('GET', `/api/v1/packages/${plan.id}`)).features[0]!.sub_features).toEqual(['daily']);

  await page.getByLabel('Search features').fill('');
  await page.getByText('Only those included').click();
  await expect(page.getByRole('switch', { name: 'Reef kiosk in Reef plan' })).toBeDisabled();
  await page.getByRole('switch', { name: 'All platforms in Reef plan' }).uncheck();
  await page.getByRole('switch', { name: 'Reef kiosk in Reef plan' }).uncheck();
  await console.accessible();
  await page.getByRole('button', { name: 'Preview change' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  const opened = (await server.call<{ platforms: number[] }>('GET', `/api/v1/packages/${plan.id}`)).platforms;
  expect(opened.length).toBeGreaterThan(1);
  expect(opened).not.toContain(kiosk.id);
  expect(one.id).toBeGreaterThan(0);
});

test('a change of somebody else to another cell stays, and one to the same is shown before it is replaced', async ({ page, console }) => {
  const { server } = console;
  const { one, two, plan } = await shop(console, 'Spit');
  await console.open(`/packages/${plan.id}?q=Spit`);
  const limit = page.getByLabel('Limit of Spit one in Spit plan');
  await limit.fill('5');
  await limit.press('Enter');
  await server.call('PUT', `/api/v1/packages/${plan.id}/features/${two.id}`, { limit: 3 });
  await expect(page.getByRole('switch', { name: 'Spit two in Spit plan' })).toBeChecked();
  await server.call('PUT', `/api/v1/packages/${plan.id}/features/${one.id}`, { limit: 9 });
  await page.getByRole('button', { name: 'Preview change' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('If you save, yours replaces: Spit one in Spit plan.')).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  const { features } = await server.call<{ features: { feature_id: number; limit?: number }[] }>('GET', `/api/v1/packages/${plan.id}`);
  expect(features.map(({ feature_id: id, limit: most }) => [id, most])).toEqual([[one.id, 5], [two.id, 3]]);
});

test('a change that arrives between the look and the save is a conflict with both versions', async ({ page, console }) => {
  const { server } = console;
  const { one, plan } = await shop(console, 'Tarn');
  await console.open(`/packages/${plan.id}?q=Tarn`);
  const limit = page.getByLabel('Limit of Tarn one in Tarn plan');
  await limit.fill('5');
  await limit.press('Enter');
  await page.getByRole('button', { name: 'Preview change' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('impact')).toBeVisible();
  console.expectError(/409/);
  let renamed = false;
  await page.route(`**/api/v1/packages/${plan.id}*`, async (route) => {
    if (route.request().method() !== 'PATCH' || renamed) return route.fallback();
    renamed = true;
    await server.call('PATCH', `/api/v1/packages/${plan.id}`, { name: 'Tarn renamed' });
    return route.fallback();
  });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog', { name: 'Somebody changed this meanwhile' })).toContainText('Tarn renamed');
  await page.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  const saved = await server.call<{ features: { feature_id: number; limit?: number }[]; name: string }>('GET', `/api/v1/packages/${plan.id}`);
  expect([saved.features[0]!.feature_id, saved.features[0]!.limit, saved.name]).toEqual([one.id, 5, 'Tarn renamed']);
});

test('many features and packages: only cells in sight are in the page, and arrows go from cell to cell', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  const prefix = own('grid');
  for (let begin = 0; begin < 300; begin += 50)
    await Promise.all(Array.from({ length: 50 }, (_, index) => server.call('POST', '/api/v1/features', { key: `${prefix}-${begin + index}`, name: `Grid ${String(begin + index).padStart(3, '0')}` })));
  await Promise.all(Array.from({ length: 40 }, (_, index) => server.call('POST', '/api/v1/packages', { key: `${prefix}-p${index}`, name: `Grid package ${index}`, price: { amount: 100_000 + index, currency: 'EUR' } })));
  await console.open(`/packages?view=matrix&q=${prefix}`);
  const table = page.getByRole('table', { name: 'Features and packages' });
  await expect(table).toHaveAttribute('aria-rowcount', '301');
  await expect(table.getByRole('switch').first()).toBeVisible();
  expect(await table.getByRole('switch').count()).toBeLessThan(400);
  await table.evaluate((element) => element.scrollTo(element.scrollWidth, element.scrollHeight));
  const last = page.getByRole('switch', { name: 'Grid 299 in Grid package 39' });
  await expect(last).toBeVisible();
  expect(await table.getByRole('switch').count()).toBeLessThan(400);
  await last.focus();
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('switch', { name: 'Grid 298 in Grid package 39' })).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByRole('switch', { name: 'Grid 298 in Grid package 38' })).toBeFocused();
  await page.keyboard.press('Space');
  await expect(page.getByRole('region', { name: 'Changes that are not saved' })).toContainText('1 change in 1 package');
});

test('a viewer reads the matrix and changes nothing, also on a phone in the dark', async ({ page, console }) => {
  const { server } = console;
  await shop(console, 'Wharf');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 800 });
  await console.open('/packages', { username: await server.admin('viewer') });
  await expect(page.getByRole('button', { name: 'New package' })).toBeDisabled();
  await expect(page.getByRole('switch').first()).toBeDisabled();
  await console.accessible();
  await page.getByText('Matrix', { exact: true }).click();
  await page.getByLabel('Search features').fill('Wharf');
  await expect(page.getByText(/role editor is needed/)).toBeVisible();
  await expect(page.getByRole('switch').first()).toBeDisabled();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await console.accessible();
});
