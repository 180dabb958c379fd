// Large is not slow: answers and states of several megabytes reach every reader that takes them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { transports } from '../support/clients.mjs';
import { ownKey, product } from '../support/product.mjs';

const shared = product({
  args: ['--write-rate', '1000', '--write-burst', '1000', '--full-state-burst', '50'],
});
const kPatience = 60_000;
const kConfig = 30_000; // bytes of one platform's configuration
const kPlatforms = 210;

const filled = (bytes, mark) => ({ big: `${mark}${'x'.repeat(bytes)}`.slice(0, bytes) });

/** Creates platforms of 6 MB together. */
let bigState;
const withBigState = () => (bigState ??= (async () => {
  for (let n = 0; n < kPlatforms; n++)
    await shared.it.createPlatform({ key: ownKey('large'), name: 'Large', config: filled(kConfig, n) });
})());

test('a list of 6 MB comes in pages', async () => {
  await withBigState();
  const keys = [];
  let query = '';
  do {
    const page = await shared.it.request('GET', `/api/v1/platforms?limit=1000${query}`);
    assert.ok(page.text.length < 300_000, 'a page ends at about 256 KiB');
    keys.push(...page.body.items.map(({ key }) => key));
    query = page.body.next_cursor ? `&cursor=${page.body.next_cursor}` : '';
  } while (query);

  assert.ok(keys.length >= kPlatforms);
  assert.equal(new Set(keys).size, keys.length, 'each once');
});

for (const [way, list] of Object.entries(transports)) {
  describe(`over ${way}`, () => {
    test('a default page of the activity feed, and all pages after it', async (t) => {
      const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'Big' });
      for (let n = 0; n < 60; n++)
        await shared.it.call('PATCH', `/api/v1/platforms/${id}`, { config: filled(12_000, n) });
      const admin = shared.it.adminSocket(t, { transports: list });
      await admin.next('admin_connected');

      const seen = [];
      let query = { entity_type: 'platform', entity_id: id };
      let pages = 0;
      while (query) {
        const page = await admin.ask('request_activity_feed', query);
        assert.ok(page.items?.length >= 1, JSON.stringify(page).slice(0, 200));
        assert.ok(JSON.stringify(page).length < 300_000, 'a page ends at about 256 KiB');
        seen.push(...page.items.map(({ revision }) => revision));
        pages += 1;
        query = page.next ? { ...query, before: page.next } : undefined;
      }

      assert.equal(new Set(seen).size, 61, 'every change once');
      assert.equal(seen.length, 61);
      assert.ok(pages > 1);
      assert.equal(admin.disconnects.size, 0);
    });

    test('the dashboard after ten large changes', async (t) => {
      const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'Big' });
      const admin = shared.it.adminSocket(t, { transports: list });
      await admin.next('admin_connected');
      for (let n = 0; n < 10; n++)
        await shared.it.call('PATCH', `/api/v1/platforms/${id}`, { config: filled(15_000, n) });

      for (let n = 0; n < 5; n++) {
        const dashboard = await admin.ask('request_dashboard_update');
        assert.ok(dashboard.changes?.length >= 1, JSON.stringify(dashboard).slice(0, 200));
      }
      for (let n = 0; n < 8; n++) admin.emit('request_dashboard_update');
      await admin.take('dashboard_update', 8);
      assert.equal(admin.disconnects.size, 0);
    });

    test('a state of 6 MB, and an early client_connect behind it', async (t) => {
      await withBigState();
      const { token } = await shared.it.createClient();
      const client = shared.it.clientSocket(t, token, { transports: list });
      client.socket.on('connect', () => client.emit('client_connect', { token }));

      const [first] = await client.next('client_connected', kPatience);
      const [second] = await client.next('client_connected', kPatience);

      for (const state of [first, second]) assert.ok(state.platforms.length >= kPlatforms);
      if (list.length === 2) await client.upgraded();
      assert.ok((await client.ask('config_check')).up_to_date);
      assert.equal(client.disconnects.size, 0);
    });
  });
}
