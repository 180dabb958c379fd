import { expect, test } from './fixture';
import { kPassword, own, until, type Entity } from './server';

test('makes a key that is shown once, whose use is seen, and revokes it', async ({ page, console }) => {
  const { server } = console;
  const name = own('deploy');
  await console.open('/api-keys?new=yes');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Change features').check();
  await dialog.getByLabel('Addresses').fill('127.0.0.0/8\nsomewhere');
  await dialog.getByRole('button', { name: 'Make the key' }).click();
  await expect(dialog.getByText(/somewhere is no address/)).toBeVisible();
  await dialog.getByLabel('Addresses').fill('127.0.0.0/8, ::1');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Make the key' }).click();
  const key = await dialog.getByLabel('The API key', { exact: true }).textContent();
  expect(key).toMatch(/^tck_/);
  await console.accessible();
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  const row = page.getByTestId(`key-${name}`);
  await expect(row).toContainText('Change features');
  await expect(row).toContainText('127.0.0.0/8');
  await expect(row).toContainText('and 1 more');
  await expect(row).toContainText('in 2 months');
  await expect(page.getByText(key!)).toHaveCount(0);

  await server.call('POST', '/api/v1/features', { key: own('by-key'), name: 'By a key' }, key!);
  await expect(server.call('POST', '/api/v1/platforms', { key: own('not'), name: 'Not' }, key!)).rejects.toThrow(/403/);
  await until(async () => (await server.call<{ items: Entity[] }>('GET', `/api/v1/api-keys?q=${name}`)).items[0]?.['last_used_at'], 'the last use');
  await page.reload();
  await expect(row.locator('time')).toHaveCount(2); // its last use, and its end
  await console.accessible();

  await row.getByRole('button', { name: `Revoke ${name}` }).click();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await expect(row).toHaveCount(0);
  await expect(server.call('GET', '/api/v1/features?limit=1', undefined, key!)).rejects.toThrow(/401/);
});

test('changes the scopes of a key, switches it off, and follows another owner', async ({ page, console }) => {
  const { server } = console;
  const name = own('scraper');
  await console.open('/api-keys');
  const { id, key } = await server.call<Entity & { key: string }>('POST', '/api/v1/api-keys', { name, scopes: ['read'] });
  const row = page.getByTestId(`key-${name}`);
  await expect(row).toContainText('anywhere');
  await row.getByRole('button', { name: `Edit ${name}` }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Name')).toHaveValue(name);
  await dialog.getByLabel('Evaluate').check();
  await dialog.getByRole('switch', { name: 'Active' }).press('Space');
  await console.accessible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('deactivated');
  await expect(row).toContainText('Evaluate');
  const stored = await server.call('GET', `/api/v1/api-keys/${id}`);
  expect([stored['scopes'], stored['active']]).toEqual([['read', 'evaluate'], false]);
  await expect(server.call('GET', '/api/v1/features?limit=1', undefined, key)).rejects.toThrow(/40[13]/);
});

test('shows both versions of a key that another owner changed meanwhile, and overwrites nothing unasked', async ({ page, console }) => {
  const { server } = console;
  const name = own('both');
  const other = await server.admin('owner');
  const theirs = await server.login(other, kPassword);
  const { id } = await server.call('POST', '/api/v1/api-keys', { name, scopes: ['read'] });
  const stored = () => server.call('GET', `/api/v1/api-keys/${id}`);
  await console.open('/api-keys');
  await page.getByRole('button', { name: `Edit ${name}` }).click();
  const form = page.getByRole('dialog', { name: `API key ${name}` });
  await form.getByLabel('Addresses').fill('10.0.0.0/8');
  await server.call('PATCH', `/api/v1/api-keys/${id}`, { addresses: ['192.0.2.0/24'], scopes: ['read', 'stream'] }, theirs);
  console.expectError(/409/);
  await form.getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('dialog', { name: 'Somebody changed this meanwhile' });
  await expect(conflict).toContainText(`${other} changed ${name}`);
  await expect(conflict.getByRole('row', { name: /^addresses/ })).toContainText('both changed it');
  await expect(conflict.getByRole('row', { name: /^addresses/ })).toContainText('192.0.2.0/24');
  await expect(conflict.getByRole('row', { name: /^addresses/ })).toContainText('10.0.0.0/8');
  await console.accessible();
  expect((await stored())['addresses']).toEqual(['192.0.2.0/24']);
  await conflict.getByRole('button', { name: 'Take theirs' }).click();
  await expect(form.getByLabel('Addresses')).toHaveValue('192.0.2.0/24');
  await expect(form.getByLabel('Follow changes')).toBeChecked();
  await form.getByLabel('Addresses').fill('10.0.0.0/8');
  await server.call('PATCH', `/api/v1/api-keys/${id}`, { addresses: [] }, theirs);
  await form.getByRole('button', { name: 'Save' }).click();
  await conflict.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(page.getByText(`${name} is saved`)).toBeVisible();
  expect(await stored()).toMatchObject({ addresses: ['10.0.0.0/8'], scopes: ['read', 'stream'] });
});
