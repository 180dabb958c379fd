// The core as React Native gets it: by the export condition `react-native`, in a realm that has the language and the few
// globals of React Native (its `fetch` and `crypto` are not needed), and neither window, document nor localStorage.
// TOGGLECAST_NATIVE_BUNDLE: a script of another bundler that sets the global `togglecast`; tools/metro.mjs makes one.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Client, ClientOptions } from '../src/index.js';
import { Server, until } from '../../support/server.js';

const server = new Server();
let script = '';
beforeAll(async () => {
  await server.start();
  const made = process.env['TOGGLECAST_NATIVE_BUNDLE'];
  if (made) return void (script = readFileSync(made, 'utf8'));
  const entry = "export { createClient } from '@togglecast/client';";
  const { outputFiles, warnings } = await build({
    stdin: { contents: entry, resolveDir: import.meta.dirname }, bundle: true, write: false, format: 'iife', globalName: 'togglecast',
    platform: 'browser', conditions: ['react-native'], mainFields: ['react-native', 'browser', 'module', 'main'], logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  script = outputFiles[0]!.text;
});
afterAll(() => server.end());

interface Device {
  create(options: ClientOptions): Client;
  shelf: Map<string, string>;
  missing: string[];
}

const kMissing = ['window', 'document', 'localStorage', 'crypto', 'TextDecoder', 'BroadcastChannel', 'addEventListener', 'fetch', 'process'];

/** A device. It has no more than it is given here. */
function device(): Device {
  const require = createRequire(path.join(path.dirname(createRequire(import.meta.url).resolve('socket.io-client')), 'x.js'));
  const engine = createRequire(require.resolve('engine.io-client'));
  const globals = {
    setTimeout, clearTimeout, setInterval, clearInterval, console, atob, btoa,
    WebSocket: engine('ws') as unknown, XMLHttpRequest: (engine('xmlhttprequest-ssl') as { XMLHttpRequest: unknown }).XMLHttpRequest,
    navigator: { product: 'ReactNative' }, performance: { now: () => performance.now() },
  };
  const realm = createContext({ ...globals });
  runInContext('globalThis.global = globalThis; globalThis.self = globalThis', realm);
  const missing = kMissing.filter((name) => !runInContext(`'${name}' in globalThis`, realm));
  runInContext(script, realm);
  // As AsyncStorage: it promises.
  const made = runInContext(`(() => {
    const shelf = new Map();
    const storage = {
      getItem: async (key) => shelf.get(key) ?? null, setItem: async (key, value) => void shelf.set(key, value), removeItem: async (key) => void shelf.delete(key),
    };
    return { create: (options) => togglecast.createClient({ storage, ...options }), shelf };
  })()`, realm) as Omit<Device, 'missing'>;
  return { ...made, missing, create: (options) => {
    const client = made.create(options);
    onTestFinished(() => client.close());
    return client;
  } };
}

test('it connects, follows, keeps its state, and reports', async () => {
  const { features, token } = await server.world({ chat: {} });
  const { key, id } = features['chat']!;
  const { create, shelf, missing } = device();
  expect(missing).toEqual(kMissing);
  const client = create({ url: server.url, token });
  await client.ready();
  expect(client.flag(key, false)).toBe(true);
  await server.call('POST', `/api/v1/features/${id}/toggle`, { enabled: false });
  await until(() => !client.flag(key, true), 'the change');
  expect(await client.reportMetrics([{ name: 'opened', value: 1 }])).toMatchObject({ accepted: 1 });
  client.close();
  await until(() => shelf.size === 1, 'the record');

  const again = create({ url: server.url, token, connect: false });
  await until(() => again.details(key) !== undefined, 'the stored state');
  expect([again.status, again.flag(key, true)]).toEqual(['stale', false]);
  again.connect();
  await again.ready();
});

test('over polling', async () => {
  const { features, token } = await server.world({ chat: {} });
  const client = device().create({ url: server.url, token, transport: { transports: ['polling'] } });
  await client.ready();
  expect(client.flag(features['chat']!.key, false)).toBe(true);
});

test('a renewed token is one of the same client: the state stays', async () => {
  const { features, client: record } = await server.world({ chat: {} });
  const { key } = features['chat']!;
  const asked: boolean[] = [];
  const client = device().create({
    url: server.url,
    getToken: async ({ refresh }) => {
      asked.push(refresh);
      return server.issue(record.id, { expires_in: refresh ? 86_400 : 12 });
    },
  });
  await client.ready();
  const seen: boolean[] = [];
  client.on('change', () => seen.push(client.flag(key, false)));
  await until(() => asked.length === 2 && client.status === 'ready', 'the renewal');
  await server.call('POST', `/api/v1/features/${features['chat']!.id}/toggle`, { enabled: false });
  await until(() => seen.length > 0, 'the change');
  expect(seen).toEqual([false]);
});
