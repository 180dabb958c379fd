// The client examples of the system that Togglecast succeeds, unchanged in what they call:
// in the browser from the server's own origin, and in Node.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, test } from 'node:test';
import { browser } from '../support/browser.mjs';
import { transports, versions } from '../support/clients.mjs';
import { within } from '../support/deadline.mjs';
import { ownKey, product } from '../support/product.mjs';

const shared = product();
const chromium = browser();
const require = createRequire(import.meta.url);

const kAdminExample = `
const adminSocket = io('/admin', {
  auth: {
    token: localStorage.getItem('adminToken')
  }
});

adminSocket.on('admin_connected', (data) => {
  console.log('Connected as admin:', data);
});

adminSocket.on('platform_update', (data) => {
  // Update UI with platform changes
  updatePlatformStatus(data);
});

// Subscribe to specific platform
adminSocket.emit('subscribe_entity_updates', {
  entity_type: 'platform',
  entity_id: 1
});
`;

const kClientExample = `
const clientSocket = io('/client', {
  auth: {
    token: localStorage.getItem('clientToken')
  }
});

clientSocket.on('client_connected', (data) => {
  console.log('Connected with features:', data.features);
});

clientSocket.on('config_sync', (data) => {
  // Refresh configuration
  location.reload();
});
`;

async function example(key) {
  const platform = await shared.it.createPlatform({ key: ownKey(key), name: 'the example' });
  return { platform, ...(await shared.it.createClient()) };
}

for (const version of Object.keys(versions)) {
  describe(`in Chromium with the client ${version}`, () => {
    const bundle = path.join(
      path.dirname(require.resolve(`${version === '4.x' ? 'socket.io-client' : 'socket.io-client-3'}/package.json`)),
      'dist/socket.io.min.js',
    );

    test('both examples run, and a switched platform arrives', async (t) => {
      const { platform, token } = await example('browser');
      const page = await chromium.pageAt(t, `${shared.it.url}/`);
      const spoken = [];
      page.on('console', (message) => spoken.push(message.text()));
      let loads = 0;
      page.on('load', () => loads++);
      await page.addScriptTag({ path: bundle });
      const arrived = page.run(({ admin, client, examples }) => {
        localStorage.setItem('adminToken', admin);
        localStorage.setItem('clientToken', client);
        const updates = new Promise((resolve) => (window.updatePlatformStatus = resolve));
        const sockets = new Function('io', `${examples}; return { adminSocket, clientSocket };`)(window.io);
        window.ready = Promise.all([
          new Promise((resolve) => sockets.adminSocket.on('admin_connected', resolve)),
          new Promise((resolve) => sockets.clientSocket.on('client_connected', resolve)),
          new Promise((resolve) => sockets.adminSocket.on('entity_subscribed', resolve)),
        ]);
        return updates;
      }, { admin: shared.it.admin, client: token, examples: kAdminExample + kClientExample });
      await page.run(() => window.ready);
      await shared.it.toggle(platform.id, false);
      const update = await arrived;

      assert.equal(update.type, 'toggle');
      assert.equal(update.platform_id, platform.id);
      assert.equal(update.data.enabled, false);
      assert.ok(spoken.some((line) => line.startsWith('Connected as admin:')), spoken.join('\n'));
      assert.ok(spoken.some((line) => line.startsWith('Connected with features:')), spoken.join('\n'));
      assert.equal(loads, 0, 'nothing made the page reload');
    });

    test('config_sync reloads the page, once', async (t) => {
      const { platform, client, token } = await example('reload');
      const page = await chromium.pageAt(t, `${shared.it.url}/`);
      let loads = 0;
      const reloaded = new Promise((loaded) => page.on('load', () => ++loads === 1 && loaded()));
      const start = async () => {
        await page.addScriptTag({ path: bundle });
        await page.run(({ token, code }) => {
          localStorage.setItem('clientToken', token);
          const { clientSocket } = new Function('io', `${code}; return { clientSocket };`)(window.io);
          window.updated = new Promise((resolve) => clientSocket.on('platform_update', resolve));
          return new Promise((resolve) => clientSocket.on('client_connected', () => resolve()));
        }, { token, code: kClientExample });
      };
      await start();
      const body = { reason: 'test', audience: { client: client.id } };
      await shared.it.call('POST', '/api/v1/broadcasts/broadcast_config_sync', body);
      await within(reloaded, 'the reload');
      await start();
      await shared.it.toggle(platform.id, false);
      const update = await page.run(() => window.updated);

      assert.equal(update.platform_id, platform.id);
      assert.equal(loads, 1, 'a connect and an update make no page reload');
    });
  });

  for (const [way, list] of Object.entries(transports)) {
    test(`in Node with the client ${version} over ${way}`, async (t) => {
      const { platform, token } = await example('node');
      const spoken = [];
      const storage = new Map([['adminToken', shared.it.admin], ['clientToken', token]]);
      const page = {
        io: (nsp, options) => {
          const socket = versions[version](shared.it.url + nsp, { forceNew: true, transports: list, ...options });
          t.after(() => socket.disconnect());
          return socket;
        },
        localStorage: { getItem: (name) => storage.get(name) },
        console: { log: (...args) => spoken.push(args) },
        location: { reload: () => assert.fail('nobody asked for a reload') },
      };
      const arrived = new Promise((resolve) => (page.updatePlatformStatus = resolve));
      const run = new Function(...Object.keys(page), `${kAdminExample}${kClientExample}; return { adminSocket, clientSocket };`);
      const { adminSocket, clientSocket } = run(...Object.values(page));
      await within(Promise.all([
        new Promise((resolve) => adminSocket.on('entity_subscribed', resolve)),
        new Promise((resolve) => clientSocket.on('client_connected', resolve)),
      ]), 'both examples connected');
      await shared.it.toggle(platform.id, false);
      const update = await within(arrived, 'the platform update');

      assert.equal(update.platform_id, platform.id);
      assert.equal(update.data.enabled, false);
      assert.ok(spoken.some(([text]) => text === 'Connected as admin:'));
      assert.ok(spoken.some(([text, features]) => text === 'Connected with features:' && Array.isArray(features)));
    });
  }
}
