// Connection state recovery as the official clients live it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, connected, ownNamespace, transports } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { Proxy } from '../support/proxy.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--recovering'); // which waits 8 seconds for a client that was cut off
const kOptions = { path: '/recovery/', reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50 };

/** A client behind a proxy that can be kept away, and a watcher beside it. */
async function pair(t, options) {
  const nsp = ownNamespace();
  const watcher = await connected(t, server, { ...kOptions, nsp, transports: ['websocket'] });
  const proxy = await Proxy.start(t, server.port);
  const client = await connected(t, proxy, { ...kOptions, ...options, nsp });
  await client.next('auth');
  return { watcher, proxy, client };
}

async function keepAway({ watcher, proxy, client }) {
  proxy.refusing = true;
  await until(async () => {
    proxy.cut();
    return !client.socket.connected && (await watcher.insist('count')) === 1;
  }, 'the disconnect on both sides');
}

for (const [way, list] of Object.entries(transports)) {
  describe(`4.x over ${way}`, () => {
    test('a lost client is recovered: same id, missed events once and in order, rooms and data kept', async (t) => {
      const { watcher, proxy, client } = await pair(t, { transports: list });
      const { id } = client;
      assert.equal(client.socket.recovered, false);
      await client.ask('join', 'r');
      await client.ask('set-data', { name: 'kept' });
      watcher.emit('to-room', 'r', 'before');
      assert.equal((await client.next('room-msg'))[0], 'before');
      await keepAway({ watcher, proxy, client });
      for (let n = 0; n < 20; n++) watcher.emit('to-room', 'r', n, n % 2 ? Buffer.from([n]) : 'text');
      watcher.emit('to-room', 'elsewhere', 'not for it');
      await watcher.insist('sid');
      proxy.refusing = false;
      await client.reconnected();

      const missed = (await client.take('room-msg', 20)).map(([n, what]) => [n, what]);
      assert.deepEqual(missed, Array.from({ length: 20 }, (_, n) => [n, n % 2 ? Buffer.from([n]) : 'text']));
      assert.equal(client.socket.recovered, true);
      assert.equal(client.id, id);
      assert.equal(await client.ask('sid'), id);
      const [found] = await watcher.ask('fetch', 'r');
      assert.deepEqual([found.id, found.data], [id, { name: 'kept' }]);
      watcher.emit('to-room', 'r', 'after');
      assert.equal((await client.next('room-msg'))[0], 'after');
      assert.equal(client.unread('room-msg'), 0);
    });

    test('after leaving on purpose it begins a new session', async (t) => {
      const { watcher, client } = await pair(t, { transports: list });
      const { id } = client;
      client.socket.disconnect();
      await until(async () => (await watcher.insist('count')) === 1, 'the count of one');
      client.socket.connect();
      await client.reconnected();

      assert.equal(client.socket.recovered, false);
      assert.notEqual(client.id, id);
    });
  });
}

describe('4.x', () => {
  test('what the client emits while away reaches the recovered session', async (t) => {
    const { watcher, proxy, client } = await pair(t, {});
    await keepAway({ watcher, proxy, client });
    client.emit('all', 'from afar');
    proxy.refusing = false;
    await client.reconnected();

    assert.equal((await watcher.next('all-msg'))[0], 'from afar');
    assert.equal(client.socket.recovered, true);
  });

  test('too long away, it begins a new session without what it missed', async (t) => {
    const { watcher, proxy, client } = await pair(t, { transports: ['websocket'] });
    const { id } = client;
    await keepAway({ watcher, proxy, client });
    watcher.emit('all', 'missed');
    const expiry = performance.now() + 8_200;
    await until(async () => (await watcher.insist('sid')) && performance.now() > expiry, 'the expiry', 30_000);
    proxy.refusing = false;
    await client.reconnected();

    assert.equal(client.socket.recovered, false);
    assert.notEqual(client.id, id);
    assert.equal((await client.next('auth'))[0].pid !== undefined, true);
    assert.equal(client.unread('all-msg'), 0);
  });
});

describe('3.x', () => {
  test('knows nothing of recovery: handlers see the offset, a lost client begins a new session', async (t) => {
    const nsp = ownNamespace();
    const client = new Client(server.url, { ...kOptions, version: '3.x', nsp });
    t.after(() => client.close());
    await client.connected();
    const { id } = client;
    client.emit('message', 1);
    const [value, offset] = await client.next('message-back');
    assert.equal(value, 1);
    assert.equal(typeof offset, 'string');
    client.socket.io.engine.close();
    await client.disconnects.next('disconnect');
    await client.reconnected();

    assert.notEqual(client.id, id);
  });
});
