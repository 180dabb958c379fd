import { expect, test } from 'vitest';
import { buildFlag, featureDraftOf, flagDraftOf, patchOf, rebase, variantValue, withVariantName, type Feature } from '../src/features/features/flag-draft';
import { withKind } from '../src/features/features/metadata';
import { kOperators, matches, type Facts } from '../src/features/features/search';
import { snippets } from '../src/features/features/snippets';
import { hasTerm, parseQuery, queryProblem, termOf, toggleTerm, withOperator } from '../src/shared/search/query';

const feature = (more: Partial<Feature> = {}): Feature => ({
  id: 1, key: 'cart', name: 'Cart', description: 'Buy', enabled: true, state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', bucketing: 'v2',
  sub_features: [{ key: 'tips', name: 'Tips', description: '', enabled: true, state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', bucketing: 'v2' }],
  platforms: [3], requires: [], metadata: { group: 'shop', owner: 'me', tags: 'beta, new' }, revision: 5, created_at: '', updated_at: '', etag: '"1.5"', ...more,
});

test('a draft that nobody touched changes nothing, whatever the feature is', () => {
  for (const each of [
    feature(),
    feature({ defaultVariant: null, metadata: {}, targeting: { '?:': [{ var: ['a'] }, 'on', 'off'] } }),
    feature({ variants: { a: { deep: [1, { x: null }] }, b: {} }, targeting: { fractional: [['a', 1], ['b', 3]] } }),
    feature({ variants: { a: 0.1, b: -3e10 }, sub_features: [{ ...feature().sub_features[0]!, targeting: { $ref: 'x' }, metadata: { a: 1 } }] }),
    feature({ variants: { '': 'x', __proto__x: '1' } as never }),
  ]) expect(patchOf(each, featureDraftOf(each)).value).toEqual({});
});

test('a patch has what changed and nothing else', () => {
  const draft = featureDraftOf(feature());
  expect(patchOf(feature(), { ...draft, name: 'Basket' })).toEqual({ value: { name: 'Basket' }, problems: {} });
  expect(patchOf(feature(), { ...draft, tags: ['beta'] }).value).toEqual({ metadata: { group: 'shop', owner: 'me', tags: 'beta' } });
  const [owner] = draft.metadata;
  expect(draft.metadata).toEqual([{ name: 'owner', kind: 'text', text: 'me' }]);
  expect(patchOf(feature(), { ...draft, metadata: [{ ...owner!, text: 'us' }, { name: 'cost', kind: 'number', text: '2.5' }, { name: 'legal', kind: 'yes or no', text: 'false' }, { name: 'group ', kind: 'text', text: '' }] }).value)
    .toEqual({ metadata: { group: 'shop', tags: 'beta, new', owner: 'us', cost: 2.5, legal: false, 'group ': '' } });
  expect(patchOf(feature(), { ...draft, metadata: [] }).value).toEqual({ metadata: { group: 'shop', tags: 'beta, new' } });
  const wrong = [owner!, owner!, { ...owner!, name: '' }, { ...owner!, name: 'tags' }, { name: 'n', kind: 'number' as const, text: ' ' }];
  expect(Object.keys(patchOf(feature(), { ...draft, metadata: wrong }).problems)).toEqual(['metadata.1', 'metadata.2', 'metadata.3', 'metadata.4']);
  expect([withKind({ name: 'n', kind: 'text', text: '7' }, 'number').text, withKind({ name: 'n', kind: 'text', text: 'x' }, 'number').text, withKind({ name: 'n', kind: 'text', text: 'x' }, 'yes or no').text]).toEqual(['7', '', 'false']);
  expect(patchOf(feature(), { ...draft, group: '' }).value).toEqual({ metadata: { owner: 'me', tags: 'beta, new' } });
  const [sub] = draft.subs;
  expect(patchOf(feature(), { ...draft, subs: [{ ...sub!, name: 'Hints' }] }).value).toEqual({
    sub_features: [{ key: 'tips', name: 'Hints', description: '', state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', bucketing: 'v2' }],
  });
});

test('what cannot be saved is said at its field', () => {
  const draft = featureDraftOf(feature({ variants: { a: 1 } }));
  const wrong = { ...draft, name: ' ', flag: { ...draft.flag, variants: [{ name: 'a', text: 'x' }, { name: 'a', text: '1' }, { name: '', text: '1' }], targeting: { mode: 'code' as const, text: '{' } } };
  expect(Object.keys(patchOf(feature(), wrong).problems)).toEqual(['name', 'variants.0', 'variants.1', 'variants.2', 'targeting']);
  expect(variantValue('[1]', 'object').problem).toBeDefined();
  expect(buildFlag({ ...flagDraftOf(feature()), variants: [] }).problems).toHaveProperty('variants');
});

test('a renamed variant keeps its rules', () => {
  const draft = flagDraftOf({ variants: { a: 'x', b: 'y' }, defaultVariant: 'a', targeting: { if: [{ $ref: 's' }, 'a', { fractional: [['a', 1], ['b', 1]] }] } });
  expect(buildFlag(withVariantName(draft, 0, 'c')).value).toEqual({ variants: { c: 'x', b: 'y' }, defaultVariant: 'c', targeting: { if: [{ $ref: 's' }, 'c', { fractional: [['c', 1], ['b', 1]] }] } });
});

test('a draft goes over to a newer version unless both changed the same', () => {
  const draft = { ...featureDraftOf(feature()), name: 'Basket' };
  const moved = rebase(feature(), draft, feature({ enabled: false, state: 'DISABLED', description: 'Sell', revision: 6 }));
  expect(moved).toMatchObject({ name: 'Basket', description: 'Sell' });
  expect(rebase(feature(), draft, feature({ name: 'Theirs', revision: 6 }))).toBeUndefined();
  // A switched sub-feature does not stop the editor of its name, and stays as it was switched.
  const subs = { ...featureDraftOf(feature()), subs: featureDraftOf(feature()).subs.map((sub) => ({ ...sub, name: 'Hints' })) };
  const switched = feature({ sub_features: [{ ...feature().sub_features[0]!, enabled: false, state: 'DISABLED' }], revision: 6 });
  expect(patchOf(switched, rebase(feature(), subs, switched)!).value['sub_features']).toMatchObject([{ name: 'Hints', state: 'DISABLED' }]);
});

const facts: Facts = { platforms: new Map([[3, 'web']]), featureKeys: new Map([[2, 'search']]), packagesOf: () => ['pro'], isStale: () => false };
const found = (query: string, more: Partial<Feature> = {}) => matches(feature(more), parseQuery(query, kOperators), facts);

test('the search understands its operators', () => {
  for (const query of ['', 'CART', 'is:on', '-is:off', 'type:boolean', 'group:shop', 'tag:beta', 'tag:new -tag:old', 'platform:web', 'package:pro', 'key:cart/ti', '"cart" is:on', 'buy', '-is:stale', '-is:targeted'])
    expect(found(query), query).toBe(true);
  for (const query of ['is:off', '-cart', 'type:string', 'group:none', 'tag:bet', 'platform:ios', 'package:none', 'requires:search', 'segment:europe', 'is:split', 'cart is:off', 'is:nonsense'])
    expect(found(query), query).toBe(false);
  expect(found('requires:SEARCH', { requires: [2] })).toBe(true);
  expect(found('segment:europe is:targeted', { targeting: { if: [{ $ref: 'europe' }, 'on', 'off'] } })).toBe(true);
  expect(found('is:split', { targeting: { fractional: [['on', 1], ['off', 1]] } })).toBe(true);
  expect(found('group:none', { metadata: {} })).toBe(true);
  // A colon after another word is text, as in a description.
  expect(found('note:this', { description: 'Note:this is text' })).toBe(true);
});

test('a search that cannot be meant is explained', () => {
  expect(queryProblem('is:on type:number', kOperators)).toBeUndefined();
  expect(queryProblem('is:maybe', kOperators)).toBe('“is:” takes on, off, stale, targeted or split, not “maybe”.');
  expect(queryProblem('type:bool', kOperators)).toContain('boolean');
  expect([hasTerm('cart is:on', 'is:on'), hasTerm('cart -is:on', 'is:on')]).toEqual([true, false]);
  expect(toggleTerm('cart is:on', 'is:on')).toBe('cart');
  expect(toggleTerm('cart', 'is:on')).toBe('cart is:on');
  expect(toggleTerm('"new cart" tag:"early access"', termOf('tag', 'early access'))).toBe('"new cart"');
  expect(withOperator('cart tag:beta -tag:old', 'tag', 'early access')).toBe('cart -tag:old tag:"early access"');
  expect(withOperator('group:"a b" cart', 'group', '')).toBe('cart');
});

test('snippets name the flag and its default', () => {
  const all = snippets({ key: 'home-layout/beta', type: 'string', url: 'https://flags.example' });
  expect(all.map(({ id }) => id)).toEqual(['js', 'react', 'python', 'curl']);
  for (const { code } of all) expect(code).toMatch(/home-layout(\/|%2F)beta/);
  expect(all[0]!.code).toContain("const homeLayoutBeta = client.flag('home-layout/beta', '')");
  expect(snippets({ key: '2fa', type: 'boolean', url: '' })[2]!.code).toContain('fa = client.flag("2fa", False)');
});
