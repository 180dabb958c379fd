import { describe, expect, test } from 'vitest';
import { keepKnown, patchList, patchOne, RecentUpdates, type LiveUpdate } from '../src/shared/live/updates';

const entity = (id: number, revision: number, name = '') => ({ id, revision, name });
const update = (id: number, revision: number, name = '', more: Partial<LiveUpdate> = {}): LiveUpdate => ({
  entityType: 'feature', id, type: 'update', data: entity(id, revision, name), revision, epoch: 1, actor: null, ...more,
});
const gone = (id: number, revision: number) => update(id, revision, '', { type: 'delete', data: null });

describe('a list', () => {
  test('takes what is newer, keeps its order, and appends what is new', () => {
    const items = [entity(1, 5), entity(2, 5), entity(3, 5)];
    const next = patchList(items, [update(2, 6, 'new'), update(9, 7, 'more')]);
    expect(next.map(({ id, name }) => [id, name])).toEqual([[1, ''], [2, 'new'], [3, ''], [9, 'more']]);
  });

  test('is the very same list when nothing in the updates is newer', () => {
    const items = [entity(1, 5)];
    expect(patchList(items, [update(1, 5, 'echo'), update(1, 4, 'old')])).toBe(items);
    expect(patchList(items, [])).toBe(items);
  });

  test('takes the last of several updates of one entity, in whatever order they stand', () => {
    expect(patchList([entity(1, 1)], [update(1, 4, 'last'), update(1, 3, 'before')])[0]?.name).toBe('last');
  });

  test('loses what was deleted, and what was made and deleted at once', () => {
    expect(patchList([entity(1, 1), entity(2, 1)], [gone(1, 2), update(3, 3), gone(3, 4)]).map(({ id }) => id)).toEqual([2]);
  });

  test('does not lose an entity to a deletion from before it was written', () => {
    expect(patchList([entity(1, 8)], [gone(1, 7)])).toHaveLength(1);
  });
});

test('one entity follows its updates, to its end', () => {
  expect(patchOne(entity(1, 3, 'a'), [update(1, 2, 'old')])?.name).toBe('a');
  expect(patchOne(entity(1, 3, 'a'), [update(1, 4, 'b')])?.name).toBe('b');
  expect(patchOne(entity(1, 3, 'a'), [gone(1, 5)])).toBeNull();
  expect(patchOne(undefined, [])).toBeUndefined();
});

describe('recent updates', () => {
  test('are found by kind and id', () => {
    const recent = new RecentUpdates();
    recent.add(update(1, 1));
    recent.add(update(2, 2));
    recent.add(update(1, 3, '', { entityType: 'platform' }));
    expect(recent.of('feature').map(({ id }) => id)).toEqual([1, 2]);
    expect(recent.of('feature', 2)).toHaveLength(1);
  });

  test('of an older epoch are forgotten, because their revisions mean nothing now', () => {
    const recent = new RecentUpdates();
    recent.add(update(1, 900));
    recent.add(update(2, 3, '', { epoch: 2 }));
    expect(recent.of('feature').map(({ id }) => id)).toEqual([2]);
  });

  test('are bounded', () => {
    const recent = new RecentUpdates(100);
    for (let revision = 1; revision <= 1000; ++revision) recent.add(update(revision, revision));
    expect(recent.of('feature').length).toBeLessThanOrEqual(100);
    expect(recent.of('feature').at(-1)?.revision).toBe(1000);
  });
});

test('what is read again keeps the objects of what has not changed', () => {
  const version = (id: number, etag: string) => ({ id, revision: 1, etag });
  const known = [version(1, '"1.1"'), version(2, '"1.2"')];
  const read = [version(2, '"1.2"'), version(1, '"2.1"'), version(3, '"1.3"')];
  const kept = keepKnown(known, read);
  expect(kept).toEqual(read);
  expect([kept[0] === known[1], kept[1] === read[1], kept[2] === read[2]]).toEqual([true, true, true]);
  expect(keepKnown(undefined, read)).toBe(read);
});
