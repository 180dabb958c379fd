import { expect, test } from './fixture';
import { kPassword, own } from './server';

test('makes a segment in the builder, and names who uses it', async ({ page, console }) => {
  const { server } = console;
  await console.open('/segments');
  await expect(page.getByTestId('segment-early-access')).toContainText('in segment beta-testers or (in segment large-teams and in segment europe)');
  await console.accessible();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Small teams');
  const key = own('small');
  await dialog.getByLabel('Key').fill(key);
  await expect(dialog.getByText('Name an attribute.')).toHaveCount(0); // not before the reader has been there
  await dialog.getByLabel('Attribute').click();
  await dialog.getByLabel('Description').click();
  await expect(dialog.getByText('Name an attribute.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByText('A condition needs the name of an attribute.')).toBeVisible();
  await dialog.getByLabel('Attribute').fill('client.seats');
  await dialog.getByLabel('Test').selectOption('less');
  await dialog.getByLabel('Kind of value').selectOption('number');
  await dialog.getByRole('textbox', { name: 'Value', exact: true }).fill('5');
  await page.keyboard.press('Escape');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: 'Small teams' })).toBeVisible();
  const id = Number(new URL(page.url()).pathname.split('/').at(-1));
  expect(await server.call('GET', `/api/v1/segments/${id}`)).toMatchObject({ key, rule: { '<': [{ var: 'client.seats' }, 5] } });

  await page.getByRole('tab', { name: 'Used by' }).click();
  await expect(page.getByText('No rule refers to it.')).toBeVisible();
  // Another admin makes a feature that refers to it.
  await server.call('POST', '/api/v1/features', { key: own('f'), name: 'New user', sub_features: [{ key: 'part', targeting: { if: [{ $ref: key }, 'on', 'off'] } }] });
  await expect(page.getByRole('link', { name: 'New user' })).toBeVisible();
  await console.accessible();

  console.expectError(/409/);
  await page.getByRole('button', { name: 'Delete' }).click();
  const question = page.getByRole('dialog');
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect(question.getByTestId('users')).toContainText('New user');
  await question.getByRole('checkbox').check();
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/segments$/);
});

test('shows the clients affected before a rule is saved, and both versions when two admins meet', async ({ page, console }) => {
  const { server } = console;
  const key = own('tier');
  const segment = await server.call('POST', '/api/v1/segments', { key, name: 'Tier', rule: { '==': [{ var: 'client.tier' }, 'silver'] } });
  const feature = await server.call('POST', '/api/v1/features', { key: own('f'), name: 'For the tier', targeting: { if: [{ $ref: key }, 'on', 'off'] } });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
  await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant', package_id: plan.id, attributes: { tier: 'gold' } });
  await console.open(`/segments/${segment.id}`);
  await page.getByRole('textbox', { name: 'Value', exact: true }).fill('gold');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Save…' }).click();
  let dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('impact')).toContainText('1 of');
  await expect(dialog.getByText('For the tier')).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(async () => (await server.call('GET', `/api/v1/segments/${segment.id}`))['rule']).toEqual({ '==': [{ var: 'client.tier' }, 'gold'] });

  await page.getByLabel('Description').fill('Mine');
  const editor = await server.admin('editor');
  await server.call('PATCH', `/api/v1/segments/${segment.id}`, { description: 'Theirs' }, await server.login(editor, kPassword));
  await expect(page.getByText('Somebody has changed this segment')).toBeVisible();
  console.expectError(/409/);
  await page.getByRole('button', { name: 'Save…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  dialog = page.getByRole('dialog', { name: 'Somebody changed this meanwhile' });
  await expect(dialog.getByText(editor)).toBeVisible();
  await dialog.getByRole('button', { name: 'Take theirs' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('Theirs');

  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Undo' }).last().scrollIntoViewIfNeeded();
  await page.getByRole('button', { name: 'Show what changed' }).first().click();
  await console.accessible();
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect.poll(async () => (await server.call('GET', `/api/v1/segments/${segment.id}`))['description']).toBe('');
});

test('a rule that was written by hand is code, and a viewer cannot change it', async ({ page, console }) => {
  const { server } = console;
  const rule = { some: [{ var: 'client.teams' }, { '>': [{ var: 'size' }, 3] }] };
  const segment = await server.call('POST', '/api/v1/segments', { key: own('hand'), name: 'By hand', rule });
  const viewer = await server.admin('viewer');
  await page.setViewportSize({ width: 390, height: 800 });
  await console.open(`/segments/${segment.id}`, { username: viewer });
  await expect(page.getByText('This logic was written by hand')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save…' })).toBeDisabled();
  await expect(page.getByLabel('Description')).toHaveAttribute('readonly', '');
  await console.accessible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.getByRole('link', { name: 'Segments' }).first().click();
  await expect(page.getByRole('button', { name: 'New segment' })).toBeDisabled();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test('finds segments by who uses them and by what their rules read', async ({ page, console }) => {
  const { server } = console;
  const key = own('find');
  await server.call('POST', '/api/v1/segments', { key: `${key}-fleet`, name: 'Fleets', rule: { '>': [{ var: 'client.trucks' }, 3] } });
  await server.call('POST', '/api/v1/segments', { key: `${key}-alone`, name: 'Alone', rule: { '==': [{ var: 'client.trucks' }, 1] } });
  await server.call('POST', '/api/v1/segments', { key: `${key}-big`, name: 'Big fleets', rule: { and: [{ $ref: `${key}-fleet` }, { '>': [{ var: 'client.drivers' }, 9] }] } });
  const feature = await server.call('POST', '/api/v1/features', { key: own('f'), name: 'For fleets', targeting: { if: [{ $ref: `${key}-fleet` }, 'on', 'off'] } });
  await console.open('/segments');
  const search = page.getByRole('textbox', { name: 'Search segments' });
  const rows = page.locator(`[data-testid^="segment-${key}"]`);
  const finds = async (query: string, names: string[]) => {
    await search.fill(query);
    await expect(rows.getByRole('link'), query).toHaveText(names);
  };
  await finds(`key:${key}`, ['Alone', 'Big fleets', 'Fleets']);
  await finds('attribute:trucks', ['Alone', 'Fleets']);
  await finds(`segment:${key}-fleet`, ['Big fleets']);
  await finds(`feature:${feature.key}`, ['Fleets']);
  await finds(`key:${key} -attribute:trucks`, ['Big fleets']);
  await finds(`key:${key}`, ['Alone', 'Big fleets', 'Fleets']);
  await page.getByRole('button', { name: 'unused', exact: true }).click();
  await expect(page).toHaveURL(/is%3Aunused|is:unused/);
  await expect(rows.getByRole('link')).toHaveText(['Alone', 'Big fleets']);
  // It comes to be used while the list is shown.
  await server.call('POST', '/api/v1/features', { key: own('f'), name: 'For one', sub_features: [{ key: 'part', targeting: { if: [{ $ref: `${key}-alone` }, 'on', 'off'] } }] });
  await expect(rows.getByRole('link')).toHaveText(['Big fleets']);
  await search.fill('is:old');
  await expect(page.getByText('“is:” takes used, unused or code, not “old”.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(rows).toHaveCount(3);
  await page.getByRole('button', { name: 'How to search' }).click();
  await expect(page.getByText('feature:checkout')).toBeVisible();
  await console.accessible();
});
