// Which entries of the activity feed a reader wants to see. The server filters what it lists; what arrives live is filtered here,
// by the same rules. Pure; unit/activity.test.ts tries it.
import type { Schemas } from '@togglecast/admin';

export type Entry = Schemas['ActivityEntry'];
export interface Filters {
  q?: string | undefined;
  actor?: string | undefined;
  entity_type?: string | undefined;
  entity_id?: number | undefined;
  type?: string | undefined;
  source?: string | undefined;
}

// Their changes are in the log of the installation, and on no other page.
const kOfInstallation = ['admin', 'environment', 'api_key', 'issuer', 'signing_key'];

const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether an entry that just arrived belongs to the list. One entity of it must match all that concerns entities together. */
export function matches(entry: Entry, { q, actor, entity_type, entity_id, type, source }: Filters): boolean {
  const wantsInstallation = entity_type !== undefined && kOfInstallation.includes(entity_type);
  if ((entry.environment === 'system') !== wantsInstallation) return false;
  if (actor && entry.actor.name !== actor) return false;
  if (source && entry.source !== source) return false;
  const words = lower(q ?? '').trim();
  const byActor = words !== '' && lower(entry.actor.name).includes(words);
  if (!entity_type && entity_id === undefined && !type && (!words || byActor)) return true;
  return entry.changes.some(
    (change) =>
      (!entity_type || change.entity_type === entity_type) && (entity_id === undefined || change.entity_id === entity_id) && (!type || change.type === type) &&
      (!words || byActor || lower(change.key).includes(words) || lower(change.name ?? '').includes(words)),
  );
}

const kMostLive = 100;      // entries of the newest page while changes go on
const kMostWithOlder = 1000; // the same while the reader has older pages below

export interface Feed {
  items: Entry[];
  /** Where the next page begins: `before` of its request. */
  next?: number;
  kept_since?: { revision: number; timestamp: string };
}

/** The pages with these entries. Those that are too many come again with the next page. */
export function withEntries(pages: Feed[], entries: readonly Entry[]): Feed[] {
  const [first, ...older] = pages;
  if (!first) return pages;
  const items = entries.reduce(withEntry, first.items);
  if (items === first.items) return pages;
  if (items.length <= (older.length === 0 ? kMostLive : kMostWithOlder)) return [{ ...first, items }, ...older];
  const kept = items.slice(0, kMostLive);
  return [{ ...first, items: kept, next: kept.at(-1)!.revision }];
}

/** The first page with this entry in front; the same page when it is there already. */
export function withEntry(items: Entry[], entry: Entry): Entry[] {
  const same = (other: Entry) => other.epoch === entry.epoch && other.revision === entry.revision && other.environment === entry.environment;
  if (items.some(same)) return items;
  const newer = (other: Entry) => other.epoch > entry.epoch || (other.epoch === entry.epoch && other.revision > entry.revision);
  const at = items.findIndex((other) => !newer(other));
  return at < 0 ? [...items, entry] : [...items.slice(0, at), entry, ...items.slice(at)];
}
