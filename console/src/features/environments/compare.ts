// Two environments side by side, and what promoting takes from one into the other. Entities are matched by key: ids mean
// something in their own environment only. Pure functions; unit/compare.test.ts tries them.
import type { Schemas } from '@togglecast/admin';
import { byName } from '../../shared/order';

export type Kind = 'platform' | 'segment' | 'feature' | 'package';
export const kKinds: Kind[] = ['platform', 'segment', 'feature', 'package'];  // an entity needs only kinds before its own, and its own

export interface Entity {
  id: number;
  key: string;
  name: string;
  etag: string;
  revision: number;
  [member: string]: unknown;
}
export type Catalogue = { [kind in Kind]: Entity[] };

export const catalogueOf = ({ state }: Schemas['State']): Catalogue => ({
  platform: state.platforms as unknown as Entity[], segment: state.segments as unknown as Entity[],
  feature: state.features as unknown as Entity[], package: state.packages as unknown as Entity[],
});

export interface Row {
  kind: Kind;
  key: string;
  name: string;
  from: Entity | undefined;
  to: Entity | undefined;
  /** Members that differ, when both have it. References count by key. */
  fields: string[];
  state: 'same' | 'differs' | 'only here' | 'only there';
}

const kOfTheServer = new Set(['id', 'revision', 'created_at', 'updated_at', 'etag', 'assets', 'state']);
export const kSwitch: { [kind in Kind]?: string } = { platform: 'enabled', feature: 'enabled', package: 'available' };

interface Names {
  keyOf: (kind: Kind, id: number) => string;
}
const namesIn = (catalogue: Catalogue): Names => {
  const maps = new Map(kKinds.map((kind) => [kind, new Map(catalogue[kind].map(({ id, key }) => [id, key]))]));
  return { keyOf: (kind, id) => maps.get(kind)?.get(id) ?? `#${id}` };
};

type Reference = { kind: Kind; key: string };
interface Assignment {
  feature_id: number;
  [member: string]: unknown;
}

/** The members that an admin writes, with keys instead of ids, in one order. */
export function portable(kind: Kind, entity: Entity, names: Names): { [member: string]: unknown } {
  const body: { [member: string]: unknown } = {};
  for (const [member, value] of Object.entries(entity)) {
    if (kOfTheServer.has(member)) continue;
    if (member === 'sub_features' && Array.isArray(value)) body[member] = value.map((sub: { [member: string]: unknown }) => Object.fromEntries(Object.entries(sub).filter(([name]) => name !== 'state')));
    else if (member === 'platforms') body[member] = (value as number[]).map((id) => names.keyOf('platform', id)).sort();
    else if (member === 'requires') body[member] = (value as number[]).map((id) => names.keyOf('feature', id)).sort();
    else if (kind === 'package' && member === 'features')
      body[member] = (value as Assignment[]).map(({ feature_id, ...rest }) => ({ feature: names.keyOf('feature', feature_id), ...rest })).sort((a, b) => a.feature.localeCompare(b.feature));
    else body[member] = value;
  }
  return body;
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) =>
    member && typeof member === 'object' && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member) ?? 'undefined';

/** All entities of both, by kind and name. */
export function compareCatalogues(from: Catalogue, to: Catalogue): Row[] {
  const [ours, theirs] = [namesIn(from), namesIn(to)];
  return kKinds.flatMap((kind) => {
    const there = new Map(to[kind].map((entity) => [entity.key, entity]));
    const rows: Row[] = from[kind].map((entity) => {
      const other = there.get(entity.key);
      there.delete(entity.key);
      if (!other) return { kind, key: entity.key, name: entity.name, from: entity, to: undefined, fields: [], state: 'only here' };
      const [a, b] = [portable(kind, entity, ours), portable(kind, other, theirs)];
      const fields = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((member) => text(a[member]) !== text(b[member]));
      return { kind, key: entity.key, name: entity.name, from: entity, to: other, fields, state: fields.length ? 'differs' : 'same' };
    });
    for (const entity of there.values()) rows.push({ kind, key: entity.key, name: entity.name, from: undefined, to: entity, fields: [], state: 'only there' });
    return rows.sort(byName);
  });
}

/** The two versions of a row as an admin would write them. */
export function sidesOf(row: Row, from: Catalogue, to: Catalogue) {
  return {
    from: row.from && portable(row.kind, row.from, namesIn(from)),
    to: row.to && portable(row.kind, row.to, namesIn(to)),
  };
}

function segmentsIn(value: unknown, found: Set<string>) {
  if (Array.isArray(value)) value.forEach((item) => segmentsIn(item, found));
  else if (value && typeof value === 'object')
    for (const [name, member] of Object.entries(value)) {
      if (name === '$ref' && typeof member === 'string') found.add(member);
      else segmentsIn(member, found);
    }
}

/** What an entity refers to. */
export function referencesOf(kind: Kind, entity: Entity, catalogue: Catalogue): Reference[] {
  const body = portable(kind, entity, namesIn(catalogue));
  const of = (target: Kind, keys: unknown) => ((keys ?? []) as string[]).map((key) => ({ kind: target, key }));
  const segments = new Set<string>();
  segmentsIn([entity['targeting'], entity['rule'], entity['sub_features']], segments);
  const assigned = kind === 'package' ? ((body['features'] ?? []) as { feature: string }[]).map(({ feature }) => feature) : [];
  return [...of('platform', body['platforms']), ...of('segment', [...segments]), ...of('feature', body['requires']), ...of('feature', assigned)];
}

/** The selection with everything that it needs and that the target lacks, in an order in which it can be written. */
export function planOf(selected: Row[], rows: Row[], from: Catalogue): Row[] {
  const named = new Map(rows.map((row) => [`${row.kind}:${row.key}`, row]));
  const plan: Row[] = [];
  const seen = new Set<Row>();
  const add = (row: Row | undefined) => {
    if (!row?.from || seen.has(row)) return;
    seen.add(row);
    for (const { kind, key } of referencesOf(row.kind, row.from, from)) {
      const needed = named.get(`${kind}:${key}`);
      if (needed && (!needed.to || selected.includes(needed))) add(needed);
    }
    plan.push(row);
  };
  for (const kind of kKinds) selected.filter((row) => row.kind === kind).forEach(add);
  return plan;
}

export interface Ids {
  idOf: (kind: Kind, key: string) => number | undefined;
}

/** The body of the write that makes the target's entity like ours. A switch goes along only with `withSwitch`; what is new starts off
 *  without it. */
export function bodyFor(row: Row, from: Catalogue, ids: Ids, withSwitch: boolean): { [member: string]: unknown } {
  const body = portable(row.kind, row.from!, namesIn(from));
  const toIds = (kind: Kind, keys: unknown) => (keys as string[]).map((key) => ids.idOf(kind, key)).filter((id) => id !== undefined);
  if (body['platforms']) body['platforms'] = toIds('platform', body['platforms']);
  if (body['requires']) body['requires'] = toIds('feature', body['requires']);
  if (row.kind === 'package')
    body['features'] = (body['features'] as { feature: string }[]).flatMap(({ feature, ...rest }) => {
      const id = ids.idOf('feature', feature);
      return id === undefined ? [] : [{ feature_id: id, ...rest }];
    });
  const member = kSwitch[row.kind];
  if (member && !withSwitch) {
    if (row.to) delete body[member];
    else body[member] = false;
  }
  if (row.to) {
    delete body['key'];
    for (const name of Object.keys(body)) if (!row.fields.includes(name)) delete body[name];
  }
  return body;
}
