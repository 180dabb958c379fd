import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { explain, fieldOf, formErrors, Problem, type ErrorCode } from '../src/shared/api/problem';

const refusal = (errors: { pointer: string; reason: string }[], code: 'invalid_argument' | 'already_exists' = 'invalid_argument') =>
  new Problem(code, 'the entity is not valid', 400, { errors: errors as never });

test('a JSON Pointer is the name of a field', () => {
  expect(fieldOf('/price/amount')).toBe('price.amount');
  expect(fieldOf('/a~1b/c~0d')).toBe('a/b.c~d');
  expect(fieldOf('')).toBe('');
});

test('errors stand at their fields, and the others above the form', () => {
  const { fields, rest } = formErrors(refusal([{ pointer: '/name', reason: 'is too long' }, { pointer: '/config/a', reason: 'is too deep' }, { pointer: '/x', reason: 'is unknown' }]), ['name', 'config']);
  expect(fields).toEqual({ name: 'Is too long', config: 'a: is too deep' });
  expect(rest).toEqual(['x: is unknown']);
});

test('a taken key is told at the key', () => {
  expect(formErrors(new Problem('already_exists', 'the key web is taken', 409), ['key']).fields).toEqual({ key: 'The key web is taken' });
});

test('a refusal without fields is told above the form', () => {
  expect(formErrors(new Problem('conflict', 'there are too many', 409), ['key']).rest).toEqual(['There are too many']);
});

const server = JSON.parse(readFileSync(path.join(import.meta.dirname, '../../src/http_api/openapi/common.json'), 'utf8')) as { components: { schemas: { ErrorCode: { enum: ErrorCode[] } } } };
const kCodes: ErrorCode[] = [...server.components.schemas.ErrorCode.enum, 'unreachable'];

test('the server has codes', () => expect(kCodes.length).toBeGreaterThan(15));

test.each(kCodes)('%s says what to do', (code) => {
  const { title, advice } = explain(new Problem(code, 'it was refused', 400));
  expect(title).toBe('It was refused');
  expect(advice).toMatch(/\b(Add|Ask|Change|Check|Choose|Correct|Enter|Go back|Load|Log in|Make|Try again|Wait|can change it|log has more)\b/);
  expect(advice).toMatch(/\.$/);
});

test('waits, request numbers and fields stand behind the advice', () => {
  expect(explain(refusal([{ pointer: '/name', reason: 'is too long' }])).advice).toBe('Correct what you entered, then try again. /name: is too long');
  expect(explain(new Problem('rate_limited', 'too many writes', 429, {}, 3)).advice).toMatch(/Wait a moment.*Try again in 3 s/);
  expect(explain(new Problem('internal', 'it failed', 500, { request_id: 'abc-7' })).advice).toContain('abc-7');
  expect(explain(new Error('boom')).advice).toBe('boom');
});
