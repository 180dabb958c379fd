// The flags of a catalogue, as code is generated from them.

export type ValueType = 'boolean' | 'string' | 'number' | 'object';

export interface FlagEntry {
  readonly key: string; // flat: `feature/sub`
  readonly name: string;
  readonly type: ValueType;
  readonly variants: readonly string[];
}

/** What the generators need of an entry, beside its members. */
export type Named = FlagEntry & { readonly words: readonly string[] };

export class CatalogueError extends Error {}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0); // the same order on every machine

function entryOf(flag: unknown, prefix: string, pointer: string): FlagEntry {
  if (!isObject(flag)) throw new CatalogueError(`${pointer} must be an object`);
  const { key, name, variants } = flag;
  if (typeof key !== 'string') throw new CatalogueError(`${pointer}/key must be a text`);
  if (!isObject(variants) || Object.keys(variants).length === 0) throw new CatalogueError(`${pointer}/variants must be an object with variants`);
  const [type, ...others] = [...new Set(Object.values(variants).map((value) => (isObject(value) ? 'object' : typeof value)))];
  if (others.length || !/^(boolean|string|number|object)$/.test(type!) || Object.values(variants).includes(null)) {
    throw new CatalogueError(`${pointer}/variants must be all booleans, all texts, all numbers or all objects`);
  }
  return { key: prefix + key, name: typeof name === 'string' ? name : '', type: type as ValueType, variants: Object.keys(variants).sort(byText) };
}

/** The flags of a list of features, sub-features among them, in the order of their keys. */
export function entriesOf(features: unknown, pointer = ''): FlagEntry[] {
  if (!Array.isArray(features)) throw new CatalogueError(`${pointer || 'the catalogue'} must be a list of features`);
  const entries = features.flatMap((feature: unknown, index) => {
    const at = `${pointer}/${index}`;
    const entry = entryOf(feature, '', at);
    const subs = (feature as { sub_features?: unknown }).sub_features ?? [];
    if (!Array.isArray(subs)) throw new CatalogueError(`${at}/sub_features must be a list`);
    return [entry, ...subs.map((sub: unknown, place) => entryOf(sub, `${entry.key}/`, `${at}/sub_features/${place}`))];
  });
  const seen = new Set<string>();
  for (const { key } of entries) {
    if (seen.has(key)) throw new CatalogueError(`the key ${JSON.stringify(key)} is there twice`);
    seen.add(key);
  }
  return entries.sort((a, b) => byText(a.key, b.key));
}

/** The features of a document: a list, a page of one, or the answer of GET /api/v1/state. */
export function featuresOf(document: unknown): { features: unknown; pointer: string } {
  if (isObject(document) && 'items' in document) return { features: document['items'], pointer: '/items' };
  if (isObject(document) && isObject(document['state'])) return { features: document['state']['features'], pointer: '/state/features' };
  if (isObject(document) && 'features' in document) return { features: document['features'], pointer: '/features' };
  return { features: document, pointer: '' };
}
