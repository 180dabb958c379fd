// The newest changes that clients can be concerned by, with how far each has come. A token or an admin is not among them.
import type { Schemas } from '@togglecast/admin';

export type Recent = Schemas['RecentRollouts'];
export type Item = Recent['items'][number];

const kForClients = new Set(['platform', 'feature', 'segment', 'package', 'client']);
const kPages = 3;

export const mayConcernClients = ({ change }: Item) => change.changes.some(({ entity_type: type }) => kForClients.has(type));

/** Reads page by page until it has `wanted` of them, or has looked at the newest changes. */
export async function readRollouts(read: (before: number | undefined) => Promise<Recent>, wanted: number): Promise<Item[]> {
  const found: Item[] = [];
  let before: number | undefined;
  for (let page = 0; page < kPages && found.length < wanted; ++page) {
    const { items, next } = await read(before);
    found.push(...items.filter(mayConcernClients));
    if (next === undefined) break;
    before = next;
  }
  return found.slice(0, wanted);
}
