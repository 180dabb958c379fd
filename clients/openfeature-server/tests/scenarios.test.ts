// The public scenarios with the SDK for services, where each request has its context.
import { OpenFeature, type EvaluationContext, type JsonValue } from '@openfeature/server-sdk';
import { TogglecastProvider } from '../src/index.js';
import type { Details } from '../../support/gherkin/steps.js';
import { testScenarios } from '../../support/gherkin/suite.js';

let context: EvaluationContext = {};

testScenarios<TogglecastProvider>(OpenFeature, (options) => new TogglecastProvider(options), {
  context: async (wanted) => (context = wanted as EvaluationContext),
  forget: () => (context = {}),
  async evaluate(type, key, fallback) {
    const client = OpenFeature.getClient();
    if (type === 'boolean') return client.getBooleanDetails(key, fallback as boolean, context);
    if (type === 'string') return client.getStringDetails(key, fallback as string, context);
    if (type === 'number') return client.getNumberDetails(key, fallback as number, context);
    return client.getObjectDetails(key, fallback as JsonValue, context) as Promise<Details>;
  },
});
