// Tokens of clients that others sign: a stock client with one of them, those that are forged or stale, and what ends them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../support/deadline.mjs';
import { codeOf, forged, jwks, now, SigningKey, startProvider, trusted as trustedAt } from '../support/issuer.mjs';
import { dataFolder, ownKey, product } from '../support/product.mjs';

const shared = product({ args: ['--egress-plain-loopback', '--write-rate', '1000', '--write-burst', '1000'] });
const keys = { RS256: new SigningKey('RS256'), ES256: new SigningKey('ES256'), EdDSA: new SigningKey('EdDSA') };

const trusted = (source = { jwks: JSON.parse(jwks(...Object.values(keys))) }, more = {}) => trustedAt(shared.it, source, more);
const restCode = (token) => codeOf(shared.it, token);

async function socketCode(t, token, nsp = '/client') {
  return (await shared.it.socket(t, nsp, { token }).refused()).data.code;
}

async function entered(t, token, options) {
  const client = await shared.it.clientSocket(t, token, options).connected();
  const [greeting] = await client.next('client_connected');
  return { client, greeting };
}

describe('a good token', () => {
  for (const [alg, key] of Object.entries(keys)) {
    test(`by ${alg} connects a stock client as the one that it names`, async (t) => {
      const { client, claims } = await trusted();

      const { greeting } = await entered(t, key.token(claims()));

      assert.equal(greeting.client.id, client.id);
      assert.equal(await restCode(key.token(claims())), 'not_found');
    });
  }

  test('logs in by an event, and renews', async (t) => {
    const { claims } = await trusted();
    const client = await shared.it.socket(t, '/client', {}).connected();

    assert.ok((await client.ask('client_connect', { token: keys.EdDSA.token(claims()) })).client);
    assert.ok((await client.ask('client_connect', { token: keys.ES256.token(claims()) })).client);
    const { claims: others } = await trusted();
    assert.equal((await client.ask('client_connect', { token: keys.ES256.token(others()) })).error.code, 'forbidden');
  });

  test('never opens /admin, and nothing of an admin over REST', async (t) => {
    const { claims } = await trusted();
    const token = keys.EdDSA.token(claims({ kind: 'admin', role: 'owner' }));

    assert.equal(await socketCode(t, token, '/admin'), 'forbidden');
    for (const [method, target] of [['GET', '/api/v1/platforms'], ['GET', '/api/v1/issuers'], ['POST', '/api/v1/platforms'], ['GET', '/metrics']])
      assert.equal((await shared.it.request(method, target, method === 'POST' ? {} : undefined, { token })).status, 403, target);
  });

  test('that ends while in use warns, then closes the connection', async (t) => {
    const { claims } = await trusted(undefined, { leeway_s: 0 });
    const { client } = await entered(t, keys.EdDSA.token(claims({ exp: now() + 12 })), { transports: ['websocket'] });

    await client.next('token_expiring');
    assert.match(await client.disconnects.next('disconnect'), /^transport close$/);
  });
});

test('a forged or stale token is refused, over REST and sockets', async (t) => {
  const { claims } = await trusted();
  const key = keys.ES256;
  const other = new SigningKey('ES256', key.kid);
  const good = key.token(claims());
  const header = { alg: 'ES256', kid: key.kid, typ: 'JWT' };
  const staging = ownKey('environment');
  await shared.it.call('POST', '/api/v1/environments', { key: staging });
  const session = await shared.it.call('POST', '/api/v1/auth/login', { username: 'owner', password: 'correct horse battery staple', environment: staging }, { token: null });
  const elsewhere = await shared.it.call('POST', '/api/v1/clients', { key: ownKey('elsewhere'), name: 'E' }, { token: session.token });
  const cases = {
    'alg none': [forged({ alg: 'none' }, claims()), 'token_invalid'],
    'alg none, with a signature': [`${forged({ alg: 'none' }, claims())}${good.split('.')[2]}`, 'token_invalid'],
    'the public key as a secret': [forged({ ...header, alg: 'HS256' }, claims(), key.pem()), 'token_invalid'],
    'the JWK as a secret': [forged({ ...header, alg: 'HS256' }, claims(), JSON.stringify(key.jwk)), 'token_invalid'],
    'another key': [other.token(claims()), 'token_invalid'],
    'an alg of another key': [key.token(claims(), { alg: 'RS256' }), 'token_invalid'],
    'a kid that is a path': [other.token(claims(), { kid: '../../../../../dev/null' }), 'token_invalid'],
    'a kid that is SQL': [other.token(claims(), { kid: "x' UNION SELECT 'secret" }), 'token_invalid'],
    'a kid that is long': [other.token(claims(), { kid: 'k'.repeat(1000) }), 'token_invalid'],
    'a kid that is no text': [key.token(claims(), { kid: [key.kid] }), 'token_invalid'],
    'a key of its own in jwk': [other.token(claims(), { jwk: other.jwk }), 'token_invalid'],
    'a key of its own in x5c': [other.token(claims(), { x5c: [other.pem()] }), 'token_invalid'],
    'an unknown crit': [key.token(claims(), { crit: ['exp'] }), 'token_invalid'],
    'b64 false': [key.token(claims(), { b64: false, crit: ['b64'] }), 'token_invalid'],
    'another type': [key.token(claims(), { typ: 'logout+jwt' }), 'token_invalid'],
    'a changed claim': [`${good.split('.')[0]}.${Buffer.from(JSON.stringify(claims({ sub: 'other' }))).toString('base64url')}.${good.split('.')[2]}`, 'token_invalid'],
    'no signature': [good.slice(0, good.lastIndexOf('.') + 1), 'token_invalid'],
    'another audience': [key.token(claims({ aud: 'elsewhere' })), 'token_invalid'],
    'another issuer': [key.token(claims({ iss: 'https://evil.example/' })), 'token_invalid'],
    'our own name as issuer': [key.token(claims({ iss: 'togglecast', aud: 'togglecast' })), 'token_invalid'],
    'no issuer': [key.token(claims({ iss: undefined })), 'token_invalid'],
    'no subject': [key.token(claims({ sub: undefined })), 'token_invalid'],
    'a subject that is nobody': [key.token(claims({ sub: 'nobody' })), 'token_invalid'],
    'a client of another environment': [key.token(claims({ sub: elsewhere.key })), 'token_invalid'],
    'no exp': [key.token(claims({ exp: undefined })), 'token_invalid'],
    'no iat': [key.token(claims({ iat: undefined })), 'token_invalid'],
    'nbf in the future': [key.token(claims({ nbf: now() + 3600 })), 'token_invalid'],
    'iat in the future': [key.token(claims({ iat: now() + 3600, exp: now() + 7200 })), 'token_invalid'],
    'a life of two days': [key.token(claims({ exp: now() + 2 * 86_400 })), 'token_invalid'],
    'one that has expired': [key.token(claims({ iat: now() - 600, exp: now() - 60 })), 'token_expired'],
  };
  assert.equal(await restCode(good), 'not_found');
  for (const [name, [token, code]] of Object.entries(cases)) {
    assert.equal(await restCode(token), code, `${name}, over REST`);
    assert.equal(await socketCode(t, token), code, `${name}, over a socket`);
    assert.notEqual(await socketCode(t, token, '/admin'), undefined, `${name}, on /admin`);
  }
  const { client } = await entered(t, good);
  for (const [name, [token, code]] of Object.entries(cases))
    assert.equal((await client.ask('client_connect', { token })).error.code, code, `${name}, by an event`);
});

describe('addresses of keys in the header of a token', () => {
  const kHeaders = { jku: ['jku'], x5u: ['x5u'], 'jku and x5u': ['jku', 'x5u'] };
  for (const [name, members] of Object.entries(kHeaders)) {
    test(`${name}: a good token opens, one by the key that lies there does not, and nobody asks there`, async (t) => {
      const { client, claims } = await trusted();
      const good = keys.ES256;
      const foreign = new SigningKey('ES256', good.kid);
      const unknown = new SigningKey('ES256', 'a-key-that-lies-there');
      const there = await startProvider(t, (_, response) => response.end(jwks(foreign, unknown)));
      const header = Object.fromEntries(members.map((member) => [member, there.url]));

      const { client: inside, greeting } = await entered(t, good.token(claims(), header));
      assert.equal(greeting.client.id, client.id);
      assert.equal(await restCode(good.token(claims(), header)), 'not_found');
      assert.ok((await inside.ask('client_connect', { token: good.token(claims(), header) })).client);

      for (const key of [foreign, unknown]) {
        const token = key.token(claims(), header);
        assert.equal(await restCode(token), 'token_invalid');
        assert.equal(await socketCode(t, token), 'token_invalid');
        assert.equal((await inside.ask('client_connect', { token })).error.code, 'token_invalid');
      }
      assert.equal(there.requests, 0);
      assert.equal((await (await fetch(there.url)).json()).keys.length, 2, 'there was something to find');
    });
  }

  test('are not called either by a server that waits for the keys of the issuer', async (t) => {
    const waiting = [];
    const provider = await startProvider(t, (_, response) => waiting.push(response));
    const { claims } = await trusted({ jwks_url: provider.url });
    const foreign = new SigningKey('EdDSA', 'a-key-that-lies-there');
    const there = await startProvider(t, (_, response) => response.end(jwks(foreign)));
    const header = { jku: there.url, x5u: there.url };
    const refused = socketCode(t, foreign.token(claims(), header));
    const opened = entered(t, keys.EdDSA.token(claims(), header));
    await until(() => waiting.length > 0, 'a request for the keys');

    provider.answer = (_, response) => response.end(jwks(keys.EdDSA));
    waiting[0].end(jwks(keys.EdDSA));

    assert.equal(await refused, 'token_invalid');
    await opened;
    assert.equal(there.requests, 0);
  });
});

describe('what ends the connections of an issuer', () => {
  const ways = {
    'its deletion': ({ issuer }) => shared.it.call('DELETE', `/api/v1/issuers/${issuer.id}`),
    'its deactivation': ({ issuer }) => shared.it.call('PATCH', `/api/v1/issuers/${issuer.id}`, { active: false }),
    'a key that is taken out': ({ issuer }) => shared.it.call('PATCH', `/api/v1/issuers/${issuer.id}`, { keys: { jwks: JSON.parse(jwks(keys.RS256)) } }),
    'an algorithm that is taken out': ({ issuer }) => shared.it.call('PATCH', `/api/v1/issuers/${issuer.id}`, { algorithms: ['RS256'] }),
    'tokens_valid_from of the client': ({ client }) =>
      shared.it.call('PATCH', `/api/v1/clients/${client.id}`, { tokens_valid_from: new Date(Date.now() + 2000).toISOString() }),
    'the removal of the client': ({ client }) => shared.it.call('DELETE', `/api/v1/clients/${client.id}`),
  };
  for (const [name, act] of Object.entries(ways)) {
    test(name, async (t) => {
      const all = await trusted();
      const token = keys.EdDSA.token(all.claims());
      const { client } = await entered(t, token);

      await act(all);

      const [end] = await client.next('session_ended');
      assert.equal(end.reason, name.includes('removal') ? 'client_deleted' : 'token_revoked');
      assert.equal(await client.disconnects.next('disconnect'), 'io server disconnect');
      assert.match(await socketCode(t, token), /^(token_invalid|revoked)$/);
      assert.match(await restCode(token), /^(token_invalid|revoked)$/);
    });
  }

  test('a deactivated client stays, with everything off', async (t) => {
    const { client: acme, claims } = await trusted();
    const { client } = await entered(t, keys.EdDSA.token(claims()));
    await shared.it.call('POST', `/api/v1/clients/${acme.id}/toggle`, { active: false });

    const [update] = await client.next('client_update');
    assert.equal(update.data.active, false);
    assert.ok(client.socket.connected);
  });

  test('a renamed or changed issuer keeps them', async (t) => {
    const { issuer, claims } = await trusted();
    const { client } = await entered(t, keys.EdDSA.token(claims()));
    await shared.it.call('PATCH', `/api/v1/issuers/${issuer.id}`, { name: 'Another', audiences: ['flags', 'more'], leeway_s: 5 });

    assert.ok((await client.ask('config_check', {})).up_to_date !== undefined);
  });
});

describe('a provider of keys', () => {
  test('is asked once, and its keys count', async (t) => {
    const provider = await startProvider(t, (_, response) => response.end(jwks(...Object.values(keys))));
    const { issuer, client, claims } = await trusted({ jwks_url: provider.url });

    const { greeting } = await entered(t, keys.RS256.token(claims()));

    assert.equal(greeting.client.id, client.id);
    for (const key of Object.values(keys)) assert.equal(await restCode(key.token(claims())), 'not_found');
    assert.equal(provider.requests, 1);
    const shown = await shared.it.call('GET', `/api/v1/issuers/${issuer.id}/keys`);
    assert.deepEqual(shown.keys.map(({ alg }) => alg), ['RS256', 'ES256', 'EdDSA']);
    assert.equal(shown.error, null);
  });

  test('that answers slowly makes the login wait', async (t) => {
    let answer;
    const provider = await startProvider(t, (_, response) => { answer = () => response.end(jwks(keys.EdDSA)); });
    const { claims } = await trusted({ jwks_url: provider.url });
    const client = shared.it.clientSocket(t, keys.EdDSA.token(claims()));
    await until(() => answer, 'a request for the keys');
    answer();

    await client.connected();
  });

  const faults = {
    'is away': (_, response) => response.destroy(),
    'answers 500': (_, response) => response.writeHead(500).end(),
    'answers something else': (_, response) => response.end('<html>log in here</html>'),
    'answers a private key': (_, response) => response.end(JSON.stringify({ keys: [{ ...keys.EdDSA.privateKey.export({ format: 'jwk' }), kid: keys.EdDSA.kid }] })),
    'redirects': (_, response) => response.writeHead(302, { Location: '/elsewhere' }).end(),
    'never ends': (_, response) => response.end('x'.repeat(3 << 20)),
  };
  for (const [name, fault] of Object.entries(faults)) {
    test(`that ${name} does not stop clients for good`, async (t) => {
      const provider = await startProvider(t, fault);
      const { claims } = await trusted({ jwks_url: provider.url });
      const token = keys.EdDSA.token(claims());
      const client = shared.it.clientSocket(t, token, { transports: ['websocket'], reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 200 });
      assert.equal(await client.disconnects.next('disconnect'), 'transport close');
      assert.equal(await restCode(token), 'unavailable');

      provider.answer = (_, response) => response.end(jwks(keys.EdDSA));

      await client.next('client_connected', 60_000);
    });
  }
});

test('only owners manage issuers, and see them', async () => {
  const { issuer } = await trusted();
  for (const role of ['viewer', 'editor']) {
    const username = ownKey(role);
    await shared.it.call('POST', '/api/v1/admins', { username, role, password: 'correct horse battery' });
    const { token } = await shared.it.call('POST', '/api/v1/auth/login', { username, password: 'correct horse battery' }, { token: null });
    for (const [method, target, body] of [['GET', '/api/v1/issuers'], ['POST', '/api/v1/issuers', {}], ['GET', `/api/v1/issuers/${issuer.id}`],
      ['GET', `/api/v1/issuers/${issuer.id}/keys`], ['PATCH', `/api/v1/issuers/${issuer.id}`, {}], ['DELETE', `/api/v1/issuers/${issuer.id}`]])
      assert.equal((await shared.it.request(method, target, body, { token })).status, 403, `${role} ${method} ${target}`);
  }
});

describe('tokens of our own', () => {
  test('last 90 days', async () => {
    const { id } = await shared.it.createClient();
    const { expires_at: expires } = await shared.it.issueToken(id);
    assert.ok(Math.abs(Date.parse(expires) - Date.now() - 90 * 86_400_000) < 120_000, expires);
  });

  test('may never end', async (t) => {
    const { id } = await shared.it.createClient();
    const issued = await shared.it.issueToken(id, { expires_in: 'never' });

    assert.equal(issued.expires_at, null);
    const listed = (await shared.it.call('GET', `/api/v1/clients/${id}/tokens`)).items.find((one) => one.id === issued.id);
    assert.equal(listed.expires_at, null);
    const { client } = await entered(t, issued.token);
    await shared.it.call('DELETE', `/api/v1/clients/${id}/tokens/${issued.id}`);
    await client.next('session_ended');
    assert.equal((await shared.it.request('POST', `/api/v1/clients/${id}/tokens`, { expires_in: 'ever' })).status, 400);
    assert.equal((await shared.it.request('POST', `/api/v1/clients/${id}/tokens`, { expires_in: 'never', expires_at: '2999-01-01T00:00:00Z' })).status, 400);
  });
});

describe('the examples of docs/security.md', () => {
  const text = readFileSync(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../docs/security.md'), 'utf8');
  for (const [name, command] of [['sign-token.mjs', process.execPath], ['sign_token.py', process.env.TOGGLECAST_PYTHON ?? '/usr/bin/python3']]) {
    test(name, async (t) => {
      const start = text.search(new RegExp(`^(//|#) ${name}`, 'm'));
      assert.ok(start > 0, `docs/security.md has ${name}`);
      const { folder, remove } = await dataFolder();
      t.after(remove);
      const key = keys.EdDSA;
      writeFileSync(path.join(folder, name), text.slice(start, text.indexOf('\n```', start) + 1));
      writeFileSync(path.join(folder, 'key.pem'), key.pem('privateKey'));
      const client = await shared.it.call('POST', '/api/v1/clients', { key: ownKey('client'), name: 'Acme' });
      const listed = await shared.it.call('GET', '/api/v1/issuers?q=shop');
      if (listed.total === 0)
        await shared.it.call('POST', '/api/v1/issuers', { key: 'shop', name: 'Shop', issuer: 'https://shop.example', audiences: ['flags'], environment: 'production', keys: { pem: key.pem() } });

      const token = execFileSync(command, [path.join(folder, name), path.join(folder, 'key.pem'), client.key], { encoding: 'utf8' }).trim();

      assert.equal((await entered(t, token)).greeting.client.id, client.id);
    });
  }
});
