// The provider in the real SDK and its React bindings, against the real server. React renders into a document; the rest is as in Node.
// @vitest-environment happy-dom
import { OpenFeature, ProviderEvents, ProviderStatus, type Client as SdkClient } from '@openfeature/web-sdk';
import { OpenFeatureProvider, useFlag } from '@openfeature/react-sdk';
import { createRoot } from 'react-dom/client';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { TogglecastProvider } from '../src/index.js';
import { proxyTo, Server, until } from '../../support/server.js';
import { testRefusals } from '../../support/refusals.js';

const server = new Server();
beforeAll(() => server.start('--cors-origin', 'http://localhost:3000'));
afterAll(() => server.end());
afterEach(() => OpenFeature.clearProviders());

const kFlags = {
  chat: {},
  layout: { variants: { grid: 'grid', list: 'list' }, defaultVariant: 'grid' },
  rows: { variants: { few: 10, many: 50 }, defaultVariant: 'many' },
  theme: { variants: { a: { colour: 'red' } }, defaultVariant: 'a' },
  region: { targeting: { if: [{ '==': [{ var: 'region' }, 'eu'] }, 'on', 'off'] } },
  closed: { state: 'DISABLED', variants: { a: 'a' }, defaultVariant: 'a' },
  none: { variants: { a: 'a' }, defaultVariant: null },
};

async function world() {
  const made = await server.world(kFlags, { limits: { chat: 5 } });
  const key = (name: keyof typeof kFlags) => made.features[name]!.key;
  return { ...made, key };
}

const heard = (client: SdkClient) => {
  const events: string[] = [];
  const flags: string[] = [];
  for (const name of Object.values(ProviderEvents)) {
    client.addHandler(name, (details) => {
      events.push(name);
      flags.push(...((details?.flagsChanged ?? []) as string[]));
    });
  }
  return { events, flags };
};

test('flags of every type, errors, metadata and a change', async () => {
  const { token, key, features } = await world();
  await OpenFeature.setProviderAndWait(new TogglecastProvider({ url: server.url, token, storage: false }));
  const client = OpenFeature.getClient();
  const { events, flags } = heard(client);
  expect(client.getBooleanValue(key('chat'), false)).toBe(true);
  expect(client.getStringDetails(key('layout'), 'list')).toMatchObject({ value: 'grid', variant: 'grid', reason: 'STATIC', flagMetadata: { enabled: true, rule: 'default_variant' } });
  expect(client.getNumberValue(key('rows'), 1)).toBe(50);
  expect(client.getObjectValue(key('theme'), { colour: 'none' })).toEqual({ colour: 'red' });
  expect(client.getBooleanDetails(key('chat'), false).flagMetadata).toMatchObject({ limit: 5 });
  expect(client.getStringDetails(key('closed'), 'default')).toMatchObject({ value: 'default', reason: 'DISABLED' });
  expect(client.getStringDetails(key('none'), 'default')).toMatchObject({ value: 'default' });
  expect(client.getStringDetails('unknown', 'default')).toMatchObject({ value: 'default', reason: 'ERROR', errorCode: 'FLAG_NOT_FOUND' });
  expect(client.getNumberDetails(key('layout'), 7)).toMatchObject({ value: 7, reason: 'ERROR', errorCode: 'TYPE_MISMATCH' });
  await server.call('POST', `/api/v1/features/${features['chat']!.id}/toggle`, { enabled: false });
  await until(() => flags.length > 0, 'the change');
  expect([events.at(-1), flags, client.getBooleanValue(key('chat'), true)]).toEqual([ProviderEvents.ConfigurationChanged, [key('chat')], false]);
});

test('the context of the SDK decides, and is reconciled', async () => {
  const { token, key } = await world();
  await OpenFeature.setContext({ region: 'us', since: new Date(0) });
  onTestFinished(() => OpenFeature.clearContext());
  await OpenFeature.setProviderAndWait(new TogglecastProvider({ url: server.url, token, storage: false }));
  const client = OpenFeature.getClient();
  const { events } = heard(client);
  expect(client.getBooleanValue(key('region'), true)).toBe(false);
  await OpenFeature.setContext({ region: 'eu' });
  expect(client.getBooleanValue(key('region'), false)).toBe(true);
  expect(events).toContain(ProviderEvents.Reconciling);
  expect(events).toContain(ProviderEvents.ContextChanged);
});

test('away it is STALE and answers, back it is READY', async () => {
  const { token, key } = await world();
  const proxy = await proxyTo(server);
  await OpenFeature.setProviderAndWait(new TogglecastProvider({ url: proxy.url, token, storage: false }));
  const client = OpenFeature.getClient();
  proxy.let(false);
  await until(() => client.providerStatus === ProviderStatus.STALE, 'STALE');
  expect(client.getStringDetails(key('layout'), 'list')).toMatchObject({ value: 'grid', reason: 'STALE' });
  proxy.let(true);
  await until(() => client.providerStatus === ProviderStatus.READY, 'READY');
  expect(client.getStringDetails(key('layout'), 'list').reason).toBe('STATIC');
});

test('without a server it begins with the storage, or with an error until the server is there', async () => {
  const { token, key } = await world();
  const shelf = new Map<string, string>();
  const storage = { getItem: (name: string) => shelf.get(name) ?? null, setItem: (name: string, value: string) => void shelf.set(name, value), removeItem: () => {} };
  const proxy = await proxyTo(server);
  const make = (more = {}) => new TogglecastProvider({ url: proxy.url, token, storage, ...more });
  await OpenFeature.setProviderAndWait(make());
  await OpenFeature.clearProviders();
  expect(shelf.size).toBe(1);
  proxy.let(false);
  await OpenFeature.setProviderAndWait(make());
  const client = OpenFeature.getClient();
  await until(() => client.providerStatus === ProviderStatus.STALE, 'STALE');
  expect(client.getBooleanDetails(key('chat'), false)).toMatchObject({ value: true, reason: 'STALE' });

  await expect(OpenFeature.setProviderAndWait(make({ storage: false }))).rejects.toThrow('togglecast: offline');
  expect(client.providerStatus).toBe(ProviderStatus.ERROR);
  expect(client.getBooleanValue(key('chat'), false)).toBe(false);
  proxy.let(true);
  await until(() => client.providerStatus === ProviderStatus.READY, 'READY');
  expect(client.getBooleanValue(key('chat'), false)).toBe(true);
});

testRefusals<TogglecastProvider>(server, OpenFeature, (options) => new TogglecastProvider(options), world);

test('the React bindings of the SDK render a change', async () => {
  const { token, key, features } = await world();
  await OpenFeature.setProviderAndWait(new TogglecastProvider({ url: server.url, token, storage: false }));
  const Page = () => <p>{String(useFlag(key('chat'), false).value)}</p>;
  const place = document.createElement('div');
  const root = createRoot(place);
  onTestFinished(() => root.unmount());
  root.render(<OpenFeatureProvider><Page /></OpenFeatureProvider>);
  await until(() => place.textContent === 'true', 'the first answer');
  await server.call('POST', `/api/v1/features/${features['chat']!.id}/toggle`, { enabled: false });
  await until(() => place.textContent === 'false', 'the change');
});
