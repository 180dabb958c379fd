// The stock OFREP provider in Debian's Chromium: its own EventSource, requests from another origin, and the cache mode that
// the provider has by default, `local-cache-first`.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, person, shows } from '../../support/browser.js';
import { servePages } from '../../support/pages.js';
import { Server, until } from '../../support/server.js';

const server = new Server();
let browser: Browser;
let pages: Awaited<ReturnType<typeof servePages>>;

beforeAll(async () => {
  pages = await servePages({ ofrep: 'ofrep.js' });
  await server.start('--cors-origin', pages.origin);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  pages?.close();
  await server.end();
});

async function world() {
  const made = await server.world({ layout: { variants: { grid: 'grid', list: 'list' }, defaultVariant: 'grid' } });
  const { id, key } = made.features['layout']!;
  const choose = (variant: string) => server.call('PATCH', `/api/v1/features/${id}`, { defaultVariant: variant });
  return { client: made.client, choose, query: { token: made.token, flag: key } };
}

/** A page, and the answers to its requests for notices as `200 /ofrep/v1/stream?…`. */
async function open(context: BrowserContext, query: { [name: string]: string }, origin = pages.origin) {
  const page = await context.newPage();
  const streams: string[] = [];
  page.on('response', (answer) => {
    const { pathname, search } = new URL(answer.url());
    if (pathname === '/ofrep/v1/stream') streams.push(`${answer.status()} ${pathname}${search}`);
  });
  const go = (more: { [name: string]: string } = {}) => page.goto(`${origin}/ofrep?${String(new URLSearchParams({ url: server.url, ...query, ...more }))}`);
  await go();
  return { page, streams, go };
}

/** All that a page has shown since it was loaded. */
const seen = (page: Page) => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
/** The records of the provider in the storage of the page. */
const records = (page: Page) => page.evaluate(() =>
  Object.entries<string>({ ...localStorage }).filter(([key]) => key.startsWith('ofrep-web-provider:')).map(([, text]) => JSON.parse(text) as unknown));
const revoke = async (client: number) => {
  const { items: [token] } = await server.call<{ items: { id: number }[] }>('GET', `/api/v1/clients/${client}/tokens`);
  await server.call('DELETE', `/api/v1/clients/${client}/tokens/${token!.id}`);
};

test('a change shows in the page; another origin gets nothing', async () => {
  const { choose, query } = await world();
  const { context, said } = await person(browser);
  const { page, streams } = await open(context, query);
  await shows(page, 'grid STATIC');
  await until(() => streams.length === 1, 'the stream');
  await choose('list');
  await shows(page, 'list STATIC');
  await choose('grid');
  await shows(page, 'grid STATIC');
  expect(streams).toEqual([expect.stringMatching(/^200 /)]);
  expect(said).toEqual([]);

  const stranger = await person(browser);
  const elsewhere = await open(stranger.context, query, pages.origin.replace('localhost', 'elsewhere.localhost'));
  await shows(elsewhere.page, 'default ERROR');
  expect(stranger.said.join()).toContain('CORS');
});

test('after a reload the stored answer is there at once, without a server too, and the page catches up', async () => {
  const { choose, query } = await world();
  const { context } = await person(browser);
  const { page, go } = await open(context, query);
  await shows(page, 'grid STATIC');
  expect(await records(page)).toEqual([expect.objectContaining({ etag: expect.stringMatching(/^"/), eventStreams: [expect.anything()] })]);

  await page.goto('about:blank');
  await choose('list'); // while nobody looks
  await go();
  await shows(page, 'list STATIC');
  expect((await seen(page))[0]).toBe('grid CACHED');

  await server.stop();
  await page.reload();
  await shows(page, 'list CACHED');
  await server.start('--cors-origin', pages.origin);
  await choose('grid');
  await shows(page, 'grid STATIC');
});

test('the stream of an open page goes on after a restart of the server, with the same URL', async () => {
  const { choose, query } = await world();
  const { context } = await person(browser);
  const { page, streams } = await open(context, query);
  await shows(page, 'grid STATIC');
  await until(() => streams.length === 1, 'the stream');
  await server.stop();
  await server.start('--cors-origin', pages.origin);
  await until(() => streams.length > 1, 'the stream of the new server');
  await choose('list');
  await shows(page, 'list STATIC');
  expect([...new Set(streams)]).toEqual([streams[0]]);
});

test('a page whose ticket has ended gets another one with its new token', async () => {
  const { client, choose, query } = await world();
  const { context } = await person(browser);
  const { page, streams } = await open(context, query);
  await shows(page, 'grid STATIC');
  await until(() => streams.length === 1, 'the stream');
  const renewed = await server.issue(client.id);
  await page.evaluate((token) => void ((globalThis as unknown as { token: string }).token = token), renewed);
  await revoke(client.id);
  await until(() => streams.length === 3, 'the stream with another ticket');
  await choose('list');
  await shows(page, 'list STATIC');
  const [first, refused, second] = streams.map((text) => text.split(' '));
  expect([first![0], refused![0], second![0]]).toEqual(['200', '401', '200']);
  expect(refused![1]).toBe(first![1]);
  expect(second![1]).not.toBe(first![1]);
});

test('a stored URL whose ticket has ended does not stop a page that comes back after a restart', async () => {
  const { client, choose, query } = await world();
  const { context } = await person(browser);
  const { page, streams, go } = await open(context, { ...query, shelf: 'shared' });
  await shows(page, 'grid STATIC');
  await until(() => streams.length === 1, 'the stream');
  await page.goto('about:blank');
  await revoke(client.id);
  const renewed = await server.issue(client.id);
  await server.stop();
  await server.start('--cors-origin', pages.origin);

  await go({ token: renewed });
  const healed = await until(() => streams.find((text) => text.startsWith('200') && text !== streams[0]), 'the stream with another ticket');
  expect((await seen(page))[0]).toBe('grid CACHED');
  await choose('list');
  await shows(page, 'list STATIC');
  expect(JSON.stringify(await records(page))).toContain(healed.split('ticket=')[1]);
});
