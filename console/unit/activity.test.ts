import { describe, expect, test } from 'vitest';
import { difference, jsonDifference } from '../src/features/activity/difference';
import { matches, withEntries, withEntry, type Entry } from '../src/features/activity/filters';

const entry = (revision: number, more: Partial<Entry> = {}): Entry => ({
  revision, epoch: 1, timestamp: '2026-11-23T08:16:02.871Z', summary: 'owner switched platform Web off', source: 'rest', actor: { id: 1, kind: 'admin', name: 'owner', source: 'rest' },
  changes: [
    { entity_type: 'platform', entity_id: 1, type: 'toggle', key: 'web', name: 'Web shop', before: { enabled: true }, after: { enabled: false } },
    { entity_type: 'feature', entity_id: 9, type: 'update', key: 'cart', name: 'Cart', before: {}, after: {} },
  ],
  ...more,
});

describe('what arrives live is filtered as the server filters', () => {
  test('by actor, source, kind and entity', () => {
    expect(matches(entry(1), {})).toBe(true);
    expect([matches(entry(1), { actor: 'owner' }), matches(entry(1), { actor: 'own' })]).toEqual([true, false]);
    expect([matches(entry(1), { source: 'rest' }), matches(entry(1), { source: 'timer' })]).toEqual([true, false]);
    expect([matches(entry(1), { entity_type: 'platform', entity_id: 1 }), matches(entry(1), { entity_type: 'platform', entity_id: 9 })]).toEqual([true, false]);
  });

  test('one entity matches all together', () => {
    expect([matches(entry(1), { entity_type: 'feature', type: 'update' }), matches(entry(1), { entity_type: 'feature', type: 'toggle' })]).toEqual([true, false]);
    expect([matches(entry(1), { q: 'SHOP', entity_type: 'platform' }), matches(entry(1), { q: 'shop', entity_type: 'feature' })]).toEqual([true, false]);
    expect(matches(entry(1), { q: 'owner', entity_type: 'feature' })).toBe(true);
  });

  test('changes of the installation are on no other page', () => {
    const system = entry(1, { environment: 'system', changes: [{ entity_type: 'environment', entity_id: 2, type: 'create', key: 'staging', before: null, after: {} }] });
    expect([matches(system, {}), matches(system, { entity_type: 'environment' }), matches(entry(1), { entity_type: 'environment' })]).toEqual([false, true, false]);
  });
});

test('an entry takes its place by epoch and revision, once', () => {
  const items = [entry(9), entry(7)];
  expect(withEntry(items, entry(10)).map((item) => item.revision)).toEqual([10, 9, 7]);
  expect(withEntry(items, entry(8)).map((item) => item.revision)).toEqual([9, 8, 7]);
  expect(withEntry(items, entry(7))).toBe(items);
  expect(withEntry(items, entry(2, { epoch: 2 })).map((item) => item.revision)).toEqual([2, 9, 7]);
});

describe('a difference', () => {
  const signs = (before: string, after: string) => difference(before ? before.split('') : [], after ? after.split('') : []).map(({ kind, text }) => ({ same: ' ', gone: '-', new: '+' })[kind] + text).join('');

  test('keeps what both have in common', () => {
    expect(signs('abcd', 'abxd')).toBe(' a b-c+x d');
    expect(signs('abc', 'abc')).toBe(' a b c');
    expect(signs('', 'ab')).toBe('+a+b');
    expect(signs('axbyc', 'abc')).toBe(' a-x b-y c');
  });

  test('rebuilds both sides', () => {
    const before = 'the quick brown fox jumps over the lazy dog'.split(' ');
    const after = 'a quick red fox jumps over two lazy dogs and the cat'.split(' ');
    const lines = difference(before, after);
    expect(lines.filter(({ kind }) => kind !== 'new').map(({ text }) => text)).toEqual(before);
    expect(lines.filter(({ kind }) => kind !== 'gone').map(({ text }) => text)).toEqual(after);
  });

  test('of members shows the values and not the book-keeping', () => {
    expect(jsonDifference({ enabled: true, updated_at: 'a' }, { enabled: false, updated_at: 'b' }).map(({ kind, text }) => `${kind} ${text}`)).toEqual(['same {', 'gone   "enabled": true', 'new   "enabled": false', 'same }']);
    expect(jsonDifference(null, { key: 'web' }).every(({ kind }) => kind === 'new')).toBe(true);
    expect(jsonDifference(null, null)).toEqual([]);
  });
});

test('a page that grows too long gives its end back to the page after it', () => {
  const first = { items: [entry(10), entry(9)], next: 9 };
  const many = Array.from({ length: 120 }, (_, index) => entry(11 + index));
  const [grown, ...none] = withEntries([first], many);
  expect([grown!.items.length, grown!.items[0]!.revision, grown!.next, none.length]).toEqual([100, 130, 31, 0]);
  // A reader who looks at older pages keeps them, until there is far too much.
  const older = { items: [entry(8)] };
  expect(withEntries([first, older], many)).toMatchObject([{ next: 9 }, older]);
  expect(withEntries([first, older], Array.from({ length: 1200 }, (_, index) => entry(11 + index)))).toHaveLength(1);
  const pages = [first];
  expect(withEntries(pages, [entry(9)])).toBe(pages);
});
