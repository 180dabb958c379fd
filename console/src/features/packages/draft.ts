// Changes in the matrix that are not saved yet: cells of packages. They stand on the packages as they are now, so that a change of
// somebody else to another cell stays. Pure functions; unit/draft.test.ts tries them.
import type { Schemas } from '@togglecast/admin';

export type Plan = Schemas['Package'];
export type Assignment = Schemas['Assignment'];

export interface PlanDraft {
  /** The package as it was when its draft began. */
  base: Plan;
  /** By the id of the feature; null: not included any more. */
  features: ReadonlyMap<number, Assignment | null>;
  /** The whole list, if it differs. */
  platforms: readonly number[] | undefined;
}

/** By the id of the package. */
export type Draft = ReadonlyMap<number, PlanDraft>;
export const kNoDraft: Draft = new Map();

/** Only what says something: no null limits, no null lists. */
function plain({ feature_id, limit, sub_features: subs }: Assignment): Assignment {
  return { feature_id, ...(typeof limit === 'number' && { limit }), ...(subs && { sub_features: [...subs].sort() }) };
}
const same = (a: Assignment | null | undefined, b: Assignment | null | undefined) => JSON.stringify(a ? plain(a) : null) === JSON.stringify(b ? plain(b) : null);
const sameList = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((id) => b.includes(id));

const storedIn = (plan: Plan, featureId: number) => plan.features.find(({ feature_id: id }) => id === featureId);

export function assignmentIn(plan: Plan, draft: PlanDraft | undefined, featureId: number, index?: ReadonlyMap<number, Assignment>): Assignment | undefined {
  const own = draft?.features.get(featureId);
  if (own !== undefined) return own ?? undefined;
  return index ? index.get(featureId) : storedIn(plan, featureId);
}

export const platformsIn = (plan: Plan, draft: PlanDraft | undefined): readonly number[] => draft?.platforms ?? plan.platforms;

function withPlan(draft: Draft, plan: Plan, change: (own: PlanDraft) => PlanDraft): Draft {
  const next = new Map(draft);
  const own = change(draft.get(plan.id) ?? { base: plan, features: new Map(), platforms: undefined });
  if (own.features.size === 0 && own.platforms === undefined) next.delete(plan.id);
  else next.set(plan.id, own);
  return next;
}

/** Includes the feature like this, or not at all (null). */
export function assign(draft: Draft, plan: Plan, featureId: number, wanted: Assignment | null): Draft {
  return withPlan(draft, plan, (own) => {
    const features = new Map(own.features);
    if (same(wanted, storedIn(plan, featureId))) features.delete(featureId);
    else features.set(featureId, wanted && plain(wanted));
    return { ...own, features };
  });
}

/** An empty list opens all platforms. */
export function openPlatforms(draft: Draft, plan: Plan, platforms: readonly number[]): Draft {
  return withPlan(draft, plan, (own) => ({ ...own, platforms: sameList(platforms, plan.platforms) ? undefined : platforms }));
}

/** The assignment with one sub-feature more or less; with all of them, the list goes, and new ones are included, too. */
export function toggleSub(assignment: Assignment, all: readonly string[], sub: string): Assignment {
  const had = assignment.sub_features ?? all;
  const next = had.includes(sub) ? had.filter((key) => key !== sub) : [...had, sub];
  const { sub_features: _list, ...rest } = assignment;
  return all.every((key) => next.includes(key)) ? rest : { ...rest, sub_features: all.filter((key) => next.includes(key)) };
}

/** The body of the PATCH that makes the package what the draft shows. */
export function patchOf(plan: Plan, own: PlanDraft): { features?: Assignment[]; platforms?: number[] } {
  const features = plan.features.flatMap((stored) => {
    const wanted = own.features.get(stored.feature_id);
    return wanted === undefined ? [plain(stored)] : wanted === null ? [] : [wanted];
  });
  const known = new Set(plan.features.map(({ feature_id: id }) => id));
  for (const [id, wanted] of own.features) if (wanted && !known.has(id)) features.push(wanted);
  return { ...(own.features.size > 0 && { features }), ...(own.platforms !== undefined && { platforms: [...own.platforms] }) };
}

/** Features of the draft that somebody else has changed since it began. */
export function clashes(plan: Plan, own: PlanDraft): number[] {
  return [...own.features].filter(([id, wanted]) => !same(storedIn(own.base, id), storedIn(plan, id)) && !same(storedIn(plan, id), wanted)).map(([id]) => id);
}

export const cellsOf = (draft: Draft) => [...draft.values()].reduce((sum, own) => sum + own.features.size + (own.platforms === undefined ? 0 : 1), 0);

/** Without what somebody else has saved meanwhile just so, and without packages that are gone. */
export function settled(draft: Draft, plans: readonly Plan[]): Draft {
  let now = draft;
  for (const [id, own] of draft) {
    const plan = plans.find((each) => each.id === id);
    const open = plan && ([...own.features].some(([feature, wanted]) => !same(wanted, storedIn(plan, feature))) || (own.platforms && !sameList(own.platforms, plan.platforms)));
    if (open) continue;
    const next = new Map(now);
    next.delete(id);
    now = next;
  }
  return now;
}

// In the address a draft is JSON: `[package, feature]` takes a feature away, `[package, feature, {limit, sub_features}]` includes it, and
// `[package, [platforms]]` opens platforms. Ids alone, so that a link is short.
type Cell = [number, number] | [number, number, Omit<Assignment, 'feature_id'>] | [number, number[]];

export function draftText(draft: Draft): string {
  const cells = [...draft].flatMap(([plan, own]): Cell[] => [
    ...[...own.features].map(([feature, wanted]): Cell => {
      const { feature_id: id, ...rest } = wanted ?? { feature_id: feature };
      return wanted ? [plan, id, rest] : [plan, feature];
    }),
    ...(own.platforms ? [[plan, [...own.platforms]] as Cell] : []),
  ]);
  return cells.length > 0 ? JSON.stringify(cells) : '';
}

const isId = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
const isList = <Item>(value: unknown, is: (item: unknown) => item is Item): value is Item[] => Array.isArray(value) && value.every(is);
const isText = (value: unknown): value is string => typeof value === 'string';

/** What an address says of these packages. Whatever is no cell is left out. */
export function readDraft(text: string, plans: readonly Plan[]): Draft {
  let cells: unknown;
  try {
    cells = JSON.parse(text || '[]');
  } catch {
    return kNoDraft;
  }
  let draft = kNoDraft;
  for (const cell of Array.isArray(cells) ? (cells as unknown[]) : []) {
    const [id, what, how] = Array.isArray(cell) ? (cell as unknown[]) : [];
    const plan = plans.find((each) => each.id === id);
    if (!plan) continue;
    if (isList(what, isId)) draft = openPlatforms(draft, plan, what);
    else if (isId(what) && how === undefined) draft = assign(draft, plan, what, null);
    else if (isId(what) && typeof how === 'object' && how !== null) {
      const { limit, sub_features: subs } = how as { limit?: unknown; sub_features?: unknown };
      draft = assign(draft, plan, what, { feature_id: what, ...(typeof limit === 'number' && { limit }), ...(isList(subs, isText) && { sub_features: subs }) });
    }
  }
  return draft;
}
