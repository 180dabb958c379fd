import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, kPassword, Server, test as base } from './fixture';

// An installation that made its first password itself.
const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await new Server({ ownPassword: false }).start();
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],
});

test('the first password must be replaced before the console opens', async ({ page, console }) => {
  const { server } = console;
  const first = /^password: (.*)$/m.exec(readFileSync(path.join(server.data, 'first-login'), 'utf8'))![1]!;
  await page.goto(`${server.url}/platforms`);
  await page.getByLabel('User name').fill('owner');
  await page.getByLabel('Password', { exact: true }).fill(first);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Choose a password' })).toBeVisible();
  await console.accessible();
  await page.getByLabel('First password').fill(first);
  await page.getByLabel('New password', { exact: true }).fill(first);
  await page.getByLabel('New password again').fill(first);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByText('Choose another one than the first.')).toBeVisible();
  await page.getByLabel('New password', { exact: true }).fill(kPassword);
  await page.getByLabel('New password again').fill(kPassword);
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');
  await expect(page.getByRole('heading', { name: 'Platforms', exact: true })).toBeVisible();
  await server.login('owner', kPassword);
  await expect(server.login('owner', first)).rejects.toThrow(/401/);
});
