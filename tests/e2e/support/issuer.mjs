// An issuer of tokens, as a back end or an identity provider is one: key pairs, tokens, and a provider of its JWK Set
// that can be away, slow and wrong.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';
import { ownKey } from './product.mjs';

const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const kMake = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

export class SigningKey {
  constructor(alg, kid = `key-of-${alg}`) {
    Object.assign(this, { alg, kid }, kMake[alg]());
  }

  get jwk() {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: this.alg, use: 'sig' };
  }

  pem(which = 'publicKey') {
    return this[which].export({ type: which === 'publicKey' ? 'spki' : 'pkcs8', format: 'pem' });
  }

  /** A token with these claims; `header` replaces members of the one that it should have. */
  token(claims, header = {}) {
    const text = `${part({ alg: this.alg, kid: this.kid, typ: 'JWT', ...header })}.${part(claims)}`;
    const how = this.alg === 'ES256' ? { key: this.privateKey, dsaEncoding: 'ieee-p1363' } : this.privateKey;
    return `${text}.${sign(this.alg === 'EdDSA' ? null : 'sha256', Buffer.from(text), how).toString('base64url')}`;
  }
}

/** Signed by HMAC with this secret, or by nothing. */
export function forged(header, claims, secret) {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${secret === undefined ? '' : createHmac('sha256', secret).update(text).digest('base64url')}`;
}

export const now = () => Math.floor(Date.now() / 1000);

/** An issuer with these keys and a client: {issuer, client, claims(other), token(key, other), keys()}. */
export async function trusted(server, keys, more = {}) {
  const iss = `https://${ownKey('issuer')}.example/`;
  const client = await server.call('POST', '/api/v1/clients', { key: ownKey('client'), name: 'Acme' });
  const issuer = await server.call('POST', '/api/v1/issuers', {
    key: ownKey('issuer'), name: 'A back end', issuer: iss, audiences: ['flags'], environment: 'production', keys, ...more,
  });
  const claims = (other = {}) => ({ iss, aud: 'flags', sub: client.key, iat: now(), exp: now() + 3600, ...other });
  return { issuer, client, claims, token: (key, other) => key.token(claims(other)), keys: () => server.call('GET', `/api/v1/issuers/${issuer.id}/keys`) };
}

/** What a token is told over REST: not_found, for an asset that is not there, means that it opens the door. */
export async function codeOf(server, token) {
  const { body } = await server.request('GET', `/api/v1/assets/${'0'.repeat(64)}`, undefined, { token });
  return body.code ?? body.error.code;
}

export const jwks = (...keys) => JSON.stringify({ keys: keys.map((key) => key.jwk) });

/** Answers every request by `provider.answer(request, response)`; ends with the test. */
export async function startProvider(t, answer) {
  const provider = { answer, requests: 0 };
  const server = http.createServer((request, response) => {
    ++provider.requests;
    provider.answer(request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  provider.url = `http://127.0.0.1:${server.address().port}/jwks`;
  return provider;
}
