// Bytes between an official client and the server: both directions, every size up to the limit, several attachments,
// nested ones, over every transport.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { Client, connected, eachWay } from '../support/clients.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient'); // a busy machine may answer a ping late
const kMaxPayload = 1_000_000; // of the conformance server on /socket.io/
const bytes = (...values) => Buffer.from(values);

// The most bytes of one binary packet: a frame of a WebSocket, or `b` and base64 in a body together with the text packet.
const mostBytes = (transports) => (transports.at(-1) === 'websocket' ? kMaxPayload : Math.floor((kMaxPayload - 200) / 4) * 3);

eachWay((way, options) => {
  describe(way, () => {
    const open = (t) => connected(t, server, { ...options, path: '/socket.io/' });

    test('bytes of every size come back as they were sent, by event and by acknowledgement', async (t) => {
      const client = await open(t);
      const most = mostBytes(options.transports);
      for (const size of [0, 1, 2, 3, 124, 125, 126, 127, 65534, 65535, 65536, 65537, most - 1, most]) {
        const sent = randomBytes(size);
        client.emit('message', sent);
        const [back] = await client.next('message-back');
        assert.equal(sent.equals(back), true, `${size} bytes by event`);
        assert.equal(sent.equals(await client.ask('message-with-ack', sent)), true, `${size} bytes by acknowledgement`);
      }
    });

    test('one byte above the limit ends the connection', async (t) => {
      const client = await open(t);
      // over polling, the body counts: the text packet and base64 together are above the limit for sure
      client.emit('message', Buffer.alloc(options.transports.at(-1) === 'websocket' ? kMaxPayload + 1 : kMaxPayload));
      await client.disconnects.next('the end');
    });

    test('one to ten attachments, side by side and nested, keep their places', async (t) => {
      const client = await open(t);
      for (let count = 1; count <= 10; count++) {
        const parts = Array.from({ length: count }, (_, n) => randomBytes(n * 500));
        client.emit('message', ...parts);
        assert.deepEqual(await client.next('message-back'), parts, `${count} side by side`);

        const nested = parts.reduceRight((inner, part, n) => ({ n, part, more: [inner, `text ${n}`] }), null);
        assert.deepEqual(await client.ask('message-with-ack', nested), nested, `${count} nested`);
      }
    });

    test('views, array buffers and buffers are bytes alike', async (t) => {
      const client = await open(t);
      const whole = Uint8Array.from({ length: 16 }, (_, n) => n);
      client.emit('message', whole.buffer, whole.subarray(4, 8), new DataView(whole.buffer, 2, 3), { deep: whole });
      assert.deepEqual(await client.next('message-back'), [
        Buffer.from(whole), bytes(4, 5, 6, 7), bytes(2, 3, 4), { deep: Buffer.from(whole) },
      ]);
    });

    test('binary packets one after the other, with text between, keep their order', async (t) => {
      const client = await open(t);
      const sent = Array.from({ length: 40 }, (_, n) => (n % 3 ? { n, parts: [randomBytes(n * 100), randomBytes(1)] } : { n }));
      for (const one of sent) client.emit('message', one);
      assert.deepEqual(await client.take('message-back', sent.length), sent.map((one) => [one]));
    });

    test('a broadcast brings the same bytes to everybody', async (t) => {
      const [sender, ...others] = await Promise.all([open(t), open(t), open(t)]);
      const sent = [randomBytes(50_000), { deep: randomBytes(3) }];
      sender.emit('all', ...sent);
      for (const client of [sender, ...others]) assert.deepEqual(await client.next('all-msg'), sent);
    });

    test('the server refuses to send more than ten attachments, and the connection stays', async (t) => {
      const client = await open(t);
      for (const event of ['emit-attachments', 'broadcast-attachments', 'ack-attachments']) {
        const refused = await client.ask(event, 11);
        assert.match(refused, /has 11 attachments, and stock clients take at most 10/, event);
      }
      assert.equal(await client.ask('emit-attachments', 10), 'sent');
      assert.deepEqual(await client.next('attached'), [Array.from({ length: 10 }, (_, n) => bytes(n))]);
      assert.equal(await client.ask('broadcast-attachments', 10), 'sent');
      assert.equal((await client.next('attached'))[0].length, 10);
      assert.equal((await client.ask('ack-attachments', 10)).length, 10);
      assert.equal(client.unread('attached'), 0, 'nothing of the refused ones was sent');
    });
  });
});

test('bytes of the server before the upgrade and after it arrive once and in order', async (t) => {
  const client = new Client(server.url, { path: '/socket.io/', transports: ['polling', 'websocket'] });
  t.after(() => client.close());
  await client.connected();
  for (let n = 0; n < 60; n++) client.emit('message', n, Buffer.alloc(2_000, n));
  await client.upgraded();
  for (let n = 60; n < 80; n++) client.emit('message', n, Buffer.alloc(2_000, n));

  const heard = await client.take('message-back', 80);
  assert.deepEqual(heard, Array.from({ length: 80 }, (_, n) => [n, Buffer.alloc(2_000, n)]));
});
