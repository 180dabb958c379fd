// Two admins at one entity, and the proof that a change has arrived.
import { io, type Socket } from 'socket.io-client';
import { expect, kPassword, test } from './fixture';
import { own, type Entity, type Server } from './server';

async function connect(server: Server, token: string): Promise<Socket> {
  const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false });
  await new Promise<void>((connected, failed) => socket.on('client_connected', () => connected()).on('connect_error', failed));
  return socket;
}

test('two admins at one entity see each other, until one leaves', async ({ page, console }) => {
  const { server } = console;
  const editor = await server.admin('editor');
  const made: [string, Entity][] = [];
  for (const path of ['features', 'clients']) made.push([path, await server.call('POST', `/api/v1/${path}`, { key: own('shared'), name: `Shared ${path}` })]);
  await console.open('/help');
  const other = await console.another(editor);
  const here = page.getByRole('group', { name: `Also here: ${editor}` });
  for (const [path, { id }] of made) {
    const to = `/${path}/${id}`;
    await page.evaluate((address) => history.pushState({}, '', address), to);
    await expect(page.getByRole('heading', { name: `Shared ${path}` })).toBeVisible();
    await expect(here).toHaveCount(0);
    await other.evaluate((address) => history.pushState({}, '', address), to);
    await expect(here).toBeVisible();
    await expect(other.getByRole('group', { name: 'Also here: owner' })).toBeVisible();
    if (path === 'features') await console.accessible();
    await other.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Help' }).click();
    await expect(here).toHaveCount(0);
  }
});

test('the change of another admin stands in the form at once, and is shown before it is overwritten', async ({ page, console }) => {
  const { server } = console;
  const editor = await server.admin('editor');
  const token = await server.login(editor, kPassword);
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Shared plan' });
  await console.open(`/packages/${plan.id}?tab=settings`);
  await server.call('PATCH', `/api/v1/packages/${plan.id}`, { description: 'Theirs' }, token);
  await expect(page.getByLabel('Description')).toHaveValue('Theirs');
  await page.getByLabel('Description').fill('Mine');
  await server.call('PATCH', `/api/v1/packages/${plan.id}`, { description: 'Theirs again', price: { amount: 4900, currency: 'EUR' } }, token);
  await expect(page.getByText('Somebody has changed this package since you began')).toBeVisible();
  console.expectError(/409/);
  await page.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog', { name: 'Somebody changed this meanwhile' });
  await expect(dialog.getByText(editor)).toBeVisible();
  await expect(dialog.getByText('both changed it')).toHaveCount(1);
  await expect(dialog.getByText('Theirs again')).toBeVisible();
  expect((await server.call('GET', `/api/v1/packages/${plan.id}`))['description']).toBe('Theirs again');
  await dialog.getByRole('button', { name: 'Save mine on top' }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(async () => (await server.call('GET', `/api/v1/packages/${plan.id}`))['description']).toBe('Mine');
  expect((await server.call('GET', `/api/v1/packages/${plan.id}`))['price']).toEqual({ amount: 4900, currency: 'EUR' });
});

test('one click on the kill switch, and its delivery is counted until the last client has proven it', async ({ page, console }) => {
  const { server } = console;
  const feature = await server.call('POST', '/api/v1/features', { key: own('kill'), name: 'To be killed' });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
  const sockets: Socket[] = [];
  for (let index = 0; index < 5; ++index) {
    const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: `Tenant ${index}`, package_id: plan.id });
    sockets.push(await connect(server, (await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`)).token));
  }
  // Two clients read nothing for a while, so they prove nothing.
  const silent = sockets.slice(3).map((socket) => (socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } }).ws);
  await console.open(`/features/${feature.id}`);
  await expect(page.getByTestId('kill-effect')).toContainText('5 of');
  for (const ws of silent) ws.pause();
  await page.getByRole('button', { name: 'Switch off now' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  const badge = page.locator('[data-rollout]');
  await expect(badge).toContainText('delivered to 3 of 5');
  await expect(badge).toHaveAttribute('data-rollout', 'open');
  const late = page.getByRole('group', { name: 'Connections that are behind' });
  await expect(late.getByRole('link')).toHaveText([/^Tenant 3 · [\d.]+ s$/, /^Tenant 4 · [\d.]+ s$/]);
  await expect(late).not.toContainText('more');
  await console.accessible();
  silent[0]!.resume();
  await expect(badge).toContainText('delivered to 4 of 5');
  await expect(late.getByRole('link')).toHaveText([/^Tenant 4 · /]);
  silent[1]!.resume();
  await expect(badge).toContainText(/delivered to 5 of 5, p99 \d/);
  await expect(late).toHaveCount(0);
  await expect(badge).toHaveAttribute('data-rollout', 'complete');
  await expect(page.getByRole('button', { name: 'Switch off now' })).toHaveCount(0);
  for (const socket of sockets) socket.close();
});
