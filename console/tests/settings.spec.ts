import { App } from './app';
import { expect, kPassword, Server, test as base } from './fixture';
import { until } from './server';

// Settings hold for a whole installation, so these tests have one of their own.
const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await new Server().start();
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],
});

test('requires a second factor of everybody: an editor sets one up, and goes on', async ({ page, console }) => {
  const { server } = console;
  console.expectError(/403/); // what a page asked in the moment of the change
  const editor = await server.admin('editor');
  const theirs = await console.another(editor);
  await console.open('/settings');
  await page.getByRole('radio', { name: /^Everybody must/ }).check();
  await expect(page.getByText('You have no second factor yourself')).toBeVisible();
  await console.accessible();
  await page.getByRole('link', { name: 'set it up now' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Password', { exact: true }).fill(kPassword);
  await dialog.getByRole('button', { name: 'Begin' }).click();
  await dialog.getByRole('textbox', { name: 'Code' }).fill(new App((await dialog.getByLabel('Key for the authenticator app').textContent())!).next());
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('radio', { name: /^Everybody must/ }).check();
  await expect(page.getByText('You have no second factor yourself')).toHaveCount(0);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The settings are saved')).toBeVisible();
  expect((await server.call('GET', '/api/v1/settings'))['require_second_factor']).toBe('all');

  // The page of the editor asks at once, and opens when it is done.
  await expect(theirs.getByRole('heading', { name: 'A second factor is required' })).toBeVisible();
  await console.accessible(theirs);
  await theirs.getByLabel('Password', { exact: true }).fill(kPassword);
  await theirs.getByRole('button', { name: 'Begin' }).click();
  await expect(theirs.getByRole('img', { name: /^QR code/ })).toBeVisible();
  await theirs.getByRole('textbox', { name: 'Code' }).fill(new App((await theirs.getByLabel('Key for the authenticator app').textContent())!).next());
  await theirs.getByRole('button', { name: 'Confirm' }).click();
  await theirs.getByRole('button', { name: 'I have kept them' }).click();
  await expect(theirs.getByTestId('connection')).toHaveAttribute('data-state', 'live');

  await server.call('PATCH', '/api/v1/settings', { require_second_factor: 'owners' });
  await expect(page.getByRole('radio', { name: /^Owners must/ })).toBeChecked();
  await server.call('PATCH', '/api/v1/settings', { require_second_factor: 'none' });
});

test('passwords stay on while nobody has another way in', async ({ page, console }) => {
  const { server } = console;
  console.expectError(/409/);
  await console.open('/settings', { username: await server.admin('owner') });
  const passwords = page.getByRole('switch', { name: /^Login with a password/ });
  await expect(passwords).toBeChecked();
  await passwords.press('Space');
  await console.accessible();
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await expect(page.getByRole('region', { name: 'Login with a password' }).getByRole('alert')).toBeVisible();
  await expect(passwords).toBeChecked();
  expect((await server.call('GET', '/api/v1/settings'))['password_login']).toBe(true);
});

test('makes a new signing key, and retires the old one', async ({ page, console }) => {
  const { server } = console;
  console.expectError(/409/);
  const username = await server.admin('owner'); // without a second factor
  await console.open('/settings', { username });
  const rows = page.getByTestId(/^signing-key-/);
  await expect(rows).toHaveCount(1);
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click();
  await expect(rows).toHaveCount(2);
  const signs = async () => (await server.call<{ items: { signs: boolean }[] }>('GET', '/api/v1/signing-keys')).items[1]!.signs;
  await until(signs, 'the new key to sign');
  await expect(rows.first()).toContainText('signs');
  await expect(rows.last()).toContainText('verifies only');
  await console.accessible();
  const dialog = page.getByRole('dialog');
  await rows.last().getByRole('button', { name: /^Retire/ }).click();
  await dialog.getByRole('button', { name: 'Retire' }).click();
  await expect(dialog.getByRole('alert')).toBeVisible(); // tokens of it are valid
  await console.accessible();

  // All the same: tokens of the old key are refused, and the session of the page began under it.
  console.expectError(/401/);
  const works = (token: string) => server.call('GET', '/api/v1/platforms?limit=1', undefined, token).then(() => true, () => false);
  const [old, fresh] = [server.token, await server.login(username, kPassword)];
  expect([await works(old), await works(fresh)]).toEqual([true, true]);
  await dialog.getByRole('checkbox', { name: /^Retire it all the same/ }).check();
  await dialog.getByRole('button', { name: 'Retire' }).click();
  await expect(page.getByText('Your session has ended: the key that signed its token was retired. Log in again.')).toBeVisible();
  server.token = fresh; // with the old one, the call would log in again
  expect([await works(old), await works(fresh)]).toEqual([false, true]);
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(kPassword);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(rows.last()).toContainText('retired');
  await expect(rows.last().getByRole('button')).toHaveCount(0);
});
