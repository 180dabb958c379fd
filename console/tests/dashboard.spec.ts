import type { Page } from '@playwright/test';
import { io, type Socket } from 'socket.io-client';
import { expect, kPassword, test } from './fixture';
import { own, until, type Entity, type Server } from './server';

/** A feature that a client of its own sees, and the client, connected. */
async function audience(server: Server, name: string) {
  const feature = await server.call('POST', '/api/v1/features', { key: own('live'), name: `Feature of ${name}`, enabled: true });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: `Plan of ${name}`, features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name, package_id: plan.id });
  const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`);
  return { feature, client, token };
}

async function connect(server: Server, token: string): Promise<Socket> {
  const socket = io(`${server.url}/client`, { auth: { token, sdk: 'spec/1.2.3' }, transports: ['websocket'], forceNew: true, reconnection: false });
  await new Promise<void>((connected, failed) => socket.on('client_connected', () => connected()).on('connect_error', failed));
  return socket;
}

const numberIn = async (page: Page, selector: string) => Number((await page.locator(selector).first().textContent())?.replace(/[^\d.]/g, '') ?? NaN);
const clients = (page: Page) => numberIn(page, '[data-tile="Clients"] [data-value]');
/** Pixels of a graph that have a colour: its lines, not its grid and not its words. */
const drawn = (page: Page, title: string) =>
  page.getByRole('region', { name: title, exact: true }).locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at + 3]! > 200 && Math.max(data[at]!, data[at + 1]!, data[at + 2]!) - Math.min(data[at]!, data[at + 1]!, data[at + 2]!) > 90) ++count;
    return count;
  });

test('is the first page, and its graphs rise when a client connects, also after a reload', async ({ page, console }) => {
  const { server } = console;
  console.expectError(/Canvas2D/); // that this test reads the picture often
  const { client, token } = await audience(server, 'Tenant of graphs');
  await console.open('/');
  await expect(page).toHaveURL(/\/dashboard$/);
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  const graph = page.getByRole('region', { name: 'Connections', exact: true });
  await expect(graph.locator('canvas')).toBeVisible();
  const before = await clients(page);
  const socket = await connect(server, token);
  await expect.poll(() => clients(page)).toBeGreaterThan(before);
  await expect.poll(() => numberIn(page, '[aria-label="Connections"] [data-line="clients"]')).toBeGreaterThan(before);
  await expect.poll(() => drawn(page, 'Connections')).toBeGreaterThan(50);

  const row = page.locator(`[data-connection="${client.key}"]`);
  await expect(row).toContainText('spec/1.2.3');
  await expect(row).toContainText('websocket');
  await expect(row).toContainText('newest');
  await expect(page.locator('[data-tile="Store"]')).toContainText('OK');
  await expect(page.locator('[data-tile="Redis"]')).toContainText('Not used');
  const nodes = page.getByRole('region', { name: 'Nodes' });
  await expect(nodes).toContainText('answers this page');
  expect((await nodes.boundingBox())!.height).toBeLessThan(160); // one node is one row, as wide as the page
  await console.accessible();

  await page.getByLabel('Search connections').fill(client.key);
  await expect(page).toHaveURL(/who=/);
  await page.goto(page.url());
  await expect(row).toBeVisible();
  await expect(page.locator('[data-connection]')).toHaveCount(1);
  await expect.poll(() => drawn(page, 'Connections')).toBeGreaterThan(50);

  await page.getByText('1 hour', { exact: true }).click();
  await expect(page).toHaveURL(/span=hour/);
  await expect(graph.locator('canvas')).toBeVisible();
  socket.close();
  await expect(row).toHaveCount(0);
  await expect.poll(() => clients(page)).toBe(before);
});

test('follows a change of another admin until every connection has it, and names those that lag', async ({ page, console }) => {
  const { server } = console;
  console.expectError(/Canvas2D/); // that this test reads the picture often
  const { feature, token } = await audience(server, 'Tenant of rollouts');
  const editor = await server.login(await server.admin('editor'), kPassword);
  const socket = await connect(server, token);
  await console.open('/dashboard');
  const rollouts = page.getByRole('region', { name: 'Rollouts' });
  // Tokens concern no client, so they push nothing out of the list.
  await expect(rollouts.locator('[data-revision]').first()).toBeVisible();
  await expect(rollouts.getByText('issued a token')).toHaveCount(0);

  // A client that reads nothing proves nothing: it lags by name until it reads again.
  const { ws } = socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } };
  ws.pause();
  await server.call('POST', `/api/v1/features/${feature.id}/toggle`, { enabled: false }, editor);
  const newest = rollouts.locator('[data-revision]').first();
  await expect(newest).toContainText('Feature of Tenant of rollouts off');
  await expect(newest).toContainText('delivered to 0 of 1');
  await expect(newest.getByText('Tenant of rollouts ·')).toBeVisible();
  ws.resume();

  await server.call('POST', `/api/v1/features/${feature.id}/toggle?confirm=true`, { enabled: true }, editor);
  await expect(newest).toContainText('Feature of Tenant of rollouts on');
  await expect(newest).toHaveAttribute('data-rollout', 'complete');
  await expect(newest).toContainText(/delivered to 1 of 1, p99 \d/);
  await expect(newest.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '100');
  await expect.poll(() => numberIn(page, '[data-tile="Push, p99"] [data-value]')).toBeGreaterThan(0);
  await expect.poll(() => drawn(page, 'Push latency')).toBeGreaterThan(5);
  await console.accessible();
  socket.close();
});

test('draws what clients report, to a viewer and on a phone, too', async ({ page, console }) => {
  const { server } = console;
  const { token } = await audience(server, 'Tenant of metrics');
  const socket = await connect(server, token);
  const name = own('page_load');
  await new Promise((taken) => socket.emit('report_metrics', { metrics: [{ name, value: 125 }, { name, value: 375 }] }, taken));
  await until(async () => (await server.call<{ metrics: { name: string }[] }>('GET', '/api/v1/dashboard/client-metrics')).metrics.some((metric) => metric.name === name), 'the reported metric');
  await page.setViewportSize({ width: 390, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await console.open('/dashboard', { username: await server.admin('viewer') });
  const graph = page.getByRole('region', { name, exact: true });
  await expect(graph.locator('[data-line="mean"]')).toHaveText('250');
  await expect(graph.locator('[data-line="highest"]')).toHaveText('375');
  await expect(page.locator('[data-connection]').first()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  const nodes = page.getByRole('region', { name: 'Nodes' });
  expect(await nodes.evaluate((region) => region.scrollWidth <= region.clientWidth)).toBe(true);
  await expect(nodes.getByText('Revision')).toBeVisible();
  await console.accessible();
  // Every row of tiles is full, at each width.
  for (const width of [390, 700, 1280, 1600]) {
    await page.setViewportSize({ width, height: 800 });
    const tops = await page.locator('[data-tile]').evaluateAll((tiles) => tiles.map((tile) => Math.round(tile.getBoundingClientRect().top)));
    const rows = [...new Set(tops)].map((top) => tops.filter((each) => each === top).length);
    expect(new Set(rows).size, `tiles in rows of ${rows.join(', ')} at ${width}`).toBe(1);
  }
  socket.close();
});

test('says when the server is away, and goes on when it is back', async ({ page, console }) => {
  const { Server } = await import('./server');
  const own = await new Server().start();
  console.expectError(/ERR_|WebSocket|Failed to load|asked another server/);
  try {
    await page.goto(`${own.url}/dashboard`);
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password', { exact: true }).fill(kPassword);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await expect(page.getByText('Nothing to deliver yet')).toBeVisible();
    await expect(page.getByRole('region', { name: 'Connections', exact: true }).locator('canvas')).toBeVisible();
    await own.stop('SIGKILL');
    await expect(page.getByTestId('connection')).not.toHaveAttribute('data-state', 'live');
    await own.start();
    await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');
    await expect.poll(() => numberIn(page, '[data-tile="Admins"] [data-value]')).toBe(1);
    await own.call<Entity>('POST', '/api/v1/features', { key: 'first', name: 'First' });
    await page.reload();
    await expect(page.getByText('Nothing to deliver yet')).toHaveCount(0);
  } finally {
    await own.end();
  }
});

test('ends a connection', async ({ page, console }) => {
  const { client, token } = await audience(console.server, 'Endling');
  const socket = await connect(console.server, token);
  const closed = new Promise<string>((is) => socket.on('disconnect', is));
  await console.open(`/dashboard?who=${client.key}`);
  const row = page.locator(`[data-connection="${client.key}"]`);
  await row.getByRole('button', { name: /^End the connection/ }).click();
  expect(await closed).toBe('transport close');
  await expect(row).toHaveCount(0);
});

test('a viewer sees connections and ends none, with the reason; an editor ends those of clients alone', async ({ page, console }) => {
  const { server } = console;
  const { client, token } = await audience(server, 'Lasting');
  const socket = await connect(server, token);
  const viewer = await server.admin('viewer');
  const end = (on: Page, who: string) => on.locator(`[data-connection="${who}"]`).getByRole('button', { name: /^End the connection/ });
  const reason = (on: Page, who: string) => on.locator(`[data-connection="${who}"]`).getByRole('note');
  await console.open(`/dashboard?who=${client.key}`, { username: viewer });
  await expect(end(page, client.key)).toBeDisabled();
  await expect(reason(page, client.key)).toHaveAccessibleName(/^You are a viewer in production\. To end connections, the role editor is needed/);
  await page.getByRole('link', { name: 'Lasting', exact: true }).focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('tooltip')).toContainText('To end connections, the role editor is needed');
  await console.accessible();

  const other = await console.another(await server.admin('editor'), kPassword, `/dashboard?who=${client.key}`);
  await expect(end(other, client.key)).toBeEnabled();
  await other.goto(`${server.url}/dashboard?who=${viewer}`);
  await expect(end(other, viewer)).toBeDisabled();
  await expect(reason(other, viewer)).toHaveAccessibleName(/the role owner is needed/);
  expect(socket.connected).toBe(true);
  socket.close();
});
