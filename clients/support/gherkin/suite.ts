// The public scenarios of OpenFeature as tests of a provider in the real SDK, against the real server.
import type { ClientOptions } from '@togglecast/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { proxyTo, Server, until } from '../server.js';
import { play, type Bench } from './steps.js';
import { flagsOfScenarios, scenarios } from './world.js';

/** What both SDKs have. */
interface Sdk<Provider> {
  setLogger(logger: object): unknown;
  setProvider(provider: Provider): unknown;
  setProviderAndWait(provider: Provider): Promise<void>;
  clearProviders(): Promise<void>;
  getClient(): { readonly providerStatus: string };
}

// What is left out, and why.
const kLeftOut: { [tag: string]: string } = {
  '@reason-codes-cached': 'answers of the state have the reason of the decision',
  '@metadata': 'flagMetadata has what decided, not the metadata of the flag',
  '@evaluation-options': 'hooks are the affair of the SDK',
  '@immutability': 'the affair of the SDK',
};

/** `evaluate` and `context` are what the two SDKs do differently. `forget`: the context of the last scenario goes. */
export function testScenarios<Provider>(
  sdk: Sdk<Provider>, create: (options: ClientOptions) => Provider, { forget, ...own }: Pick<Bench, 'context' | 'evaluate'> & { forget(): unknown },
): void {
  const server = new Server();
  let token = '';
  sdk.setLogger({ error() {}, warn() {}, info() {}, debug() {} });
  beforeAll(async () => {
    await server.start();
    token = await flagsOfScenarios(server);
  });
  afterAll(() => server.end());
  afterEach(async () => {
    await sdk.clearProviders();
    await forget();
  });

  const bench: Bench = {
    ...own,
    status: () => sdk.getClient().providerStatus,
    async provider(condition) {
      const make = (more: ClientOptions = {}) => create({ url: server.url, token, storage: false, ...more });
      if (condition === 'stable') return sdk.setProviderAndWait(make());
      await sdk.clearProviders();
      if (condition === 'not ready') return sdk.setProvider(create({ url: server.url, storage: false, getToken: () => new Promise(() => {}) }));
      if (condition === 'fatal') return sdk.setProviderAndWait(make({ token: 'nonsense' })).catch(() => {});
      const proxy = await proxyTo(server);
      if (condition === 'error') {
        proxy.let(false);
        return sdk.setProviderAndWait(make({ url: proxy.url })).catch(() => {});
      }
      await sdk.setProviderAndWait(make({ url: proxy.url }));
      proxy.let(false);
      await until(() => sdk.getClient().providerStatus !== 'READY', 'the loss');
    },
  };

  describe('evaluation.feature', () => {
    test.each(scenarios('evaluation'))('$name', (scenario) => play(scenario, bench));
  });

  describe('evaluation_v2.feature', () => {
    const all = scenarios('evaluation_v2');
    const left = all.filter(({ tags }) => tags.some((tag) => tag in kLeftOut));
    test('most of it is tried', () => {
      expect(new Set(left.flatMap(({ tags }) => tags.filter((tag) => tag in kLeftOut)))).toEqual(new Set(Object.keys(kLeftOut)));
      expect(all.length - left.length).toBeGreaterThan(50);
    });
    test.each(all.filter((one) => !left.includes(one)))('$name', (scenario) => play(scenario, bench));
  });
}
