// States that a reader sends to a colleague: the address of each opens the same after a login, and none of them writes by itself.
import type { Page } from '@playwright/test';
import { expect, kPassword, test, type Console } from '../fixture';
import { own, type Entity } from '../server';

/** The address of `page`, opened by somebody else, who logs in first. */
async function sentTo(page: Page, console: Console, username = 'owner') {
  const { pathname, search } = new URL(page.url());
  return console.another(username, kPassword, pathname + search);
}

const question = (page: Page) => page.getByRole('dialog');

test('the question before a switch', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('web'), name: 'Web of links' });
  const feature = await server.call('POST', '/api/v1/features', { key: own('f'), name: 'Feature of links', platforms: [platform.id] });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan of links', features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant of links', package_id: plan.id });
  const [viewer, editor] = [await server.admin('viewer'), await server.admin('editor')];
  const isOn = async () => (await server.call('GET', `/api/v1/features/${feature.id}`))['enabled'];

  await console.open(`/features?q=${feature.key}`);
  await page.getByRole('switch', { name: 'Feature of links: on' }).press('Space');
  await expect(question(page)).toContainText('Switch Feature of links off?');
  await expect(question(page).getByTestId('impact')).toContainText('1 of');
  await expect(page).toHaveURL(new RegExp(`switch=${feature.id}-off`));
  await question(page).getByText('By client').click();
  await expect(question(page).getByLabel(`loss: ${feature.key}`)).toBeVisible();

  const other = await sentTo(page, console, editor);
  await expect(question(other)).toContainText('Switch Feature of links off?');
  await expect(question(other).getByLabel(`loss: ${feature.key}`)).toBeVisible();
  const reader = await sentTo(page, console, viewer);
  await expect(question(reader).getByRole('button', { name: 'Switch off' })).toBeDisabled();
  await console.accessible(reader);
  expect(await isOn()).toBe(true);

  await page.goBack();
  await expect(question(page)).toHaveCount(0);
  await expect(page).not.toHaveURL(/switch=/);
  await question(other).getByRole('button', { name: 'Switch off' }).click();
  await expect(question(other)).toHaveCount(0);
  await expect(other).not.toHaveURL(/switch=/);
  await expect(other.getByRole('switch', { name: 'Feature of links: off' })).toBeVisible();
  await expect.poll(isOn).toBe(false);

  // What is so already is told, and not asked. It is not asked later either.
  await page.goto(`${server.url}/features/${feature.id}?switch=${feature.id}-off`);
  await expect(page.getByText('Feature of links is off already')).toBeVisible();
  await expect(page).not.toHaveURL(/switch=/);
  await page.getByRole('switch', { name: 'Feature of links: off' }).press('Space');
  await question(page).getByRole('button', { name: 'Switch on' }).click();
  await expect(page.getByRole('switch', { name: 'Feature of links: on' })).toBeVisible();
  await expect(question(page)).toHaveCount(0);

  // A row that is not in sight or not in the list has its question, too.
  await page.goto(`${server.url}/platforms?q=nothing&switch=${platform.id}-off`);
  await expect(question(page)).toContainText('Switch Web of links off?');
  await page.goto(`${server.url}/clients?q=nothing&switch=${client.id}-off`);
  await expect(question(page)).toContainText('Make Tenant of links inactive?');
  await question(page).getByRole('button', { name: 'Make inactive' }).click();
  await expect.poll(async () => (await server.call('GET', `/api/v1/clients/${client.id}`))['active']).toBe(false);
  const admin = (await server.call<{ items: Entity[] }>('GET', `/api/v1/admins?q=${viewer}`)).items[0]!;
  await page.goto(`${server.url}/admins?switch=${admin.id}-off`);
  await expect(question(page)).toContainText(`Deactivate ${viewer}?`);
  await page.keyboard.press('Escape');
  await expect(page).not.toHaveURL(/switch=/);
});

test('a comparison with its selection, what is opened, and the promotion', async ({ page, console }) => {
  const { server } = console;
  const staging = own('staging');
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('web'), name: 'Web of both' });
  const feature = await server.call('POST', '/api/v1/features', { key: own('cart'), name: 'Cart of both' });
  await server.call('POST', '/api/v1/environments', { key: staging });
  await server.call('POST', `/api/v1/environments/${staging}/copy`, { from: 'production' });
  const token = await server.login('owner', kPassword, staging);
  for (const [path, { key }, body] of [['platforms', platform, { maintenance_note: 'of staging' }], ['features', feature, { description: 'of staging', enabled: false }]] as const) {
    const there = (await server.call<{ items: Entity[] }>('GET', `/api/v1/${path}?q=${key}`, undefined, token)).items[0]!;
    await server.call('PATCH', `/api/v1/${path}/${there.id}`, body, token);
  }
  await console.open(`/environments/compare?from=${staging}&to=production&q=of both`);
  await page.getByRole('button', { name: 'Show what differs in Web of both' }).click();
  await page.getByLabel('Select Web of both').check();
  await page.getByLabel('Select Cart of both').check();
  await expect(page).toHaveURL(/select=.*cart/);
  await page.getByRole('button', { name: 'Promote to production' }).click();
  await question(page).getByLabel('Take over the switches as well').check();
  await expect(page).toHaveURL(/switches=yes/);

  const other = await sentTo(page, console);
  await expect(question(other)).toContainText(`Promote from ${staging} to production`);
  await expect(question(other).getByTestId('plan').getByRole('listitem')).toHaveCount(2);
  await expect(question(other).getByLabel('Take over the switches as well')).toBeChecked();
  await other.keyboard.press('Escape');
  await expect(question(other)).toHaveCount(0);
  await expect(other.getByText('of staging')).toBeVisible();
  await expect(other.getByLabel('Select Web of both')).toBeChecked();
  await expect(other.getByLabel('Select Cart of both')).toBeChecked();
  expect(await server.call('GET', `/api/v1/features/${feature.id}`)).toMatchObject({ enabled: true });

  await page.goBack();
  await expect(question(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Promote to production' }).click();
  await question(page).getByRole('button', { name: 'Promote 2' }).click();
  await question(page).getByRole('button', { name: 'Close' }).last().click();
  await expect(question(page)).toHaveCount(0);
  await expect(page).not.toHaveURL(/select=|promote=/);
  await other.getByRole('button', { name: 'The other way round' }).click();
  await expect(other).not.toHaveURL(/select=/);
});

test('cells of the matrix that are not saved, and their preview', async ({ page, console }) => {
  const { server } = console;
  const feature = await server.call('POST', '/api/v1/features', { key: own('seats'), name: 'Seats of links' });
  const [gone, platform] = [await server.call('POST', '/api/v1/features', { key: own('gone'), name: 'Gone of links' }), await server.call('POST', '/api/v1/platforms', { key: own('web'), name: 'Web' })];
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan of cells', features: [{ feature_id: gone.id }] });
  await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant of cells', package_id: plan.id });
  const viewer = await server.admin('viewer');
  await console.open(`/packages/${plan.id}?q=of links`);
  await page.getByTestId(`row-f${feature.id}`).getByRole('switch').press('Space');
  await page.getByTestId(`row-f${gone.id}`).getByRole('switch').press('Space');
  await expect(page).toHaveURL(/cells=/);
  await page.getByRole('button', { name: 'Preview change' }).click();
  await expect(question(page).getByTestId('impact')).toContainText('1 of');

  const other = await sentTo(page, console);
  await expect(question(other)).toContainText('Change Plan of cells?');
  await expect(question(other)).toContainText('Tenant of cells');
  const reader = await sentTo(page, console, viewer);
  await expect(question(reader).getByRole('button', { name: 'Save' })).toBeDisabled();
  expect((await server.call('GET', `/api/v1/packages/${plan.id}`))['features']).toMatchObject([{ feature_id: gone.id }]);
  await page.goBack();
  await expect(question(page)).toHaveCount(0);
  await expect(page.getByText('2 changes in 1 package, not saved yet')).toBeVisible();
  await question(other).getByRole('button', { name: 'Save' }).click();
  await expect(other.getByText('Plan of cells is saved')).toBeVisible();
  await expect(question(other)).toHaveCount(0);
  await expect(other).not.toHaveURL(/cells=|preview=/);
  expect((await server.call('GET', `/api/v1/packages/${plan.id}`))['features']).toMatchObject([{ feature_id: feature.id }]);
  await expect(page.getByText('not saved yet')).toHaveCount(0); // they are saved, so that nothing is left here
  await expect(page).not.toHaveURL(/cells=/);
  await page.goto(`${server.url}/packages?view=matrix&cells=${encodeURIComponent(JSON.stringify([[plan.id, [platform.id]], ['no', 'cell'], 7]))}`);
  await expect(page.getByText('1 change in 1 package, not saved yet')).toBeVisible();
  await page.getByRole('button', { name: 'Discard' }).click();
});

test('questions before what cannot be taken back', async ({ page, console }) => {
  const { server } = console;
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant of questions' });
  await server.call('POST', `/api/v1/clients/${client.id}/tokens`, { label: 'of links', expires_in: 86400 });
  const token = (await server.call<{ items: Entity[] }>('GET', `/api/v1/clients/${client.id}/tokens`)).items[0]!;
  const message = await server.call<{ id: string }>('POST', '/api/v1/broadcasts/send_client_notification',
    { client_id: client.id, title: 'Of links', message: 'm', ack: 'client', ttl: 600 });
  await console.open('/help');
  const asks = async (path: string, press: () => Promise<void>, title: string | RegExp, parameter: RegExp) => {
    await page.evaluate((address) => history.pushState({}, '', address), path);
    await press();
    await expect(question(page)).toContainText(title);
    await expect(page).toHaveURL(parameter);
    const { pathname, search } = new URL(page.url());
    await page.goBack();
    await expect(question(page)).toHaveCount(0);
    await expect(page).not.toHaveURL(parameter);
    await page.goto(server.url + pathname + search);
    await expect(question(page)).toContainText(title);
    await page.keyboard.press('Escape');
    await expect(question(page)).toHaveCount(0);
    await expect(page).not.toHaveURL(parameter);
  };
  const press = (name: string | RegExp) => async () => page.getByRole('button', { name }).click();
  await asks(`/clients/${client.id}?tab=tokens`, press('Withdraw of links'), 'Withdraw this token?', /withdraw=\d+/);
  await asks(`/clients/${client.id}?tab=tokens`, press('Withdraw all tokens signed before now'), 'Withdraw all tokens of Tenant of questions?', /withdraw=all/);
  await asks('/settings', press('New key'), 'Make a new signing key?', /key=new/);
  await asks('/settings', async () => page.getByRole('switch', { name: 'Login with a password: on' }).press('Space'), 'Switch the login with a password off?', /passwords=off/);
  await asks('/account', press('Log out everywhere'), 'Log out everywhere?', /end=all/);
  await asks(`/announcements/${message.id}`, press('Withdraw'), 'Withdraw this message?', /withdraw=yes/);
  const { items } = await server.call<{ items: { id: number; revoked_at: string | null }[] }>('GET', `/api/v1/clients/${client.id}/tokens`);
  expect(items.find(({ id }) => id === token.id)).toMatchObject({ revoked_at: null });
  expect(await server.call('GET', '/api/v1/settings')).toMatchObject({ password_login: true });
});

test('what is opened in a page', async ({ page, console }) => {
  const { server } = console;
  const sub = { key: 'part', name: 'Part of it', variants: { on: true, off: false }, defaultVariant: 'on', enabled: true };
  const feature = await server.call('POST', '/api/v1/features', { key: own('f'), name: 'With parts', sub_features: [sub] });
  await server.call('PATCH', `/api/v1/features/${feature.id}`, { description: 'changed once' });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant', package_id: plan.id });
  await console.open(`/features/${feature.id}?tab=subs`);
  await page.getByRole('button', { name: /^Part of it/ }).click();
  await expect(page).toHaveURL(/sub=part/);
  let other = await sentTo(page, console);
  await expect(other.getByRole('button', { name: 'Remove Part of it' })).toBeVisible();

  await page.getByRole('tab', { name: 'Code' }).click();
  await expect(page.getByLabel('Flag')).toHaveValue('part');
  await page.getByRole('tab', { name: 'Python' }).click();
  await other.goto(page.url());
  await expect(other.getByRole('tab', { name: 'Python' })).toHaveAttribute('aria-selected', 'true');
  await expect(other.getByLabel('Flag')).toHaveValue('part');

  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Show what changed' }).first().click();
  await expect(page).toHaveURL(/changes=/);
  await other.goto(page.url());
  await expect(other.getByText('changed once')).toHaveCount(2); // in the page's head, and as the new value

  await page.goto(`${server.url}/activity?entity_type=feature&entity=${feature.id}`);
  await page.getByRole('button', { name: 'Show what changed' }).first().click();
  await expect(page.getByRole('group', { name: 'Before and after of With parts' })).toBeVisible();
  await expect(page).toHaveURL(/changes=/);
  await other.goto(page.url());
  await expect(other.getByRole('group', { name: 'Before and after of With parts' })).toBeVisible();

  await page.goto(`${server.url}/clients/${client.id}`);
  await page.getByRole('button', { name: 'Sub-features of With parts' }).click();
  await expect(page).toHaveURL(/subs=/);
  other = await sentTo(page, console);
  await expect(other.getByTestId(`effective-${feature.key}/part`)).toBeVisible();
  await page.goto(`${server.url}/packages/${plan.id}?only=included`);
  await page.getByRole('button', { name: 'Sub-features of With parts' }).click();
  await other.goto(page.url());
  await expect(other.getByTestId(`row-f${feature.id}/part`)).toBeVisible();
});

test('a tab that a page does not have is its first one', async ({ page, console }) => {
  const { server } = console;
  const [feature] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/features?limit=1')).items;
  await console.open('/help?tab=curl');
  for (const [to, first] of [['/help?tab=curl', 'How it fits together'], [`/features/${feature!.id}?tab=rules`, 'Targeting'], ['/announcements?tab=new', 'Send']]) {
    await page.evaluate((address) => history.pushState({}, '', address), to!);
    await expect(page.getByRole('tab', { name: first! }), to).toHaveAttribute('aria-selected', 'true');
    await expect(page.getByRole('tabpanel'), to).toBeVisible();
  }
});
