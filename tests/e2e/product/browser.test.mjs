// A page of another origin that the server was told to allow, and one that it was not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browser } from '../support/browser.mjs';
import { versions } from '../support/clients.mjs';
import { ownKey, product } from '../support/product.mjs';

const kAllowed = 'https://console.example';
const shared = product({ args: ['--cors-origin', kAllowed] });
const chromium = browser();

/* The functions of page.run run in the page, where the bundle has set the global `io`. */
/* global io */

for (const version of Object.keys(versions)) {
  for (const transport of ['polling', 'websocket']) {
    describe(`${version} over ${transport}`, () => {
      test('from the allowed origin a page logs in over REST and sees a switched platform', async (t) => {
        const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'from a page' });
        const page = await chromium.page(t, version, kAllowed);
        const update = await page.run(({ url, token, platform, only }) => new Promise((resolve, reject) => {
          const socket = io(`${url}/admin`, { transports: [only], auth: { token } });
          socket.on('connect_error', (error) => reject(error));
          socket.on('admin_connected', () => fetch(`${url}/api/v1/platforms/${platform}/toggle`, {
            method: 'POST',
            headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
            body: '{"enabled":false}',
          }).catch(reject));
          socket.on('platform_update', (data) => data.platform_id === platform && resolve(data));
        }), { url: shared.it.url, token: shared.it.admin, platform: id, only: transport });

        assert.equal(update.type, 'toggle');
        assert.equal(update.data.enabled, false);
      });

      test('from another origin it does not get in', async (t) => {
        const page = await chromium.page(t, version);
        const outcome = await page.run(({ url, token, only }) => new Promise((resolve) => {
          const socket = io(`${url}/admin`, { transports: [only], auth: { token }, reconnection: false });
          socket.on('connect', () => resolve('connected'));
          socket.on('connect_error', (error) => resolve(error.message));
        }), { url: shared.it.url, token: shared.it.admin, only: transport });

        assert.match(outcome, /^(xhr poll|websocket) error$/);
      });
    });
  }
}
