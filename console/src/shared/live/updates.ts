// Changes of entities as they arrive, put into what the page has read. Pure functions; unit/updates.test.ts tries them.
import type { EntityType, Schemas } from '@togglecast/admin';

export interface LiveEntity {
  id: number;
  revision: number;
  /** Epoch and revision: two versions with one are the same. */
  etag?: string;
}

export interface LiveUpdate {
  entityType: EntityType;
  id: number;
  type: 'create' | 'update' | 'toggle' | 'delete';
  /** Null: it was deleted. */
  data: LiveEntity | null;
  revision: number;
  epoch: number;
  actor: Schemas['ActivityEntry']['actor'] | null;
}

/** The list after these updates; the same list if none changes it. One pass for any number of updates. */
export function patchList<Entity extends LiveEntity>(items: Entity[], updates: readonly LiveUpdate[]): Entity[] {
  if (updates.length === 0) return items;
  const latest = new Map<number, LiveUpdate>();
  for (const update of updates) {
    const known = latest.get(update.id);
    if (!known || known.revision <= update.revision) latest.set(update.id, update);
  }
  let changed = false;
  const next: Entity[] = [];
  for (const item of items) {
    const update = latest.get(item.id);
    latest.delete(item.id);
    if (!update || (update.data ? update.data.revision <= item.revision : update.revision < item.revision)) {
      next.push(item);
      continue;
    }
    changed = true;
    if (update.data) next.push(update.data as Entity);
  }
  for (const update of latest.values()) {
    if (!update.data) continue;
    changed = true;
    next.push(update.data as Entity);
  }
  return changed ? next : items;
}

/** What was read, with the known objects of what has not changed: components that show these do nothing then. */
export function keepKnown<Entity extends LiveEntity>(known: readonly Entity[] | undefined, read: Entity[]): Entity[] {
  if (!known?.length) return read;
  const byId = new Map(known.map((entity) => [entity.id, entity]));
  return read.map((entity) => {
    const same = byId.get(entity.id);
    return same && entity.etag !== undefined && same.etag === entity.etag ? same : entity;
  });
}

/** One entity after these updates of it; null when it was deleted. */
export function patchOne<Entity extends LiveEntity>(entity: Entity | null | undefined, updates: readonly LiveUpdate[]): Entity | null | undefined {
  let now = entity;
  for (const update of updates) {
    if (!update.data) now = null;
    else if (!now || update.data.revision > now.revision) now = update.data as Entity;
  }
  return now;
}

/** The updates of the last minutes. What a slow answer did not contain yet is put into it from here. */
export class RecentUpdates {
  #updates: LiveUpdate[] = [];
  #most: number;
  #epoch = 0;

  constructor(most = 2000) {
    this.#most = most;
  }

  add(update: LiveUpdate) {
    if (update.epoch > this.#epoch) this.clear();
    this.#epoch = Math.max(this.#epoch, update.epoch);
    this.#updates.push(update);
    if (this.#updates.length > this.#most) this.#updates.splice(0, this.#most / 2);
  }

  clear() {
    this.#updates = [];
  }

  of(entityType: EntityType, id?: number): LiveUpdate[] {
    return this.#updates.filter((update) => update.entityType === entityType && (id === undefined || update.id === id));
  }
}
