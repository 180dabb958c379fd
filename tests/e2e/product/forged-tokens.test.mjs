// Tokens that look like ours and are not, or are not any more, over REST, sockets, login events, streams and OFREP. Some are
// signed with the real key, which the test reads from the store: then the claims alone must tell.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { forged, SigningKey } from '../support/issuer.mjs';
import { holds, kAll, kOne } from '../support/ofrep.mjs';
import { kOwner, kPassword, ownKey, product } from '../support/product.mjs';

const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000'] });
const run = promisify(execFile);
const now = () => Math.floor(Date.now() / 1000);
const read = (part) => JSON.parse(Buffer.from(part, 'base64url'));

/** The secret of the first signing key, as the database has it. */
async function secretIn(folder) {
  const { stdout } = await run('python3', ['-c', `
import sqlite3, sys
db = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True, timeout=30)
print(db.execute("SELECT hex(value) FROM secret WHERE kind = 'signing_key' ORDER BY id LIMIT 1").fetchone()[0])
`, path.join(folder, 'togglecast.db')]);
  return Buffer.from(stdout.trim(), 'hex');
}

const kinds = {
  client: {
    nsp: '/client', other: '/admin', login: 'client_connect',
    async token() {
      return (await shared.it.createClient()).token;
    },
    // 404 for an asset that is not there means that it opened the door.
    rest: async (token) => (await shared.it.request('GET', `/api/v1/assets/${'0'.repeat(64)}`, undefined, { token })).body.code,
    open: 'not_found',
  },
  admin: {
    nsp: '/admin', other: '/client', login: 'admin_connect',
    async token() {
      return (await shared.it.call('POST', '/api/v1/auth/login', { username: kOwner, password: kPassword }, { token: null })).token;
    },
    rest: async (token) => (await shared.it.request('GET', '/api/v1/platforms?limit=1', undefined, { token })).body.code,
    open: undefined,
  },
};

let secret;
const prepare = async () => (secret ??= await secretIn(shared.it.data));

/** What may be wrong with a token: {name: [token, code]}. `good` is one that opens the door. */
function casesOf(good) {
  const [header, claims] = good.split('.').slice(0, 2).map(read);
  const [, payload, signature] = good.split('.');
  const signed = (other = {}, more = {}) => forged({ ...header, ...more }, { ...claims, ...other }, secret);
  const rsa = new SigningKey('RS256', header.kid);
  const invalid = (token) => [token, 'token_invalid'];
  assert.equal(signed(), good, 'the test signs as the server does');
  return {
    'alg none': invalid(forged({ ...header, alg: 'none' }, claims)),
    'alg none, with the signature': invalid(`${forged({ ...header, alg: 'none' }, claims)}${signature}`),
    'alg nOnE': invalid(forged({ ...header, alg: 'nOnE' }, claims)),
    'no alg': invalid(signed({}, { alg: undefined })),
    'RS256 by another key with our kid': invalid(rsa.token(claims)),
    'HS512 in the header': invalid(signed({}, { alg: 'HS512' })),
    'a public key as the secret': invalid(forged(header, claims, rsa.pem())),
    'an empty secret': invalid(forged(header, claims, '')),
    'a secret of zeros': invalid(forged(header, claims, Buffer.alloc(32))),
    'the secret as hexadecimal text': invalid(forged(header, claims, secret.toString('hex'))),
    'no kid': invalid(signed({}, { kid: undefined })),
    'a kid that is a path': invalid(signed({}, { kid: '../../../dev/null' })),
    'a kid that is SQL': invalid(signed({}, { kid: "x' UNION SELECT 'secret" })),
    'a kid with NUL': invalid(signed({}, { kid: `${header.kid}\0` })),
    'a kid that is a list': invalid(signed({}, { kid: [header.kid] })),
    'a long kid': invalid(signed({}, { kid: 'k'.repeat(2000) })),
    'a key of its own in jwk': invalid(rsa.token(claims, { jwk: rsa.jwk })),
    'a URL of keys in jku': invalid(rsa.token(claims, { jku: 'http://127.0.0.1:1/jwks' })),
    'a certificate in x5c': invalid(rsa.token(claims, { x5c: [rsa.pem()] })),
    'crit': invalid(signed({}, { crit: ['exp'] })),
    'another audience': invalid(signed({ aud: 'elsewhere' })),
    'a list of audiences': invalid(signed({ aud: ['togglecast'] })),
    'another issuer': invalid(signed({ iss: 'https://evil.example' })),
    'no issuer': invalid(signed({ iss: undefined })),
    'another subject': [signed({ sub: '999999' }), 'revoked'],
    'no subject': invalid(signed({ sub: undefined })),
    'a subject that is no id': invalid(signed({ sub: '1e0' })),
    'a record that does not exist': [signed({ jti: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'revoked'],
    'no name': invalid(signed({ jti: undefined })),
    'another kind': [signed({ kind: claims.kind === 'client' ? 'admin' : 'client' }), 'revoked'],
    'a kind that does not exist': invalid(signed({ kind: 'owner' })),
    'an environment that does not exist': invalid(signed({ env: 'moon' })),
    'no environment': invalid(signed({ env: undefined })),
    'no exp': invalid(signed({ exp: undefined })),
    'exp as text': invalid(signed({ exp: String(claims.exp) })),
    'no iat': invalid(signed({ iat: undefined })),
    'nbf in the future': invalid(signed({ nbf: now() + 3600 })),
    'one that has expired': [signed({ exp: now() - 1 }), 'token_expired'],
    'a changed claim under the old signature': invalid(`${good.split('.')[0]}.${Buffer.from(JSON.stringify({ ...claims, sub: String(Number(claims.sub) + 1) })).toString('base64url')}.${signature}`),
    'no signature': invalid(`${good.split('.')[0]}.${payload}.`),
    'half a signature': invalid(good.slice(0, -20)),
    'four parts': invalid(`${good}.x`),
    'two parts': invalid(`${good.split('.')[0]}.${payload}`),
    'a padded signature': invalid(`${good}=`),
    'one of 5,000 bytes': invalid(signed({ more: 'x'.repeat(4000) })),
  };
}

for (const [kind, { nsp, other, login, token, rest, open }] of Object.entries(kinds)) {
  test(`a forged or stale token of ${kind === 'admin' ? 'an admin' : 'a client'} opens nothing`, { timeout: 300_000 }, async (t) => {
    await prepare();
    const good = await token();
    assert.equal(await rest(good), open);
    const inside = await shared.it.socket(t, nsp, { token: good }).connected();
    for (const [name, [bad, code]] of Object.entries(casesOf(good))) {
      assert.equal(await rest(bad), code, `${name}, over REST`);
      assert.equal((await shared.it.socket(t, nsp, { token: bad }).refused()).data.code, code, `${name}, over a socket`);
      assert.notEqual((await shared.it.socket(t, other, { token: bad }).refused()).data.code, undefined, `${name}, on ${other}`);
      const outside = await shared.it.socket(t, nsp, {}).connected();
      for (const socket of [inside, outside])
        assert.equal((await socket.ask(login, { token: bad })).error?.code, code, `${name}, by ${login}`);
      outside.close();
    }
    assert.equal((await inside.ask('config_check', {})).error, undefined, 'who is in stays in');
  });
}

/** The other entrances, and what the good token of a client gets there. */
const entrances = {
  'GET /api/v1/stream': { open: 200, ask: (token) => begins(`${shared.it.url}/api/v1/stream`, token) },
  'OFREP, all flags': { open: 200, ask: async (token) => holds(kAll, await shared.it.request('POST', kAll, { context: {} }, { token })) },
  'OFREP, one flag, by X-API-Key': {
    open: 404,  // there is no such flag
    ask: async (token) => holds(kOne, await shared.it.request('POST', `${kAll}/none`, { context: {} }, { token: null, headers: { 'X-API-Key': token } })),
  },
};

/** The answer to a request for a stream, which is left at once. */
async function begins(url, token) {
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(60_000) });
  if (answer.status !== 200) return { status: answer.status, body: await answer.json() };
  await answer.body.cancel();
  return { status: answer.status };
}

for (const [kind, { token }] of Object.entries(kinds)) {
  test(`a forged or stale token of ${kind === 'admin' ? 'an admin' : 'a client'} opens no stream and evaluates nothing`, { timeout: 300_000 }, async () => {
    await prepare();
    const good = await token();
    for (const [entrance, { open, ask }] of Object.entries(entrances)) {
      const { status } = await ask(good);
      if (kind === 'client') assert.equal(status, open, entrance);
      else assert.notEqual(status, 401, `${entrance}: an admin may have no view, but its token is good`);
      for (const [name, [bad, code]] of Object.entries(casesOf(good))) {
        const refused = await ask(bad);
        assert.deepEqual([refused.status, refused.body?.code], [401, code], `${name}, at ${entrance}`);
      }
    }
  });
}

describe('a good token in the wrong place', () => {
  test("a client's on /admin and for what only admins do, an admin's on /client", async (t) => {
    const client = await kinds.client.token();
    const admin = await kinds.admin.token();

    assert.equal((await shared.it.socket(t, '/admin', { token: client }).refused()).data.code, 'forbidden');
    assert.equal((await shared.it.socket(t, '/client', { token: admin }).refused()).data.code, 'forbidden');
    for (const [target, login, bad] of [['/admin', 'admin_connect', client], ['/client', 'client_connect', admin]]) {
      const socket = await shared.it.socket(t, target, {}).connected();
      assert.equal((await socket.ask(login, { token: bad })).error.code, 'forbidden');
    }
    for (const [method, target, body] of [['GET', '/api/v1/platforms'], ['POST', '/api/v1/platforms', { key: ownKey(), name: 'W' }], ['GET', '/metrics'], ['GET', '/api/v1/auth/sessions']])
      assert.equal((await shared.it.request(method, target, body, { token: client })).status, 403, target);
  });

  test('an environment that the token of an admin names is nothing without a role there', async (t) => {
    await prepare();
    await shared.it.call('POST', '/api/v1/environments', { key: 'closed' });
    const username = ownKey('admin');
    await shared.it.call('POST', '/api/v1/admins', { username, password: kPassword, role: 'editor', environments: { closed: 'viewer' } });
    const { token } = await shared.it.call('POST', '/api/v1/auth/login', { username, password: kPassword }, { token: null });
    const [header, claims] = token.split('.').slice(0, 2).map(read);
    const there = forged(header, { ...claims, env: 'closed' }, secret);  // as a refresh would give it
    const create = (token) => shared.it.request('POST', '/api/v1/platforms', { key: ownKey(), name: 'W' }, { token });

    assert.equal((await create(token)).status, 201, 'an editor of production');
    assert.equal((await create(there)).status, 403, 'a viewer of the other one');
    const socket = await shared.it.socket(t, '/admin', { token: there }).connected();
    await socket.next('admin_connected');
    assert.equal((await socket.ask('broadcast_announcement', { title: 'T', message: 'M' })).error.code, 'forbidden');
    assert.equal((await create(forged(header, { ...claims, env: 'system' }, secret))).status, 401, 'nobody works in system');
  });
});
