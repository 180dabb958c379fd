// What the sentences of the scenarios mean, for both SDKs.
import { expect } from 'vitest';
import type { Scenario, Step } from './scenarios.js';

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type FlagType = 'boolean' | 'string' | 'number' | 'object';
export type SdkContext = { [name: string]: string | number | boolean | null };
export interface Details {
  value: Json;
  flagKey: string;
  variant?: string | undefined;
  reason?: string | undefined;
  errorCode?: string | undefined;
}

/** What a provider and its SDK do, for one scenario. */
export interface Bench {
  /** A provider in this condition: `stable`, `not ready`, `error`, `fatal` or `stale`. */
  provider(condition: string): Promise<unknown>;
  context(context: SdkContext): Promise<unknown>;
  evaluate(type: FlagType, key: string, fallback: Json): Promise<Details>;
  status(): string;
}

const kTypes: { [name: string]: FlagType } = { Boolean: 'boolean', String: 'string', Integer: 'number', Float: 'number', Object: 'object' };
const typeOf = (name: string) => kTypes[name.charAt(0).toUpperCase() + name.slice(1)]!;
const valueOf = (type: FlagType, text: string): Json => (type === 'string' ? text : (JSON.parse(text) as Json));

interface Memory {
  type: FlagType;
  key: string;
  fallback: Json;
  context: SdkContext;
  details: Details;
}

type Meaning = (bench: Bench, memory: Memory, found: string[], step: Step) => unknown;

async function evaluate(bench: Bench, memory: Memory, type: FlagType, key: string, fallback: Json) {
  Object.assign(memory, { type, key, fallback });
  memory.details = await bench.evaluate(type, key, fallback);
}

const kMeanings: [RegExp, Meaning][] = [
  [/^an? (stable|not ready|error|fatal|stale) provider$/, (bench, _, [condition]) => bench.provider(condition!)],
  // evaluation.feature
  [/^an? (boolean|string|integer|float) flag with key "([^"]*)" is evaluated with (?:details and )?default value "?([^"]*)"?$/,
    (bench, memory, [type, key, fallback]) => evaluate(bench, memory, typeOf(type!), key!, valueOf(typeOf(type!), fallback!))],
  [/^an object flag with key "([^"]*)" is evaluated with (?:details and )?a null default value$/, (bench, memory, [key]) => evaluate(bench, memory, 'object', key!, null)],
  [/^a non-existent string flag with key "([^"]*)" is evaluated with details and a fallback value "([^"]*)"$/,
    (bench, memory, [key, fallback]) => evaluate(bench, memory, 'string', key!, fallback!)],
  [/^a string flag with key "([^"]*)" is evaluated as an integer, with details and a fallback value (\d+)$/,
    (bench, memory, [key, fallback]) => evaluate(bench, memory, 'number', key!, Number(fallback))],
  [/^context contains keys "([^"]*)", "([^"]*)", "([^"]*)", "([^"]*)" with values "([^"]*)", "([^"]*)", (\d+), "([^"]*)"$/,
    async (bench, memory, [a, b, c, d, one, two, three, four]) => {
      memory.context = { [a!]: one!, [b!]: two!, [c!]: Number(three), [d!]: four === 'true' };
      await bench.context(memory.context);
    }],
  [/^a flag with key "([^"]*)" is evaluated with default value "([^"]*)"$/, (bench, memory, [key, fallback]) => evaluate(bench, memory, 'string', key!, fallback!)],
  [/^the resolved (boolean|string|integer|float) (?:value|response) should be "?([^"]*)"?$/,
    (_, { details }, [type, value]) => expect(details.value).toEqual(valueOf(typeOf(type!), value!))],
  [/^the resolved flag value is "([^"]*)" when the context is empty$/, async (bench, { key, fallback }, [value]) => {
    await bench.context({});
    expect((await bench.evaluate('string', key, fallback)).value).toBe(value);
  }],
  [/^the resolved object (?:details )?value should be contain fields "([^"]*)", "([^"]*)", and "([^"]*)", with values "([^"]*)", "([^"]*)" and (\d+), respectively$/,
    (_, { details }, [a, b, c, one, two, three]) => expect(details.value).toEqual({ [a!]: one === 'true', [b!]: two, [c!]: Number(three) })],
  [/^the resolved (boolean|string|integer|float) details value should be "?([^"]*)"?, the variant should be "([^"]*)", and the reason should be "([^"]*)"$/,
    (_, { details }, [type, value, variant, reason]) => expect(details).toMatchObject({ value: valueOf(typeOf(type!), value!), variant, reason })],
  [/^the variant should be "([^"]*)", and the reason should be "([^"]*)"$/, (_, { details }, [variant, reason]) => expect(details).toMatchObject({ variant, reason })],
  [/^the default (?:string|integer) value should be returned$/, (_, { details, fallback }) => expect(details.value).toBe(fallback)],
  [/^the reason should indicate an error and the error code should indicate a (?:missing flag|type mismatch) with "([^"]*)"$/,
    (_, { details }, [errorCode]) => expect(details).toMatchObject({ reason: 'ERROR', errorCode })],
  // evaluation_v2.feature
  [/^a (Boolean|String|Integer|Float|Object)-flag with key "([^"]*)" and a fallback value "(.*)"$/, (_, memory, [type, key, fallback]) =>
    void Object.assign(memory, { type: typeOf(type!), key, fallback: valueOf(typeOf(type!), fallback!) })],
  [/^a context containing a key "([^"]*)", with type "([^"]*)" and with value "([^"]*)"$/, (bench, memory, [name, type, value]) => {
    memory.context = { ...memory.context, [name!]: valueOf(typeOf(type!), value!) as string };
    return bench.context(memory.context);
  }],
  [/^a context containing a key "([^"]*)" with null value$/, (bench, memory, [name]) => {
    memory.context = { ...memory.context, [name!]: null };
    return bench.context(memory.context);
  }],
  [/^the flag was evaluated with details(?: asynchronously)?$/, async (bench, memory) => {
    memory.details = await bench.evaluate(memory.type, memory.key, memory.fallback);
  }],
  [/^the evaluation should complete without blocking$/, (_, { details }) => expect(details).toBeDefined()],
  [/^the resolved details value should be "(.*)"$/, (_, { details, type }, [value]) => expect(details.value).toEqual(valueOf(type, value!))],
  [/^the reason should be "([^"]*)"$/, (_, { details }, [reason]) => expect(details.reason).toBe(reason)],
  [/^the error-code should be "([^"]*)"$/, (_, { details }, [code]) => expect(details.errorCode).toBe(code)],
  [/^the flag key should be "([^"]*)"$/, (_, { details }, [key]) => expect(details.flagKey).toBe(key)],
  [/^the variant should be "([^"]*)"$/, (_, { details }, [variant]) => expect(details.variant).toBe(variant)],
  [/^the provider status should be "([^"]*)"$/, (bench, _, [status]) => expect(bench.status()).toBe(status)],
];

/** Runs a scenario. A sentence that nobody has given a meaning is a failure. */
export async function play({ steps }: Scenario, bench: Bench): Promise<void> {
  const memory = { context: {} } as Memory;
  for (const step of steps) {
    const meaning = kMeanings.find(([form]) => form.test(step.text));
    if (!meaning) throw new Error(`nothing is known about "${step.text}"`);
    const [form, act] = meaning;
    await act(bench, memory, form.exec(step.text)!.slice(1), step);
  }
}
