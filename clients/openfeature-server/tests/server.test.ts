// The provider in the real SDK, against the real server.
import { OpenFeature, ProviderEvents, ProviderStatus } from '@openfeature/server-sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TogglecastProvider } from '../src/index.js';
import { proxyTo, Server, until } from '../../support/server.js';
import { testRefusals } from '../../support/refusals.js';

const server = new Server();
const patience = 60_000; // the time of an answer on a busy machine
beforeAll(() => server.start());
afterAll(() => server.end());
afterEach(() => OpenFeature.clearProviders());

async function world() {
  const made = await server.world({
    region: { targeting: { if: [{ '==': [{ var: 'region' }, 'eu'] }, 'on', 'off'] } },
    layout: { variants: { grid: 'grid', list: 'list' }, defaultVariant: 'grid', targeting: { if: [{ '==': [{ var: 'targetingKey' }, 'ada'] }, 'list'] } },
  });
  const key = (name: string) => made.features[name]!.key;
  return { ...made, key };
}

test('each request is answered for its own context, over one connection', async () => {
  const { token, key } = await world();
  const proxy = await proxyTo(server);
  await OpenFeature.setProviderAndWait(new TogglecastProvider({ url: proxy.url, token, patience }));
  const client = OpenFeature.getClient();
  expect(await client.getBooleanValue(key('region'), true)).toBe(false);
  const regions = ['eu', 'us', 'eu', 'jp'];
  expect(await Promise.all(regions.map((region) => client.getBooleanValue(key('region'), false, { region })))).toEqual([true, false, true, false]);
  expect(await client.getStringDetails(key('layout'), 'none', { targetingKey: 'ada' })).toMatchObject({ value: 'list', variant: 'list', reason: 'TARGETING_MATCH' });
  expect(await client.getStringValue(key('layout'), 'none', { targetingKey: 'bob' })).toBe('grid');
  expect(await client.getStringDetails('unknown', 'none', { region: 'eu' })).toMatchObject({ value: 'none', errorCode: 'FLAG_NOT_FOUND' });
  expect(await client.getNumberDetails(key('layout'), 7, { region: 'eu' })).toMatchObject({ value: 7, errorCode: 'TYPE_MISMATCH' });
  expect(await client.getBooleanDetails(key('region'), true, { deep: { a: { b: { c: { d: { e: 1 } } } } } })).toMatchObject({ value: true, errorCode: 'GENERAL' });
  expect(proxy.open).toBe(1);
});

test('more requests than the server takes at once are answered all the same, and answers are kept', async () => {
  const { token, key } = await world();
  const provider = new TogglecastProvider({ url: server.url, token, freshFor: 600_000, patience });
  await OpenFeature.setProviderAndWait(provider);
  const client = OpenFeature.getClient();
  let asked = 0;
  provider.client.socket.onAnyOutgoing((name: string) => void (name === 'feature_check' && asked++));
  const people = Array.from({ length: 220 }, (_, index) => ({ targetingKey: `person-${index}` }));
  const all = () => Promise.all(people.map((context) => client.getStringValue(key('layout'), 'none', context)));
  expect(new Set(await all())).toEqual(new Set(['grid']));
  const before = asked;
  expect(before).toBeGreaterThanOrEqual(220);
  await all();
  expect(asked).toBe(before);
});

test('a change that does not concern the connection itself reaches the contexts of requests', async () => {
  const { token, key, features } = await world();
  await OpenFeature.setProviderAndWait(new TogglecastProvider({ url: server.url, token, freshFor: 0, patience }));
  const client = OpenFeature.getClient();
  expect(await client.getBooleanValue(key('region'), true, { region: 'jp' })).toBe(false);
  // For the empty context of the connection the answer stays "off", so the server has nothing to push.
  await server.call('PATCH', `/api/v1/features/${features['region']!.id}`, { targeting: { if: [{ '==': [{ var: 'region' }, 'jp'] }, 'on', 'off'] } });
  expect(await client.getBooleanValue(key('region'), false, { region: 'jp' })).toBe(true);
});

test('events: a change, STALE with the answers that are kept, and READY', async () => {
  const { token, key, features } = await world();
  const proxy = await proxyTo(server);
  await OpenFeature.setProviderAndWait(new TogglecastProvider({ url: proxy.url, token, patience }));
  const client = OpenFeature.getClient();
  const changed: string[] = [];
  client.addHandler(ProviderEvents.ConfigurationChanged, (details) => void changed.push(...(details?.flagsChanged ?? [])));
  await server.call('PATCH', `/api/v1/features/${features['layout']!.id}`, { defaultVariant: 'list' });
  await until(() => changed.length > 0, 'the change');
  expect(changed).toEqual([key('layout')]);
  expect(await client.getBooleanValue(key('region'), false, { region: 'eu' })).toBe(true);
  proxy.let(false);
  await until(() => client.providerStatus === ProviderStatus.STALE, 'STALE');
  expect(await client.getBooleanDetails(key('region'), false, { region: 'eu' })).toMatchObject({ value: true, reason: 'STALE' });
  expect(await client.getStringDetails(key('layout'), 'none')).toMatchObject({ value: 'list', reason: 'STALE' });
  expect(await client.getBooleanDetails(key('region'), false, { region: 'xx' })).toMatchObject({ value: false, errorCode: 'GENERAL' });
  proxy.let(true);
  await until(() => client.providerStatus === ProviderStatus.READY, 'READY');
});

testRefusals<TogglecastProvider>(server, OpenFeature, (options) => new TogglecastProvider(options), world);

test('without a server it begins with an error, until the server is there', async () => {
  const { token, key } = await world();
  const proxy = await proxyTo(server);
  proxy.let(false);
  await expect(OpenFeature.setProviderAndWait(new TogglecastProvider({ url: proxy.url, token }))).rejects.toThrow('togglecast: offline');
  const client = OpenFeature.getClient();
  expect(client.providerStatus).toBe(ProviderStatus.ERROR);
  proxy.let(true);
  await until(() => client.providerStatus === ProviderStatus.READY, 'READY');
  expect(await client.getStringValue(key('layout'), 'none')).toBe('grid');
});
