// Conditions that the rule builder can show, and their JsonLogic. Pure. `parse` takes only logic that `compile` would write
// exactly so: everything else is hand-written, and the builder leaves it alone.
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Scalar = string | number | boolean;

/** Of one attribute with constants. */
export interface Comparison {
  kind: 'comparison';
  path: string;
  test: Test;
  /** One constant for most tests, a list for `in` and `not_in`, none for `present` and `absent`. */
  values: Scalar[];
}
export interface InSegment {
  kind: 'segment';
  segment: string;
  negated: boolean;
}
export interface Group {
  kind: 'group';
  /** `all`: every member must hold. `any`: one of them. */
  match: 'all' | 'any';
  negated: boolean;
  members: Condition[];
}
export type Condition = Comparison | InSegment | Group;

export const kTests = [
  'is', 'is_not', 'in', 'not_in', 'contains', 'lacks', 'starts_with', 'ends_with', 'greater', 'at_least', 'less', 'at_most',
  'version_is', 'version_at_least', 'version_above', 'version_below', 'version_at_most', 'version_compatible', 'version_minor', 'present', 'absent',
] as const;
export type Test = (typeof kTests)[number];

const kPlain: { [test in Test]?: string } = { is: '==', is_not: '!=', greater: '>', at_least: '>=', less: '<', at_most: '<=', starts_with: 'starts_with', ends_with: 'ends_with' };
const kVersions: { [test in Test]?: string } = {
  version_is: '=', version_at_least: '>=', version_above: '>', version_below: '<', version_at_most: '<=', version_compatible: '^', version_minor: '~',
};

/** How many constants the test takes. */
export const takes = (test: Test): 'none' | 'one' | 'many' => (test === 'present' || test === 'absent' ? 'none' : test === 'in' || test === 'not_in' ? 'many' : 'one');

const not = (logic: Json): Json => ({ '!': logic });

export function compileCondition(condition: Condition): Json {
  switch (condition.kind) {
    case 'comparison': return compileComparison(condition);
    case 'segment': {
      const logic = { $ref: condition.segment };
      return condition.negated ? not(logic) : logic;
    }
    case 'group': {
      const logic = { [condition.match === 'all' ? 'and' : 'or']: condition.members.map(compileCondition) };
      return condition.negated ? not(logic) : logic;
    }
  }
}

function compileComparison({ path, test, values }: Comparison): Json {
  const attribute = { var: path };
  const value = values[0] ?? '';
  const operator = kPlain[test];
  if (operator) return { [operator]: [attribute, value] };
  const version = kVersions[test];
  if (version) return { sem_ver: [attribute, version, value] };
  switch (test) {
    case 'in': return { in: [attribute, [...values]] };
    case 'not_in': return not({ in: [attribute, [...values]] });
    case 'contains': return { in: [value, attribute] };
    case 'lacks': return not({ in: [value, attribute] });
    case 'present': return { '!=': [attribute, null] };
    default: return { '==': [attribute, null] };
  }
}

const isObject = (logic: Json | undefined): logic is { [name: string]: Json } => typeof logic === 'object' && logic !== null && !Array.isArray(logic);
export const isScalar = (value: Json | undefined): value is Scalar => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/** The operator of `{"op": arguments}`; nothing for anything else. */
export function operation(logic: Json | undefined): [name: string, args: Json] | undefined {
  if (!isObject(logic)) return undefined;
  const members = Object.entries(logic);
  return members.length === 1 ? members[0] : undefined;
}

export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.keys(a), Object.keys(b)];
  return left.length === right.length && left.every((name) => Object.hasOwn(b, name) && sameJson((a as never)[name], (b as never)[name]));
};

/** The condition whose logic this is exactly; nothing for logic that the builder cannot show. */
export function parseCondition(logic: Json): Condition | undefined {
  const found = read(logic);
  return found && sameJson(compileCondition(found), logic) ? found : undefined;
}

function read(logic: Json): Condition | undefined {
  const found = operation(logic);
  if (!found) return undefined;
  const [name, args] = found;
  if (name === '!') return negate(read(args));
  if (name === '$ref') return typeof args === 'string' ? { kind: 'segment', segment: args, negated: false } : undefined;
  if (name === 'and' || name === 'or') {
    if (!Array.isArray(args)) return undefined;
    const members = args.map(read);
    if (!members.every((member) => member !== undefined)) return undefined;
    return { kind: 'group', match: name === 'and' ? 'all' : 'any', negated: false, members };
  }
  return Array.isArray(args) ? readComparison(name, args) : undefined;
}

function negate(condition: Condition | undefined): Condition | undefined {
  if (condition?.kind === 'comparison') {
    if (condition.test === 'in') return { ...condition, test: 'not_in' };
    return condition.test === 'contains' ? { ...condition, test: 'lacks' } : undefined;
  }
  return condition && !condition.negated ? { ...condition, negated: true } : undefined;
}

const attributeOf = (logic: Json | undefined): string | undefined => {
  const found = operation(logic);
  return found?.[0] === 'var' && typeof found[1] === 'string' && found[1] !== '' ? found[1] : undefined;
};

function readComparison(name: string, args: Json[]): Comparison | undefined {
  const make = (path: string | undefined, test: Test | undefined, values: Json[]): Comparison | undefined =>
    path !== undefined && test && values.every(isScalar) ? { kind: 'comparison', path, test, values: values as Scalar[] } : undefined;
  const [first, second, third] = args;
  if (name === 'sem_ver') {
    const test = kTests.find((each) => kVersions[each] === second);
    return typeof third === 'string' && args.length === 3 ? make(attributeOf(first), test, [third]) : undefined;
  }
  if (args.length !== 2) return undefined;
  if (name === 'in') return Array.isArray(second) ? make(attributeOf(first), 'in', second) : typeof first === 'string' ? make(attributeOf(second), 'contains', [first]) : undefined;
  if (second === null) return name === '!=' || name === '==' ? make(attributeOf(first), name === '!=' ? 'present' : 'absent', []) : undefined;
  if (typeof second === 'string' || (name !== 'starts_with' && name !== 'ends_with')) return make(attributeOf(first), kTests.find((each) => kPlain[each] === name), [second!]);
  return undefined;
}

/** What keeps a condition from being saved. */
export function conditionProblem(condition: Condition): string | undefined {
  if (condition.kind === 'group') return condition.members.map(conditionProblem).find(Boolean);
  if (condition.kind === 'comparison' && condition.path === '') return 'A condition needs the name of an attribute.';
  return undefined;
}
