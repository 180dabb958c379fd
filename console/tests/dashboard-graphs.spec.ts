// The data of each graph, at a server of its own: nobody else closes connections or passes limits there.
import type { Page } from '@playwright/test';
import { io, type Socket } from 'socket.io-client';
import { expect, kPassword, Server, test as base } from './fixture';
import { own } from './server';

const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await new Server().start('--ping-interval', '1', '--ping-timeout', '600');
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],
});

async function connect(server: Server): Promise<{ socket: Socket; feature: number; key: string }> {
  const feature = await server.call('POST', '/api/v1/features', { key: own('graph'), name: 'Graphed' });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Plan', features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant', package_id: plan.id });
  const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`);
  const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false });
  // A client that proves what it has applied.
  socket.on('feature_update', ({ revision, epoch }: { revision: number; epoch: number }) => socket.emit('config_ack', { revision, epoch }, () => {}));
  await new Promise<void>((connected, failed) => socket.on('client_connected', () => connected()).on('connect_error', failed));
  return { socket, feature: feature.id, key: client.key };
}

const graph = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true });
/** Newest and highest value of a line, as readers hear it. */
async function valuesOf(page: Page, title: string, line: string) {
  const row = graph(page, title).getByRole('row', { name: new RegExp(`^${line} `) });
  const [newest, highest] = await row.getByRole('cell').allTextContents();
  return { newest, highest };
}
const highest = async (page: Page, title: string, line: string) => Number.parseFloat((await valuesOf(page, title, line)).highest?.replaceAll(',', '') ?? '');
const from = (page: Page) => graph(page, 'Connections').locator('table').getAttribute('data-from').then(Number);

test('each graph has the data of what happened', async ({ page, console }) => {
  const { server } = console;
  await console.open('/dashboard');
  const { socket, feature } = await connect(server);
  for (const enabled of [false, true]) await server.call('POST', `/api/v1/features/${feature}/toggle?confirm=true`, { enabled });
  const above = (title: string, line: string, least: number) => expect.poll(() => highest(page, title, line), { message: `${title}: ${line}` }).toBeGreaterThanOrEqual(least);

  await above('Connections', 'clients', 1);
  await above('Connections', 'admins', 1);
  await above('Connects and closes', 'connects', 0.1);
  for (const line of ['in', 'out']) {
    await above('Messages', line, 0.1);
    await above('Bytes', line, 1);
  }
  for (const line of ['received p50', 'received p99', 'sent p99', 'applied p99']) await above('Push latency', line, 0.1);
  await expect.poll(() => valuesOf(page, 'Server delay and heartbeats', 'server delay')).toEqual({ newest: expect.stringMatching(/^[\d.,]+ m?s$/), highest: expect.stringMatching(/^[\d.,]+ m?s$/) });
  await above('Server delay and heartbeats', 'heartbeat p99', 0.1);
  for (const line of ['commit p50', 'commit p99']) await above('Store', line, 0.1);
  await above('Processor', 'all nodes', 0.1);
  // The lines have the room of the graph, and not what its axes leave of it.
  expect((await graph(page, 'Connections').locator('.u-over').boundingBox())!.height).toBeGreaterThan(110);
  // The legend says what the table says, and the picture is named by it.
  await expect.poll(async () => (await graph(page, 'Connections').locator('[data-line="clients"]').textContent()) === (await valuesOf(page, 'Connections', 'clients')).newest).toBe(true);
  await expect(graph(page, 'Connections').getByRole('img')).toHaveAttribute('aria-label', /^Connections: clients 1, admins [\d.]+$/);
  await console.accessible();
  socket.close();
});

test('a close is counted by its reason', async ({ page, console }) => {
  const { server } = console;
  const { socket: leaving } = await connect(server);
  const { socket: ended, key } = await connect(server);
  await console.open('/dashboard');
  const row = page.locator(`[data-connection="${key}"]`);
  await expect(row).toBeVisible();
  leaving.close();
  await expect.poll(() => highest(page, 'Connects and closes', 'closed: transport close')).toBeGreaterThan(0);
  const over = new Promise((is) => ended.on('disconnect', is));
  await row.getByRole('button', { name: /^End the connection/ }).click();
  await over;
  await expect.poll(() => highest(page, 'Connects and closes', 'closed: forced close')).toBeGreaterThan(0);
});

test('a limit that was passed stands in its tile and its graph', async ({ page, console }) => {
  const { server } = console;
  const token = await server.login(await server.admin('editor'), kPassword);
  await console.open('/dashboard');
  const tile = page.locator('[data-tile="Limits hit"]');
  await expect(tile).toContainText('none in five minutes');
  await expect(graph(page, 'Limits and refusals')).toContainText('No limit was passed');
  const send = () => fetch(`${server.url}/api/v1/broadcasts/broadcast_announcement`, {
    method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ title: 'Again', message: 'and again', audience: 'clients' }),
  });
  const answers = await Promise.all(Array.from({ length: 12 }, send));
  const refused = answers.filter(({ status }) => status === 429).length;
  expect(refused).toBeGreaterThan(0);
  await expect(tile.locator('[data-value]')).toHaveText(String(refused));
  await expect(tile).toContainText('announcement_rate');
  await expect.poll(() => highest(page, 'Limits and refusals', 'announcement_rate')).toBeGreaterThan(0);
  await console.accessible();
});

test('a reload loses nothing: the graph begins where it began, with what was there', async ({ page, console }) => {
  const alone = await new Server().start();
  console.expectError(/asked another server/);
  try {
    const { socket } = await connect(alone);
    await page.goto(`${alone.url}/dashboard`);
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password', { exact: true }).fill(kPassword);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await expect.poll(() => highest(page, 'Connections', 'clients')).toBe(1);
    socket.close();
    await expect.poll(async () => (await valuesOf(page, 'Connections', 'clients')).newest).toBe('0');
    const began = await from(page);
    await page.reload();
    await expect.poll(() => highest(page, 'Connections', 'clients')).toBe(1);
    expect((await valuesOf(page, 'Connections', 'clients')).newest).toBe('0');
    expect(await from(page)).toBe(began);
    expect(await from(page)).toBeLessThan(Date.now() / 1000);
    await page.getByText('1 hour', { exact: true }).click();
    await expect(page).toHaveURL(/span=hour/);
    await expect.poll(() => highest(page, 'Connections', 'clients')).toBeGreaterThan(0); // it is read every ten seconds
  } finally {
    await alone.end();
  }
});

test('a connection says when it was heard last, and stands among those that are behind until it has the change', async ({ page, console }) => {
  const { server } = console;
  const { socket: quick, key: quickKey } = await connect(server);
  const { socket: slow, feature, key } = await connect(server);
  await console.open('/dashboard');
  const row = page.locator(`[data-connection="${key}"]`);
  await expect(row).toContainText(/[\d.]+ s ago/); // its last heartbeat: the server asks each second
  await expect(row).toContainText(/round trip [\d.]+ ms/);
  await expect(row).toContainText('newest');
  const { ws } = slow.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
  ws.pause();
  await server.call('POST', `/api/v1/features/${feature}/toggle`, { enabled: false });
  await expect(row).toContainText('behind: sent');
  await page.getByRole('button', { name: 'Behind' }).click();
  await expect(page).toHaveURL(/lagging=yes/);
  await expect(page.locator(`[data-connection="${quickKey}"]`)).toHaveCount(0);
  await expect(row).toBeVisible();
  await console.accessible();
  ws.resume();
  await expect(page.getByText('No connection fits.')).toBeVisible();
  await page.getByRole('button', { name: 'Behind' }).click();
  await expect(row).toContainText('applied');
  quick.close();
  slow.close();
});
