// What one official client and the server say to each other, in every version and over every transport.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { Client, connected, eachWay } from '../support/clients.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient'); // a busy machine may answer a ping late
const bytes = (...values) => Buffer.from(values);

eachWay((way, options) => {
  describe(way, () => {
    const open = (t, more) => connected(t, server, { ...options, ...more });

    const lists = [
      ['no argument', []],
      ['plain values', [1, 'two', true, null, 0.1, -7, '']],
      ['text of every plane', ['é€😀\u0000\u2028']],
      ['nested data', [{ a: [1, { b: [] }], c: {} }, [[['deep']]]]],
      ['binary', [bytes(1, 2, 3)]],
      ['empty binary', [bytes()]],
      ['binary deep inside', [{ a: [bytes(1), { b: bytes(2, 3) }], text: 'x' }, bytes(4)]],
      ['big text', ['x'.repeat(9000)]],
      ['big binary', [Buffer.alloc(5000, 7)]],
      ['a key named __proto__', [JSON.parse('{"__proto__":{"x":1},"constructor":2}')]],
    ];
    test('arguments come back as they were sent', async (t) => {
      const client = await open(t);
      for (const [name, args] of lists) {
        client.emit('message', ...args);
        assert.deepEqual(await client.next('message-back'), args, name);
      }
    });

    test('acks carry the arguments back', async (t) => {
      const client = await open(t);
      for (const [name, args] of lists.filter(([, list]) => list.length > 0)) {
        const answer = await client.ask('message-with-ack', ...args);
        assert.deepEqual(args.length > 1 ? answer : [answer], args, name);
      }
      assert.equal(await client.ask('message-with-ack'), undefined);
    });

    test('the server asks and hears the answer, text and binary', async (t) => {
      const client = await open(t);
      client.socket.on('question', (...args) => args.pop()(...args.reverse()));
      client.emit('ask', 1, bytes(2), { three: bytes(3) });
      assert.deepEqual(await client.next('answer'), [{ three: bytes(3) }, bytes(2), 1]);
      client.emit('ask');

      assert.deepEqual(await client.next('answer'), []);
    });

    test('the server waits for an answer no longer than it said', async (t) => {
      const client = await open(t);
      client.emit('ask-timeout', 100);
      assert.deepEqual(await client.next('answer'), ['timeout']);
      client.socket.on('question', (answer) => answer());
      client.emit('ask-timeout', 30_000);

      assert.deepEqual(await client.next('answer'), ['ok']);
    });

    test('an ack is called once', async (t) => {
      const client = await open(t);
      const calls = [];
      client.socket.emit('double-ack', (value) => calls.push(value));
      await client.ask('sid');

      assert.deepEqual(calls, [1]);
    });

    test('a burst arrives whole and in order', async (t) => {
      const client = await open(t);
      client.emit('burst', 1500);
      const received = await client.take('burst', 1500);

      assert.deepEqual(received, Array.from({ length: 1500 }, (_, n) => [n]));
    });

    test('a hundred emits at the moment of connecting all arrive, in order', async (t) => {
      const client = new Client(server.url, options);
      t.after(() => client.close());
      client.socket.on('connect', () => {
        for (let n = 0; n < 100; n++) client.socket.emit('message', n);
      });

      assert.deepEqual(await client.take('message-back', 100), Array.from({ length: 100 }, (_, n) => [n]));
    });

    test('a hundred emits before connecting all arrive, in order', async (t) => {
      const client = new Client(server.url, options);
      t.after(() => client.close());
      for (let n = 0; n < 100; n++) client.emit('message', n);

      assert.deepEqual(await client.take('message-back', 100), Array.from({ length: 100 }, (_, n) => [n]));
    });

    test('binary and text keep their order', async (t) => {
      const client = await open(t);
      for (let n = 0; n < 30; n++) client.emit('message', n % 2 ? bytes(n) : n);

      assert.deepEqual(await client.take('message-back', 30), Array.from({ length: 30 }, (_, n) => [n % 2 ? bytes(n) : n]));
    });

    test('the server makes text and bytes of any size', async (t) => {
      const client = await open(t, { path: '/socket.io/' });
      for (const size of [0, 1, 125, 126, 65535, 65536, 500000]) {
        assert.equal((await client.ask('text', size)) === 'x'.repeat(size), true, `${size} characters`);
        assert.equal(Buffer.alloc(size, 7).equals(await client.ask('bytes', size)), true, `${size} bytes`);
      }
    });

    test('the server knows id, query, auth, header and transport', async (t) => {
      const client = await open(t, {
        auth: { token: 'a', nested: [1] },
        query: { colour: 'blue & green' },
        extraHeaders: { 'x-test': 'hello' },
      });
      const who = await client.ask('who');

      assert.equal(who.id, client.id);
      assert.deepEqual(who.rooms, [client.id]);
      assert.deepEqual(who.auth, { token: 'a', nested: [1] });
      assert.equal(who.query.colour, 'blue & green');
      assert.equal(who.query.EIO, '4');
      assert.equal(who.xtest, 'hello');
      assert.equal(who.transport, options.transports.at(-1));
      assert.deepEqual(await client.next('auth'), [{ token: 'a', nested: [1] }]);
    });

    test('what is missing is empty', async (t) => {
      const client = await open(t);
      const who = await client.ask('who');

      assert.equal(who.xtest, null);
      assert.deepEqual(who.auth, {});
      assert.equal(await client.ask('sid'), client.id);
      assert.notEqual(client.id, client.socket.io.engine.id);
    });

    test('the server leaves: the client hears it, and comes back with a new id', async (t) => {
      const client = await open(t);
      const { id } = client;
      client.emit('disconnect-me');
      assert.equal(await client.disconnects.next('disconnect'), 'io server disconnect');
      await until(() => client.socket.io.engine.readyState === 'closed', 'the end of the connection');
      client.socket.connect();
      await client.connected();

      assert.notEqual(client.id, id);
      assert.equal(await client.ask('sid'), client.id);
    });

    test('the server closes the connection: the client may come back', async (t) => {
      const client = await open(t, { reconnection: true, reconnectionDelay: 10 });
      client.emit('close-me');
      // with a DISCONNECT packet first, the client waits to be told; it may speak of a closed transport before
      let reason = await client.disconnects.next('disconnect');
      const decided = () => reason === 'io server disconnect' || client.outcomes.size + client.disconnects.size > 0;
      await until(decided, 'another attempt, or none');
      if (client.disconnects.size > 0) reason = await client.disconnects.next('disconnect');
      if (reason === 'io server disconnect') {
        await until(() => client.socket.io.engine.readyState === 'closed', 'the end of the connection');
        client.socket.connect();
      } else assert.equal(reason, 'transport close');
      await client.reconnected();

      assert.equal(await client.ask('sid'), client.id);
    });

    test('the client leaves, and its place is empty', async (t) => {
      const nsp = '/dyn-1';
      const watcher = await open(t, { nsp });
      const client = await open(t, { nsp });
      assert.equal(await watcher.ask('count'), 2);
      client.socket.disconnect();

      await until(async () => (await watcher.ask('count')) === 1, 'the count of one');
    });

    test('heartbeats keep an idle connection', async (t) => {
      const client = await open(t, { path: '/socket.io/' });
      let pings = 0;
      client.socket.io.engine.on('ping', () => pings++);
      client.socket.io.engine.on('heartbeat', () => pings++);
      await until(() => pings >= 3, 'three pings');

      assert.equal(client.socket.connected, true);
      assert.equal(await client.ask('sid'), client.id);
    });
  });
});

describe('4.x', () => {
  test('emitWithAck and timeout', async (t) => {
    const client = await connected(t, server);

    assert.equal(await client.socket.timeout(30_000).emitWithAck('message-with-ack', 'x'), 'x');
    await assert.rejects(client.socket.timeout(100).emitWithAck('nobody-answers'), /operation has timed out/);
  });

  test('volatile events reach a connected server', async (t) => {
    const client = await connected(t, server, { transports: ['websocket'] });
    client.socket.volatile.emit('message', 'now');

    assert.deepEqual(await client.next('message-back'), ['now']);
  });

  test('retries: what was acknowledged is not sent again', async (t) => {
    const client = await connected(t, server, { retries: 3, ackTimeout: 30_000 });
    const answers = await Promise.all([1, 2, 3].map((n) => client.socket.emitWithAck('message-with-ack', n)));

    assert.deepEqual(answers, [1, 2, 3]);
  });
});
