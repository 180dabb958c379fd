import { expect, test } from 'vitest';
import { environmentColor } from '../src/shared/environment-color';
import { memberText } from '../src/shared/entities/words';
import { parseJson, parseObject } from '../src/shared/json/json-editor';
import { ago } from '../src/shared/time/time';
import { keyFor, keyProblem } from '../src/shared/ui/key-field';

test('a key follows from a name, and is valid', () => {
  expect(keyFor('Dark mode (beta)')).toBe('dark-mode-beta');
  expect(keyFor('  Überraschung!  ')).toBe('uberraschung');
  expect(keyFor('—')).toBe('');
  for (const name of ['iOS app', '3D view', '-x', 'a'.repeat(200)]) expect(keyProblem(keyFor(name))).toBeNull();
});

test('what is wrong with a key is said', () => {
  expect(keyProblem('')).toMatch(/Enter/);
  expect(keyProblem('a b')).toMatch(/spaces/);
  expect(keyProblem('.a')).toMatch(/begin/);
  expect(keyProblem('a/b')).toMatch(/letters/);
  expect(keyProblem('a'.repeat(101))).toMatch(/100/);
  expect(keyProblem('a.b_c:d|e~f-1')).toBeNull();
});

test('times are told in words', () => {
  const now = Date.UTC(2030, 0, 10);
  expect(ago(now - 1000, now)).toBe('just now');
  expect(ago(now - 61_000, now)).toBe('1 minute ago');
  expect(ago(now - 3 * 86_400_000, now)).toBe('3 days ago');
  expect(ago(now + 2 * 3_600_000, now)).toBe('in 2 hours');
});

test('JSON that is none says why', () => {
  expect(parseJson('{"a": 1}')).toEqual({ value: { a: 1 } });
  expect(parseJson('{').problem).toMatch(/no valid JSON/);
  expect(parseObject('[]').problem).toMatch(/object/);
});

test('production is red and nothing else is', () => {
  expect(environmentColor('production')).toBe('red');
  for (const key of ['staging', 'dev', 'qa', 'test-1', 'eu']) expect(environmentColor(key)).not.toBe('red');
  expect(environmentColor('dev')).toBe(environmentColor('dev'));
});

test('members have the names that forms give them', () => {
  expect(['maintenance_note', 'defaultVariant', 'config', 'description'].map(memberText)).toEqual(['maintenance note', 'default variant', 'configuration', 'description']);
});
