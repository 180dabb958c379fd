import { expect, kPassword, testAlone as test } from './fixture';
import { own, type Entity, type Server } from './server';

interface Environments {
  items: { key: string; counts: { features: number } }[];
}

test('makes an environment with a copy, and enters it', async ({ page, console }) => {
  const { server } = console;
  await console.open('/environments');
  await expect(page.getByTestId('environment-production').getByText('you are here')).toBeVisible();
  await console.accessible();
  const key = own('qa');
  await page.getByRole('button', { name: 'New environment' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Key').fill('no good');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByText('A key has no spaces')).toBeVisible();
  await dialog.getByLabel('Key').fill(key);
  await console.accessible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByTestId(`environment-${key}`)).toBeVisible();
  const { items } = await server.call<Environments>('GET', '/api/v1/environments');
  expect(items.find((one) => one.key === key)?.counts.features).toBe(items.find((one) => one.key === 'production')?.counts.features);

  await page.getByRole('button', { name: `Enter ${key}` }).click();
  await expect(page.getByRole('button', { name: `Environment ${key}` })).toBeVisible();
  await expect(page.getByTestId(`environment-${key}`).getByText('you are here')).toBeVisible();
});

test('makes an environment without a copy, which is empty', async ({ page, console }) => {
  const { server } = console;
  await console.open('/environments?new=yes');
  const key = own('bare');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Key').fill(key);
  await dialog.getByLabel('Begin empty').click();
  await expect(dialog.getByRole('checkbox', { name: 'With its clients and their overrides' })).toHaveCount(0);
  await console.accessible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText(`${key} is there`)).toBeVisible();
  await expect(page.getByText('It is empty.')).toBeVisible();
  await expect(page.getByTestId(`environment-${key}`)).toContainText('never');
  const { items } = await server.call<{ items: { key: string; revision: number; counts: object }[] }>('GET', '/api/v1/environments');
  expect(items.find((one) => one.key === key)).toMatchObject({ revision: 0, counts: { platforms: 0, features: 0, packages: 0, clients: 0 } });
});

test('compares two environments and promotes a feature with what it needs', async ({ page, console }) => {
  const { server } = console;
  const staging = own('staging');
  await server.call('POST', '/api/v1/environments', { key: staging });
  await server.call('POST', `/api/v1/environments/${staging}/copy`, { from: 'production', clients: true });
  const token = await server.login('owner', kPassword, staging);
  const segment = await server.call('POST', '/api/v1/segments', { key: own('pilots'), name: 'Pilots', rule: { '==': [{ var: 'client.country' }, 'DE'] } }, token);
  const platform = (await server.call<{ items: Entity[] }>('GET', '/api/v1/platforms?limit=1', undefined, token)).items[0]!;
  const made = await server.call('POST', '/api/v1/features', { key: own('search'), name: 'Smart search', platforms: [platform.id], targeting: { if: [{ $ref: segment.key }, 'on', 'off'] } }, token);
  await server.call('PATCH', `/api/v1/platforms/${platform.id}`, { maintenance_note: `note of ${staging}` }, token);

  await console.open(`/environments/compare?from=${staging}&to=production`);
  const differs = page.getByTestId(`row-platform-${platform.key}`);
  await expect(differs.getByText('maintenance note')).toBeVisible();
  await differs.getByRole('button', { name: /^Show what differs/ }).click();
  await expect(differs.getByText(`note of ${staging}`)).toBeVisible();
  await console.accessible();
  await page.getByLabel('Select Smart search').check();
  await differs.getByRole('checkbox').check();
  await console.accessible();
  await page.getByRole('button', { name: 'Promote to production' }).click();

  const dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('plan').getByRole('listitem')).toHaveCount(3);
  await expect(dialog.getByText('needed by the selection')).toHaveCount(1);
  await dialog.getByRole('button', { name: 'Promote 3' }).click();
  await expect(dialog.getByText('3 changes are in production')).toBeVisible();
  await console.accessible();
  const { items } = await server.call<{ items: Entity[] }>('GET', `/api/v1/features?q=${made.key}`);
  expect(items[0]).toMatchObject({ key: made.key, enabled: false, platforms: [platform.id] });
  expect(await server.call('GET', `/api/v1/platforms/${platform.id}`)).toMatchObject({ maintenance_note: `note of ${staging}` });
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await expect(differs).toBeHidden();
});

/** Two environments with a client that has a platform, a feature that needs it, and a package with it; the first is where the feature is on for more. */
async function sides(server: Server) {
  const staging = own('staging');
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('web'), name: 'Web of both', description: 'as it was' });
  const feature = await server.call('POST', '/api/v1/features', { key: own('cart'), name: 'Cart of both', platforms: [platform.id], defaultVariant: 'off', targeting: {} });
  const other = await server.call('POST', '/api/v1/features', { key: own('tips'), name: 'Tips of both' });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan of both', features: [{ feature_id: feature.id }, { feature_id: other.id }] });
  for (const name of ['First', 'Second']) await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: `${name} tenant`, package_id: plan.id });
  await server.call('POST', '/api/v1/environments', { key: staging });
  await server.call('POST', `/api/v1/environments/${staging}/copy`, { from: 'production', clients: true });
  const token = await server.login('owner', kPassword, staging);
  const inStaging = async (path: string, { key }: Entity) => (await server.call<{ items: Entity[] }>('GET', `/api/v1/${path}?q=${key}`, undefined, token)).items[0]!;
  const change = async (path: string, of: Entity, body: object) => server.call('PATCH', `/api/v1/${path}/${(await inStaging(path, of)).id}`, body, token);
  return { staging, platform, feature, other, plan, change };
}

test('says which clients gain and lose before it promotes', async ({ page, console }) => {
  const { server } = console;
  const { staging, feature, other, change } = await sides(server);
  await change('features', feature, { defaultVariant: 'on' });
  await change('features', other, { defaultVariant: 'off' });
  await console.open(`/environments/compare?from=${staging}&to=production&q=of both`);
  await page.getByLabel('Select Cart of both').check();
  await page.getByLabel('Select Tips of both').check();
  await page.getByRole('button', { name: 'Promote to production' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('impact')).toContainText(/^2 of \d+ clients see a difference$/);
  const affected = dialog.getByRole('region', { name: 'Features and clients affected' });
  await expect(affected.getByRole('row').filter({ hasText: feature.key })).toContainText('2 gain');
  await expect(affected.getByRole('row').filter({ hasText: other.key })).toContainText('2 lose');
  await expect(affected).toContainText('First tenant, Second tenant');
  await dialog.getByText('By client').click();
  const first = affected.getByRole('row').filter({ hasText: 'First tenant' });
  await expect(first.getByLabel(`gain: ${feature.key}`)).toBeVisible();
  await expect(first.getByLabel(`loss: ${other.key}`)).toBeVisible();
  await console.accessible();
  expect(await server.call('GET', `/api/v1/features/${feature.id}`)).toMatchObject({ defaultVariant: 'off' }); // nothing is written yet
});

test('looks at new entities that refer to each other', async ({ page, console }) => {
  const { server } = console;
  const { staging, plan, change } = await sides(server);
  const token = await server.login('owner', kPassword, staging);
  const make = (path: string, body: object) => server.call('POST', `/api/v1/${path}`, body, token);
  const platform = await make('platforms', { key: own('tablet'), name: 'Tablet, new' });
  const segment = await make('segments', { key: own('all'), name: 'All, new', rule: { '!=': [{ var: 'client.tier' }, 'none'] } });
  const first = await make('features', { key: own('pay'), name: 'Pay, new', platforms: [platform.id], targeting: { if: [{ $ref: segment.key }, 'on', 'off'] } });
  const second = await make('features', { key: own('rate'), name: 'Rate, new', requires: [first.id] });
  await change('packages', plan, { features: [{ feature_id: first.id }, { feature_id: second.id }] });
  await console.open(`/environments/compare?from=${staging}&to=production&q=of both&switches=yes`);
  await page.getByLabel('Select Plan of both').check();
  await page.getByRole('button', { name: 'Promote to production' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByTestId('plan').getByRole('listitem')).toHaveCount(5);
  const affected = dialog.getByRole('region', { name: 'Features and clients affected' });
  for (const { key } of [first, second]) await expect(affected.getByRole('row').filter({ hasText: key })).toContainText('2 gain');
  await dialog.getByRole('button', { name: 'Promote 5' }).click();
  await expect(dialog.getByText('5 changes are in production')).toBeVisible();
});

test('a long promotion goes in parts, and each says which clients gain and lose', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  const { staging, plan, change } = await sides(server);
  const token = await server.login('owner', kPassword, staging);
  const make = (name: string) => server.call('POST', '/api/v1/features', { key: own('many'), name }, token);
  const features: Entity[] = [];
  for (let index = 0; index < 54; ++index) features.push(await make(`Many of both ${index}`));
  await change('packages', plan, { features: features.map(({ id }) => ({ feature_id: id })) });
  await console.open(`/environments/compare?from=${staging}&to=production&q=plan of both&switches=yes`);
  await page.getByLabel('Select Plan of both').check();
  await page.getByRole('button', { name: 'Promote to production' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('Part 1 of 2: 50 changes')).toBeVisible();
  await expect(dialog.getByTestId('plan').getByRole('listitem')).toHaveCount(50);
  await expect(dialog.getByText('No client sees a difference.')).toBeVisible(); // features that no package has yet
  await console.accessible();
  await dialog.getByRole('button', { name: 'Promote part 1 (50)' }).click();
  // The second part: the other features, and the package with all of them. It is not written yet.
  await expect(dialog.getByText('Part 2 of 2: 5 changes')).toBeVisible();
  await expect(dialog.getByText('50 changes are in production.')).toBeVisible();
  await expect(dialog.getByTestId('plan').getByRole('listitem')).toHaveCount(5);
  await expect(dialog.getByTestId('impact')).toContainText(/^2 of \d+ clients see a difference$/);
  const affected = dialog.getByRole('region', { name: 'Features and clients affected' });
  await expect(affected.getByRole('row').filter({ hasText: '2 gain' })).toHaveCount(54);
  await console.accessible();
  expect((await server.call<{ features: object[] }>('GET', `/api/v1/packages/${plan.id}`)).features).toHaveLength(2);
  await dialog.getByRole('button', { name: 'Promote part 2 (5)' }).click();
  await expect(dialog.getByText('55 changes are in production')).toBeVisible();
  expect((await server.call<{ features: object[] }>('GET', `/api/v1/packages/${plan.id}`)).features).toHaveLength(54);
});

test('a promotion in parts can stop after one, and the next begins from its start', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  const { staging } = await sides(server);
  const token = await server.login('owner', kPassword, staging);
  for (let index = 0; index < 52; ++index) await server.call('POST', '/api/v1/features', { key: own('part'), name: `Part of both ${index}` }, token);
  // The address selects rows that are not on the screen, too.
  const { items } = await server.call<{ items: Entity[] }>('GET', '/api/v1/features?q=part%20of%20both&limit=100', undefined, token);
  const left = page.getByLabel(/^Select Part of both/);
  await console.open(`/environments/compare?from=${staging}&to=production&q=part of both&switches=yes&select=${items.map(({ key }) => `feature:${key}`).join(',')}`);
  await page.getByRole('button', { name: 'Promote to production' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Promote part 1 (50)' }).click();
  await dialog.getByRole('button', { name: 'Stop here' }).click();
  await expect(left).toHaveCount(2);
  for (const box of await left.all()) await box.check();
  await page.getByRole('button', { name: 'Promote to production' }).click();
  await expect(dialog.getByRole('button', { name: 'Promote 2' })).toBeVisible();
  await expect(dialog.getByText(/^Part \d+ of/)).toHaveCount(0);
});

test('what somebody changed in the target since the comparison is shown beside ours, and not overwritten', async ({ page, console }) => {
  const { server } = console;
  const { staging, platform, feature, other, change } = await sides(server);
  await change('platforms', platform, { description: 'ours' });
  await change('features', feature, { description: 'ours' });
  await change('features', other, { description: 'ours' });
  const editor = await server.admin('editor');
  const theirs = await server.login(editor, kPassword);
  await console.open(`/environments/compare?from=${staging}&to=production&q=of both`);
  for (const name of ['Web', 'Cart', 'Tips']) await page.getByLabel(`Select ${name} of both`).check();
  await server.call('PATCH', `/api/v1/platforms/${platform.id}`, { description: 'theirs' }, theirs);
  await server.call('PATCH', `/api/v1/features/${feature.id}`, { description: 'theirs' }, theirs);
  await page.getByRole('button', { name: 'Promote to production' }).click();
  console.expectError(/409/);
  const dialog = page.getByRole('dialog', { name: `Promote from ${staging}` });
  await dialog.getByRole('button', { name: 'Promote 3' }).click();
  const conflict = page.getByRole('dialog', { name: 'Somebody changed this meanwhile' });
  await expect(conflict).toContainText(`${editor} changed Web of both`);
  await expect(conflict.getByRole('row', { name: /^description/ }).getByRole('cell')).toHaveText([/both changed it/, 'theirs', 'ours']);
  await console.accessible();
  await conflict.getByRole('button', { name: 'Leave it as it is' }).click();
  await expect(conflict).toContainText(`${editor} changed Cart of both`);
  await conflict.getByRole('button', { name: 'Write ours on top' }).click();
  await expect(dialog.getByText('2 changes are in production')).toBeVisible();
  await expect(dialog.getByRole('listitem').filter({ hasText: 'Web of both' })).toContainText('left as it is there');
  const read = async (path: string, id: number) => (await server.call('GET', `/api/v1/${path}/${id}`))['description'];
  expect([await read('platforms', platform.id), await read('features', feature.id), await read('features', other.id)]).toEqual(['theirs', 'ours', 'ours']);
});

test('a conflict leads to a new comparison', async ({ page, console }) => {
  const { server } = console;
  const { staging, platform, change } = await sides(server);
  await change('platforms', platform, { description: 'ours' });
  await console.open(`/environments/compare?from=${staging}&to=production&q=of both`);
  await page.getByLabel('Select Web of both').check();
  await server.call('PATCH', `/api/v1/platforms/${platform.id}`, { maintenance_note: 'theirs' });
  await page.getByRole('button', { name: 'Promote to production' }).click();
  console.expectError(/409/);
  await page.getByRole('dialog').getByRole('button', { name: 'Promote 1' }).click();
  await page.getByRole('dialog', { name: 'Somebody changed this meanwhile' }).getByRole('button', { name: 'Compare again' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByTestId(`row-platform-${platform.key}`)).toContainText('maintenance note');
});

test('a viewer compares, and makes and promotes nothing, with the reason', async ({ page, console }) => {
  const { server } = console;
  const staging = own('staging');
  await server.call('POST', '/api/v1/environments', { key: staging });
  const feature = await server.call('POST', '/api/v1/features', { key: own('only'), name: 'Only here' });
  const viewer = await server.admin('viewer');
  await console.open('/environments', { username: viewer });
  await expect(page.getByRole('button', { name: 'New environment' })).toBeDisabled();
  await console.accessible();
  await page.goto(`${server.url}/environments?new=yes`); // the link of an owner
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Create' })).toBeDisabled();
  await page.goto(`${server.url}/environments/compare?from=production&to=${staging}&q=${feature.key}`);
  await page.getByLabel('Select Only here').check();
  await expect(page.getByRole('button', { name: `Promote to ${staging}` })).toBeDisabled();
  await page.getByRole('button', { name: 'Clear' }).focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('tooltip')).toContainText(`You are a viewer in ${staging}. To change features, the role editor is needed`);
  await console.accessible();
});

test('the role in the target decides who promotes, not that in the environment of the page', async ({ page, console }) => {
  const { server } = console;
  const staging = own('staging');
  await server.call('POST', '/api/v1/environments', { key: staging });
  const feature = await server.call('POST', '/api/v1/features', { key: own('here'), name: 'Here' });
  const there = await server.call('POST', '/api/v1/features', { key: own('there'), name: 'There' }, await server.login('owner', kPassword, staging));
  const username = own('half');
  await server.call('POST', '/api/v1/admins', { username, password: kPassword, role: 'editor', environments: { [staging]: 'viewer' } });
  await console.open(`/environments/compare?from=production&to=${staging}&q=${feature.key}`, { username });
  await expect(page.getByRole('button', { name: 'Environment production' })).toBeVisible();
  await page.getByLabel('Select Here').check();
  await expect(page.getByRole('button', { name: `Promote to ${staging}` })).toBeDisabled();
  await page.goto(`${server.url}/environments/compare?from=${staging}&to=production&q=${there.key}`);
  await page.getByLabel('Select There').check();
  await page.getByRole('button', { name: 'Promote to production' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Promote 1' }).click();
  await expect(page.getByRole('dialog').getByText('1 change is in production')).toBeVisible();
});

test('the help page shows the commands for this address', async ({ page, console }) => {
  await console.open('/help');
  await console.accessible();
  await page.getByRole('tab', { name: /First steps/ }).click();
  await expect(page.getByText(`${console.server.url}/api/v1/auth/login`)).toBeVisible();
  await console.accessible();
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
