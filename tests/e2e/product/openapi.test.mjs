// The API's description against the API: a valid document, every operation exercised with success and failure, and every
// answer as the document says.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import path from 'node:path';
import { certificate } from '../support/certificate.mjs';
import { Contract } from '../support/contract.mjs';
import { OidcProvider } from '../support/oidc-provider.mjs';
import { App } from '../support/totp.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product, product } from '../support/product.mjs';

const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000'] });
const kUnknownId = 9007199254740991;

let read;
/** The contract, read once from the server. */
const contract = () => (read ??= shared.it.request('GET', '/api/v1/openapi.json', undefined, { token: null })
  .then((answer) => new Contract(answer.body)));
const api = async (...call) => (await contract()).over(shared.it)(...call);

async function made(path, body) {
  const answer = await api('POST', path, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

/** Sends what the API must refuse with `status`. */
async function refused(status, ...call) {
  const answer = await api(...call);
  assert.equal(answer.status, status, answer.text);
  return answer.body;
}

async function taken(...call) {
  const answer = await api(...call);
  assert.ok(answer.status < 400, answer.text);
  return answer;
}

/** Reads what is not sent again while it is the same. */
async function readTwice(path) {
  const { headers } = await taken('GET', path);
  assert.equal((await taken('GET', path, undefined, { headers: { 'If-None-Match': headers.get('etag') } })).status, 304);
}

/** What all entities have in common; `entity` has been made at `path`. */
async function exercisesEntity(path, entity, { body, patch, filters = [] }) {
  const one = `${path}/${entity.id}`;
  const read = await taken('GET', one);
  assert.equal(read.headers.get('etag')?.replace('-gzip', ''), `"1.${entity.revision}"`);
  assert.equal(read.body.etag, `"1.${entity.revision}"`);
  assert.equal((await taken('GET', one, undefined, { headers: { 'If-None-Match': read.headers.get('etag') } })).status, 304);

  const list = await taken('GET', `${path}?limit=1&sort=-name&q=e`);
  assert.equal((await taken('GET', `${path}?limit=1&sort=-name&q=e`, undefined, { headers: { 'If-None-Match': list.headers.get('etag') } })).status, 304);
  for (const filter of filters) await taken('GET', `${path}?${filter}`);
  await refused(400, 'GET', `${path}?cursor=nonsense`);
  await refused(400, 'GET', `${path}?colour=red`);
  await refused(401, 'GET', path, undefined, { token: null });
  await refused(404, 'GET', `${path}/${kUnknownId}`);

  const headers = { 'Idempotency-Key': ownKey('request') };
  const first = await taken('PATCH', one, patch, { headers: { ...headers, 'If-Match': read.headers.get('etag') } });
  const again = await taken('PATCH', one, patch, { headers: { ...headers, 'If-Match': read.headers.get('etag') } });
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.deepEqual(again.body, first.body);
  const lost = await refused(409, 'PATCH', one, patch, { headers: { 'If-Match': '"1.1"' } });
  assert.deepEqual(lost.current, first.body);
  assert.equal(lost.expected_revision, 1);
  await taken('PATCH', one, (await taken('GET', one)).body);
  await refused(400, 'PATCH', one, { ...(await taken('GET', one)).body, id: kUnknownId });
  await refused(400, 'PATCH', one, { colour: 'red' });
  await refused(404, 'PATCH', `${path}/${kUnknownId}`, patch);

  const problem = await refused(400, 'POST', path, { ...body, colour: 'red' });
  assert.ok(problem.errors.some(({ pointer }) => pointer === '/colour'));
  await refused(409, 'POST', path, body);
  await refused(404, 'DELETE', `${path}/${kUnknownId}`);
}

test('the document is OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { document } = await contract();
  const result = await validator.validate(structuredClone(document));

  assert.equal(document.openapi, '3.1.0');
  assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
});

test('the document is sent once', async () => {
  const answer = await taken('GET', '/api/v1/openapi.json', undefined, { token: null });
  const tag = answer.headers.get('etag');

  assert.equal((await taken('GET', '/api/v1/openapi.json', undefined, { token: null, headers: { 'If-None-Match': tag } })).status, 304);
});

describe('each operation answers as it is described:', () => {
  test('health, metrics and the first page', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/healthz/details', '/metrics']) await taken('GET', path);
    await refused(401, 'GET', '/healthz/details', undefined, { token: null });
    await refused(401, 'GET', '/metrics', undefined, { token: null });
  });

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

  test('of every list, it says that the last page names no next one', async () => {
    const { body } = await shared.it.request('GET', '/api/v1/openapi.json', undefined, { token: null });
    const found = [];
    const look = (node) => {
      for (const [name, value] of Object.entries(node ?? {})) {
        if ((name === 'next' || name === 'next_cursor') && value.type) found.push(value);
        if (typeof value === 'object') look(value);
      }
    };
    look(body);
    assert.ok(found.length >= 10, `${found.length} lists`);
    for (const one of found) assert.match(one.description, /absent on the last page/);
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

  test('platforms', async () => {
    const body = { key: ownKey(), name: 'Web', description: 'x', enabled: true, config: { deep: [1, null] }, maintenance_note: '' };
    const platform = await made('/api/v1/platforms', body);
    await exercisesEntity('/api/v1/platforms', platform, { body, patch: { name: 'Elsewhere' }, filters: ['enabled=true'] });
    await taken('POST', `/api/v1/platforms/${platform.id}/toggle`);
    await taken('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: false });
    await refused(400, 'POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled: 'no' });
    await taken('DELETE', `/api/v1/platforms/${platform.id}?force=true`);
  });

  test('assets of platforms and features', async () => {
    const headers = { 'Content-Type': 'image/png' };
    const bytes = Buffer.from('not really a picture');
    for (const [path, name] of [['/api/v1/platforms', 'Web'], ['/api/v1/features', 'Checkout']]) {
      const entity = await made(path, { key: ownKey('entity'), name });
      const assets = `${path}/${entity.id}/assets`;
      const put = await taken('PUT', `${assets}/logo`, bytes, { headers: { ...headers, 'If-Match': entity.etag } });
      await readTwice(assets);
      const { sha256 } = put.body.assets.logo;
      const read = await taken('GET', `/api/v1/assets/${sha256}`);
      assert.equal(read.bytes.equals(bytes), true);
      assert.equal((await taken('GET', `/api/v1/assets/${sha256}`, undefined, { headers: { 'If-None-Match': read.headers.get('etag') } })).status, 304);
      const part = await taken('GET', `/api/v1/assets/${sha256}`, undefined, { headers: { Range: 'bytes=4-9' } });
      assert.equal(part.status, 206);
      await refused(416, 'GET', `/api/v1/assets/${sha256}`, undefined, { headers: { Range: 'bytes=99-' } });
      assert.deepEqual((await taken('GET', `${path}/${entity.id}`)).body, put.body);

      const lost = await refused(409, 'PUT', `${assets}/logo`, Buffer.from('x'), { headers: { ...headers, 'If-Match': entity.etag } });
      assert.deepEqual(lost.current, put.body);
      await refused(415, 'PUT', `${assets}/logo`, bytes, { headers: { 'Content-Type': 'multipart/form-data; boundary=x' } });
      await refused(413, 'PUT', `${assets}/logo`, Buffer.alloc(2 ** 20 + 1), { headers });
      await refused(404, 'PUT', `${path}/${kUnknownId}/assets/logo`, bytes, { headers });
      await refused(404, 'GET', `${path}/${kUnknownId}/assets`);
      await refused(404, 'DELETE', `${assets}/nothing`);
      assert.equal((await taken('DELETE', `${assets}/logo`)).body.assets, undefined);
    }
    await refused(404, 'GET', `/api/v1/assets/${'0'.repeat(64)}`);
    await refused(401, 'GET', `/api/v1/assets/${'0'.repeat(64)}`, undefined, { token: null });
  });

  test('features and their sub-features', async () => {
    const platform = await made('/api/v1/platforms', { key: ownKey(), name: 'Web' });
    const required = await made('/api/v1/features', { key: ownKey('required'), name: 'Required' });
    const body = {
      key: ownKey('feature'), name: 'Checkout', description: 'x', state: 'ENABLED', variants: { red: 'r', blue: 'b' }, defaultVariant: 'red',
      targeting: { if: [{ '==': [{ var: 'client.region' }, 'eu'] }, 'blue', null] }, metadata: { group: 'shop', owner: 'x', size: 3, new: true }, bucketing: 'v2',
      sub_features: [{ key: 'coupons', name: 'Coupons', description: '', enabled: false }], platforms: [platform.id], requires: [required.id],
    };
    const feature = await made('/api/v1/features', body);
    const path = `/api/v1/features/${feature.id}`;
    await exercisesEntity('/api/v1/features', feature, {
      body, patch: { targeting: {}, defaultVariant: null, sub_features: [{ key: 'coupons' }, { key: 'gifts', variants: { a: { b: 1 } } }] },
      filters: ['enabled=true', `platform=${platform.id}`, 'group=shop', 'package=1'],
    });
    assert.equal((await taken('POST', `${path}/toggle`)).body.state, 'DISABLED');
    await taken('POST', `${path}/toggle`, { enabled: true });
    await refused(400, 'POST', `${path}/toggle`, { available: true });
    const toggled = await taken('POST', `${path}/sub-features/coupons/toggle`);
    assert.equal(toggled.body.sub_features[0].enabled, false);
    await taken('POST', `${path}/sub-features/coupons/toggle`, { enabled: true });
    await refused(404, 'POST', `${path}/sub-features/colours/toggle`);
    const circle = await refused(400, 'PATCH', `/api/v1/features/${required.id}`, { requires: [feature.id] });
    assert.ok(circle.errors.some(({ pointer }) => pointer.startsWith('/requires')), JSON.stringify(circle));
    const used = await refused(409, 'DELETE', `/api/v1/features/${required.id}`);
    assert.deepEqual(used.users, [{ entity_type: 'feature', entity_id: feature.id, key: body.key, name: body.name }]);
    assert.equal(used.users_total, 1);
    await refused(400, 'DELETE', `/api/v1/features/${required.id}?force=maybe`);
    await taken('DELETE', `/api/v1/features/${required.id}?force=true`);
    await taken('DELETE', path);
  });

  test('segments', async () => {
    const body = { key: ownKey('segment'), name: 'Testers', description: 'x', rule: { in: [{ var: 'client.tier' }, ['beta', 'staff']] } };
    const segment = await made('/api/v1/segments', body);
    await exercisesEntity('/api/v1/segments', segment, { body, patch: { rule: true } });
    const wrong = await refused(400, 'POST', '/api/v1/segments', { key: ownKey('segment'), name: 'Wrong', rule: { colour: ['red'] } });
    assert.ok(wrong.errors.some(({ pointer }) => pointer.startsWith('/rule')), JSON.stringify(wrong));
    const targeting = { if: [{ $ref: body.key }, 'on', 'off'] };
    const feature = await made('/api/v1/features', { key: ownKey('feature'), name: 'For testers', targeting });
    await refused(409, 'DELETE', `/api/v1/segments/${segment.id}`);
    await taken('DELETE', `/api/v1/segments/${segment.id}?force=true`);
    await taken('DELETE', `/api/v1/features/${feature.id}`);
  });

  test('packages', async () => {
    const feature = await made('/api/v1/features', { key: ownKey('feature'), name: 'Reports', sub_features: [{ key: 'daily' }] });
    const platform = await made('/api/v1/platforms', { key: ownKey(), name: 'Web' });
    const body = {
      key: ownKey('package'), name: 'Pro', description: 'x', price: { amount: 4900, currency: 'EUR' }, billing_period: 'yearly', available: true,
      features: [{ feature_id: feature.id, limit: 25, sub_features: ['daily'] }], platforms: [platform.id],
    };
    const one = await made('/api/v1/packages', body);
    await exercisesEntity('/api/v1/packages', one, { body, patch: { features: [{ feature_id: feature.id, limit: null, sub_features: null }] }, filters: ['available=true'] });
    await taken('POST', `/api/v1/packages/${one.id}/toggle`);
    await taken('POST', `/api/v1/packages/${one.id}/toggle`, { available: true });
    await refused(400, 'POST', `/api/v1/packages/${one.id}/toggle`, { enabled: true });
    const unknown = await refused(400, 'PATCH', `/api/v1/packages/${one.id}`, { features: [{ feature_id: kUnknownId }] });
    assert.equal(unknown.errors[0].pointer, '/features/0/feature_id');
    const client = await made('/api/v1/clients', { key: ownKey('client'), name: 'Acme', package_id: one.id });
    assert.equal((await refused(409, 'DELETE', `/api/v1/packages/${one.id}`)).users[0].entity_id, client.id);
    await taken('DELETE', `/api/v1/packages/${one.id}?force=true`);
    assert.equal((await taken('GET', `/api/v1/clients/${client.id}`)).body.package_id, null);
  });

  test('assignments of a package, one by one', async () => {
    const feature = await made('/api/v1/features', { key: ownKey('feature'), name: 'Reports', sub_features: [{ key: 'daily' }] });
    const other = await made('/api/v1/features', { key: ownKey('feature'), name: 'Search' });
    const [web, app] = [await made('/api/v1/platforms', { key: ownKey(), name: 'Web' }), await made('/api/v1/platforms', { key: ownKey(), name: 'App' })];
    const one = await made('/api/v1/packages', { key: ownKey('package'), name: 'Pro' });
    const path = `/api/v1/packages/${one.id}`;

    // Two editors who read the same package change different parts of it.
    await Promise.all([taken('PUT', `${path}/features/${feature.id}`, { limit: 25, sub_features: ['daily'] }), taken('PUT', `${path}/features/${other.id}`)]);
    const both = (await taken('GET', path)).body;
    assert.deepEqual(both.features, [{ feature_id: feature.id, limit: 25, sub_features: ['daily'] }, { feature_id: other.id }]);
    const again = await taken('PUT', `${path}/features/${feature.id}`, { limit: 25, sub_features: ['daily'] });
    assert.equal(again.body.etag, both.etag, 'nothing changed');
    const replaced = await taken('PUT', `${path}/features/${feature.id}`, { limit: null }, { headers: { 'If-Match': both.etag } });
    assert.deepEqual(replaced.body.features, [{ feature_id: feature.id }, { feature_id: other.id }]);
    const newest = async () => (await taken('GET', `/api/v1/activity?limit=1&entity_type=package&entity_id=${one.id}`)).body.items[0].summary;
    assert.match(await newest(), /feature Reports/);
    assert.equal((await refused(400, 'PUT', `${path}/features/${feature.id}`, { sub_features: ['hourly'] })).errors[0].pointer, '/sub_features');
    await refused(400, 'PUT', `${path}/features/${feature.id}`, { colour: 'red' });
    await refused(404, 'PUT', `${path}/features/${kUnknownId}`, {});
    await refused(404, 'PUT', `/api/v1/packages/${kUnknownId}/features/${feature.id}`, {});
    const lost = await refused(409, 'DELETE', `${path}/features/${feature.id}`, undefined, { headers: { 'If-Match': both.etag } });
    assert.equal(lost.current.etag, replaced.body.etag);
    assert.deepEqual((await taken('DELETE', `${path}/features/${feature.id}`)).body.features, [{ feature_id: other.id }]);
    await refused(404, 'DELETE', `${path}/features/${feature.id}`);

    await Promise.all([taken('PUT', `${path}/platforms/${app.id}`), taken('PUT', `${path}/platforms/${web.id}`)]);
    const opened = await taken('PUT', `${path}/platforms/${web.id}`);
    assert.deepEqual(opened.body.platforms, [web.id, app.id]);
    assert.match(await newest(), /platform/);
    await refused(404, 'PUT', `${path}/platforms/${kUnknownId}`);
    await refused(400, 'PUT', `${path}/platforms/${web.id}`, '{"limit": 1}');
    await refused(409, 'PUT', `${path}/platforms/${web.id}`, undefined, { headers: { 'If-Match': one.etag } });
    assert.deepEqual((await taken('DELETE', `${path}/platforms/${web.id}`)).body.platforms, [app.id]);
    await refused(404, 'DELETE', `${path}/platforms/${web.id}`);
    const last = await refused(409, 'DELETE', `${path}/platforms/${app.id}`);
    assert.match(last.detail, /would open all/);
    assert.equal(last.users, undefined);
    const once = { headers: { 'Idempotency-Key': ownKey('request') } };
    await taken('PUT', `${path}/features/${feature.id}`, { limit: 1 }, once);
    assert.equal((await taken('PUT', `${path}/features/${feature.id}`, { limit: 1 }, once)).headers.get('idempotency-replayed'), 'true');
  });

  test('overrides', async () => {
    const feature = await made('/api/v1/features', { key: ownKey('feature'), name: 'Reports' });
    const client = await made('/api/v1/clients', { key: ownKey('client'), name: 'Acme', overrides: [{ feature_id: feature.id, removed: true }] });
    const path = `/api/v1/clients/${client.id}/overrides/${feature.id}`;
    const set = await taken('PUT', path, { value: true, reason: 'A trial.', expires_at: '2999-01-01T00:00:00Z' });
    assert.deepEqual(set.body.overrides, [{ feature_id: feature.id, value: true, reason: 'A trial.', expires_at: '2999-01-01T00:00:00.000Z' }]);
    assert.equal((await refused(400, 'PUT', path, { value: 'yes' })).errors[0].pointer, '/value');
    assert.equal((await refused(400, 'PUT', path, { value: true, expires_at: '2020-01-01T00:00:00Z' })).errors[0].pointer, '/expires_at');
    await refused(404, 'PUT', `/api/v1/clients/${client.id}/overrides/${kUnknownId}`, { value: true });
    await refused(409, 'DELETE', path, undefined, { headers: { 'If-Match': '"1.1"' } });
    assert.deepEqual((await taken('DELETE', path)).body.overrides, []);
    await refused(404, 'DELETE', path);
  });

  test('clients and their tokens', async () => {
    const body = { key: ownKey('client'), name: 'Acme', active: true, attributes: { region: 'eu' } };
    const client = await made('/api/v1/clients', body);
    await exercisesEntity('/api/v1/clients', client, { body, patch: { name: 'Elsewhere' }, filters: ['active=true', 'package=none'] });
    const tokens = `/api/v1/clients/${client.id}/tokens`;
    const issued = await made(tokens, { label: 'one', expires_in: 3600 });
    await taken('POST', tokens);
    await refused(400, 'POST', tokens, { expires_in: -1 });
    const page = await taken('GET', `${tokens}?limit=1&sort=-id`);
    await taken('GET', `${tokens}?limit=1&sort=-id&cursor=${page.body.next_cursor}`);
    await refused(400, 'GET', `${tokens}?cursor=nonsense`);
    await refused(404, 'GET', `/api/v1/clients/${kUnknownId}/tokens`);
    await refused(403, 'GET', tokens, undefined, { token: issued.token });
    await taken('POST', `/api/v1/clients/${client.id}/toggle`);
    await taken('POST', `/api/v1/clients/${client.id}/toggle`, { active: true });
    await refused(400, 'POST', `/api/v1/clients/${client.id}/toggle`, { active: 'no' });
    await taken('DELETE', `${tokens}/${issued.id}`);
    await refused(404, 'DELETE', `${tokens}/${kUnknownId}`);
    await taken('DELETE', `/api/v1/clients/${client.id}`);
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

  test('decisions', async () => {
    const platform = await made('/api/v1/platforms', { key: ownKey(), name: 'Web' });
    const feature = await made('/api/v1/features', {
      key: ownKey('feature'), name: 'Reports', platforms: [platform.id], sub_features: [{ key: 'daily' }],
      targeting: { if: [{ '==': [{ var: 'client.tier' }, 'gold'] }, 'on', 'off'] },
    });
    const broken = await made('/api/v1/features', { key: ownKey('feature'), name: 'Broken', targeting: { cat: ['no', 'where'] } });
    const texts = await made('/api/v1/features', { key: ownKey('feature'), name: 'Texts', variants: { red: { a: 1 }, blue: { a: 2 } }, defaultVariant: 'red' });
    const features = [{ feature_id: feature.id, limit: 3 }, { feature_id: broken.id }, { feature_id: texts.id }];
    const one = await made('/api/v1/packages', { key: ownKey('package'), name: 'Pro', features });
    const body = { key: ownKey('client'), name: 'Acme', package_id: one.id, attributes: { tier: 'gold' }, overrides: [{ feature_id: feature.id, removed: true, expires_at: '2999-01-01T00:00:00Z' }] };
    const client = await made('/api/v1/clients', body);
    const effective = `/api/v1/clients/${client.id}/effective`;
    const all = await taken('GET', effective);
    const reports = all.body.items.find(({ feature_id }) => feature_id === feature.id);
    assert.equal(reports.plan.enabled, true);
    assert.equal(reports.effective.rule, 'override');
    assert.equal(all.body.items.find(({ feature_id }) => feature_id === broken.id).effective.error.code, 'GENERAL');
    assert.equal((await taken('GET', effective, undefined, { headers: { 'If-None-Match': all.headers.get('etag') } })).status, 304);
    await taken('GET', `${effective}?visible=true&context=${encodeURIComponent('{"beta":true}')}`);
    await refused(400, 'GET', `${effective}?context=nonsense`);
    await refused(404, 'GET', `/api/v1/clients/${kUnknownId}/effective`);

    const explained = await taken('POST', '/api/v1/evaluate', { feature: feature.key, client: client.id, sub_feature: 'daily', context: { beta: true }, at: '3000-01-01T00:00:00Z' });
    assert.equal(explained.body.decision.enabled, true, 'the override has expired by then');
    await taken('POST', '/api/v1/evaluate', { feature: feature.id, client: { attributes: { tier: 'gold' }, package_id: null } });
    const definition = { variants: { a: 1, b: 2 }, defaultVariant: 'a', targeting: { if: [{ $ref: 'everybody' }, 'b'] } };
    const unsaved = await taken('POST', '/api/v1/evaluate', { feature: ownKey('unsaved'), definition, segments: { everybody: true } });
    assert.equal(unsaved.body.decision.value, 2);
    await refused(400, 'POST', '/api/v1/evaluate', { feature: feature.key, definition: { state: 'ON' } });
    await refused(404, 'POST', '/api/v1/evaluate', { feature: ownKey('unknown') });

    const preview = (...changes) => taken('POST', '/api/v1/preview', { changes });
    const freed = await preview({ entity_type: 'client', entity_id: client.id, action: 'update', data: { overrides: [] } });
    assert.equal(freed.body.clients.gaining, 1);
    assert.equal(freed.body.affected_clients[0].features[0].effect, 'gain');
    const removed = await preview({ entity_type: 'package', entity_id: one.id, action: 'delete', force: true }, { entity_type: 'platform', entity_id: platform.id, action: 'toggle' });
    assert.equal(removed.body.affected_clients[0].client_id, client.id);
    assert.equal(removed.body.clients.losing, 1);
    await preview({ entity_type: 'client', action: 'create', data: { key: ownKey('client'), name: 'New', package_id: one.id } });
    const key = ownKey('drafted');
    const drafted = await taken('POST', '/api/v1/evaluate', { feature: key, draft: [{ entity_type: 'feature', action: 'create', data: { key, name: 'Drafted' } }] });
    assert.equal(drafted.body.decision.enabled, true);
    await refused(400, 'POST', '/api/v1/evaluate', { feature: key, draft: [{ entity_type: 'feature', action: 'create', data: { name: 'Drafted' } }] });
    await refused(409, 'POST', '/api/v1/evaluate', { feature: feature.key, draft: [{ entity_type: 'package', entity_id: one.id, action: 'delete' }] });
    await refused(400, 'POST', '/api/v1/preview', { changes: [] });
    await refused(409, 'POST', '/api/v1/preview', { changes: [{ entity_type: 'package', entity_id: one.id, action: 'delete' }] });
    assert.deepEqual((await taken('GET', `/api/v1/clients/${client.id}`)).body, client);
  });

  test('messages', async () => {
    const send = (name, body) => taken('POST', `/api/v1/broadcasts/${name}`, body);
    const platform = await made('/api/v1/platforms', { key: ownKey(), name: 'Web' });
    const feature = await made('/api/v1/features', { key: ownKey('feature'), name: 'Reports' });
    const one = await made('/api/v1/packages', { key: ownKey('package'), name: 'Pro' });
    const client = await made('/api/v1/clients', { key: ownKey('client'), name: 'Acme' });
    await send('broadcast_platform_update', { platform_id: platform.id });
    await send('broadcast_feature_update', { feature_id: feature.id });
    await send('broadcast_package_update', { package_id: one.id });
    await send('broadcast_config_sync', { reason: 'tests', audience: { client: client.id } });
    await send('send_admin_notification', { title: 'Hello', message: 'World', level: 'success', role: 'owner' });
    await send('send_client_notification', { client_id: client.id, title: 'Hello', message: 'World', data: { a: 1 } });
    await send('broadcast_system_status', { status: 'degraded', message: 'Slow.', components: { search: 'degraded' } });
    await send('broadcast_system_status', { status: 'ok' });
    const headers = { 'Idempotency-Key': ownKey('request') };
    const notify = (title) => api('POST', '/api/v1/broadcasts/send_admin_notification', { title, message: 'World' }, { headers });
    const first = await notify('Once');
    const again = await notify('Once');
    assert.equal(again.text, first.text);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.equal((await notify('Twice')).status, 409);
    const kept = await send('broadcast_announcement', { title: 'Read', message: 'this', ack: 'connection', ttl: 60, retry: 5, audience: { package: one.id } });
    await send('send_admin_notification', { title: 'Read', message: 'this', ack: 'client', role: 'owner', expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    await taken('GET', '/api/v1/messages?state=undelivered&limit=1');
    await taken('GET', `/api/v1/messages/${kept.body.id}?state=unacknowledged&after=-5&limit=1`);
    await taken('DELETE', `/api/v1/messages/${kept.body.id}`);
    await refused(400, 'GET', '/api/v1/messages?state=lost');
    await refused(404, 'GET', '/api/v1/messages/none');
    await refused(404, 'DELETE', '/api/v1/messages/none');
    await refused(400, 'POST', '/api/v1/broadcasts/broadcast_platform_update', {});
    await refused(404, 'POST', '/api/v1/broadcasts/broadcast_everything', {});
    await refused(404, 'POST', '/api/v1/broadcasts/broadcast_platform_update', { platform_id: kUnknownId });
  });

  test('nodes, and the connections of a client', async () => {
    await taken('GET', '/api/v1/cluster');
    await refused(400, 'GET', '/api/v1/cluster?colour=red');
    const client = await made('/api/v1/clients', { key: ownKey('client'), name: 'Connected' });
    await taken('GET', `/api/v1/clients/${client.id}/connections`);
    await refused(404, 'GET', `/api/v1/clients/${kUnknownId}/connections`);
  });

  test('the last hour, and live connections', async (t) => {
    for (const query of ['', '?resolution=10s', '?since=1']) await taken('GET', `/api/v1/dashboard/history${query}`);
    await refused(400, 'GET', '/api/v1/dashboard/history?resolution=1h');
    await taken('GET', '/api/v1/dashboard/client-metrics?since=1');
    await refused(400, 'GET', '/api/v1/dashboard/client-metrics?since=now');
    const client = await made('/api/v1/clients', { key: ownKey('client'), name: 'Live' });
    const token = (await taken('POST', `/api/v1/clients/${client.id}/tokens`)).body.token;
    const socket = await shared.it.clientSocket(t, token).connected();
    await socket.next('client_connected');
    const admin = await shared.it.adminSocket(t).connected();
    await admin.next('admin_connected');
    await taken('GET', '/api/v1/connections?namespace=/admin&lagging=false&sort=-connected_at&limit=1');
    const { items } = (await taken('GET', `/api/v1/connections?client=${client.key}`)).body;
    await refused(400, 'GET', '/api/v1/connections?sort=colour');
    await refused(404, 'GET', `/api/v1/connections?client=${ownKey('unknown')}`);
    await taken('DELETE', `/api/v1/connections/${items[0].id}`);
    await refused(404, 'DELETE', '/api/v1/connections/nobody');
  });
  test('environments', async () => {
    const path = '/api/v1/environments';
    const { body: one } = await taken('POST', path, { key: ownKey('environment') });
    assert.equal((await taken('GET', `${path}/${one.key}`)).body.revision, 0);
    assert.ok((await taken('GET', path)).body.items.some(({ key }) => key === one.key));
    await refused(401, 'GET', path, undefined, { token: null });
    await refused(400, 'POST', path, { key: 'a/b' });
    await refused(409, 'POST', path, { key: one.key.toUpperCase() });
    await refused(404, 'GET', `${path}/${ownKey('unknown')}`);
    assert.equal((await taken('POST', `${path}/${one.key}/copy`, { from: 'production', clients: true })).body.revision, 1);
    await refused(409, 'POST', `${path}/${one.key}/copy`, { from: 'production' });
    await refused(400, 'POST', `${path}/${one.key}/copy`, { from: ownKey('unknown') });
  });

  test('activity', async () => {
    await taken('GET', '/api/v1/activity?limit=200&entity_type=platform');
    await refused(400, 'GET', '/api/v1/activity?entity_type=colour');
  });

  test('requests that cannot be read', async () => {
    await refused(413, 'POST', '/api/v1/platforms', { key: ownKey(), name: 'x', description: 'x'.repeat(1_100_000) });
    await refused(415, 'POST', '/api/v1/platforms', { key: ownKey(), name: 'x' }, { headers: { 'Content-Type': 'text/plain' } });
    await refused(400, 'POST', '/api/v1/platforms', '{"key":');
    await refused(400, 'GET', '/api/v1/platforms', undefined, { headers: { 'Togglecast-Min-Revision': 'soon' } });
    await refused(503, 'GET', '/api/v1/platforms', undefined, { headers: { 'Togglecast-Min-Revision': String(kUnknownId) } });
  });
  test('what depends on what, and what is stale', async () => {
    for (const [kind, body] of [['platforms', {}], ['features', {}], ['segments', { rule: true }], ['packages', {}]]) {
      const one = await made(`/api/v1/${kind}`, { key: ownKey(kind), name: 'Used', ...body });
      const { body: list } = await taken('GET', `/api/v1/${kind}/${one.id}/dependents`);
      assert.deepEqual(list, { items: [], total: 0 });
      await refused(404, 'GET', `/api/v1/${kind}/${kUnknownId}/dependents`);
    }
    for (const stale of [true, false]) await taken('GET', `/api/v1/features?stale=${stale}`);
    await refused(400, 'GET', '/api/v1/features?stale=old');
  });

  test('activity, taking back, and the past', async () => {
    const platform = await made('/api/v1/platforms', { key: ownKey(), name: 'Past' });
    const toggled = await taken('POST', `/api/v1/platforms/${platform.id}/toggle?confirm=true`);
    const rollout = `/api/v1/changes/${toggled.body.revision}/rollout`;
    for (const query of ['', '?epoch=1&stage=applied&limit=5', '?format=csv']) await taken('GET', rollout + query);
    await refused(400, 'GET', `${rollout}?stage=lost`);
    const { items } = (await taken('GET', '/api/v1/rollouts?limit=2')).body;
    assert.equal(items[0].change.revision, toggled.body.revision);
    assert.equal(items[0].rollout.revision, toggled.body.revision);
    await taken('GET', `/api/v1/rollouts?before=1.${toggled.body.revision}`);
    await refused(400, 'GET', '/api/v1/rollouts?limit=0');
    await refused(404, 'GET', `/api/v1/changes/${kUnknownId}/rollout`);
    await refused(409, 'GET', `${rollout}?epoch=999`);
    const undo = `/api/v1/activity/1.${toggled.body.revision}/undo`;
    const headers = { 'Idempotency-Key': ownKey('request') };
    await taken('POST', undo, undefined, { headers });
    await taken('POST', undo, undefined, { headers });
    await refused(409, 'POST', undo);
    await refused(404, 'POST', `/api/v1/activity/1.${kUnknownId}/undo`);
    const about = `entity_type=platform&entity_id=${platform.id}`;
    for (const filter of ['limit=200', `${about}&type=toggle`, 'actor=owner&source=rest&q=past', 'since=2026-01-01T00:00:00Z&until=2999-01-01T00:00:00Z&before=9'])
      await readTwice(`/api/v1/activity?${filter}`);
    await refused(400, 'GET', '/api/v1/activity?entity_id=1');
    for (const query of ['', '?at=0', `?at=${platform.revision}`, `?at=${platform.updated_at}`]) await readTwice(`/api/v1/state${query}`);
    await refused(400, 'GET', '/api/v1/state?at=soon');
    await refused(404, 'GET', `/api/v1/state?at=${kUnknownId}`);
    assert.equal((await taken('GET', `/api/v1/platforms/${platform.id}?at=${toggled.body.revision}`)).body.enabled, false);
    await refused(404, 'GET', `/api/v1/platforms/${platform.id}?at=0`);
    await readTwice('/api/v1/state/diff?from=0');
    await readTwice(`/api/v1/state/diff?from=${platform.revision}&to=${toggled.body.revision}`);
    await refused(400, 'GET', '/api/v1/state/diff');
    await refused(404, 'GET', `/api/v1/state/diff?from=0&to=${kUnknownId}`);
  });
});

describe('OFREP and streams', () => {
  const first = async (target, headers = {}) => {
    const ended = new AbortController();
    const answer = await fetch(shared.it.url + target, { headers, signal: ended.signal });
    const { value } = await answer.body.getReader().read();
    ended.abort();
    const { status } = answer;
    return (await contract()).check('GET', target, undefined, {}, { status, headers: answer.headers, text: Buffer.from(value).toString() });
  };

  test('are as described', async () => {
    const feature = await made('/api/v1/features', { key: ownKey('flag'), name: 'Flag', sub_features: [{ key: 'part' }] });
    const plan = await made('/api/v1/packages', { key: ownKey('plan'), name: 'Plan', features: [{ feature_id: feature.id, limit: 3 }] });
    const client = await made('/api/v1/clients', { key: ownKey('client'), name: 'Client', package_id: plan.id });
    const { token } = await made(`/api/v1/clients/${client.id}/tokens`, {});
    const flags = '/ofrep/v1/evaluate/flags';
    const context = { targetingKey: 'u1', plan: 'pro' };

    const all = await taken('POST', flags, { context }, { token });
    assert.equal((await taken('POST', flags, { context }, { token, headers: { 'If-None-Match': all.headers.get('etag') } })).status, 304);
    await taken('POST', `${flags}/${feature.key}`, { context }, { token });
    await taken('POST', `${flags}/${feature.key}/part`, { context }, { headers: { 'Togglecast-Client': client.key } });
    for (const path of [flags, `${flags}/${feature.key}`, `${flags}/${feature.key}/part`]) {
      await refused(400, 'POST', path, { context: 'none' }, { token });
      await refused(401, 'POST', path, { context }, { token: null });
    }
    await refused(404, 'POST', `${flags}/${ownKey('unknown')}`, { context }, { token });

    await first('/api/v1/stream', { Authorization: `Bearer ${token}` });
    await refused(403, 'GET', '/api/v1/stream');
    await first(all.body.eventStreams[0].endpoint.requestUri);
    await refused(401, 'GET', '/ofrep/v1/stream?ticket=none', undefined, { token: null });
  });
});

test('every operation was exercised, with success and with failure', async () => {
  assert.deepEqual((await contract()).unexercised(), []);
});
