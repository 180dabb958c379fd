// Rules in words, for lists and for readers of the playground.
import type { Comparison, Condition, Json, Scalar, Test } from './condition';
import { parseCondition } from './condition';
import { parseTargeting, percents, type Serve } from './targeting';

export const kTestNames: { [test in Test]: string } = {
  is: 'is', is_not: 'is not', in: 'is one of', not_in: 'is none of', contains: 'contains', lacks: 'does not contain', starts_with: 'starts with', ends_with: 'ends with',
  greater: 'is more than', at_least: 'is at least', less: 'is less than', at_most: 'is at most',
  version_is: 'is version', version_at_least: 'is at least version', version_above: 'is later than version', version_below: 'is before version', version_at_most: 'is at most version',
  version_compatible: 'has the same major version as', version_minor: 'has the same minor version as', present: 'is known', absent: 'is not known',
};

const word = (value: Scalar) => (typeof value === 'string' ? value || '“”' : String(value));

export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'comparison': return describeComparison(condition);
    case 'segment': return `${condition.negated ? 'not in' : 'in'} segment ${condition.segment}`;
    case 'group': {
      if (condition.members.length === 0) return condition.match === 'all' ? 'everybody' : 'nobody';
      const members = condition.members.map((member) => (member.kind === 'group' && member.members.length > 1 && condition.members.length > 1 ? `(${describeCondition(member)})` : describeCondition(member)));
      const text = members.join(condition.match === 'all' ? ' and ' : ' or ');
      return condition.negated ? `not (${text})` : text;
    }
  }
}

const describeComparison = ({ path, test, values }: Comparison) => `${path} ${kTestNames[test]}${values.length ? ` ${values.map(word).join(', ')}` : ''}`;

export const percentText = (percent: number) => `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)} %`;

export function describeServe(serve: Serve): string {
  if (serve.kind === 'default') return 'the default';
  if (serve.kind === 'variant') return serve.variant;
  return percents(serve.shares).map(({ variant, percent }) => `${percentText(percent)} ${variant}`).join(', ');
}

/** The rule of a segment in one line. */
export function describeRule(logic: Json): string {
  const condition = parseCondition(logic);
  return condition ? describeCondition(condition) : 'hand-written logic';
}

export interface Rollout {
  kind: 'same' | 'split' | 'rules' | 'code';
  /** In words. */
  text: string;
  /** For a bar: what rules give, then what everybody else gets. Their widths add up to 100. How many a rule takes is not known, so all
   *  rules have the same width. */
  parts: RolloutPart[];
  /** The bar in words. */
  label: string;
  /** For the key of the bar: how many rules there are, the variants that they give, and what everybody else gets. */
  key: { rules: number; byRules: string[]; others: RolloutPart[] };
}
export interface RolloutPart {
  variant: string;
  percent: number;
  /** Only the clients that a rule takes. */
  byRule?: boolean;
}

const kWidthOfRules = 40; // per cent of a bar

/** How a flag is spread, for the bar in lists. */
export function rolloutOf(flag: { targeting?: unknown; defaultVariant?: string | null | undefined }): Rollout {
  const fallback = flag.defaultVariant ?? 'nothing';
  const parsed = parseTargeting(flag.targeting as Json | undefined);
  if (!parsed) return { kind: 'code', text: 'hand-written logic', parts: [], label: 'hand-written logic', key: { rules: 0, byRules: [], others: [] } };
  const { rules, otherwise } = parsed;
  const sharesOf = (serve: Serve | null) => (serve?.kind === 'split' ? percents(serve.shares) : [{ variant: serve?.kind === 'variant' ? serve.variant : fallback, percent: 100 }]);
  const inWords = (serve: Serve | null) => (serve?.kind === 'split' ? describeServe(serve) : sharesOf(serve)[0]!.variant);
  const shares = sharesOf(otherwise);
  if (rules.length === 0) {
    const text = otherwise?.kind === 'split' ? describeServe(otherwise) : `${fallback} for everybody`;
    return { kind: otherwise?.kind === 'split' ? 'split' : 'same', text, parts: shares, label: text, key: { rules: 0, byRules: [], others: shares } };
  }
  const scaled = (of: RolloutPart[], width: number, byRule: boolean) => of.map(({ variant, percent }): RolloutPart => ({ variant, percent: (percent * width) / 100, ...(byRule && { byRule }) }));
  const byRules = [...new Set(rules.flatMap(({ serve }) => sharesOf(serve).filter(({ percent }) => percent > 0).map(({ variant }) => variant)))];
  return {
    kind: 'rules',
    text: `${rules.length} ${rules.length === 1 ? 'rule' : 'rules'}, else ${shares.length > 1 ? 'a split' : shares[0]!.variant}`,
    parts: [...rules.flatMap(({ serve }) => scaled(sharesOf(serve), kWidthOfRules / rules.length, true)), ...scaled(shares, 100 - kWidthOfRules, false)],
    label: [...rules.map(({ serve }, index) => `rule ${index + 1}: ${inWords(serve)}`), `everybody else: ${inWords(otherwise)}`].join('; '),
    key: { rules: rules.length, byRules, others: shares },
  };
}

/** All segments that logic refers to, at any depth. */
export function segmentsIn(logic: unknown, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(logic)) for (const each of logic) segmentsIn(each, found);
  else if (typeof logic === 'object' && logic !== null)
    for (const [name, value] of Object.entries(logic)) {
      if (name === '$ref' && typeof value === 'string') found.add(value);
      else segmentsIn(value, found);
    }
  return found;
}

/** The paths of all attributes that logic reads, at any depth. */
export function attributesIn(logic: unknown, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(logic)) for (const each of logic) attributesIn(each, found);
  else if (typeof logic === 'object' && logic !== null)
    for (const [name, value] of Object.entries(logic)) {
      const path: unknown = name === 'var' && Array.isArray(value) ? value[0] : value;
      if (name === 'var' && typeof path === 'string' && path !== '') found.add(path);
      attributesIn(value, found);
    }
  return found;
}
