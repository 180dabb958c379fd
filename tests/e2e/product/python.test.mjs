// Debian's python3-socketio as a client of the product, with `auth.offsets: false`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownKey, product } from '../support/product.mjs';
import { conversation } from '../support/python.mjs';

const shared = product();

for (const transports of ['polling', 'websocket', 'polling,websocket']) {
  test(`over ${transports} it is greeted, and sees a switched platform`, async () => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'for Python' });
    const { token, client } = await shared.it.createClient();
    const python = conversation('events.py', [shared.it.url, token, '/client', transports]);
    const greeting = await python.ask({ wait: 'client_connected' });
    await shared.it.toggle(platform.id, false);
    const update = await python.ask({ wait: 'platform_update' });
    await python.end();

    assert.equal(greeting.client.id, client.id);
    assert.ok(greeting.platforms.some(({ id }) => id === platform.id));
    assert.equal(update.type, 'toggle');
    assert.equal(update.platform_id, platform.id);
    assert.equal(update.data.enabled, false);
  });
}
