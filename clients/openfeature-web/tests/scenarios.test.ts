// The public scenarios with the SDK for pages, which has one context for all of them.
import { OpenFeature, type JsonValue } from '@openfeature/web-sdk';
import { TogglecastProvider } from '../src/index.js';
import type { Details } from '../../support/gherkin/steps.js';
import { testScenarios } from '../../support/gherkin/suite.js';

testScenarios<TogglecastProvider>(OpenFeature, (options) => new TogglecastProvider(options), {
  context: (context) => OpenFeature.setContext(context),
  forget: () => OpenFeature.clearContext(),
  async evaluate(type, key, fallback) {
    const client = OpenFeature.getClient();
    if (type === 'boolean') return client.getBooleanDetails(key, fallback as boolean);
    if (type === 'string') return client.getStringDetails(key, fallback as string);
    if (type === 'number') return client.getNumberDetails(key, fallback as number);
    return client.getObjectDetails(key, fallback as JsonValue) as Details;
  },
});
