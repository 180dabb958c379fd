// `--websocket-compression`: off unless asked for; on, a change is compressed once, however many hear of it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataFolder, ownKey, Product, product, program } from '../support/product.mjs';

const kWebSocket = { transports: ['websocket'] };
const extensions = (client) => client.socket.io.engine.transport.ws.extensions;

async function metric(server, name) {
  return Number((await server.metrics()).match(new RegExp(`^${name} (\\S+)$`, 'm'))[1]);
}

describe('switched on', () => {
  const shared = product({ args: ['--websocket-compression', 'on', '--shards', '1'], env: { TOGGLECAST_OWNER_PASSWORD: 'correct horse battery staple' } });

  test('it compresses a change once for all clients that see the same', async (t) => {
    const clients = [];
    for (let n = 0; n < 10; n++) {
      const { token } = await shared.it.createClient();
      const client = await shared.it.clientSocket(t, token, kWebSocket).connected();
      await client.next('client_connected');
      assert.match(extensions(client), /permessage-deflate/);
      clients.push(client);
    }
    const before = {};
    for (const name of ['messages', 'reused']) before[name] = await metric(shared.it, `togglecast_deflated_${name}_total`);
    const config = { text: 'a long text, again and again; '.repeat(60) };
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'long', config });

    for (const client of clients) {
      const [update] = await client.next('platform_update');
      assert.equal(update.platform_id, platform.id);
      assert.deepEqual(update.data.config, config);
    }
    assert.equal(await metric(shared.it, 'togglecast_deflated_messages_total'), before.messages + 1);
    assert.equal(await metric(shared.it, 'togglecast_deflated_reused_total'), before.reused + 9);
  });
});

describe('without the option', () => {
  test('nothing is agreed on', async (t) => {
    const data = await dataFolder();
    const server = await Product.start(data.folder);
    t.after(() => server.end('SIGTERM').finally(data.remove));
    await server.login();
    const { token } = await server.createClient();
    const client = await server.clientSocket(t, token, kWebSocket).connected();

    assert.equal(extensions(client), '');
  });

  test('anything but on and off is refused', async () => {
    const attempt = program(['serve', '--websocket-compression', 'maybe']);
    const { code } = await attempt.exited;

    assert.equal(code, 2);
    assert.match(attempt.output, /--websocket-compression: 'maybe' is neither on nor off/);
  });
});
