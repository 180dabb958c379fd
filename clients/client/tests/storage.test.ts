// Whose a stored state is, by the token alone.
import { expect, test } from 'vitest';
import { subjectOf, viewOf } from '../src/storage.js';

const kSignature = 'c2lnbmF0dXJl';
const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${kSignature}`;
const kClaims = { iss: 'https://shop.example', sub: 'łódź?~', exp: 1 };

test('a renewed token is one of the same client, and one of another client is not', () => {
  expect(subjectOf(token({ ...kClaims, exp: 2 }))).toBe(subjectOf(token(kClaims)));
  expect(subjectOf(token({ ...kClaims, sub: '8' }))).not.toBe(subjectOf(token(kClaims)));
  expect(subjectOf(token({ ...kClaims, iss: 'https://other.example' }))).not.toBe(subjectOf(token(kClaims)));
});

test('a token that names its client by another claim shares no state with another one', () => {
  const [one, two] = ['acme', 'globex'].map((tenant) => subjectOf(token({ iss: 'https://shop.example', tenant })));
  expect(one).not.toBe(two);
  expect(one).not.toContain(kSignature);
});

test('a text that is no token is not kept', () => {
  expect(subjectOf('secret')).not.toContain('secret');
});

test('equal contexts are one view, however their members are ordered', () => {
  expect(viewOf('u', 's', { a: 1, b: { c: 2, d: 3 } })).toBe(viewOf('u', 's', { b: { d: 3, c: 2 }, a: 1 }));
  expect(viewOf('u', 's', { a: 1 })).not.toBe(viewOf('u', 's', { a: '1' }));
  expect(viewOf('u', 's', undefined)).not.toBe(viewOf('u', 't', undefined));
});
