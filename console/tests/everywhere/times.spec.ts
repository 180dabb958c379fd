// Times stand in the zone of the reader, with the zone: in winter, in summer, and elsewhere.
import { expect, test } from '../fixture';
import { own } from '../server';

test('a time of the server is shown and edited in the zone of the reader', async ({ page, console }) => {
  const { server } = console;
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant of times' });
  const make = async (name: string, ends: string) => {
    const feature = await server.call('POST', '/api/v1/features', { key: own(name), name });
    await server.call('PUT', `/api/v1/clients/${client.id}/overrides/${feature.id}`, { value: true, expires_at: ends });
    return feature;
  };
  const winter = await make('winter', '2036-01-15T11:34:56Z');
  const summer = await make('summer', '2036-07-15T10:34:56Z');
  const time = (key: string) => page.getByTestId(`effective-${key}`).locator('time').first();
  await console.open(`/clients/${client.id}`); // a browser in Berlin
  await expect(time(winter.key)).toHaveAttribute('title', '15 Jan 2036, 12:34:56 CET');
  await expect(time(summer.key)).toHaveAttribute('title', '15 Jul 2036, 12:34:56 CEST');
  await page.getByTestId(`effective-${summer.key}`).getByRole('button', { name: /Change the override/ }).click();
  await expect(page.getByRole('dialog').getByLabel('Ends')).toHaveValue('2036-07-15T12:34');
  await page.getByRole('dialog').getByLabel('Ends').fill('2036-07-15T13:00');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  const { overrides } = await server.call<{ overrides: { feature_id: number; expires_at: string }[] }>('GET', `/api/v1/clients/${client.id}`);
  expect(new Date(overrides.find(({ feature_id }) => feature_id === summer.id)!.expires_at).toISOString()).toBe('2036-07-15T11:00:00.000Z');
});

test.describe('in Tokyo', () => {
  test.use({ timezoneId: 'Asia/Tokyo' });

  test('the same time is another one', async ({ page, console }) => {
    const { server } = console;
    const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant of times' });
    const feature = await server.call('POST', '/api/v1/features', { key: own('east'), name: 'East' });
    await server.call('PUT', `/api/v1/clients/${client.id}/overrides/${feature.id}`, { value: true, expires_at: '2036-01-15T11:34:56Z' });
    await console.open(`/clients/${client.id}`);
    await expect(page.getByTestId(`effective-${feature.key}`).locator('time').first()).toHaveAttribute('title', /^15 Jan 2036, 20:34:56 GMT\+9$/);
  });
});
