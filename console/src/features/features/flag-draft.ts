// A flag, or a feature with all its parts, while somebody edits it. Pure: a form holds a draft, and saving sends only what
// differs from the version that it began with.
import type { Schemas } from '@togglecast/admin';
import { conditionProblem, sameJson, type Json } from '../../shared/rules/condition';
import { draftOf, kTargeting, logicOf, type TargetingDraft } from '../../shared/rules/draft';
import { renameVariant } from '../../shared/rules/targeting';
import { groupOf, metadataOf, metadataProblems, rowsOf, tagsOf, type MetadataRow } from './metadata';

export type Feature = Schemas['Feature'];
export type SubFeature = Schemas['SubFeature'];
export type FlagType = 'boolean' | 'string' | 'number' | 'object';

export interface VariantDraft {
  name: string;
  /** The value as text; JSON for objects. */
  text: string;
}
export interface FlagDraft {
  type: FlagType;
  variants: VariantDraft[];
  defaultVariant: string | null;
  targeting: TargetingDraft;
}
export interface SubDraft {
  key: string;
  name: string;
  description: string;
  flag: FlagDraft;
  /** As the server has it; nothing for a new one. */
  was?: SubFeature;
}
export interface FeatureDraft {
  name: string;
  description: string;
  group: string;
  tags: string[];
  /** The other members of the metadata. */
  metadata: MetadataRow[];
  flag: FlagDraft;
  subs: SubDraft[];
  platforms: number[];
  requires: number[];
}

interface Flag {
  variants: { [name: string]: unknown };
  defaultVariant?: string | null;
  targeting?: unknown;
}

export function typeOf(variants: { [name: string]: unknown }): FlagType {
  const [value] = Object.values(variants);
  const type = typeof value;
  return type === 'boolean' || type === 'string' || type === 'number' ? type : 'object';
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

export const flagDraftOf = (flag: Flag): FlagDraft => ({
  type: typeOf(flag.variants),
  // The server orders names; "on" stands before "off" here.
  variants: Object.entries(flag.variants).sort(([, a], [, b]) => Number(a === false) - Number(b === false)).map(([name, value]) => ({ name, text: textOf(value) })),
  defaultVariant: flag.defaultVariant ?? null,
  targeting: draftOf(kTargeting, flag.targeting as Json | undefined),
});

export const kBoolean: Flag = { variants: { on: true, off: false }, defaultVariant: 'on' };

/** The value of a variant, or what is wrong with its text. */
export function variantValue(text: string, type: FlagType): { value: unknown; problem?: undefined } | { problem: string } {
  if (type === 'string') return { value: text };
  if (type === 'boolean') return { value: text === 'true' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: type === 'number' ? 'Enter a number.' : 'Enter a JSON object, such as {"days": 30}.' };
  }
  if (type === 'number') return typeof value === 'number' ? { value } : { problem: 'Enter a number.' };
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { value } : { problem: 'Enter a JSON object, such as {"days": 30}.' };
}

export interface Built<Value> {
  value: Value;
  /** What keeps it from being saved, by field: `variants.0`, `targeting`. */
  problems: { [field: string]: string };
}

export function buildFlag(draft: FlagDraft): Built<{ variants: { [name: string]: unknown }; defaultVariant: string | null; targeting: Json }> {
  const problems: { [field: string]: string } = {};
  const variants: { [name: string]: unknown } = {};
  if (draft.variants.length === 0) problems['variants'] = 'A flag needs a variant.';
  for (const [index, { name, text }] of draft.variants.entries()) {
    const read = variantValue(text, draft.type);
    if (name === '') problems[`variants.${index}`] = 'Enter a name.';
    else if (Object.hasOwn(variants, name)) problems[`variants.${index}`] = 'Another variant has this name.';
    else if (read.problem !== undefined) problems[`variants.${index}`] = read.problem;
    Object.defineProperty(variants, name, { value: read.problem === undefined ? read.value : text, enumerable: true, configurable: true, writable: true });
  }
  const logic = logicOf(kTargeting, draft.targeting);
  if (logic.problem !== undefined) problems['targeting'] = logic.problem;
  else if (draft.targeting.mode === 'builder') {
    const problem = draft.targeting.model.rules.map((rule) => conditionProblem(rule.when)).find(Boolean);
    if (problem) problems['targeting'] = problem;
  }
  return { value: { variants, defaultVariant: draft.defaultVariant, targeting: logic.problem === undefined ? logic.logic : {} }, problems };
}

/** The draft after a variant got another name: the default and the rules of the builder follow. */
export function withVariantName(draft: FlagDraft, index: number, name: string): FlagDraft {
  const from = draft.variants[index]!.name;
  return {
    ...draft,
    variants: draft.variants.map((variant, at) => (at === index ? { ...variant, name } : variant)),
    defaultVariant: draft.defaultVariant === from ? name : draft.defaultVariant,
    targeting: draft.targeting.mode === 'builder' ? { mode: 'builder', model: renameVariant(draft.targeting.model, from, name) } : draft.targeting,
  };
}

export const featureDraftOf = (feature: Feature): FeatureDraft => ({
  name: feature.name,
  description: feature.description,
  group: groupOf(feature.metadata),
  tags: tagsOf(feature.metadata),
  metadata: rowsOf(feature.metadata),
  flag: flagDraftOf(feature),
  subs: feature.sub_features.map((sub) => ({ key: sub.key, name: sub.name, description: sub.description, flag: flagDraftOf(sub), was: sub })),
  platforms: feature.platforms,
  requires: feature.requires,
});

function buildSub(draft: SubDraft, index: number, problems: { [field: string]: string }) {
  const { value, problems: own } = buildFlag(draft.flag);
  for (const [field, problem] of Object.entries(own)) problems[`sub_features.${index}.${field}`] = problem;
  const { enabled: _, ...was } = draft.was ?? { state: 'ENABLED' as const };
  const targeted = draft.was?.targeting !== undefined || Object.keys(value.targeting as object).length > 0;
  return { ...was, key: draft.key, name: draft.name, description: draft.description, variants: value.variants, defaultVariant: value.defaultVariant, ...(targeted && { targeting: value.targeting }) };
}

const plainSub = ({ enabled: _, ...sub }: SubFeature) => ({ ...sub, defaultVariant: sub.defaultVariant ?? null });

export type FeaturePatch = { [member: string]: unknown };

/** What saving the draft would change of this version. */
export function patchOf(base: Feature, draft: FeatureDraft): Built<FeaturePatch> {
  const problems: { [field: string]: string } = {};
  if (!draft.name.trim()) problems['name'] = 'Enter a name.';
  const flag = buildFlag(draft.flag);
  Object.assign(problems, flag.problems, metadataProblems(draft.metadata));
  const wanted: [member: string, now: unknown, next: unknown][] = [
    ['name', base.name, draft.name],
    ['description', base.description, draft.description],
    ['metadata', base.metadata ?? {}, metadataOf(base.metadata ?? {}, draft.group, draft.tags, draft.metadata)],
    ['variants', base.variants, flag.value.variants],
    ['defaultVariant', base.defaultVariant ?? null, flag.value.defaultVariant],
    ['platforms', base.platforms, draft.platforms],
    ['requires', base.requires, draft.requires],
    ['sub_features', base.sub_features.map(plainSub), draft.subs.map((sub, index) => buildSub(sub, index, problems))],
  ];
  const patch = Object.fromEntries(wanted.filter(([, now, next]) => !sameJson(now, next)).map(([member, , next]) => [member, next]));
  // Code that is no JSON yet is a change, too: the problem keeps it from being saved.
  if (flag.problems['targeting'] !== undefined || !sameJson(base.targeting ?? {}, flag.value.targeting)) patch['targeting'] = flag.value.targeting;
  return { value: patch, problems };
}

const kParts: { [member: string]: (keyof FeatureDraft)[] } = {
  name: ['name'], description: ['description'], metadata: ['group', 'tags', 'metadata'], variants: ['flag'], defaultVariant: ['flag'], targeting: ['flag'],
  platforms: ['platforms'], requires: ['requires'], sub_features: ['subs'],
};

/** The draft for a newer version, if nobody else changed what it changes; nothing if somebody did. */
export function rebase(base: Feature, draft: FeatureDraft, newer: Feature): FeatureDraft | undefined {
  const { value: patch } = patchOf(base, draft);
  const members = new Set(Object.keys(patch).flatMap((member) => (kParts[member]?.[0] === 'flag' ? ['variants', 'defaultVariant', 'targeting'] : [member])));
  for (const member of members) {
    const of = (feature: Feature) => (member === 'sub_features' ? feature.sub_features.map(plainSub).map(({ state: _, ...sub }) => sub) : ((feature as unknown as FeaturePatch)[member] ?? null));
    if (!sameJson(of(base), of(newer))) return undefined;
  }
  const kept = new Set([...members].flatMap((member) => kParts[member] ?? []));
  const next = { ...featureDraftOf(newer), ...Object.fromEntries([...kept].map((part) => [part, draft[part]])) };
  // The switches of sub-features are never part of a draft.
  if (kept.has('subs')) {
    const subs = new Map(newer.sub_features.map((sub) => [sub.key, sub]));
    next.subs = next.subs.map((sub) => {
      const was = subs.get(sub.key);
      return sub.was && was ? { ...sub, was } : sub;
    });
  }
  return next;
}
