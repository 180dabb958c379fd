// Rooms and broadcasts among several official clients.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, connected, eachWay, fence, ownNamespace } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient');

eachWay((way, options) => {
  describe(way, () => {
    /** Clients of one namespace of their own. */
    async function crowd(t, count) {
      const nsp = ownNamespace();
      return Promise.all(Array.from({ length: count }, () => connected(t, server, { ...options, nsp })));
    }

    test('join and leave tell the own rooms, sorted', async (t) => {
      const [client] = await crowd(t, 1);

      assert.deepEqual(await client.ask('join', 'b'), ['b']);
      assert.deepEqual(await client.ask('join', 'a'), ['a', 'b']);
      assert.deepEqual(await client.ask('join', 'a'), ['a', 'b']);
      assert.deepEqual(await client.ask('leave', 'b'), ['a']);
      assert.deepEqual(await client.ask('leave', 'never joined'), ['a']);
      assert.deepEqual(await client.ask('leave', 'a'), []);
    });

    test('to-room leaves the sender out, all-room does not', async (t) => {
      const [a, b, c] = await crowd(t, 3);
      await a.ask('join', 'r');
      await b.ask('join', 'r');
      a.emit('to-room', 'r', 1, { two: 2 });
      a.emit('all-room', 'r', 'all');
      await fence(a, [a, b, c]);

      assert.deepEqual(await b.take('room-msg', 2), [[1, { two: 2 }], ['all']]);
      assert.deepEqual(await a.next('room-msg'), ['all']);
      assert.deepEqual([a.unread('room-msg'), b.unread('room-msg'), c.unread('room-msg')], [0, 0, 0]);
    });

    test('except-room leaves the members of the other room out', async (t) => {
      const [a, b, c] = await crowd(t, 3);
      for (const client of [a, b, c]) await client.ask('join', 'r');
      await b.ask('join', 'quiet');
      a.emit('except-room', 'r', 'quiet', 'psst');
      await fence(a, [a, b, c]);

      assert.deepEqual(await a.next('room-msg'), ['psst']);
      assert.deepEqual(await c.next('room-msg'), ['psst']);
      assert.equal(b.unread('room-msg'), 0);
    });

    test('an id is a room', async (t) => {
      const [a, b, c] = await crowd(t, 3);
      a.emit('to-room', b.id, 'only you');
      await fence(a, [a, b, c]);

      assert.deepEqual(await b.next('room-msg'), ['only you']);
      assert.deepEqual([a.unread('room-msg'), c.unread('room-msg')], [0, 0]);
    });

    test('the room of a socket works in every operation', async (t) => {
      const [a, b, c] = await crowd(t, 3);
      for (const client of [a, b, c]) await client.ask('join', 'r');
      a.emit('except-room', 'r', b.id, 'not you');
      a.emit('make-join', b.id, 'more');
      await fence(a, [a, b, c]);

      assert.deepEqual([await a.next('room-msg'), await c.next('room-msg')], [['not you'], ['not you']]);
      assert.equal(b.unread('room-msg'), 0);
      assert.deepEqual((await b.ask('who')).rooms, [b.id, 'more', 'r'].sort());
      assert.deepEqual(await a.ask('fetch', b.id), [{ id: b.id, rooms: [b.id, 'more', 'r'].sort(), data: {} }]);
    });

    test('broadcasts carry binary and keep their order', async (t) => {
      const [a, b] = await crowd(t, 2);
      await b.ask('join', 'r');
      const sent = Array.from({ length: 50 }, (_, n) => [n, n % 3 ? 'text' : { bytes: Buffer.from([n]) }]);
      for (const args of sent) a.emit('to-room', 'r', ...args);

      assert.deepEqual(await b.take('room-msg', 50), sent);
    });

    test('all reaches the namespace and no other', async (t) => {
      const [a, b] = await crowd(t, 2);
      const [stranger] = await crowd(t, 1);
      a.emit('all', 'hello', Buffer.from([1]));
      for (const client of [a, b]) assert.deepEqual(await client.next('all-msg'), ['hello', Buffer.from([1])]);
      stranger.emit('all', 'here');

      assert.deepEqual(await stranger.next('all-msg'), ['here']);
      assert.deepEqual([a.unread('all-msg'), b.unread('all-msg'), stranger.unread('all-msg')], [0, 0, 0]);
    });

    test('who left hears nothing more', async (t) => {
      const [a, b] = await crowd(t, 2);
      await b.ask('join', 'r');
      await b.ask('leave', 'r');
      a.emit('all-room', 'r', 'gone?');
      await fence(a, [a, b]);

      assert.equal(b.unread('room-msg'), 0);
    });

    test('ask-all gathers every answer', async (t) => {
      const clients = await crowd(t, 3);
      clients.forEach((client, n) => client.socket.on('question', (...args) => args.pop()(n === 1 ? Buffer.from([n]) : n)));
      clients[0].emit('ask-all', 30_000, 'how many?', { bytes: Buffer.from([9]) });
      const [outcome, answers] = await clients[0].next('answers');

      assert.equal(outcome, 'ok');
      assert.deepEqual(answers.map((answer) => (Buffer.isBuffer(answer) ? `bytes ${answer[0]}` : `${answer}`)).sort(), ['0', '2', 'bytes 1']);
      for (const client of clients) {
        const [question, { bytes }] = await client.next('question');
        assert.equal(question, 'how many?');
        assert.deepEqual(bytes, Buffer.from([9]));
      }
    });

    test('ask-all ends at its time with the answers there are', async (t) => {
      const [a, b] = await crowd(t, 2);
      a.socket.on('question', (answer) => answer('mine'));
      a.emit('ask-all', 5_000); // long enough for an answer, also on a busy machine
      const [outcome, answers] = await a.next('answers');

      assert.equal(outcome, 'timeout');
      assert.deepEqual(answers, ['mine']);
      assert.equal((await b.next('question')).length, 1);
    });

    test('make-join and make-leave move whole rooms', async (t) => {
      const [a, b, c] = await crowd(t, 3);
      const members = async (room) => (await a.ask('fetch', room)).map(({ id }) => id).sort();
      const are = (room, clients) => {
        const ids = clients.map(({ id }) => id).sort().join();
        return until(async () => (await members(room)).join() === ids, `the members of ${room}`);
      };
      await a.ask('join', 'r');
      await b.ask('join', 'r');
      c.emit('make-join', 'r', 'more');
      await are('more', [a, b]);
      a.emit('all-room', 'more', 'hello');
      await fence(a, [a, b, c]);
      assert.deepEqual([await a.next('room-msg'), await b.next('room-msg')], [['hello'], ['hello']]);
      assert.equal(c.unread('room-msg'), 0);
      c.emit('make-leave', 'more', 'r');

      await are('r', []);
      await are('more', [a, b]);
    });

    test('kick empties a room, keeping or closing the connections', async (t) => {
      const [a, b, c] = await crowd(t, 3);
      const beside = (client) => new Client(server.url, { socket: client.socket.io.socket('/custom') }).connected();
      const [besideB, besideC] = [await beside(b), await beside(c)];
      await b.ask('join', 'soft');
      await c.ask('join', 'hard');
      a.emit('kick', 'soft', false);
      assert.equal(await b.disconnects.next('disconnect'), 'io server disconnect');
      a.emit('kick', 'hard', true);
      assert.match(await c.disconnects.next('disconnect'), /^(io server disconnect|transport close)$/);
      await besideC.disconnects.next('disconnect');

      assert.equal(await besideB.ask('sid'), besideB.id);
      await until(async () => (await a.ask('count')) === 1, 'the count of one');
      assert.equal(await a.ask('sid'), a.id);
    });

    test('fetch tells ids, rooms and data', async (t) => {
      const [a, b, c] = await crowd(t, 3);
      await a.ask('join', 'r');
      await b.ask('join', 'r');
      await b.ask('join', 'also');
      assert.equal(await b.ask('set-data', { name: 'b', n: 1 }), 'ok');
      assert.equal(await b.ask('set-data', { n: 2, list: [1] }), 'ok');
      const found = await c.ask('fetch', 'r');
      const byId = Object.fromEntries(found.map(({ id, rooms, data }) => [id, { rooms: rooms.filter((room) => room !== id), data }]));

      assert.deepEqual(byId, {
        [a.id]: { rooms: ['r'], data: {} },
        [b.id]: { rooms: ['also', 'r'], data: { name: 'b', n: 2, list: [1] } },
      });
      assert.deepEqual(await c.ask('fetch', 'empty'), []);
    });

    test('count counts the namespace', async (t) => {
      const clients = await crowd(t, 4);

      for (const client of clients) assert.equal(await client.ask('count'), 4);
      clients[3].close();
      await until(async () => (await clients[0].ask('count')) === 3, 'the count of three');
    });

    test('server-emit hears no other server', async (t) => {
      const [client] = await crowd(t, 1);

      assert.deepEqual(await client.ask('server-emit', 'x'), []);
    });
  });
});

describe('a large crowd', () => {
  test('hears every broadcast once, in order', async (t) => {
    const nsp = ownNamespace();
    const clients = await Promise.all(Array.from({ length: 60 }, (_, n) =>
      connected(t, server, { nsp, transports: [n % 3 ? 'websocket' : 'polling'], version: n % 2 ? '3.x' : '4.x' })));
    await Promise.all(clients.map((client) => client.ask('join', 'r')));
    for (let n = 0; n < 100; n++) clients[0].emit('all-room', 'r', n);

    const expected = Array.from({ length: 100 }, (_, n) => [n]);
    for (const client of clients) assert.deepEqual(await client.take('room-msg', 100), expected);
    await fence(clients[0], clients);
    assert.deepEqual(clients.map((client) => client.unread('room-msg')), clients.map(() => 0));
  });
});
