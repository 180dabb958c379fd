import { expect, test } from 'vitest';
import { compare } from '../src/shared/entities/conflict';

const base = { name: 'a', note: 'b', config: { x: 1 }, revision: 1 };

test('what only they changed is no clash', () => {
  expect(compare(base, { ...base, note: 'theirs', revision: 2 }, { name: 'mine' })).toEqual([
    { field: 'name', base: 'a', theirs: 'a', mine: 'mine', clash: false },
    { field: 'note', base: 'b', theirs: 'theirs', mine: 'b', clash: false },
  ]);
});

test('what both changed to different values is one', () => {
  expect(compare(base, { ...base, config: { x: 2 } }, { config: { x: 3 } })).toEqual([{ field: 'config', base: { x: 1 }, theirs: { x: 2 }, mine: { x: 3 }, clash: true }]);
});

test('what both changed to the same value is none', () => {
  expect(compare(base, { ...base, name: 'same' }, { name: 'same' })[0]?.clash).toBe(false);
});

test('without the version that one began with, every difference is a clash', () => {
  expect(compare(undefined, base, { name: 'mine' })).toEqual([{ field: 'name', base: undefined, theirs: 'a', mine: 'mine', clash: true }]);
});
