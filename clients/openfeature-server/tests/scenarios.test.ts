// The public scenarios of OpenFeature with the real SDK for services, against the real server.
import { OpenFeature, type EvaluationContext, type JsonValue } from '@openfeature/server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TogglecastProvider } from '../src/index.js';
import { play, type Bench, type Details, type SdkContext } from '../../support/gherkin/steps.js';
import { flagsOfScenarios, scenarios } from '../../support/gherkin/world.js';
import { proxyTo, Server, until } from '../../support/server.js';

const server = new Server();
let token = '';
let context: SdkContext = {};
OpenFeature.setLogger({ error() {}, warn() {}, info() {}, debug() {} });
beforeAll(async () => {
  await server.start();
  token = await flagsOfScenarios(server);
});
afterAll(() => server.end());
afterEach(async () => {
  await OpenFeature.clearProviders();
  context = {};
});

const bench: Bench = {
  async provider(condition) {
    const make = (more = {}) => new TogglecastProvider({ url: server.url, token, storage: false, ...more });
    if (condition === 'stable') return OpenFeature.setProviderAndWait(make());
    await OpenFeature.clearProviders();
    if (condition === 'not ready') return OpenFeature.setProvider(make({ getToken: () => new Promise(() => {}), token: undefined }));
    if (condition === 'fatal') return OpenFeature.setProviderAndWait(make({ token: 'nonsense' })).catch(() => {});
    const proxy = await proxyTo(server);
    if (condition === 'error') {
      proxy.let(false);
      return OpenFeature.setProviderAndWait(make({ url: proxy.url })).catch(() => {});
    }
    await OpenFeature.setProviderAndWait(make({ url: proxy.url }));
    proxy.let(false);
    await until(() => OpenFeature.getClient().providerStatus !== 'READY', 'the loss');
  },
  context: async (wanted) => (context = wanted),
  async evaluate(type, key, fallback) {
    const client = OpenFeature.getClient();
    if (type === 'boolean') return client.getBooleanDetails(key, fallback as boolean, context as EvaluationContext);
    if (type === 'string') return client.getStringDetails(key, fallback as string, context as EvaluationContext);
    if (type === 'number') return client.getNumberDetails(key, fallback as number, context as EvaluationContext);
    return client.getObjectDetails(key, fallback as JsonValue, context as EvaluationContext) as Promise<Details>;
  },
  status: () => OpenFeature.getClient().providerStatus,
};

describe('evaluation.feature', () => {
  test.each(scenarios('evaluation'))('$name', (scenario) => play(scenario, bench));
});

// What is left out, and why.
const kLeftOut: { [tag: string]: string } = {
  '@reason-codes-cached': 'answers of the state have the reason of the decision',
  '@metadata': 'flagMetadata has what decided, not the metadata of the flag',
  '@evaluation-options': 'hooks are the affair of the SDK',
  '@immutability': 'the affair of the SDK',
};

describe('evaluation_v2.feature', () => {
  const all = scenarios('evaluation_v2');
  const left = all.filter(({ tags }) => tags.some((tag) => tag in kLeftOut));
  test('most of it is tried', () => {
    expect(new Set(left.flatMap(({ tags }) => tags.filter((tag) => tag in kLeftOut)))).toEqual(new Set(Object.keys(kLeftOut)));
    expect(all.length - left.length).toBeGreaterThan(50);
  });
  test.each(all.filter((one) => !left.includes(one)))('$name', (scenario) => play(scenario, bench));
});
