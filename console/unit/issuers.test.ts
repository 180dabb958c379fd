import { expect, test } from 'vitest';
import { bodyOf, keysProblem, sourceOf, valuesOf, type Issuer } from '../src/features/issuers/issuers';

const issuer = { id: 1, key: 'shop', name: 'Shop', issuer: 'https://shop.example', audiences: ['flags'], environment: 'staging', algorithms: ['EdDSA'], keys: { jwks: { keys: [] } }, client_claim: '/app/tenant', leeway_s: 5, active: false, revision: 1, created_at: '', updated_at: '', etag: '"1.1"' } as Issuer;

test('the form of an issuer sends it back as it was, without the members that never change', () => {
  expect(bodyOf(valuesOf(issuer, 'production'), false)).toEqual({ name: 'Shop', audiences: ['flags'], keys: { jwks: { keys: [] } }, algorithms: ['EdDSA'], client_claim: '/app/tenant', leeway_s: 5, active: false });
});

test('a new issuer has a key, its name in tokens and an environment', () => {
  const values = { ...valuesOf(undefined, 'staging'), key: 'shop', name: ' Shop ', issuer: ' https://shop.example', audiences: ['flags'], keys: ' https://shop.example/jwks ', algorithms: ['RS256', 'EdDSA'], leeway_s: '7' };
  expect(bodyOf(values, true)).toEqual({ key: 'shop', name: 'Shop', issuer: 'https://shop.example', environment: 'staging', audiences: ['flags'], keys: { jwks_url: 'https://shop.example/jwks' }, algorithms: ['EdDSA', 'RS256'], client_claim: 'sub', leeway_s: 7, active: true });
});

test('the source is the member that is there', () => {
  for (const source of ['jwks', 'jwks_url', 'pem', 'jwks_file'] as const) expect(sourceOf({ keys: { [source]: 'x' } as Issuer['keys'] })).toBe(source);
});

test('keys that cannot be right are told before they are sent', () => {
  expect(keysProblem('jwks_url', 'https://sso.example/certs')).toBeNull();
  expect(keysProblem('jwks_url', 'http://127.0.0.1:8080/certs'), 'a server for tests may take it').toBeNull();
  expect(keysProblem('jwks_url', 'sso.example')).toMatch(/https/);
  expect(keysProblem('jwks', '')).toMatch(/Paste/);
  expect(keysProblem('jwks', '{"keys": [')).toMatch(/no JSON/);
  expect(keysProblem('jwks', '{"kty": "OKP"}')).toMatch(/list “keys”/);
  expect(keysProblem('jwks', 'null')).toMatch(/list “keys”/);
  expect(keysProblem('jwks', '{"keys": [{"kty": "OKP", "x": "A"}]}')).toBeNull();
  expect(keysProblem('jwks', '{"keys": [{"kty": "OKP", "x": "A", "d": "B"}]}')).toMatch(/private/);
  expect(keysProblem('pem', '-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----')).toBeNull();
  expect(keysProblem('pem', '-----BEGIN PRIVATE KEY-----\nA')).toMatch(/private key/);
  expect(keysProblem('pem', 'ssh-ed25519 AAAA')).toMatch(/begins with/);
  expect(keysProblem('jwks_file', 'shop.json')).toBeNull();
});
