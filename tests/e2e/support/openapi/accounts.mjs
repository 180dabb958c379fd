// Accounts, sessions, keys and settings, each answer as it is described.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import path from 'node:path';
import { describe, test } from 'node:test';
import { certificate } from '../certificate.mjs';
import { OidcProvider } from '../oidc-provider.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product } from '../product.mjs';
import { App } from '../totp.mjs';
import { contract, exercisesEntity, kUnknownId, made, readTwice, refused, taken } from './calls.mjs';

describe('accounts', () => {
  test('sessions', async () => {
    const headers = { 'Idempotency-Key': ownKey('login') };
    const session = await taken('POST', '/api/v1/auth/login', { username: kOwner, password: kPassword }, { token: null, headers });
    const again = await taken('POST', '/api/v1/auth/login', { username: kOwner, password: kPassword }, { token: null, headers });
    assert.equal(again.body.token, session.body.token);
    await refused(401, 'POST', '/api/v1/auth/login', { username: kOwner, password: 'wrong' }, { token: null });
    await refused(400, 'POST', '/api/v1/auth/login', { username: kOwner }, { token: null });
    const own = { token: session.body.token };
    const refreshed = await taken('POST', '/api/v1/auth/refresh', { refresh_token: session.body.refresh_token }, { token: null });
    assert.equal(refreshed.body.session.id, session.body.session.id);
    await refused(401, 'POST', '/api/v1/auth/refresh', {}, { token: null });
    await refused(400, 'POST', '/api/v1/auth/refresh', { refresh_token: 7 }, { token: null });
    const cookie = { token: null, headers: { 'Sec-Fetch-Site': 'same-origin' } };
    const inCookie = await taken('POST', '/api/v1/auth/login', { username: kOwner, password: kPassword, cookie: true }, cookie);
    assert.equal(inCookie.body.refresh_token, undefined);
    await refused(403, 'POST', '/api/v1/auth/login', { username: kOwner, password: kPassword, cookie: true }, { token: null, headers: { 'Sec-Fetch-Site': 'cross-site' } });
    assert.equal((await taken('GET', '/api/v1/auth/sessions', undefined, own)).body.items[0].id, inCookie.body.session.id);
    await taken('GET', `/api/v1/auth/sessions?admin=${session.body.admin.id}`, undefined, own);
    await refused(404, 'GET', `/api/v1/auth/sessions?admin=${kUnknownId}`, undefined, own);
    await refused(400, 'GET', '/api/v1/auth/sessions?admin=owner', undefined, own);
    await refused(400, 'DELETE', '/api/v1/auth/sessions?keep_current=perhaps', undefined, own);
    await refused(404, 'DELETE', `/api/v1/auth/sessions/${kUnknownId}`, undefined, own);
    await taken('DELETE', `/api/v1/auth/sessions/${inCookie.body.session.id}`, undefined, own);
    await refused(401, 'POST', '/api/v1/auth/password', { current: 'wrong', new: 'something long' }, own);
    await refused(400, 'POST', '/api/v1/auth/password', { current: kPassword, new: 'short' }, own);
    await taken('POST', '/api/v1/auth/logout', undefined, own);
    await refused(401, 'POST', '/api/v1/auth/logout', undefined, own);
  });

  test('logins by OpenID Connect', async (t) => {
    const data = await dataFolder();
    t.after(() => data.remove());
    const tls = await certificate(data.folder, 'provider');
    const provider = await OidcProvider.start(t, { certificate: tls });
    provider.person.groups = ['developers'];
    const args = [...provider.args('editor=developers'), '--egress-allow', '127.0.0.1', '--egress-ca-file', tls.certificate];
    const server = await Product.start(path.join(data.folder, 'data'), { args });
    t.after(() => server.end('SIGKILL'));
    const over = (await contract()).over(server);
    const json = { Accept: 'application/json' };
    const ask = (target, headers = {}) => over('GET', target, undefined, { token: null, headers: { ...json, ...headers } });

    assert.equal((await ask('/api/v1/auth/methods')).body.methods.length, 2);
    const begun = await ask('/api/v1/auth/oidc/login?return_to=%2Fconsole&environment=production');
    assert.equal(begun.status, 200, begun.text);
    assert.equal((await ask('/api/v1/auth/oidc/login?return_to=nowhere')).status, 400);
    const back = new URL(await provider.visit(begun.body.url));
    assert.equal((await ask(back.pathname + back.search)).status, 401);
    const cookie = begun.headers.getSetCookie()[0].split(';')[0];
    const session = await ask(back.pathname + back.search, { Cookie: cookie });
    assert.equal(session.status, 200, session.text);
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const tell = (body) => over('POST', '/api/v1/auth/oidc/backchannel-logout', body, { token: null, headers: form });
    assert.equal((await tell('logout_token=x')).status, 400);
    assert.equal((await over('POST', '/api/v1/auth/logout', undefined, { token: session.body.token })).status, 200);
    assert.equal((await tell(new URLSearchParams({ logout_token: provider.logoutToken() }).toString())).status, 200);
  });

  test('API keys', async () => {
    const path = '/api/v1/api-keys';
    const body = { name: 'Deploy', scopes: ['read', 'write:features'], addresses: ['10.0.0.0/8', '::1'], expires_in: 3600 };
    const key = await made(path, body);
    const one = `${path}/${key.id}`;
    assert.equal((await taken('GET', one)).body.last_used_at, null);
    await refused(403, 'GET', path, undefined, { token: (await made(path, { name: 'Reader', scopes: ['read'] })).key });
    await taken('GET', `${path}?limit=1&sort=-name&q=dep`);
    const { body: read } = await taken('GET', one);
    await taken('PATCH', one, { ...read, name: 'Deploys', expires_at: null, active: false }, { headers: { 'If-Match': read.etag } });
    await refused(409, 'PATCH', one, { active: true }, { headers: { 'If-Match': read.etag } });
    await refused(400, 'PATCH', one, { scopes: ['all'] });
    await refused(404, 'PATCH', `${path}/${kUnknownId}`, { active: true });
    await refused(400, 'POST', path, { name: '', scopes: [] });
    await refused(400, 'GET', `${path}?colour=red`);
    await refused(404, 'GET', `${path}/${kUnknownId}`);
    await taken('DELETE', one);
    await refused(404, 'DELETE', one);
  });

  test('admins', async () => {
    const body = { username: ownKey('admin'), role: 'editor', password: 'some password' };
    const admin = await made('/api/v1/admins', body);
    await exercisesEntity('/api/v1/admins', admin, { body, patch: { role: 'editor', environments: { production: 'viewer' } }, filters: ['role=viewer', 'active=true'] });
    const { token } = (await taken('POST', '/api/v1/auth/login', { username: body.username, password: body.password }, { token: null })).body;
    await refused(403, 'GET', '/api/v1/admins', undefined, { token });
    await made('/api/v1/signing-keys');
    await refused(403, 'POST', '/api/v1/signing-keys', undefined, { token });
    const { items: keys } = (await taken('GET', '/api/v1/signing-keys')).body;
    await refused(403, 'GET', '/api/v1/signing-keys', undefined, { token });
    await taken('DELETE', `/api/v1/signing-keys/${keys.at(-1).kid}?force=true`);
    await refused(409, 'DELETE', `/api/v1/signing-keys/${keys[0].kid}?force=true`);
    await refused(404, 'DELETE', '/api/v1/signing-keys/nonsense');
    await refused(403, 'POST', '/api/v1/platforms', { key: ownKey(), name: 'x' }, { token });
    await taken('DELETE', '/api/v1/auth/sessions?keep_current=true', undefined, { token });
    await taken('POST', '/api/v1/auth/password', { current: body.password, new: 'another password' }, { token });
    await taken('POST', `/api/v1/admins/${admin.id}/toggle`, { active: false });
    await refused(401, 'POST', '/api/v1/auth/login', { username: body.username, password: 'another password' }, { token: null });
    await refused(404, 'POST', `/api/v1/admins/${kUnknownId}/toggle`);
    await taken('DELETE', `/api/v1/admins/${admin.id}`);
  });

  test('settings', async () => {
    await readTwice('/api/v1/settings');
    const read = await taken('GET', '/api/v1/settings');
    const headers = { 'If-Match': read.headers.get('etag').replace('-gzip', '') };
    const changed = await taken('PATCH', '/api/v1/settings', { password_login: true }, { headers });
    assert.deepEqual((await refused(409, 'PATCH', '/api/v1/settings', { require_second_factor: 'none' }, { headers: { 'If-Match': '"1.1"' } })).current, changed.body);
    await refused(409, 'PATCH', '/api/v1/settings', { password_login: false });
    await refused(400, 'PATCH', '/api/v1/settings', { require_second_factor: 'some' });
    await refused(401, 'GET', '/api/v1/settings', undefined, { token: null });
  });

  test('second factors', async () => {
    const username = ownKey('person');
    const { id } = await made('/api/v1/admins', { username, password: kPassword, role: 'viewer' });
    const { token } = (await taken('POST', '/api/v1/auth/login', { username, password: kPassword }, { token: null })).body;
    const mine = { token };
    const factor = '/api/v1/auth/second-factor';
    await taken('GET', factor, undefined, mine);
    await refused(401, 'GET', factor, undefined, { token: null });
    await refused(401, 'POST', factor, { password: 'wrong' }, mine);
    const app = new App((await taken('POST', factor, { password: kPassword }, mine)).body.secret);
    await refused(401, 'POST', `${factor}/confirm`, { code: app.wrong() }, mine);
    const { recovery_codes: codes } = (await taken('POST', `${factor}/confirm`, { code: app.shows() }, mine)).body;
    await refused(409, 'POST', factor, { password: kPassword }, mine);
    await refused(401, 'POST', '/api/v1/auth/login', { username, password: kPassword }, { token: null });
    await taken('POST', '/api/v1/auth/login', { username, password: kPassword, code: codes[0] }, { token: null });
    await refused(400, 'POST', `${factor}/recovery-codes`, { password: kPassword }, mine);
    const renewed = (await taken('POST', `${factor}/recovery-codes`, { password: kPassword, code: codes[1] }, mine)).body.recovery_codes;
    await refused(401, 'POST', `${factor}/remove`, { password: kPassword, code: codes[2] }, mine);
    await taken('POST', `${factor}/remove`, { password: kPassword, code: renewed[0] }, mine);
    await refused(404, 'DELETE', `/api/v1/admins/${id}/second-factor`);
    const second = new App((await taken('POST', factor, { password: kPassword }, mine)).body.secret);
    await taken('POST', `${factor}/confirm`, { code: second.shows() }, mine);
    await taken('DELETE', `/api/v1/admins/${id}/second-factor`);
    assert.equal((await taken('GET', factor, undefined, mine)).body.enabled, false);
  });

  test('issuers', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    const body = { key: ownKey('issuer'), name: 'Shop', issuer: 'https://shop.example', audiences: ['flags'], environment: 'production', keys: { pem } };
    const issuer = await made('/api/v1/issuers', body);
    await exercisesEntity('/api/v1/issuers', issuer, { body, patch: { name: 'Elsewhere' }, filters: ['active=true'] });
    assert.deepEqual((await taken('GET', `/api/v1/issuers/${issuer.id}/keys`)).body.keys, [{ kid: '', alg: 'EdDSA' }]);
    await refused(404, 'GET', `/api/v1/issuers/${kUnknownId}/keys`);
    await refused(400, 'PATCH', `/api/v1/issuers/${issuer.id}`, { environment: 'staging' });
    await taken('DELETE', `/api/v1/issuers/${issuer.id}`);
  });
});
