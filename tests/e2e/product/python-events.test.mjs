// Every event once more with Debian's python3-socketio, whose handlers take exactly one argument.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownKey, product } from '../support/product.mjs';
import { conversation } from '../support/python.mjs';

const shared = product();
const send = (name, body) => shared.it.call('POST', `/api/v1/broadcasts/${name}`, body);

for (const transports of ['polling', 'websocket']) {
  test(`a client over ${transports}`, async () => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'for Python' });
    const { token, id } = await shared.it.createClient();
    const python = conversation('events.py', [shared.it.url, token, '/client', transports]);
    const greeting = await python.ask({ wait: 'client_connected' });
    assert.equal(greeting.client.id, id);

    const { revision } = greeting;
    assert.equal((await python.ask({ ask: 'heartbeat', with: { revision } })).error, undefined);
    assert.equal((await python.ask({ ask: 'config_check', with: { revision } })).error, undefined);
    assert.deepEqual(await python.ask({ ask: 'report_metrics', with: { metrics: [{ name: 'a', value: 1.5 }] } }), { accepted: 1, dropped: 0 });
    assert.equal((await python.ask({ ask: 'client_connect', with: { context: { a: 1 } } })).client.id, id);
    assert.equal((await python.ask({ ask: 'feature_check', with: { feature: 'none' } })).error.code, 'not_found');
    await python.ask({ tell: 'config_ack', with: { revision } });
    await python.ask({ tell: 'heartbeat' });
    assert.ok((await python.ask({ wait: 'heartbeat_ack' })).server_time);

    await send('send_client_notification', { client_id: id, title: 't', message: 'for Python' });
    assert.equal((await python.ask({ wait: 'client_notification' })).message, 'for Python');
    await send('broadcast_platform_update', { platform_id: platform.id });
    assert.equal((await python.ask({ wait: 'platform_update' })).platform_id, platform.id);
    await send('broadcast_config_sync', { audience: { client: id } });
    assert.equal((await python.ask({ wait: 'config_sync' })).snapshot.client.id, id);
    await send('broadcast_system_status', { status: 'ok', message: 'fine' });
    assert.equal((await python.ask({ wait: 'system_status' })).message, 'fine');
    await python.end();
  });

  test(`an admin over ${transports}`, async () => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'for Python' });
    const about = { entity_type: 'platform', entity_id: platform.id };
    const python = conversation('events.py', [shared.it.url, shared.it.admin, '/admin', transports]);
    assert.equal((await python.ask({ wait: 'admin_connected' })).environment, 'production');

    assert.equal((await python.ask({ ask: 'subscribe_entity_updates', with: about })).data.id, platform.id);
    assert.equal((await python.ask({ wait: 'entity_presence' })).viewers.length, 1);
    assert.ok((await python.ask({ ask: 'request_dashboard_update' })).counts.platforms.total >= 1);
    assert.equal((await python.ask({ ask: 'request_activity_feed', with: { limit: 1 } })).items.length, 1);
    assert.equal((await python.ask({ ask: 'request_system_metrics' })).store.status, 'ok');
    await python.ask({ tell: 'broadcast_announcement', with: { title: 't', message: 'm', audience: 'admins' } });
    assert.ok((await python.ask({ wait: 'announcement_sent' })).recipients >= 1);
    assert.equal((await python.ask({ wait: 'announcement' })).message, 'm');
    await send('send_admin_notification', { title: 't', message: 'n' });
    assert.equal((await python.ask({ wait: 'admin_notification' })).message, 'n');
    await shared.it.toggle(platform.id, false);
    assert.equal((await python.ask({ wait: 'platform_update' })).type, 'toggle');
    assert.equal((await python.ask({ wait: 'activity' })).changes[0].entity_id, platform.id);
    assert.equal((await python.ask({ wait: 'rollout_progress' })).entity_id, platform.id);
    assert.deepEqual(await python.ask({ ask: 'unsubscribe_entity_updates', with: about }), about);
    await python.end();
  });
}
