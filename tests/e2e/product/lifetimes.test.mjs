// Options for how long tokens, sessions and keys count, given to a running server: they hold there. The shortest that may be set
// is a minute, so the tests wait at the same time.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { until, untilTried } from '../support/deadline.mjs';
import { codeOf, jwks, now, SigningKey, startProvider, trusted } from '../support/issuer.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product, product } from '../support/product.mjs';

const kPatience = 240_000;
const [first, second] = [new SigningKey('EdDSA', 'first'), new SigningKey('ES256', 'second')];

const place = await dataFolder();
after(place.remove);
const folder = path.join(place.folder, 'keys');
await mkdir(folder);
await writeFile(path.join(folder, 'shop.json'), jwks(first));

const shared = product({
  args: ['--token-lifetime', '3600', '--session-idle', '60', '--issuer-token-lifetime', '60', '--issuer-stale-keys', '60',
    '--issuer-keys', folder, '--egress-plain-loopback'],
});

async function person(at, role = 'viewer') {
  const username = ownKey(role);
  await at.call('POST', '/api/v1/admins', { username, password: kPassword, role });
  return () => at.call('POST', '/api/v1/auth/login', { username, password: kPassword }, { token: null });
}
const refresh = (at, token) => at.request('POST', '/api/v1/auth/refresh', { refresh_token: token }, { token: null });
const readsAs = async (at, token) => (await at.request('GET', '/api/v1/platforms?limit=1', undefined, { token })).status;
/** In seconds; an end is told in whole ones. */
const life = ({ created_at: from, expires_at: to }) => Math.ceil((Date.parse(to) - Date.parse(from)) / 1000);

/** An issuer with these keys and a client, whose tokens may live for a minute: {issuer, keys(), inside(t, key), code(key, claims)}. */
async function trustedFor(at, source) {
  const { issuer, token, keys } = await trusted(at, source);
  const short = (key, claims) => token(key, { exp: now() + 50, ...claims });
  return {
    issuer, keys,
    code: (key, claims, server = at) => codeOf(server, short(key, claims)),
    async inside(t, key) {
      const socket = await at.clientSocket(t, short(key)).connected();
      await socket.next('client_connected', kPatience);
      return socket;
    },
  };
}

describe('in a running server,', { concurrency: true }, () => {
  test('--token-lifetime is the life of a token that is issued without a time', async () => {
    const { id } = await shared.it.createClient();
    const kept = async (options) => {
      const issued = await shared.it.issueToken(id, options);
      return (await shared.it.call('GET', `/api/v1/clients/${id}/tokens`)).items.find((one) => one.id === issued.id);
    };

    assert.equal(life(await kept({})), 3600);
    assert.equal(life(await kept({ expires_in: 7200 })), 7200, 'a time that is given counts');
  });

  test('--session-idle ends a session that nobody uses, and no other', async () => {
    const logIn = await person(shared.it);
    const [idle, busy] = [await logIn(), await logIn()];
    const lives = async () => (await shared.it.call('GET', `/api/v1/auth/sessions?admin=${idle.admin.id}`)).items.map(({ id }) => id);
    assert.deepEqual(await lives(), [busy.session.id, idle.session.id]);

    await untilTried(async () => {
      assert.equal(await readsAs(shared.it, busy.token), 200);
      return !(await lives()).includes(idle.session.id);
    }, 'the end of the session that is not used', kPatience);

    const refused = await refresh(shared.it, idle.refresh_token);
    assert.deepEqual([refused.status, refused.body.code], [401, 'token_expired'], refused.text);
    assert.match(refused.body.detail, /not used for too long/);
    assert.deepEqual(await lives(), [busy.session.id]);
    assert.equal((await refresh(shared.it, busy.refresh_token)).status, 200);
  });

  test('--session-lifetime ends a session, however often it is refreshed', async (t) => {
    const data = await dataFolder();
    t.after(() => data.remove());
    const at = await Product.start(data.folder, { args: ['--session-lifetime', '60'] });
    t.after(() => at.end('SIGKILL'));
    const begun = await at.login(kOwner, kPassword);
    let newest = begun;

    await untilTried(async () => {
      const answer = await refresh(at, newest.refresh_token);
      if (answer.status === 200) {
        newest = answer.body;
        assert.equal(newest.session.expires_at, begun.session.expires_at);
        return false;
      }
      assert.equal(answer.status, 401, answer.text);
      return true;
    }, 'the end of the session', kPatience);

    assert.notEqual(newest.refresh_token, begun.refresh_token);
    assert.ok(Date.now() >= Date.parse(begun.session.expires_at), 'not before its time');
    assert.equal(await readsAs(at, newest.token), 401, 'and its tokens have ended with it');
    const again = await at.login(kOwner, kPassword);
    const [listed] = (await at.call('GET', '/api/v1/auth/sessions')).items;
    assert.equal(listed.id, again.session.id);
    assert.equal(life(listed), 60);
  });

  test('--issuer-token-lifetime is the longest life of a token from an issuer', async () => {
    const { code } = await trustedFor(shared.it, { jwks: JSON.parse(jwks(first)) });
    const at = now();

    assert.equal(await code(first, { iat: at, exp: at + 60 }), 'not_found');
    assert.equal(await code(first, { iat: at, exp: at + 61 }), 'token_invalid');
    assert.equal(await code(first, { iat: at, exp: at + 3600 }), 'token_invalid');
  });

  test('--issuer-stale-keys is the time for which keys count while the issuer is away', async (t) => {
    const provider = await startProvider(t, (_, response) => response.writeHead(200, { 'Cache-Control': 'no-cache' }).end(jwks(first)));
    const { keys, code } = await trustedFor(shared.it, { jwks_url: provider.url });
    assert.equal(await code(first), 'not_found');
    provider.answer = (_, response) => response.destroy();
    assert.equal(await code(first), 'not_found', 'the keys that are known count');

    await untilTried(async () => (await code(first)) === 'unavailable', 'keys that are too old', kPatience);

    assert.equal(typeof (await keys()).error, 'string');
    provider.answer = (_, response) => response.end(jwks(first));
    await untilTried(async () => (await code(first)) === 'not_found', 'keys that are new', kPatience);
  });

  test('--issuer-keys is the folder of the files that issuers name, and is read again', async (t) => {
    const file = ownKey('file');
    await writeFile(path.join(folder, file), jwks(first));
    const { keys, code, inside } = await trustedFor(shared.it, { jwks_file: file });
    await inside(t, first);
    assert.equal(await code(second), 'token_invalid');

    await writeFile(path.join(folder, file), jwks(second));

    await untilTried(async () => (await code(second)) === 'not_found', 'the key that the file has now', kPatience);
    assert.equal(await code(first), 'token_invalid');
    const shown = await keys();
    assert.deepEqual([shown.source, shown.keys.map(({ kid }) => kid), shown.error], ['jwks_file', ['second'], null]);
  });

  test('--issuer-keys is read at the start, and without it the issuer says what is missing', async (t) => {
    const data = await dataFolder();
    t.after(() => data.remove());
    const start = async (...args) => {
      const at = await Product.start(data.folder, { args });
      t.after(() => at.end('SIGKILL'));
      return at;
    };
    const before = await start('--issuer-keys', folder);
    await before.login();
    const { issuer, code } = await trustedFor(before, { jwks_file: 'shop.json' });
    assert.equal(await code(first), 'not_found');
    await before.end('SIGTERM');

    const again = await start('--issuer-keys', folder);
    await untilTried(async () => (await code(first, {}, again)) === 'not_found', 'the key of the file', kPatience);
    assert.equal(await code(second, {}, again), 'token_invalid');
    await again.end('SIGTERM');

    const without = await start();
    await without.login();
    assert.equal(await code(first, {}, without), 'unavailable');
    const error = await until(async () => (await without.call('GET', `/api/v1/issuers/${issuer.id}/keys`)).error, 'the trouble with the keys', kPatience);
    assert.match(error, /no folder of keys \(--issuer-keys\)/);
  });
});
