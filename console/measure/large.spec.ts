// How the console behaves with 1,000 features and 10,000 clients: first paint, and the longest task of the main thread while one
// scrolls, filters and 50 updates a second arrive. A measurement for a quiet machine; `npm run measure` prints it.
import { expect, test, type Page } from '@playwright/test';
import { kPassword, Server } from '../tests/server';
import { serveBuilt } from '../tests/built';

const kFeatures = Number(process.env['FEATURES'] ?? 1000);
const kClients = Number(process.env['CLIENTS'] ?? 10_000);
const kLongest = 200; // ms
const kFirstPaint = 1000;

async function inParallel(count: number, task: (index: number) => Promise<unknown>) {
  let next = 0;
  await Promise.all(Array.from({ length: 16 }, async () => {
    while (next < count) await task(next++);
  }));
}

async function seed(server: Server) {
  const ids: number[] = [];
  await inParallel(kFeatures, async (index) => {
    const { id } = await server.call('POST', '/api/v1/features', { key: `feature-${index}`, name: `Feature ${index}`, description: 'One of many', targeting: { if: [{ '==': [{ var: 'client.country' }, 'DE'] }, 'on', 'off'] } });
    ids.push(id);
  });
  const plan = await server.call('POST', '/api/v1/packages', { key: 'plan', name: 'Plan', features: ids.slice(0, 50).map((feature_id) => ({ feature_id })) });
  await inParallel(kClients, (index) => server.call('POST', '/api/v1/clients', { key: `client-${index}`, name: `Client ${index}`, package_id: plan.id }));
  return ids;
}

/** Toggles 50 features a second until `stop`. */
function update(server: Server, ids: number[]) {
  let sent = 0;
  const timer = setInterval(() => void server.call('POST', `/api/v1/features/${ids[sent++ % ids.length]}/toggle`).catch(() => {}), 20);
  return () => {
    clearInterval(timer);
    return sent;
  };
}

const watchTasks = (page: Page) =>
  page.evaluate(() => {
    const tasks: number[] = ((window as unknown as { tasks: number[] }).tasks = []);
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
  });
const longestTask = (page: Page) => page.evaluate(() => Math.round(Math.max(0, ...(window as unknown as { tasks: number[] }).tasks)));

test('a large catalogue', async ({ page }) => {
  test.setTimeout(1_800_000);
  const server = await new Server().start();
  try {
    const began = performance.now();
    const ids = await seed(server);
    console.log(`${kFeatures} features and ${kClients} clients made in ${Math.round((performance.now() - began) / 1000)} s`);
    await serveBuilt(page);
    await page.goto(server.url);
    await page.getByLabel('User name').waitFor();
    const paint = await page.evaluate(() => Math.round(performance.getEntriesByName('first-contentful-paint')[0]!.startTime));
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password', { exact: true }).fill(kPassword);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByTestId('connection').waitFor();
    const found: { [what: string]: number } = {};
    for (const to of ['/platforms', '/features', '/clients']) {
      const link = page.getByRole('navigation', { name: 'Pages' }).locator(`a[href="${to}"]`);
      if (!(await link.count())) continue;
      await watchTasks(page);
      await link.click();
      await page.waitForLoadState('networkidle');
      found[`${to} opens`] = await longestTask(page);
      await watchTasks(page);
      const stop = update(server, ids);
      for (let step = 0; step < 40; ++step) {
        await page.mouse.move(640, 500);
        await page.mouse.wheel(0, step < 20 ? 1200 : -1200);
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
      const search = page.locator('main input[type="text"], main input:not([type])').first();
      for (const text of ['9', '99', '999', '']) {
        await search.fill(text);
        await page.evaluate(() => new Promise(requestAnimationFrame));
      }
      await page.evaluate(() => new Promise((next) => setTimeout(next, 3000)));
      found[`${to} scrolls, filters and hears ${stop()} updates`] = await longestTask(page);
    }
    console.log(`first paint ${paint} ms`);
    for (const [what, longest] of Object.entries(found)) console.log(`longest task ${String(longest).padStart(4)} ms  ${what}`);
    expect.soft(paint, 'first paint').toBeLessThan(kFirstPaint);
    for (const [what, longest] of Object.entries(found)) expect.soft(longest, what).toBeLessThan(kLongest);
  } finally {
    await server.end();
  }
});
