// The dashboard of an installation of two servers, on a real PostgreSQL and a real Redis: each node has its lines, and a gap while it is away.
import type { Page } from '@playwright/test';
import { io, type Socket } from 'socket.io-client';
import { Postgres } from '../../tests/e2e/support/postgres.mjs';
import { Proxy } from '../../tests/e2e/support/proxy.mjs';
import { Redis } from '../../tests/e2e/support/redis.mjs';
import { expect, Server, test as base } from './fixture';
import { own, until } from './server';

interface Cluster {
  a: Server;
  b: Server;
  redis: Redis;
  postgres: Postgres;
  wayOfB: Proxy; // to PostgreSQL
  startB: () => Promise<unknown>;
}

const test = base.extend<object, { server: Server; cluster: Cluster }>({
  cluster: [
    async ({}, use) => {
      const postgres = await Postgres.start();
      const redis = await Redis.start();
      const ends: (() => void)[] = [];
      const wayOfB = await Proxy.start({ after: (end: () => void) => ends.push(end) }, `${postgres.folder}/.s.PGSQL.5432`);
      const storeOfB = `postgresql://togglecast@127.0.0.1:${wayOfB.port}/togglecast?sslmode=disable&gssencmode=disable`;
      const options = (name: string, store: string) => ['--store', store, '--redis', redis.url, '--node-name', name];
      const a = await new Server().start(...options('north', postgres.url));
      const b = new Server();
      const startB = () => b.start(...options('south', storeOfB));
      await startB();
      await use({ a, b, redis, postgres, wayOfB, startB });
      await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')]);
      for (const end of ends) end();
      await Promise.all([a.end(), b.end(), redis.stop(), postgres.remove()]);
    },
    { scope: 'worker', timeout: 300_000 },
  ],
  server: [async ({ cluster }, use) => use(cluster.a), { scope: 'worker' }],
});

async function connect(server: Server, token: string): Promise<Socket> {
  const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true, reconnection: false });
  await new Promise<void>((connected, failed) => socket.on('client_connected', () => connected()).on('connect_error', failed));
  return socket;
}

const graph = (page: Page) => page.getByRole('region', { name: 'Connections', exact: true });
const line = (page: Page, name: string) => graph(page).locator(`[data-line="${name}"]`);
const tile = (page: Page, name: string) => page.locator(`[data-tile="${name}"]`);

/** Whether the line is drawn with a gap: columns of pixels without its colour, between columns that have it. A second without a value, which a busy machine leaves out, is none. */
const hasGap = (page: Page, name: string) =>
  graph(page).evaluate((card, of) => {
    const swatch = card.querySelector(`[data-line="${of}"]`)!.closest('li')!.querySelector('span')!;
    const [red, green, blue] = getComputedStyle(swatch).backgroundColor.match(/\d+/g)!.map(Number) as [number, number, number];
    const canvas = card.querySelector('canvas')!;
    const { data, width, height } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const columns: number[] = [];
    for (let x = 0; x < width; ++x)
      for (let y = 0; y < height; ++y) {
        const at = 4 * (y * width + x);
        if (data[at + 3]! > 200 && Math.abs(data[at]! - red) + Math.abs(data[at + 1]! - green) + Math.abs(data[at + 2]! - blue) < 24) {
          columns.push(x);
          break;
        }
      }
    const seconds = Date.now() / 1000 - Number(card.querySelector('table')!.dataset['from']);
    const second = (columns.at(-1)! - columns[0]!) / Math.max(seconds, 1);
    return columns.some((x, index) => index > 0 && x - columns[index - 1]! > Math.max(4, 4 * second));
  }, name);

test('two nodes have a line each, and one that was away has a gap in its line', async ({ page, console, cluster }) => {
  test.slow();
  console.expectError(/Canvas2D/); // that this test reads the picture often
  const { a, b } = cluster;
  const client = await a.call<{ id: number; key: string }>('POST', '/api/v1/clients', { key: own('tenant'), name: 'Tenant of nodes' });
  const { token } = await a.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`);
  // Other numbers at each, so that no line hides another.
  const here = await Promise.all([connect(a, token), connect(a, token), connect(a, token), connect(a, token)]);
  let there = await Promise.all([connect(b, token), connect(b, token)]);
  await console.open('/dashboard');
  await expect(tile(page, 'Nodes')).toContainText('north, south');
  await expect(tile(page, 'Nodes').locator('[data-value]')).toHaveText('2');
  await expect(line(page, 'clients')).toHaveText('6');
  await page.getByText('By node', { exact: true }).click();
  await expect(page).toHaveURL(/by=node/);
  await expect(line(page, 'north clients')).toHaveText('4');
  await expect(line(page, 'south clients')).toHaveText('2');
  const held = page.locator(`[data-connection="${client.key}"]`);
  await expect(held.filter({ hasText: 'north' })).toHaveCount(4);
  await expect(held.filter({ hasText: 'south' })).toHaveCount(2);
  await console.accessible();

  const nodes = page.getByRole('region', { name: 'Nodes' });
  await expect(nodes.locator('[data-node="south"]')).toContainText('live');
  await b.stop('SIGKILL');
  await expect(line(page, 'south clients')).toHaveText('–');
  await expect(line(page, 'north clients')).toHaveText('4');
  await expect(tile(page, 'Nodes').locator('[data-value]')).toHaveText('1');
  expect(await hasGap(page, 'north clients')).toBe(false);

  await cluster.startB();
  there = await Promise.all([connect(b, token), connect(b, token)]);
  await expect(line(page, 'south clients')).toHaveText('2');
  await expect.poll(() => hasGap(page, 'south clients')).toBe(true);
  expect(await hasGap(page, 'north clients')).toBe(false);
  await expect(graph(page).locator('[data-line]')).toHaveCount(4);
  await page.reload(); // each node keeps its own history: that of the one that was killed begins again
  await expect(line(page, 'south clients')).toHaveText('2');
  await expect(line(page, 'north clients')).toHaveText('4');
  await expect(graph(page).locator('[data-line]')).toHaveCount(4);
  for (const socket of [...here, ...there]) socket.close();
});

test('a node that does not get the changes says how many it is behind', async ({ page, console, cluster }) => {
  await console.open('/dashboard');
  const south = page.getByRole('region', { name: 'Nodes' }).locator('[data-node="south"]');
  await expect(south).toContainText('live');
  await expect(south).not.toContainText('behind');
  const release = cluster.wayOfB.stall();
  for (let n = 0; n < 3; ++n) await cluster.a.call('POST', '/api/v1/clients', { key: own('behind'), name: 'Tenant' });
  await expect(south).toContainText('3 behind');
  await console.accessible();
  release();
  await expect(south).not.toContainText('behind');
  await expect(south).toContainText('live');
});

test('the light of Redis goes out with it, and comes back', async ({ page, console, cluster }) => {
  await console.open('/dashboard');
  await expect(tile(page, 'Redis')).toContainText('OK');
  await expect(tile(page, 'Redis')).toContainText('between nodes');
  await cluster.redis.kill();
  await expect(tile(page, 'Redis').locator('[data-value]')).toHaveText('Away');
  await console.accessible();
  await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live'); // this node goes on
  await cluster.redis.restart();
  await expect(tile(page, 'Redis').locator('[data-value]')).toHaveText('OK');
});

test('the light of the store goes out with PostgreSQL, and comes back', async ({ page, console, cluster }) => {
  console.expectError(/50\d|Failed to load/);
  await console.open('/dashboard');
  await expect(tile(page, 'Store').locator('[data-value]')).toHaveText('OK');
  await cluster.postgres.end('SIGQUIT');
  await expect(tile(page, 'Store').locator('[data-value]')).toHaveText('Failing');
  await console.accessible();
  await cluster.postgres.begin();
  await expect(tile(page, 'Store').locator('[data-value]')).toHaveText('OK');
  await until(() => cluster.a.call('POST', '/api/v1/clients', { key: own('after'), name: 'After' }).then(() => true, () => false), 'a write after the return');
});
