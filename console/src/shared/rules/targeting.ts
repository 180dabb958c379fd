// The targeting of a flag as the rule builder shows it: rules in their order, each with what it serves, and what everybody else
// gets. Pure. As with conditions, `parseTargeting` takes only what `compileTargeting` would write exactly so.
import { compileCondition, operation, parseCondition, sameJson, type Condition, type Json } from './condition';

export interface Share {
  variant: string;
  weight: number;
}
export type Serve =
  | { kind: 'variant'; variant: string }
  /** `by`: the attribute whose clients stay together; without it, the targeting key. `salted`: another split for each flag. */
  | { kind: 'split'; shares: Share[]; by?: string; salted?: boolean }
  /** The default variant. */
  | { kind: 'default' };

export interface Rule {
  when: Condition;
  serve: Serve;
}
export interface Targeting {
  rules: Rule[];
  /** Null: not written, which is the same as the default variant. */
  otherwise: Serve | null;
}

export const kNoTargeting: Targeting = { rules: [], otherwise: null };

export function compileTargeting({ rules, otherwise }: Targeting): Json {
  if (rules.length === 0) return otherwise?.kind === 'split' ? compileServe(otherwise) : {};
  return { if: [...rules.flatMap(({ when, serve }) => [compileCondition(when), compileServe(serve)]), ...(otherwise ? [compileServe(otherwise)] : [])] };
}

export function compileServe(serve: Serve): Json {
  if (serve.kind === 'default') return null;
  if (serve.kind === 'variant') return serve.variant;
  const shares: Json[] = serve.shares.map(({ variant, weight }) => [variant, weight]);
  if (!serve.by) return { fractional: shares };
  const attribute = { var: serve.by };
  return { fractional: [serve.salted ? { cat: [{ var: '$flagd.flagKey' }, attribute] } : attribute, ...shares] };
}

/** The targeting whose logic this is exactly; nothing for logic that the builder cannot show. Null is the same as {}. */
export function parseTargeting(logic: Json | undefined): Targeting | undefined {
  if (logic === undefined || logic === null) return kNoTargeting;
  const found = read(logic);
  return found && sameJson(compileTargeting(found), logic) ? found : undefined;
}

function read(logic: Json): Targeting | undefined {
  if (typeof logic === 'object' && logic !== null && Object.keys(logic).length === 0) return kNoTargeting;
  const found = operation(logic);
  if (!found) return undefined;
  if (found[0] === 'fractional') {
    const serve = readServe(logic);
    return serve && { rules: [], otherwise: serve };
  }
  const args = found[1];
  if (found[0] !== 'if' || !Array.isArray(args) || args.length < 2) return undefined;
  const rules: Rule[] = [];
  for (let at = 0; at + 1 < args.length; at += 2) {
    const [when, serve] = [parseCondition(args[at]!), readServe(args[at + 1]!)];
    if (!when || !serve) return undefined;
    rules.push({ when, serve });
  }
  const otherwise = args.length % 2 ? readServe(args.at(-1)!) : null;
  return otherwise === undefined ? undefined : { rules, otherwise };
}

function readServe(logic: Json): Serve | undefined {
  if (logic === null) return { kind: 'default' };
  if (typeof logic === 'string') return { kind: 'variant', variant: logic };
  const found = operation(logic);
  if (found?.[0] !== 'fractional' || !Array.isArray(found[1])) return undefined;
  const [first, ...rest] = found[1];
  const key = Array.isArray(first) ? {} : keyOf(first);
  const shares = (Array.isArray(first) ? found[1] : rest).map(readShare);
  return key && shares.length > 0 && shares.every((share) => share !== undefined) ? { kind: 'split', shares, ...key } : undefined;
}

function keyOf(logic: Json | undefined): { by: string; salted?: boolean } | undefined {
  const found = operation(logic);
  if (found?.[0] === 'var' && typeof found[1] === 'string' && found[1]) return { by: found[1] };
  if (found?.[0] !== 'cat' || !Array.isArray(found[1]) || found[1].length !== 2) return undefined;
  const [salt, attribute] = found[1].map(operation);
  return salt?.[1] === '$flagd.flagKey' && attribute?.[0] === 'var' && typeof attribute[1] === 'string' && attribute[1] ? { by: attribute[1], salted: true } : undefined;
}

const readShare = (logic: Json): Share | undefined =>
  Array.isArray(logic) && logic.length === 2 && typeof logic[0] === 'string' && typeof logic[1] === 'number' && Number.isInteger(logic[1]) && logic[1] >= 0
    ? { variant: logic[0], weight: logic[1] } : undefined;

/** The shares in per cent of their sum. */
export function percents(shares: readonly Share[]): { variant: string; percent: number }[] {
  const sum = shares.reduce((total, { weight }) => total + weight, 0);
  return shares.map(({ variant, weight }) => ({ variant, percent: sum ? (weight / sum) * 100 : 0 }));
}

/** The shares after one of them is set to a whole per cent; the others share the rest as they did. They add up to 100. */
export function setPercent(shares: readonly Share[], index: number, percent: number): Share[] {
  const wanted = Math.min(100, Math.max(0, Math.round(percent)));
  if (shares.length === 1) return [{ ...shares[0]!, weight: 100 }];
  const others = shares.filter((_, at) => at !== index);
  const sum = others.reduce((total, { weight }) => total + weight, 0);
  const exact = others.map(({ weight }) => (sum ? weight / sum : 1 / others.length) * (100 - wanted));
  const whole = exact.map(Math.floor);
  let left = 100 - wanted - whole.reduce((total, each) => total + each, 0);
  // The largest remainders get what rounding left over.
  for (const at of exact.map((value, each) => [value - whole[each]!, each] as const).sort((a, b) => b[0] - a[0]).map(([, each]) => each)) {
    if (left-- <= 0) break;
    whole[at] = whole[at]! + 1;
  }
  let next = 0;
  return shares.map((share, at) => ({ variant: share.variant, weight: at === index ? wanted : whole[next++]! }));
}

/** The targeting after a variant got another name. */
export function renameVariant({ rules, otherwise }: Targeting, from: string, to: string): Targeting {
  const rename = (serve: Serve): Serve =>
    serve.kind === 'variant' && serve.variant === from ? { kind: 'variant', variant: to }
    : serve.kind === 'split' ? { ...serve, shares: serve.shares.map((share) => (share.variant === from ? { ...share, variant: to } : share)) }
    : serve;
  return { rules: rules.map(({ when, serve }) => ({ when, serve: rename(serve) })), otherwise: otherwise && rename(otherwise) };
}
