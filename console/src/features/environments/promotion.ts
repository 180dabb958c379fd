// A promotion as the changes that a preview takes. The server previews at most 50 changes, so a longer promotion goes in parts: the
// effect of each is shown before it is written, on top of those that are written already. Pure.
import type { PreviewChange } from '../../shared/ui/confirm-impact';
import { bodyFor, type Catalogue, type Ids, type Kind, type Row } from './compare';

export const kMostInPart = 50; // changes in one preview
const kFirstNewId = 9_007_199_254_740_001; // a preview numbers what it creates from here, each kind for itself

/** Ids of entities that the target has got since the comparison. */
export type Made = ReadonlyMap<string, number>;
export const madeName = ({ kind, key }: { kind: Kind; key: string }) => `${kind}:${key}`;

/** Ids of the target; `made` has those of this promotion. */
export function idsIn(target: Catalogue, made: Made): Ids {
  const known = new Map((Object.keys(target) as Kind[]).flatMap((kind) => target[kind].map(({ key, id }) => [`${kind}:${key}`, id] as const)));
  return { idOf: (kind, key) => made.get(`${kind}:${key}`) ?? known.get(`${kind}:${key}`) };
}

/** The changes of rows, as a preview takes them. A row without any is left out. */
export function changesOf(rows: readonly Row[], source: Catalogue, target: Catalogue, withSwitch: boolean, made: Made = new Map()): PreviewChange[] {
  const known = new Map(made);
  const ids = idsIn(target, known);
  const created = new Map<Kind, number>();
  return rows.flatMap((row): PreviewChange[] => {
    const data = bodyFor(row, source, ids, withSwitch);
    if (row.to) return Object.keys(data).length ? [{ entity_type: row.kind, entity_id: row.to.id, action: 'update', data }] : [];
    const before = created.get(row.kind) ?? 0;
    created.set(row.kind, before + 1);
    known.set(madeName(row), kFirstNewId + before);
    return [{ entity_type: row.kind, action: 'create', data }];
  });
}

const kNoIds: Ids = { idOf: () => undefined };

/** The rows of a plan that change something, in its order and in parts that a preview takes. */
export function partsOf(plan: readonly Row[], source: Catalogue, withSwitch: boolean): Row[][] {
  const changing = plan.filter((row) => !row.to || Object.keys(bodyFor(row, source, kNoIds, withSwitch)).length > 0);
  return Array.from({ length: Math.ceil(changing.length / kMostInPart) }, (_, index) => changing.slice(index * kMostInPart, (index + 1) * kMostInPart));
}
