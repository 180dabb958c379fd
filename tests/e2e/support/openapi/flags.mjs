// Answers about flags: decisions, OFREP, streams and the file for flagd, each as it is described.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownKey } from '../product.mjs';
import { contract, kUnknownId, made, refused, shared, taken } from './calls.mjs';

describe('flags', () => {
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

    const file = `/flagd/flags.json?client=${client.key}`;
    const read = await taken('GET', file);
    assert.equal(read.body.flags[`${feature.key}/part`].defaultVariant, 'on');
    assert.equal((await taken('GET', file, undefined, { headers: { 'If-None-Match': read.headers.get('etag') } })).status, 304);
    await refused(403, 'GET', file, undefined, { token });
    await refused(400, 'GET', '/flagd/flags.json');
    await refused(404, 'GET', `/flagd/flags.json?client=${ownKey('unknown')}`);

    await first('/api/v1/stream', { Authorization: `Bearer ${token}` });
    await refused(403, 'GET', '/api/v1/stream');
    await first(all.body.eventStreams[0].endpoint.requestUri);
    await refused(401, 'GET', '/ofrep/v1/stream?ticket=none', undefined, { token: null });
  });
});
