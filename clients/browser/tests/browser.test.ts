// The packages in Debian's Chromium against the real server: pages of another origin, as bundlers make them.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, person, shows } from '../../support/browser.js';
import { servePages } from '../../support/pages.js';
import { proxyTo, Server, until } from '../../support/server.js';

const server = new Server();
let browser: Browser;
let pages: Awaited<ReturnType<typeof servePages>>;

beforeAll(async () => {
  pages = await servePages({ plain: 'plain.js', react: 'react.jsx', vue: 'vue.js', worker: 'worker.js', workers: 'workers.js' }, { 'react-development': 'react.jsx' });
  await server.start('--cors-origin', pages.origin);
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  pages?.close();
  await server.end();
});

async function open(context: BrowserContext, name: string, query: { [name: string]: string }): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${pages.origin}/${name}?${String(new URLSearchParams({ url: server.url, ...query }))}`);
  return page;
}

async function world() {
  const made = await server.world({ layout: { variants: { grid: 'grid', list: 'list' }, defaultVariant: 'grid' } });
  const { id, key } = made.features['layout']!;
  const choose = (variant: string) => server.call('PATCH', `/api/v1/features/${id}`, { defaultVariant: variant });
  return { ...made, id, key, choose, query: { token: made.token, flag: key } };
}

describe.each(['react', 'vue'])('a page with %s', (name) => {
  test('shows a change, and a change of plan moves features', async () => {
    const { client, plan, choose, query } = await world();
    const { context, said } = await person(browser);
    const page = await open(context, name, query);
    await shows(page, `grid ready ${plan.key} open`);
    await choose('list');
    await shows(page, `list ready ${plan.key} open`);
    const other = await server.call('POST', '/api/v1/packages', { key: `other-${plan.key}`, name: 'Other' });
    await server.call('PATCH', `/api/v1/clients/${client.id}`, { package_id: other.id });
    await shows(page, `default ready ${other.key} closed`);
    expect(said).toEqual([]);
  });
});

test('in the StrictMode of React a page has one connection', async () => {
  const { plan, query } = await world();
  const { context, said } = await person(browser);
  const proxy = await proxyTo(server);
  const page = await open(context, 'react-development', { ...query, url: proxy.url, strict: 'yes' });
  await shows(page, `grid ready ${plan.key} open`);
  await until(() => proxy.open === 1, 'one connection');
  expect(said).toEqual([]);
});

test('without the server the page still answers, after a reload too, and catches up', async () => {
  const { choose, query } = await world();
  const { context, said } = await person(browser);
  const page = await open(context, 'plain', query);
  await shows(page, 'grid ready server');
  await server.stop();
  await shows(page, 'grid offline server');
  await page.reload();
  await shows(page, 'grid offline storage');
  const refused = said.length; // that nothing listens is for the browser to say
  expect(said.filter((line) => !/ERR_CONNECTION_REFUSED|WebSocket connection/.test(line))).toEqual([]);
  await server.start('--cors-origin', pages.origin);
  await choose('list');
  await shows(page, 'list ready server');
  expect(said.slice(refused).filter((line) => !/ERR_CONNECTION_REFUSED|WebSocket connection/.test(line))).toEqual([]);
});

/** Two tabs of one client, behind a proxy that counts connections. */
async function twoTabs() {
  const { choose, query } = await world();
  const { context, said } = await person(browser);
  const proxy = await proxyTo(server);
  const first = await open(context, 'plain', { ...query, url: proxy.url });
  await shows(first, 'grid ready server');
  const second = await open(context, 'plain', { ...query, url: proxy.url });
  await shows(second, 'grid ready server');
  return { proxy, first, second, choose, said };
}

/** How many sessions of clients were resumed so far. */
async function resumes(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`, { headers: { Authorization: `Bearer ${server.token}` } })).text();
  const lines = text.matchAll(/^togglecast_realtime_resumes_total\{namespace="\/client",result="(?:current|updated)"\} (\d+)/gm);
  return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('two tabs', () => {
  test('share one connection; when its tab closes, the other takes over and resumes', async () => {
    const { proxy, first, second, choose, said } = await twoTabs();
    expect(proxy.open).toBe(1);
    await choose('list');
    await Promise.all([shows(first, 'list ready server'), shows(second, 'list ready server')]);
    const metrics = (page: Page) => page.evaluate(() => (globalThis as unknown as { client: { reportMetrics(list: object[]): Promise<object> } }).client.reportMetrics([{ name: 'tab', value: 1 }]));
    expect(await metrics(second)).toEqual({ accepted: 1, dropped: 0 });

    const before = await resumes();
    await first.close();
    await choose('grid');
    await shows(second, 'grid ready server');
    await until(() => proxy.open === 1, 'the end of the first connection');
    expect(await resumes()).toBe(before + 1);
    expect(await metrics(second)).toEqual({ accepted: 1, dropped: 0 });
    expect(said).toEqual([]);
  });

  test('of one client share, also when each gets a token of its own', async () => {
    const { client, choose, query } = await world();
    const { context, said } = await person(browser);
    const proxy = await proxyTo(server);
    const tabs = [];
    for (const token of [query.token, await server.issue(client.id)]) {
      tabs.push(await open(context, 'plain', { ...query, token, late: 'yes', url: proxy.url }));
      await shows(tabs.at(-1)!, 'grid ready server');
    }
    expect(proxy.open).toBe(1);
    await choose('list');
    for (const tab of tabs) await shows(tab, 'list ready server');
    await tabs[0]!.close();
    await choose('grid');
    await shows(tabs[1]!, 'grid ready server');
    await until(() => proxy.open === 1, 'the end of the first connection');
    expect(said).toEqual([]);
  });

  test('of two clients, or with other wishes, do not', async () => {
    const [one, two] = [await world(), await world()];
    const { context } = await person(browser);
    const proxy = await proxyTo(server);
    for (const query of [one.query, two.query, { ...one.query, share: 'no' }]) await shows(await open(context, 'plain', { ...query, url: proxy.url }), 'grid ready server');
    expect(proxy.open).toBe(3);
  });

  test('the one that reads the socket gets a connection of its own', async () => {
    const { proxy, first, second } = await twoTabs();
    await second.evaluate(() => void (globalThis as unknown as { client: { socket: unknown } }).client.socket);
    await until(() => proxy.open === 2, 'two connections');
    await Promise.all([shows(first, 'grid ready server'), shows(second, 'grid ready server')]);
  });

  test('the one whose leader says nothing gets a connection of its own', async () => {
    const { choose, query } = await world();
    const { context, said } = await person(browser);
    const proxy = await proxyTo(server);
    const first = await open(context, 'plain', { ...query, url: proxy.url });
    await shows(first, 'grid ready server');
    await first.evaluate(async () => { // keeps the lock, without a client
      const [{ name }] = (await navigator.locks.query()).held as [{ name: string }];
      (globalThis as unknown as { client: { close(): void } }).client.close();
      await new Promise<void>((held) => void navigator.locks.request(name, () => (held(), new Promise(() => {}))));
    });
    await until(() => proxy.open === 0, 'no connection');
    const second = await open(context, 'plain', { ...query, url: proxy.url });
    await shows(second, 'grid ready server');
    await until(() => proxy.open === 1, 'the end of the first connection');
    await choose('list');
    await shows(second, 'list ready server');
    expect(said).toEqual([]);
  });

  test('with another context leave each other', async () => {
    const { proxy, first, second } = await twoTabs();
    await second.evaluate(() => (globalThis as unknown as { client: { setContext(context: object): Promise<void> } }).client.setContext({ region: 'eu' }));
    await until(() => proxy.open === 2, 'two connections');
    await Promise.all([shows(first, 'grid ready server'), shows(second, 'grid ready server')]);
  });
});

test('the code for tabs is loaded where tabs share, and nowhere else', async () => {
  const { query } = await world();
  const code = async (name: string, more: { [name: string]: string }, shown: string) => {
    const { context } = await person(browser); // with a cache of its own
    pages.served.length = 0;
    await shows(await open(context, name, { ...query, ...more }), shown);
    return pages.served.filter((script) => script.includes('tabs'));
  };
  expect(await code('plain', {}, 'grid ready server')).toHaveLength(1);
  expect(await code('plain', { share: 'no' }, 'grid ready server')).toEqual([]);
  expect(await code('workers', { kind: 'dedicated' }, 'DedicatedWorkerGlobalScope without window,document,localStorage: grid ready')).toEqual([]);
});

test.each([
  ['a full storage', { broken: 'full' }], ['a forbidden storage', { broken: 'forbidden' }],
  ['a clock that is a day ahead', { skew: '86400000' }], ['a clock that is a day behind', { skew: '-86400000' }],
  ['forbidden locks', { broken: 'locks' }], ['no channels to other tabs', { broken: 'channels' }],
])('with %s the page works', async (_, more) => {
  const { choose, query } = await world();
  const { context, said } = await person(browser);
  const page = await open(context, 'plain', { ...query, ...more });
  await shows(page, 'grid ready server');
  await choose('list');
  await shows(page, 'list ready server');
  await page.reload();
  await shows(page, 'list ready server');
  expect(said).toEqual([]);
});

test.each([
  ['dedicated', 'DedicatedWorkerGlobalScope'], ['shared', 'SharedWorkerGlobalScope'], ['service', 'ServiceWorkerGlobalScope'],
])('in a %s worker, without window, document and localStorage', async (kind, scope) => {
  const { choose, query } = await world();
  const { context, said } = await person(browser);
  const page = await open(context, 'workers', { ...query, kind });
  await shows(page, `${scope} without window,document,localStorage: grid ready`);
  await choose('list');
  await shows(page, `${scope} without window,document,localStorage: list ready`);
  expect(said).toEqual([]);
});
