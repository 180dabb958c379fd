// The raw frames of one tenant's connection through a day of changes: no byte about another tenant, and none of a rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket } from '../support/engine.mjs';
import { kPassword, product } from '../support/product.mjs';

const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000'], env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
const call = (method, path, body) => shared.it.call(method, `/api/v1/${path}`, body);

/** Whatever a tenant must not see is called by a word that begins with zz. */
const kRules = {
  description: 'zz-words',
  metadata: { 'zz-meta': 'zz' },
  targeting: { if: [{ or: [{ $ref: 'zz-segment' }, { in: [{ var: 'client.zz-attribute' }, ['zz-a']] }] }, 'on', 'off'] },
};

test('nothing comes that is not its own', async (t) => {
  await call('POST', 'segments', { key: 'zz-segment', name: 'zz', rule: { '==': [{ var: 'zz-var' }, 'zz-rule'] } });
  const platform = await call('POST', 'platforms', { key: 'web', name: 'Web', description: 'zz-words', maintenance_note: 'zz' });
  const feature = await call('POST', 'features', { key: 'shared', name: 'Shared', sub_features: [{ key: 'part', name: 'Part', ...kRules }], ...kRules });
  const secret = await call('POST', 'features', { key: 'zz-feature', name: 'zz', ...kRules });
  const basic = await call('POST', 'packages', { key: 'basic', name: 'Basic', features: [{ feature_id: feature.id }] });
  const others = await call('POST', 'packages', { key: 'zz-package', name: 'zz', features: [{ feature_id: secret.id }] });
  const mine = await shared.it.createClient('acme');
  const theirs = await shared.it.createClient('zz-rival');
  await call('PATCH', `clients/${mine.id}`, { package_id: basic.id, attributes: { 'zz-attribute': 'zz-own' } });
  await call('PATCH', `clients/${theirs.id}`, { package_id: others.id, attributes: { 'zz-attribute': 'zz-a' } });
  const rival = await shared.it.clientSocket(t, theirs.token).connected();
  const admin = await shared.it.adminSocket(t).connected();

  const frames = [];
  const socket = await EngineSocket.open(shared.it.port, '/socket.io/');
  t.after(() => socket.drop());
  socket.send(`40/client,${JSON.stringify({ token: mine.token, context: { plan: 'x' } })}`);
  const heard = async (text) => {
    while (!frames.some((frame) => frame.includes(text))) frames.push(await socket.packet());
  };
  await heard('"client_connected"');
  let asked = 0;
  const ask = async (event, body) => {
    socket.send(`42/client,${++asked}${JSON.stringify([event, body])}`);
    await heard(`43/client,${asked}[`);
  };

  await call('PATCH', `features/${feature.id}`, { name: 'Shared 2', description: 'zz-more' });
  await call('PATCH', `features/${secret.id}`, { name: 'zz-2' });
  await call('PATCH', `platforms/${platform.id}`, { config: { theme: 'dark' }, maintenance_note: 'zz-later' });
  await call('PATCH', `packages/${others.id}`, { name: 'zz-plus' });
  await call('PATCH', `packages/${basic.id}`, { price: { amount: 900, currency: 'EUR' } });
  await call('PATCH', `clients/${theirs.id}`, { name: 'zz-renamed' });
  await call('PUT', `clients/${theirs.id}/overrides/${feature.id}`, { value: true, reason: 'zz-reason' });
  await call('PUT', `clients/${mine.id}/overrides/${feature.id}`, { value: true, reason: 'zz-reason' });
  for (const audience of ['admins', { package: others.id }, { client: theirs.id }])
    assert.ok((await admin.ask('broadcast_announcement', { title: 'zz-title', message: 'zz', audience })).recipients >= 1);
  for (const [name, body] of [
    ['broadcast_platform_update', { platform_id: platform.id }],
    ['broadcast_feature_update', { feature_id: feature.id }],
    ['broadcast_feature_update', { feature_id: secret.id }],
    ['broadcast_package_update', { package_id: others.id }],
    ['broadcast_package_update', { package_id: basic.id }],
    ['broadcast_config_sync', {}],
    ['send_client_notification', { client_id: theirs.id, title: 'zz', message: 'zz' }],
    ['send_admin_notification', { title: 'zz', message: 'zz' }],
  ]) await call('POST', `broadcasts/${name}`, body);
  await rival.ask('report_metrics', { metrics: [{ name: 'zz-metric', value: 1 }] });
  for (const asked of ['shared', feature.id, secret.id]) await ask('feature_check', { feature: asked });
  await ask('feature_check', { feature: 'shared', sub_feature: 'part' });
  await ask('subscribe_entity_updates', { entity_type: 'client', entity_id: theirs.id });
  await ask('request_dashboard_update', {});
  await ask('config_check', { revision: 1 });
  await ask('client_connect', { context: { plan: 'y' } });
  await call('PATCH', `clients/${mine.id}`, { package_id: null });
  await heard('"type":"delete"');
  await until(async () => {
    await ask('heartbeat', {});
    return frames.at(-1).includes(`"revision":${shared.it.revision}`);
  }, 'the last revision');

  const all = frames.join('\n');
  for (const leak of ['zz', '"targeting":', '"variants"', 'defaultVariant', '$ref', '"overrides"', '"actor"'])
    assert.ok(!all.includes(leak), `${leak} in ${frames.find((frame) => frame.includes(leak))}`);
  for (const own of ['Shared 2', 'dark', 'config_sync', 'feature_update', 'package_update', '900'])
    assert.ok(all.includes(own), `it does see ${own}`);
});
