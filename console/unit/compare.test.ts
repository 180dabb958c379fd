import { describe, expect, test } from 'vitest';
import { bodyFor, compareCatalogues, planOf, type Catalogue, type Entity, type Row } from '../src/features/environments/compare';

const entity = (id: number, key: string, more: object = {}): Entity => ({ id, key, name: key, etag: `"1.${id}"`, revision: id, created_at: `t${id}`, updated_at: `t${id}`, ...more });
const catalogue = (more: Partial<Catalogue>): Catalogue => ({ platform: [], segment: [], feature: [], package: [], ...more });
const feature = (id: number, key: string, more: object = {}) => entity(id, key, { enabled: true, state: 'ENABLED', targeting: null, platforms: [], requires: [], sub_features: [], ...more });
const states = (rows: Row[]) => Object.fromEntries(rows.map((row) => [row.key, row.state]));
const row = (rows: Row[], key: string) => rows.find((one) => one.key === key)!;

describe('comparing', () => {
  test('matches by key, and ignores ids, revisions and times', () => {
    const from = catalogue({ platform: [entity(1, 'web', { config: { a: 1, b: 2 } })], feature: [feature(5, 'cart', { platforms: [1] }), feature(6, 'new')] });
    const to = catalogue({ platform: [entity(40, 'web', { config: { b: 2, a: 1 } })], feature: [feature(70, 'cart', { platforms: [40] }), feature(71, 'old')] });
    expect(states(compareCatalogues(from, to))).toEqual({ web: 'same', cart: 'same', new: 'only here', old: 'only there' });
  });

  test('names the members that differ; references count by key', () => {
    const from = catalogue({ platform: [entity(1, 'web'), entity(2, 'ios')], feature: [feature(5, 'cart', { platforms: [1], targeting: { if: [] } })] });
    const to = catalogue({ platform: [entity(2, 'web'), entity(1, 'ios')], feature: [feature(5, 'cart', { platforms: [1], enabled: false, state: 'DISABLED' })] });
    expect(row(compareCatalogues(from, to), 'cart').fields.sort()).toEqual(['enabled', 'platforms', 'targeting']);
  });

  test('the order of references does not matter', () => {
    const from = catalogue({ platform: [entity(1, 'a'), entity(2, 'b')], feature: [feature(5, 'x', { platforms: [2, 1] })] });
    const to = catalogue({ platform: [entity(1, 'a'), entity(2, 'b')], feature: [feature(5, 'x', { platforms: [1, 2] })] });
    expect(row(compareCatalogues(from, to), 'x').state).toBe('same');
  });
});

describe('promoting', () => {
  const from = catalogue({
    platform: [entity(1, 'web')],
    segment: [entity(2, 'pilots', { rule: true })],
    feature: [feature(3, 'checkout', { requires: [4], platforms: [1], targeting: { if: [{ $ref: 'pilots' }, 'on'] } }), feature(4, 'cart')],
    package: [entity(9, 'pro', { available: true, features: [{ feature_id: 3, limit: 10 }, { feature_id: 4 }], platforms: [] })],
  });

  test('takes along what the target lacks, before what needs it', () => {
    const rows = compareCatalogues(from, catalogue({}));
    expect(planOf([row(rows, 'checkout')], rows, from).map(({ key }) => key)).toEqual(['web', 'pilots', 'cart', 'checkout']);
  });

  test('leaves alone what the target has', () => {
    const rows = compareCatalogues(from, catalogue({ feature: [feature(50, 'cart', { description: 'other' })], platform: [entity(7, 'web')] }));
    expect(planOf([row(rows, 'checkout')], rows, from).map(({ key }) => key)).toEqual(['pilots', 'checkout']);
  });

  test('survives features that require each other', () => {
    const circle = catalogue({ feature: [feature(1, 'a', { requires: [2] }), feature(2, 'b', { requires: [1] })] });
    const rows = compareCatalogues(circle, catalogue({}));
    expect(planOf([row(rows, 'a')], rows, circle).map(({ key }) => key)).toEqual(['b', 'a']);
  });

  const ids = { idOf: (_kind: string, key: string) => ({ web: 101, cart: 104, checkout: 103 })[key] };

  test('what is new begins off, with the ids of the target', () => {
    const rows = compareCatalogues(from, catalogue({}));
    expect(bodyFor(row(rows, 'checkout'), from, ids, false)).toMatchObject({ key: 'checkout', enabled: false, platforms: [101], requires: [104] });
    expect(bodyFor(row(rows, 'checkout'), from, ids, true)).toMatchObject({ enabled: true });
    expect(bodyFor(row(rows, 'pro'), from, ids, true)).toMatchObject({ features: [{ feature_id: 104 }, { feature_id: 103, limit: 10 }] });
  });

  test('what exists gets the members that differ, and its switch only on request', () => {
    const rows = compareCatalogues(from, catalogue({ feature: [feature(80, 'cart', { enabled: false, description: 'old', state: 'DISABLED' })] }));
    const cart = row(rows, 'cart');
    expect(Object.keys(bodyFor(cart, from, ids, false))).toEqual([]);
    expect(bodyFor(cart, from, ids, true)).toEqual({ enabled: true });
  });
});
