// What the server says about coming back, as the stock client hears it, and what the next CONNECT says.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Client } from '../src/index.js';
import { proxyTo, Server, until } from '../../support/server.js';
import { page, Shelf } from './page.js';

const server = new Server();
beforeAll(() => server.start());
afterAll(() => server.end());

/** The pauses that are taken from now on, in ms. The random part of each is half of its window. */
function pauses() {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
  onTestFinished(() => [timers, random].forEach((spy) => spy.mockRestore()));
  return () => timers.mock.calls.map(([, pause]) => pause);
}

const lost = (client: Client) => until(() => client.status === 'stale', 'the loss');

// The windows are those of tests/vectors/client/life.json.
test.each([
  { code: 1000, pause: 500, means: 'nothing' },
  { code: 1012, pause: 1000, means: 'that all come at once: a window of two seconds' },
  { code: 1013, pause: 3000, means: 'that there is too much to do: a second, and a window of four' },
])('the close code $code says $means', async ({ code, pause }) => {
  const { token } = await server.world();
  const proxy = await proxyTo(server);
  const { client } = page({ token, url: proxy.url });
  await client.ready();
  const now = Date.now;
  onTestFinished(() => void (Date.now = now));
  Date.now = () => now() + 60_000; // a connection that has lived long
  const taken = pauses();
  proxy.closeWith(code);
  await lost(client);

  expect(taken()).toContain(pause);
  expect(taken().filter((one) => [500, 1000, 3000].includes(one!))).toEqual([pause]);
  client.connect(); // at once
  await client.ready();
});

test.each(['rate_limited', 'unavailable'])('a refusal for a time says when to come back: %s', async (code) => {
  const refusal = { message: 'later', data: { code, message: 'later', retry_after_ms: 7000 } };
  const answers = ['0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}', `44/client,${JSON.stringify(refusal)}`];
  const busy = createServer((request, answer) => answer.end(request.method === 'POST' ? 'ok' : (answers.shift() ?? '1')));
  await new Promise<void>((listening) => busy.listen(0, 'localhost', listening));
  onTestFinished(() => void busy.close());
  const url = `http://localhost:${(busy.address() as AddressInfo).port}`;
  const taken = pauses();
  const errors: string[] = [];
  const { client } = page({ token: 'any', url, transport: { transports: ['polling'] }, connect: false });
  client.on('error', (error) => errors.push(error.code));
  client.connect();
  await until(() => client.status === 'offline', 'the refusal');

  expect(taken(), '7 s, and half of two').toContain(8000);
  expect(errors, 'no error that a page should show').toEqual([]);
});

test('a stored session is offered once: when the server does not know it, the next CONNECT has another', async () => {
  const { token } = await server.world();
  const proxy = await proxyTo(server);
  const shelf = new Shelf();
  const first = page({ token, url: proxy.url, storage: shelf }).client;
  await first.ready();
  await until(() => shelf.size > 0, 'the record');
  first.close();
  type Record = { resume: { pid: string; offset: string } };
  const [[key, text]] = [...shelf] as [[string, string]];
  const record = JSON.parse(text) as Record;
  record.resume.pid = 'of-another-life';
  shelf.set(key, JSON.stringify(record));

  const { client, events } = page({ token, url: proxy.url, storage: shelf, connect: false });
  const packets = vi.spyOn(client.socket as unknown as { packet(packet: { type: number; data: Record['resume'] }): void }, 'packet');
  const connects = () => packets.mock.calls.flatMap(([{ type, data }]) => (type === 0 ? data : [])); // 0: CONNECT
  client.connect();
  await client.ready();
  expect(connects()).toMatchObject([record.resume]);
  expect(events[0]).toBe('client_connected');

  proxy.cut();
  await until(() => events.includes('client_resumed'), 'the session of this life');
  expect(connects()[1]?.pid).not.toBe(record.resume.pid);
  expect(connects()[1]?.offset).toBeTypeOf('string');
});

test('a change right behind the answer to a login stays', async () => {
  const { features, token } = await server.world({ chat: {} });
  const { key, id } = features['chat']!;
  const proxy = await proxyTo(server);
  const { client } = page({ token, url: proxy.url, transport: { transports: ['websocket'], perMessageDeflate: false as never } }); // its frames can be read
  await client.ready();
  const held = proxy.hold();
  const moved = client.setContext({ region: 'eu' });
  await until(() => held.text().includes('server_time'), 'the answer');
  await server.call('POST', `/api/v1/features/${id}/toggle`, { enabled: false });
  await until(() => held.text().includes('feature_update'), 'the change');
  held.release();
  await moved;
  await until(() => client.details(key)?.rule === 'feature_disabled', 'the answer without the feature');
  expect(client.flag(key, true)).toBe(false);
});

test('a token that ends while no other can be had is replaced as soon as one can', async () => {
  const { client: record, features } = await server.world({ chat: {} });
  let away = false;
  const { client } = page({
    url: server.url,
    getToken: async ({ refresh }) => {
      if (away) throw new Error('the back end is away');
      away = !refresh;
      return server.issue(record.id, { expires_in: refresh ? 86_400 : 12 });
    },
  });
  const errors = new Set<string>();
  client.on('error', ({ code }) => errors.add(code));
  await client.ready();
  await until(() => errors.size > 0, 'a token that cannot be had');
  expect(client.status, 'the one that it has still counts').toBe('ready');
  await until(() => client.status === 'offline', 'the end of the connection');
  expect(client.flag(features['chat']!.key, false)).toBe(true);
  away = false;
  client.connect(); // at once
  await client.ready();
  expect(client.flag(features['chat']!.key, false)).toBe(true);
  expect([...errors]).toEqual(['unreachable']);
});
