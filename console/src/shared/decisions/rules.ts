// The rules that decide about a feature, in words. docs/evaluation.md has their order.
import type { Schemas } from '@togglecast/admin';

export type Decision = Schemas['Decision'];

const kRules: { [rule in Schemas['Rule']]: string } = {
  client_inactive: 'The client is inactive',
  feature_disabled: 'The feature is off',
  platform_off: 'A platform that it needs is off',
  parent_off: 'Its feature is off',
  required_feature_off: 'A feature that it requires is off',
  override: 'Override of this client',
  not_in_package: 'Not in the package',
  platform_not_in_package: 'The package does not open the platform',
  targeting: 'Rules of the feature',
  default_variant: 'Default of the feature',
};

/** "A platform that it needs is off: web". */
export function ruleText({ rule, because_of: cause, reason }: Pick<Decision, 'rule' | 'because_of' | 'reason'>): string {
  const text = reason === 'ERROR' ? `${kRules[rule]} failed` : kRules[rule];
  return cause?.key ? `${text}: ${cause.key}` : text;
}

/** A value on one line: `on`, `off`, `"blue"`, `{"a":1}`. */
export function valueText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** What a client gets: the value, or `off`. */
export const decisionText = (decision: Pick<Decision, 'enabled' | 'value'>) => (decision.enabled ? valueText(decision.value) : 'off');
