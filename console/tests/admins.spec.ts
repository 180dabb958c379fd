import { App } from './app';
import { expect, kPassword, test } from './fixture';
import { own, type Entity } from './server';

test('makes an admin with a role and another one in an environment, who then logs in', async ({ page, console }) => {
  const { server } = console;
  const environment = own('env');
  await server.call('POST', '/api/v1/environments', { key: environment });
  await console.open('/admins');
  await page.getByRole('button', { name: 'New admin' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('User name').fill('No Good');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByText(/Use small letters/)).toBeVisible();
  await expect(dialog.getByText('Use at least 8 characters.')).toBeVisible();
  console.expectError(/409/);
  await dialog.getByLabel('User name').fill('owner');
  await dialog.getByRole('button', { name: 'Make one' }).click();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByText('This name is taken.')).toBeVisible();
  const username = own('jo');
  await dialog.getByLabel('User name').fill(username);
  await dialog.getByRole('radio', { name: /^Editor/ }).check();
  await dialog.getByRole('textbox', { name: `Role in ${environment}` }).click();
  await page.getByRole('option', { name: 'No access' }).click();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Create' }).click();
  const login = await dialog.getByLabel('Login', { exact: true }).textContent();
  const password = /password: +(\S+)/.exec(login!)![1]!;
  expect(password).toMatch(/^([a-z0-9]{5}-){3}[a-z0-9]{5}$/);
  await console.accessible();
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await expect(page.getByTestId(`admin-${username}`)).toContainText(`${environment}: no access`);
  await expect(page.getByText(password)).toHaveCount(0);

  const other = await console.another(username, password);
  await expect(other.getByRole('link', { name: 'Platforms' })).toBeVisible();
});

test('gives another role, which counts at once, and shows it in the history', async ({ page, console }) => {
  const { server } = console;
  const username = await server.admin('viewer');
  const token = await server.login(username, kPassword);
  const { items } = await server.call<{ items: Entity[] }>('GET', `/api/v1/admins?q=${username}`);
  await console.open(`/admins/${items[0]!.id}`);
  await page.getByRole('radio', { name: /^Editor/ }).check();
  await console.accessible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(`${username} has the new role`)).toBeVisible();
  await server.call('POST', '/api/v1/platforms', { key: own('by-editor'), name: 'By an editor' }, token);
  await page.getByRole('tab', { name: 'History' }).click();
  await expect(page.getByRole('tabpanel').getByText(/^owner /).first()).toBeVisible();
  await page.getByRole('button', { name: 'Show what changed' }).first().click();
  await expect(page.getByText('"editor"').or(page.getByText('editor', { exact: true })).first()).toBeVisible();
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0);
  await console.accessible();
});

test('shows both versions of roles that two owners change, and saves on request', async ({ page, console }) => {
  const { server } = console;
  const username = await server.admin('viewer');
  const other = await server.admin('owner');
  const { id } = (await server.call<{ items: Entity[] }>('GET', `/api/v1/admins?q=${username}`)).items[0]!;
  await console.open(`/admins/${id}`);
  await page.getByRole('radio', { name: /^Editor/ }).check();
  await server.call('PATCH', `/api/v1/admins/${id}`, { role: 'none', environments: { production: 'viewer' } }, await server.login(other, kPassword));
  console.expectError(/409/);
  await page.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('dialog', { name: 'Somebody changed this meanwhile' });
  await expect(conflict).toContainText(`${other} changed this admin`);
  await expect(conflict.getByRole('row', { name: /^role/ }).getByRole('cell')).toHaveText([/both changed it/, 'none', 'editor']);
  await console.accessible();
  expect(await server.call('GET', `/api/v1/admins/${id}`)).toMatchObject({ role: 'none' });
  await conflict.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(page.getByText(`${username} has the new role`)).toBeVisible();
  expect(await server.call('GET', `/api/v1/admins/${id}`)).toMatchObject({ role: 'editor' });
});

test('deactivates an admin, resets the password and the second factor, ends the sessions, and deletes the account', async ({ page, console }) => {
  const { server } = console;
  const username = await server.admin('editor');
  const { items } = await server.call<{ items: Entity[] }>('GET', `/api/v1/admins?q=${username}`);
  const { id } = items[0]!;
  const token = await server.login(username, kPassword);
  const { secret } = await server.call<{ secret: string }>('POST', '/api/v1/auth/second-factor', { password: kPassword }, token);
  await server.call('POST', '/api/v1/auth/second-factor/confirm', { code: new App(secret).next() }, token);
  const admin = () => server.call(`GET`, `/api/v1/admins/${id}`);
  const works = (of: string) => server.call('GET', '/api/v1/platforms?limit=1', undefined, of).then(() => true, () => false);

  await console.open(`/admins/${id}?tab=sessions`);
  const dialog = page.getByRole('dialog');
  await expect(page.getByTestId(/^session-/)).toHaveCount(1);
  await page.getByRole('button', { name: 'Log out everywhere' }).click();
  await dialog.getByRole('button', { name: 'Log out everywhere' }).click();
  await expect(page.getByText(`${username} is logged in nowhere.`)).toBeVisible();
  expect(await works(token)).toBe(false);
  await console.accessible();

  await page.getByRole('button', { name: 'Reset' }).click();
  await page.getByRole('menuitem', { name: 'Second factor' }).click();
  await dialog.getByRole('button', { name: 'Reset' }).click();
  await expect(page.getByText(`The second factor of ${username} is gone`)).toBeVisible();
  expect((await admin())['second_factor_at']).toBeUndefined();

  await page.getByRole('button', { name: 'Reset' }).click();
  await page.getByRole('menuitem', { name: 'Password' }).click();
  await dialog.getByLabel('Password', { exact: true }).fill('short');
  await expect(dialog.getByRole('button', { name: 'Replace the password' })).toBeDisabled();
  await dialog.getByLabel('Password', { exact: true }).fill('given by an owner');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Replace the password' }).click();
  await expect(dialog.getByLabel('Login', { exact: true })).toContainText('given by an owner');
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  const again = await server.login(username, 'given by an owner');

  await page.getByRole('switch').press('Space');
  await dialog.getByRole('button', { name: 'Deactivate' }).click();
  await expect(page.getByRole('heading', { name: 'Deactivated' })).toBeVisible();
  await expect.poll(() => works(again)).toBe(false);
  await page.getByRole('switch').press('Space');
  await expect(page.getByRole('heading', { name: 'Active' })).toBeVisible();

  await page.getByRole('button', { name: 'Delete' }).click();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/admins$/);
  await expect(page.getByTestId(`admin-${username}`)).toHaveCount(0);
});

test('the own account can be read, and changed only by another owner', async ({ page, console }) => {
  const { server } = console;
  const owner = await server.admin('owner');
  await console.open('/admins', { username: owner });
  const row = page.getByTestId(`admin-${owner}`);
  await expect(row.getByRole('switch')).toBeDisabled();
  await row.getByRole('link', { name: owner }).click();
  await expect(page.getByRole('radio', { name: /^Viewer/ })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Delete' })).toHaveCount(0);
  await console.accessible();
});

test('the list follows what another owner does, and an editor may not see it', async ({ page, console }) => {
  const { server } = console;
  await console.open('/admins');
  const username = await server.admin('viewer');
  await expect(page.getByTestId(`admin-${username}`)).toContainText('Viewer');
  await page.getByLabel('Search admins').fill(username);
  await expect(page.getByTestId(/^admin-/)).toHaveCount(1);
  await console.accessible();
  const other = await console.another(await server.admin('editor'));
  for (const [path, title] of [['/admins', 'Admins'], ['/api-keys', 'API keys'], ['/settings', 'Settings']] as const) {
    await other.goto(server.url + path);
    await expect(other.getByRole('heading', { name: title })).toBeVisible();
    await expect(other.getByText(/the role owner is needed/)).toBeVisible();
  }
  await console.accessible(other);
});
