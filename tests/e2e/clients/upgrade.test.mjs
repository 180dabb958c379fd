// Polling to WebSocket while both sides talk: nothing lost, nothing twice, nothing out of order.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, versions } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { isWebSocket, Proxy } from '../support/proxy.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const numbers = (count) => Array.from({ length: count }, (_, n) => [n]);

for (const version of Object.keys(versions)) {
  describe(version, () => {
    /** A connected client whose WebSocket is held back at first. */
    async function open(t) {
      const proxy = await Proxy.start(t, server.port);
      let release;
      const held = new Promise((resolve) => (release = resolve));
      proxy.gate = (head) => isWebSocket(head) && held;
      const client = new Client(proxy.url, { version, path: '/socket.io/' });
      t.after(() => client.close());
      client.release = release;
      return client.connected();
    }

    /** Emits numbered events from before the upgrade until some time after it. */
    async function talkThroughUpgrade(client, emit) {
      assert.equal(client.transport, 'polling');
      let sent = 0;
      await until(() => {
        for (let burst = 0; burst < 5; burst++) emit(sent++);
        if (sent === 50) client.release();
        return client.transport === 'websocket';
      }, 'the upgrade');
      for (let more = 0; more < 100; more++) emit(sent++);
      return sent;
    }

    for (let round = 1; round <= 5; round++) {
      test(`echoes come back in order, round ${round}`, async (t) => {
        const client = await open(t);
        const sent = await talkThroughUpgrade(client, (n) => client.emit('message', n));

        assert.deepEqual(await client.take('message-back', sent), numbers(sent));
      });
    }

    test('binary echoes too', async (t) => {
      const client = await open(t);
      const sent = await talkThroughUpgrade(client, (n) => client.emit('message', n, Buffer.from(`${n}`)));

      const received = await client.take('message-back', sent);
      assert.deepEqual(received, numbers(sent).map(([n]) => [n, Buffer.from(`${n}`)]));
    });

    test('acks belong to their events', async (t) => {
      const client = await open(t);
      const answers = [];
      const sent = await talkThroughUpgrade(client, (n) => answers.push(client.ask('message-with-ack', n)));

      assert.deepEqual(await Promise.all(answers), numbers(sent).flat());
    });

    test('bursts of the server arrive whole, whenever they are asked for', async (t) => {
      const client = await open(t);
      const bursts = await talkThroughUpgrade(client, (n) => n % 10 === 0 && client.emit('burst', 20));
      const count = Math.ceil(bursts / 10);

      assert.deepEqual(await client.take('burst', count * 20), Array.from({ length: count * 20 }, (_, n) => [n % 20]));
    });

    test('what another client broadcasts arrives in order', async (t) => {
      const speaker = new Client(server.url, { transports: ['websocket'], path: '/socket.io/' });
      t.after(() => speaker.close());
      await speaker.connected();
      const client = await open(t);
      await client.ask('join', 'upgrade');
      const sent = await talkThroughUpgrade(client, (n) => speaker.emit('to-room', 'upgrade', n));

      assert.deepEqual(await client.take('room-msg', sent), numbers(sent));
      await speaker.ask('leave', 'upgrade');
    });
  });
}
