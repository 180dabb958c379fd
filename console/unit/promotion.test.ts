import { expect, test } from 'vitest';
import { compareCatalogues, planOf, type Catalogue, type Entity } from '../src/features/environments/compare';
import { changesOf, kMostInPart, partsOf } from '../src/features/environments/promotion';

const entity = (id: number, key: string, more: object = {}): Entity => ({ id, key, name: key, etag: `"${id}"`, revision: 1, ...more });
const catalogue = (more: Partial<Catalogue> = {}): Catalogue => ({ platform: [], segment: [], feature: [], package: [], ...more });
const feature = (id: number, more: object = {}) => entity(id, `f${id}`, { platforms: [], requires: [], enabled: true, ...more });
const kNew = 9_007_199_254_740_001;

test('what is new has ids as a preview gives them: each kind counts for itself', () => {
  const source = catalogue({ platform: [entity(1, 'web')], feature: [feature(2, { platforms: [1] }), feature(3, { requires: [2] })], package: [entity(4, 'pro', { features: [{ feature_id: 2 }, { feature_id: 3 }] })] });
  const rows = compareCatalogues(source, catalogue());
  const changes = changesOf(planOf(rows, rows, source), source, catalogue(), true);
  expect(changes.map(({ entity_type, action }) => `${action} ${entity_type}`)).toEqual(['create platform', 'create feature', 'create feature', 'create package']);
  expect(changes[1]!.data).toMatchObject({ platforms: [kNew] });
  expect(changes[2]!.data).toMatchObject({ requires: [kNew] });
  expect(changes[3]!.data).toMatchObject({ features: [{ feature_id: kNew }, { feature_id: kNew + 1 }] });
});

test('a later part names what an earlier one has made', () => {
  const source = catalogue({ feature: [feature(2), feature(3, { requires: [2] })] });
  const rows = compareCatalogues(source, catalogue());
  const [change] = changesOf(rows.filter(({ key }) => key === 'f3'), source, catalogue(), false, new Map([['feature:f2', 77]]));
  expect(change!.data).toMatchObject({ requires: [77], enabled: false });
});

test('a plan is cut into parts of at most as many changes as a preview takes', () => {
  const source = catalogue({ feature: Array.from({ length: 2 * kMostInPart + 1 }, (_, index) => feature(index + 1)) });
  const rows = compareCatalogues(source, catalogue());
  const parts = partsOf(rows, source, false);
  expect(parts.map((part) => part.length)).toEqual([50, 50, 1]);
  expect(parts.flat()).toEqual(rows);
  // A row that differs by its switch alone changes something only with the switches.
  const target = catalogue({ feature: source.feature.map((one) => ({ ...one, enabled: false })) });
  const switched = compareCatalogues(source, target);
  expect([partsOf(switched, source, false), partsOf(switched, source, true).length]).toEqual([[], 3]);
});
