// What happens and has happened: health, messages, nodes, connections and activity, each answer as it is described.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownKey } from '../product.mjs';
import { api, kUnknownId, made, readTwice, refused, shared, taken } from './calls.mjs';

describe('events', () => {
  test('health, metrics and the first page', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/healthz/details', '/metrics']) await taken('GET', path);
    await refused(401, 'GET', '/healthz/details', undefined, { token: null });
    await refused(401, 'GET', '/metrics', undefined, { token: null });
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
