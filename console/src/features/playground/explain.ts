// The answer of the server in words: which step decided, and why. Pure.
import type { Schemas } from '@togglecast/admin';
import { describeCondition, describeServe } from '../../shared/rules/describe';
import { parseTargeting } from '../../shared/rules/targeting';
import type { Json } from '../../shared/rules/condition';

export type Decision = Schemas['Decision'];
export type Explanation = Schemas['Explanation'];
export type RuleName = Schemas['Rule'];

export const kRules: { [rule in RuleName]: string } = {
  client_inactive: 'Client is active', feature_disabled: 'Feature is on', platform_off: 'Platforms are on', parent_off: 'Feature is on for the client', required_feature_off: 'Required features are on',
  override: 'Override', not_in_package: 'Package includes it', platform_not_in_package: 'Package opens its platforms', targeting: 'Targeting', default_variant: 'Default variant',
};

/** The step that decided, as a sentence. `sub`: of a sub-feature. */
export function because(decision: Decision, { sub }: { sub?: unknown } = {}): string {
  const of = decision.because_of?.key ? ` ${decision.because_of.key}` : '';
  if (decision.error) return decision.error.message;
  switch (decision.rule) {
    case 'client_inactive': return 'the client is switched off';
    case 'feature_disabled': return sub ? 'the sub-feature is switched off' : 'the feature is switched off';
    case 'platform_off': return `the platform${of} is off`;
    case 'parent_off': return 'its feature is off for the client';
    case 'required_feature_off': return `the required feature${of} is off`;
    case 'override': return decision.enabled ? 'an override grants it' : 'an override takes it away';
    case 'not_in_package': return 'the package does not include it';
    case 'platform_not_in_package': return `the package does not open the platform${of}`;
    case 'targeting': return 'a rule decided';
    case 'default_variant': return 'no rule decided: the default variant';
  }
}

/** What a decision gives, in a few characters. */
export function valueText(decision: Pick<Decision, 'value' | 'variant'>): string {
  if (decision.variant !== null) return decision.variant;
  if (decision.value === null || decision.value === undefined) return 'no value';
  return typeof decision.value === 'string' ? decision.value : JSON.stringify(decision.value);
}

/** The rule of the builder that decided, found by the conditions that the trace evaluated; nothing for logic written by hand. */
export function decidingRule(targeting: unknown, trace: Explanation['trace']): string | undefined {
  const parsed = parseTargeting(targeting as Json | undefined);
  if (!parsed) return undefined;
  const describe = (index: number) => `rule ${index + 1}: ${describeCondition(parsed.rules[index]!.when)} → ${describeServe(parsed.rules[index]!.serve)}`;
  for (const [index] of parsed.rules.entries()) {
    const step = trace.find(({ segment, pointer }) => segment === null && pointer === `/targeting/if/${index * 2}`);
    if (!step) return undefined;
    if (truthy(step.result)) return describe(index);
  }
  return parsed.rules.length ? `no rule holds, so everybody else: ${describeServe(parsed.otherwise ?? { kind: 'default' })}` : parsed.otherwise ? describeServe(parsed.otherwise) : undefined;
}

// As in JsonLogic: an empty list is false.
const truthy = (value: unknown) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

export const sameDecision = (a: Decision, b: Decision) => a.enabled === b.enabled && a.variant === b.variant && a.rule === b.rule && JSON.stringify(a.value) === JSON.stringify(b.value);

/** What a step found, in words: `has_targeting: false` is "has targeting: no". */
export function foundText(found: { [fact: string]: unknown }): string {
  return Object.entries(found).map(([fact, value]) => `${fact.replaceAll('_', ' ')}: ${factText(value)}`).join(', ');
}

function factText(value: unknown): string {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
