// Connection state recovery through the stream: a client that was on one server comes back on another.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client } from '../support/clients.mjs';
import { Cluster } from '../support/node-cluster.mjs';
import { until } from '../support/deadline.mjs';
import { sharedByTests } from '../support/server.mjs';

const cluster = sharedByTests(() => Cluster.start('streams'), (started) => started.stop());
let rooms = 0;

const numbers = (list) => list.map(([number]) => number);

/** A client on this server that says it was `lost` before. */
async function comeBack(t, name, lost, { pid = lost.socket._pid, offset = lost.socket._lastOffset } = {}) {
  const client = new Client(cluster().servers[name].url, { path: '/socket.io/', transports: ['websocket'], autoConnect: false });
  t.after(() => client.close());
  client.socket._pid = pid;
  client.socket._lastOffset = offset;
  client.socket.connect();
  await client.connected();
  return client;
}

/** Loses the connection without a word of the client, and waits until the session is kept. */
async function lose(client) {
  const key = `sio:session:${client.socket._pid}`;
  client.socket.io.engine.close();
  await until(async () => (await cluster().redis.cli('EXISTS', key)) === '1', 'the session in Redis');
}

for (const [first, second] of [['cpp', 'node'], ['node', 'cpp'], ['cpp', 'cpp2'], ['cpp', 'cpp']]) {
  describe(`from ${first} to ${second}`, () => {
    test('the same id, rooms and data, and what was missed once and in order', async (t) => {
      const room = `r${++rooms}`;
      const watcher = await cluster().client(t, 'node2');
      const other = await cluster().client(t, 'cpp2');
      const lost = await cluster().client(t, first);
      await lost.ask('join', room);
      await lost.ask('set-data', { name: 'kept', list: [1, 'ä'] });
      watcher.emit('all-room', room, 'before');
      assert.equal((await lost.next('room-msg'))[0], 'before');
      const { id } = lost;
      await lose(lost);
      for (let n = 0; n < 30; n += 2) {
        watcher.emit('all-room', room, n, Buffer.from([n]));
        await watcher.ask('sid');
        other.emit('except-room', room, 'nobody', n + 1, 'text');
        await other.ask('sid');
        other.emit('except-room', room, room, 'not for it');
        other.emit('all-room', 'elsewhere', 'not for it');
      }

      const back = await comeBack(t, second, lost);

      assert.equal(back.socket.recovered, true);
      assert.equal(back.id, id);
      const missed = await back.take('room-msg', 30);
      assert.deepEqual([...numbers(missed)].sort((a, b) => a - b), Array.from({ length: 30 }, (_, n) => n));
      assert.deepEqual(missed.find(([n]) => n === 4)[1], Buffer.from([4]));
      const [found] = await watcher.ask('fetch', room);
      assert.deepEqual(found, { id, rooms: [id, room].sort(), data: { name: 'kept', list: [1, 'ä'] } });
      watcher.emit('all-room', room, 'after');
      assert.equal((await back.next('room-msg'))[0], 'after');
      assert.equal(back.unread('room-msg'), 0);
    });

    test('a session is used once, and an offset that is none begins anew', async (t) => {
      const lost = await cluster().client(t, first);
      await lost.ask('join', `r${++rooms}`);
      lost.emit('all', 'an offset');
      await lost.next('all-msg');
      await lose(lost);

      const wrong = await comeBack(t, second, lost, { offset: 'x-1' });
      assert.equal(wrong.socket.recovered, false);
      const back = await comeBack(t, second, lost);
      const again = await comeBack(t, second, lost);

      if (second !== 'node') assert.equal(back.socket.recovered, true);
      assert.equal(again.socket.recovered, false);
      assert.notEqual(again.id, lost.id);
    });
  });
}

test('what is sent while clients come and go between servers arrives once each', async (t) => {
  const room = `r${++rooms}`;
  const writer = await cluster().client(t, 'cpp2');
  let client = await cluster().client(t, 'cpp');
  await client.ask('join', room);
  writer.emit('all-room', room, -1);
  await client.next('room-msg');
  const kEach = 60;
  const heard = [];
  let sent = 0;
  for (let turn = 0; turn < 6; turn += 1) {
    const lost = client;
    for (let n = 0; n < kEach; n += 1) writer.emit('all-room', room, sent++);
    lost.socket.io.engine.close();
    await until(async () => (await cluster().redis.cli('EXISTS', `sio:session:${lost.socket._pid}`)) === '1', 'the session');
    heard.push(...numbers(await lost.take('room-msg', lost.unread('room-msg'))));
    for (let n = 0; n < kEach; n += 1) writer.emit('all-room', room, sent++);
    client = await comeBack(t, turn % 2 ? 'cpp' : 'cpp2', lost);
    assert.equal(client.socket.recovered, true);
    for (let n = 0; n < kEach; n += 1) writer.emit('all-room', room, sent++);
  }
  writer.emit('all-room', room, 'end');
  for (;;) {
    const [number] = await client.next('room-msg');
    if (number === 'end') break;
    heard.push(number);
  }
  assert.deepEqual(heard, Array.from({ length: sent }, (_, n) => n));
});

test('a server that ends keeps the sessions of its clients', async (t) => {
  const server = await cluster().add('cpp5');
  await cluster().reading(5);
  const lost = await cluster().client(t, 'cpp5');
  await lost.ask('join', 'r-end');
  lost.emit('all-room', 'r-end', 'x');
  await lost.next('room-msg');
  const { id } = lost;
  assert.deepEqual(await server.end('SIGTERM'), { code: 0, signal: null });

  const back = await comeBack(t, 'node', lost);

  assert.equal(back.socket.recovered, true);
  assert.equal(back.id, id);
});
