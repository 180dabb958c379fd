// How the console behaves with 1,000 features and 10,000 clients: first paint, and the longest task of the main thread while one
// scrolls, filters and 50 updates a second arrive. `npm run measure` prints it; README.md says how to read it.
import { expect, test, type Browser, type Page } from '@playwright/test';
import { serveBuilt } from '../tests/built';
import { kPassword, Server } from '../tests/server';
import { kClients, kFeatures, seed } from './seed';
import { tasksOf, type Tasks } from './tasks';

const kLongest = 200;     // ms
const kFirstPaint = 1000; // ms
const kRate = 50;         // updates a second
const kPaints = 5;
// A busy machine stretches what the clock says. Then only processor time is held to the limits.
const busy = process.env['BUSY'] !== undefined;

/** Switches `kRate` entities a second until it is stopped; answers how many a second the server took. */
function update(server: Server, paths: string[]) {
  let [sent, taken] = [0, 0];
  const began = performance.now();
  const timer = setInterval(() => {
    // A timer that comes late catches up.
    while (sent < ((performance.now() - began) / 1000) * kRate) void server.call('POST', `${paths[sent++ % paths.length]}/toggle`).then(() => ++taken, () => {});
  }, 1000 / kRate);
  return () => {
    clearInterval(timer);
    return taken / ((performance.now() - began) / 1000);
  };
}

const frame = (page: Page) => page.evaluate(() => new Promise(requestAnimationFrame));
const pause = (page: Page, ms: number) => page.evaluate((time) => new Promise((next) => setTimeout(next, time)), ms);

async function scroll(page: Page) {
  await page.mouse.move(760, 560);
  for (let step = 0; step < 60; ++step) {
    await page.mouse.wheel(0, step < 40 ? 900 : -1400);
    await frame(page);
  }
}

async function filter(page: Page, label: string, texts: string[]) {
  const search = page.getByLabel(label, { exact: true });
  for (const text of texts) {
    await search.fill(text);
    await frame(page);
    await pause(page, 150);
  }
}

async function firstPaint(browser: Browser, server: Server) {
  const found: { paint: number; script: number }[] = [];
  for (let time = 0; time < kPaints; ++time) {
    const context = await browser.newContext(); // with an empty cache
    const page = await context.newPage();
    await serveBuilt(page);
    await page.goto(server.url);
    await page.getByLabel('User name').waitFor();
    found.push(await page.evaluate(() => ({
      paint: Math.round(performance.getEntriesByName('first-contentful-paint')[0]!.startTime),
      script: (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter(({ name }) => name.endsWith('.js')).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    })));
    await context.close();
  }
  found.sort((a, b) => a.paint - b.paint);
  return found[Math.floor(found.length / 2)]!;
}

test('a large catalogue', async ({ page, browser }) => {
  test.setTimeout(3_600_000);
  const folder = process.env['MEASURE_DATA'];
  const server = await new Server({ data: folder }).start('--read-rate', '100000', '--read-burst', '100000');
  const rows: { what: string; tasks: Tasks; rate?: number; limited: boolean }[] = [];
  try {
    const { features, clients, seconds } = await seed(server);
    console.log(`${kFeatures} features and ${kClients} clients are there after ${seconds} s`);
    const { paint, script } = await firstPaint(browser, server);

    await serveBuilt(page);
    await page.goto(server.url);
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password', { exact: true }).fill(kPassword);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await expect(page.getByTestId('connection')).toHaveAttribute('data-state', 'live');

    const open = async (to: string, ready: string) => {
      await page.evaluate((address) => history.pushState({}, '', address), to);
      await page.locator(ready).first().waitFor();
      await pause(page, 500);
    };
    const measure = async (what: string, paths: string[] | undefined, doing: () => Promise<unknown>, limited = true) => {
      const stop = paths && update(server, paths);
      let rate: number | undefined;
      const tasks = await tasksOf(browser, page, async () => {
        await doing();
        rate = stop?.();
      });
      rows.push({ what, tasks, limited, ...(rate !== undefined && { rate }) });
      console.log(line(rows.at(-1)!));
    };
    const switches = features.map((id) => `/api/v1/features/${id}`);
    const tenants = clients.slice(0, 3000).map((id) => `/api/v1/clients/${id}`);

    await measure('features: opens', undefined, () => open('/features', '[data-testid^="feature-"]'), false);
    await measure('features: scrolls', undefined, () => scroll(page));
    await measure('features: filters', undefined, () => filter(page, 'Search features', ['9', '99', 'tag:beta', 'tag:beta is:on', 'group:checkout feature', '']));
    await measure('features: 50 updates a second', switches, () => pause(page, 5000));
    await measure('features: all at once', switches, async () => {
      await scroll(page);
      await filter(page, 'Search features', ['9', '99', 'tag:beta', '']);
      await pause(page, 2000);
    });

    await measure('clients: opens', undefined, () => open('/clients', '[data-testid^="client-"]'), false);
    const intoSight = async () => {
      await scroll(page);
      await pause(page, 1500);
      await scroll(page);
    };
    await measure('clients: scrolls, and reads on', undefined, intoSight);
    await measure('clients: filters', undefined, () => filter(page, 'Search clients', ['9', '99', '999', '']));
    await measure('clients: all at once', tenants, async () => {
      await intoSight();
      await filter(page, 'Search clients', ['9', '99', '']);
      await pause(page, 5000);
    });

    await measure('matrix: opens', undefined, () => open('/packages?view=matrix', '[data-cell]'), false);
    await measure('matrix: all at once', switches, async () => {
      await scroll(page);
      await filter(page, 'Search features', ['9', '99', '']);
      await pause(page, 2000);
    });
    await measure('a client: opens', undefined, () => open(`/clients/${clients[0]}?show=all`, '[data-testid^="effective-"]'), false);
    await measure('a client: all at once', switches, async () => {
      await scroll(page);
      await filter(page, 'Search features of the client', ['9', '99', '']);
      await pause(page, 3000);
    });
    await measure('a feature: opens', undefined, () => open(`/features/${features[0]}`, '[role="tab"]'), false);
    await measure('a feature: 50 updates a second', switches, () => pause(page, 4000));
    await measure('dashboard: opens', undefined, () => open('/dashboard', '[data-tile]'), false);
    await measure('dashboard: 50 updates a second', switches, () => pause(page, 8000));
    await measure('activity: opens', undefined, () => open('/activity', 'article'), false);
    await measure('activity: 50 updates a second', switches, async () => {
      await scroll(page);
      await pause(page, 5000);
    });

    console.log(`\nfirst paint ${paint} ms, the middle of ${kPaints}; ${script.toLocaleString('en')} bytes of script for it, as they were sent\n`);
    for (const row of rows) console.log(line(row));
    for (const { what, tasks, limited } of rows) {
      if (!limited) continue;
      expect.soft(tasks.cpu, `processor time of the longest task: ${what}`).toBeLessThan(kLongest);
      if (!busy) expect.soft(tasks.wall, `time of the longest task: ${what}`).toBeLessThan(kLongest);
    }
    if (!busy) expect.soft(paint, 'first paint').toBeLessThan(kFirstPaint);
  } finally {
    if (folder) await server.stop();
    else await server.end();
  }
});

function line({ what, tasks: { wall, cpu, busy: share, long }, rate }: { what: string; tasks: Tasks; rate?: number }) {
  const number = (value: number, width: number) => String(value).padStart(width);
  return `${what.padEnd(34)} longest task ${number(wall, 5)} ms, ${number(cpu, 4)} ms of processor; ${number(long, 3)} above 50 ms; busy ${number(Math.round(share * 100), 3)} %${rate === undefined ? '' : `; ${rate.toFixed(0)} updates a second`}`;
}
