// Debian's python3-socketio as a client of the product, with `auth.offsets: false`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownKey, product } from '../support/product.mjs';
import { ended, startPython } from '../support/python.mjs';

const shared = product();

for (const transports of ['polling', 'websocket', 'polling,websocket']) {
  test(`over ${transports} it is greeted, and sees a switched platform`, async () => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'for Python' });
    const { token, client } = await shared.it.createClient();
    const run = startPython('product.py', [shared.it.url, token, transports]);
    await run.says('"client"');
    await shared.it.toggle(platform.id, false);
    const [greeting, update] = (await ended(run, 'product.py')).trim().split('\n').map((line) => JSON.parse(line));

    assert.equal(greeting.client.id, client.id);
    assert.ok(greeting.platforms.some(({ id }) => id === platform.id));
    assert.equal(update.type, 'toggle');
    assert.equal(update.platform_id, platform.id);
    assert.equal(update.data.enabled, false);
  });
}
