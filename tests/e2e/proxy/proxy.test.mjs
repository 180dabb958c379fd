// What a bad network does to a connection, through a proxy that splits, stalls and cuts.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, connected, eachWay, ownNamespace } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { engineTarget, joinedPolling, joinedSocket } from '../support/engine.mjs';
import { requestBytes } from '../support/http.mjs';
import { isWebSocket, Proxy } from '../support/proxy.mjs';
import { conformance } from '../support/server.mjs';
import { Tcp } from '../support/tcp.mjs';
import { frame, kText, RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const server = conformance('--recovering'); // misses who is gone soon, and gives an upgrade the time that a busy machine takes
const kComeBack = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50 };

eachWay((way, options) => {
  describe(way, () => {
    test('every byte by itself', async (t) => {
      const proxy = await Proxy.start(t, server.port);
      proxy.split = true;
      const client = await connected(t, proxy, options);
      for (let n = 0; n < 10; n++) {
        client.emit('message', n, 'é€😀', Buffer.alloc(300, n));
        assert.deepEqual(await client.next('message-back'), [n, 'é€😀', Buffer.alloc(300, n)]);
      }

      assert.equal(await client.ask('text', 3000), 'x'.repeat(3000));
    });

    test('after a cut the client comes back with a new id', async (t) => {
      const proxy = await Proxy.start(t, server.port);
      const client = await connected(t, proxy, { ...options, ...kComeBack });
      for (let round = 0; round < 3; round++) {
        const { id } = client;
        // between two polls there is nothing to cut
        await until(() => client.disconnects.size > 0 || (proxy.cut(), false), 'the disconnect');
        assert.match(await client.disconnects.next('disconnect'), /^transport (close|error)$/);
        await client.reconnected();
        assert.notEqual(client.id, id);
        assert.equal(await client.ask('sid'), client.id);
      }
    });

    test('the server forgets who was cut', async (t) => {
      const nsp = ownNamespace();
      const watcher = await connected(t, server, { nsp, path: '/socket.io/', ...kComeBack });
      const proxy = await Proxy.start(t, server.port);
      const client = await connected(t, proxy, { ...options, nsp, path: '/socket.io/' });
      const counted = async () => client.disconnects.size > 0 || (await watcher.insist('count')) === 2;
      await until(counted, 'the count of two', 60_000);

      // who polls and is cut between two polls is missed at the next ping
      await until(async () => (proxy.cut(), (await watcher.insist('count')) === 1), 'the count of one', 60_000);
    });

    test('a stall ends in a ping timeout on both sides, and the client comes back', async (t) => {
      const nsp = ownNamespace();
      const watcher = await connected(t, server, { nsp, path: '/socket.io/', ...kComeBack });
      const proxy = await Proxy.start(t, server.port);
      const client = await connected(t, proxy, { ...options, ...kComeBack, nsp, path: '/socket.io/' });
      const release = proxy.stall();
      const reason = await client.disconnects.next('disconnect');
      await until(async () => (await watcher.insist('count')) === 1, 'the count of one', 60_000);
      release();

      assert.match(reason, /^(ping timeout|transport (close|error))$/);
      await until(async () => (await client.insist('sid')) === client.id, 'the client with a new id', 60_000);
    });

    test('a server that cannot be reached at first', async (t) => {
      const proxy = await Proxy.start(t, server.port);
      proxy.refusing = true;
      const client = new Client(proxy.url, { ...options, ...kComeBack });
      t.after(() => client.close());
      client.emit('message', 'patience');
      await until(() => proxy.accepted >= 3, 'three attempts');
      proxy.refusing = false;

      assert.deepEqual(await client.next('message-back'), ['patience']);
    });
  });
});

describe('a cut during the upgrade', () => {
  /** How many bytes the 101 has. */
  async function bytesOfUpgrade(t) {
    const proxy = await Proxy.start(t, server.port);
    const session = await joinedPolling(server.port);
    const socket = await RawWebSocket.open(proxy.port, engineTarget('/opts/', 'websocket', `&sid=${session.sid}`));
    const [link] = proxy.links;
    const { down } = link.bytes;
    socket.drop();
    return down;
  }

  const cuts = {
    'after the first byte of the 101': () => 1,
    'inside the 101': (head) => head >> 1,
    'before the last byte of the 101': (head) => head - 1,
    'after the 101': (head) => head,
    'inside the answer to the probe': (head) => head + 4,
  };
  for (const [name, where] of Object.entries(cuts)) {
    test(`${name} leaves the client on polling, and nothing is lost`, async (t) => {
      const down = where(await bytesOfUpgrade(t));
      const proxy = await Proxy.start(t, server.port);
      let attempts = 0;
      proxy.limits = (head) => (isWebSocket(head) ? (attempts++, { down }) : {});
      const client = new Client(proxy.url);
      t.after(() => client.close());
      await client.connected();
      const { id } = client;
      let sent = 0;
      await until(() => {
        client.emit('message', sent++);
        return attempts === 1 && sent >= 50;
      }, 'the failed upgrade');

      assert.deepEqual(await client.take('message-back', sent), Array.from({ length: sent }, (_, n) => [n]));
      assert.equal(client.id, id);
      assert.equal(client.transport, 'polling');
    });
  }

  test('while every byte comes by itself, with traffic in both directions, loses and swaps nothing', async (t) => {
    const proxy = await Proxy.start(t, server.port);
    proxy.split = true;
    const client = new Client(proxy.url, { path: '/socket.io/' });
    t.after(() => client.close());
    await client.connected();
    let sent = 0;
    await until(() => {
      client.emit('message', sent++);
      return client.transport === 'websocket';
    }, 'the upgrade');
    for (let n = 0; n < 50; n++) client.emit('message', sent++);

    assert.deepEqual(await client.take('message-back', sent), Array.from({ length: sent }, (_, n) => [n]));
  });
});

describe('a connection cut in the middle', () => {
  const target = engineTarget('/engine.io/', 'websocket');
  const request = requestBytes(target, { headers: upgradeHeaders() });
  const message = frame(kText, '4cut in the middle');
  const whole = Buffer.concat([request, message]);

  test('after any byte of a handshake and a frame harms nobody else', async () => {
    const bystander = await joinedSocket(server.port);
    for (let bytes = 0; bytes <= whole.length; bytes++) {
      const tcp = await Tcp.connect(server.port);
      tcp.socket.write(whole.subarray(0, bytes), () => tcp.reset());
      if (bytes % 50 === 0) {
        bystander.send(`42["message",${bytes}]`);
        assert.equal(await bystander.packet(), `42["message-back",${bytes}]`);
      }
    }

    bystander.send('42["message","unharmed"]');
    assert.equal(await bystander.packet(), '42["message-back","unharmed"]');
    bystander.drop();
  });

  test('inside a POST ends that session only', async (t) => {
    const [bystander, victim] = [await joinedPolling(server.port), await joinedPolling(server.port)];
    const proxy = await Proxy.start(t, server.port);
    const post = requestBytes(victim.target, { method: 'POST', body: '42["message","never whole"]' });
    proxy.limits = () => ({ up: post.length - 5 });
    const tcp = await Tcp.connect(proxy.port);
    tcp.write(post);
    await tcp.closed;

    await until(async () => (await victim.post('3')).status === 400, 'the end of the session');
    await bystander.assertAlive('42["message","unharmed"]', '42["message-back","unharmed"]');
  });
});
