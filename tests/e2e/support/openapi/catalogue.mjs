// The catalogue: every kind of entity, each answer as it is described.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownKey } from '../product.mjs';
import { App } from '../totp.mjs';
import { exercisesEntity, kUnknownId, made, readTwice, refused, taken } from './calls.mjs';

describe('catalogue', () => {
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
});
