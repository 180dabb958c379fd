// Servers of ours and servers of Node, with each adapter over one real Redis: every call in both directions.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Cluster } from '../support/node-cluster.mjs';
import { until } from '../support/deadline.mjs';
import { sharedByTests } from '../support/server.mjs';

const kAll = ['cpp', 'cpp2', 'node', 'node2'];
const kSenders = ['cpp', 'node'];
let marks = 0;
const ownRoom = () => `room ${++marks}`;

/** When all have heard it, they have heard everything that `sender` caused before. */
async function fence(sender, clients) {
  const mark = `fence ${++marks}`;
  sender.emit('all', mark);
  for (const client of clients) {
    let heard;
    do [heard] = await client.next('all-msg');
    while (heard !== mark);
  }
}

/** The arguments without the offset that recovery appends. */
const plain = (args) => (/^\d+-\d+$/.test(args.at(-1)) ? args.slice(0, -1) : args);
const answerBy = (client, value) => client.socket.on('question', (...args) => args.at(-1)(value));

for (const [adapter, mode] of [['redis'], ['sharded'], ['sharded', 'static'], ['sharded', 'dynamic-private'], ['streams']]) {
  describe(`--adapter ${adapter}${mode ? ` --subscription-mode ${mode}` : ''}`, () => {
    const cluster = sharedByTests(() => Cluster.start(adapter, mode), (started) => started.stop());

    for (const sender of kSenders) {
      test(`${sender}: a broadcast reaches the clients of all servers once, binary parts too`, async (t) => {
        const clients = await cluster().clients(t, kAll);
        const from = clients[kAll.indexOf(sender)];

        from.emit('all', 1, 'text ä', { deep: [null, true, 1.5, Buffer.from([1, 2, 255])] }, Buffer.from('raw'));

        for (const client of clients) {
          assert.deepEqual(plain(await client.next('all-msg')),
            [1, 'text ä', { deep: [null, true, 1.5, Buffer.from([1, 2, 255])] }, Buffer.from('raw')]);
        }
        await fence(from, clients);
        clients.forEach((client) => assert.equal(client.unread('all-msg'), 0));
      });

      test(`${sender}: rooms, except, and the sender itself left out`, async (t) => {
        const clients = await cluster().clients(t, kAll);
        const from = clients[kAll.indexOf(sender)];
        const [wanted, unwanted] = [ownRoom(), ownRoom()];
        for (const client of clients) await client.ask('join', wanted);
        for (const name of ['cpp2', 'node2']) await clients[kAll.indexOf(name)].ask('join', unwanted);
        await cluster().roomOn(wanted, 4);

        from.emit('except-room', wanted, unwanted, 'a');
        from.emit('to-room', wanted, 'b');
        from.emit('all-room', 'room of nobody', 'never');
        await fence(from, clients);

        for (const [index, name] of kAll.entries()) {
          const heard = (await clients[index].take('room-msg', clients[index].unread('room-msg'))).map((args) => args[0]);
          assert.deepEqual(heard, [...(name.endsWith('2') ? [] : ['a']), ...(name === sender ? [] : ['b'])], name);
        }
      });

      test(`${sender}: one socket, by its id`, async (t) => {
        const clients = await cluster().clients(t, kAll);
        const from = clients[kAll.indexOf(sender)];
        for (const to of clients) from.emit('all-room', to.id, `for ${to.id}`);
        await fence(from, clients);
        for (const client of clients) {
          assert.equal((await client.next('room-msg'))[0], `for ${client.id}`);
          assert.equal(client.unread('room-msg'), 0);
        }
      });

      test(`${sender}: volatile events and other namespaces`, async (t) => {
        const clients = await cluster().clients(t, kAll);
        const others = await cluster().clients(t, kAll, { nsp: '/custom' });
        await cluster().complete(4, '/custom');
        await clients[kAll.indexOf(sender)].ask('sid');

        clients[kAll.indexOf(sender)].emit('volatile', 'now');
        others[kAll.indexOf(sender)].emit('all', 'custom');

        for (const client of clients) assert.deepEqual(await client.next('volatile-msg'), ['now']);
        for (const client of others) assert.equal((await client.next('all-msg'))[0], 'custom');
        clients.forEach((client) => assert.equal(client.unread('all-msg'), 0));
      });

      test(`${sender}: a broadcast with acknowledgements gets those of all servers`, async (t) => {
        const clients = await cluster().clients(t, kAll);
        const from = clients[kAll.indexOf(sender)];
        clients.forEach((client, index) => answerBy(client, index % 2 ? Buffer.from([index]) : kAll[index]));

        from.emit('ask-all', 60_000, 'who?');

        const [outcome, answers] = await from.next('answers', 90_000);
        assert.equal(outcome, 'ok');
        const text = answers.map((answer) => (Buffer.isBuffer(answer) ? `bytes ${answer[0]}` : answer)).sort();
        assert.deepEqual(text, ['bytes 1', 'bytes 3', 'cpp', 'node']);
      });

      test(`${sender}: one client that does not answer is a time-out, with the answers of the others`, async (t) => {
        const clients = await cluster().clients(t, kAll);
        const from = clients[kAll.indexOf(sender)];
        clients.slice(0, 3).forEach((client, index) => answerBy(client, kAll[index]));

        from.emit('ask-all', 2_500, 'who?');

        const [outcome, answers] = await from.next('answers', 60_000);
        assert.equal(outcome, 'timeout');
        assert.ok(answers.every((answer) => kAll.slice(0, 3).includes(answer)), answers);
      });

      test(`${sender}: sockets join, leave and are disconnected everywhere`, async (t) => {
        const clients = await cluster().clients(t, kAll);
        const from = clients[kAll.indexOf(sender)];
        const [room, second] = [ownRoom(), ownRoom()];
        for (const client of clients) await client.ask('join', room);
        const members = async (name) => (await from.ask('fetch', name)).length;

        from.emit('make-join', room, second);
        await until(async () => (await members(second)) === 4, 'all have joined');
        from.emit('make-leave', room, second);
        await until(async () => (await members(second)) === 0, 'all have left');
        const staying = await cluster().client(t, sender);
        from.emit('kick', room, true);
        for (const client of clients) await client.disconnects.next('the disconnect');
        assert.deepEqual(await staying.ask('fetch', room), []);
      });

      test(`${sender}: fetchSockets sees ids, rooms, data and handshakes`, async (t) => {
        const clients = await cluster().clients(t, kAll, { auth: { token: 'a' }, query: { q: 'b c' } });
        const from = clients[kAll.indexOf(sender)];
        const room = ownRoom();
        for (const [index, client] of clients.entries()) {
          await client.ask('join', room);
          await client.ask('set-data', { number: index, text: 'ü' });
        }

        const found = await from.ask('fetch', room);
        const shakes = await from.ask('handshakes', room);

        const order = (list) => list.sort((a, b) => (a.id < b.id ? -1 : 1));
        assert.deepEqual(order(found), order(clients.map((client, index) =>
          ({ id: client.id, rooms: [client.id, room].sort(), data: { number: index, text: 'ü' } }))));
        assert.equal(shakes.length, 4);
        for (const { handshake } of shakes) {
          assert.equal(handshake.auth.token, 'a');
          assert.equal(handshake.query.q, 'b c');
          assert.ok(handshake.headers.host && handshake.time && handshake.address && handshake.issued > 0);
          assert.deepEqual([handshake.xdomain, handshake.secure], [false, false]);
        }
      });

      test(`${sender}: serverSideEmit, with answers and without`, async (t) => {
        const clients = await cluster().clients(t, kAll);
        const from = clients[kAll.indexOf(sender)];

        assert.deepEqual(await from.ask('server-emit', 'x'), ['heard x', 'heard x', 'heard x']);
        from.emit('server-tell', 'news');
        for (const [index, client] of clients.entries())
          if (kAll[index] !== sender) assert.deepEqual(plain(await client.next('told')), ['news']);
        const { error } = await from.ask('server-emit', 'x', 'nobody hears this');
        assert.match(error, /0 .*3|timeout/);
      });
    }

    test('malformed messages are dropped and counted, and nothing else stops', async (t) => {
      const clients = await cluster().clients(t, kAll);
      const [ours] = clients;
      const before = await ours.ask('dropped');
      const { redis } = cluster();
      const publish = (channel, text) => redis.cli(adapter === 'sharded' ? 'SPUBLISH' : 'PUBLISH', channel, text);
      const main = adapter === 'redis' ? 'socket.io-request#/#' : 'socket.io#/#';

      await publish(main, '{"type":');
      await publish(main, '{"uid":"x","nsp":"/","type":"x"}');
      await publish(main, `{"a":${'['.repeat(5_000)}`);
      if (adapter === 'redis') await publish('socket.io#/#nobody#', 'not MessagePack');
      if (adapter === 'streams') await redis.cli('XADD', 'socket.io', '*', 'uid', 'x', 'nsp', '/', 'type', '3', 'data', '!!');

      const expected = adapter === 'sharded' ? 3 : 4;
      await until(async () => (await ours.ask('dropped')) === before + expected, `${expected} dropped messages`);
      await fence(clients[2], clients);
      await fence(ours, clients);
    });

    test('servers that are killed are no longer waited for', async (t) => {
      const clients = await cluster().clients(t, kAll);
      for (const name of ['cpp3', 'node3']) await cluster().add(name);
      await cluster().complete(6);
      assert.equal((await clients[0].ask('server-emit', 'x')).length, 5);

      for (const name of ['cpp3', 'node3']) await cluster().servers[name].end('SIGKILL');
      await cluster().complete(4);

      for (const name of kSenders) {
        const from = clients[kAll.indexOf(name)];
        assert.equal((await from.ask('server-emit', 'x')).length, 3);
        await until(async () => (await from.ask('count')) === 4, 'the clients of this test alone');
      }
    });

    test('without Redis our servers serve their own clients, and all come together again', async (t) => {
      const clients = await cluster().clients(t, kAll);
      const beside = await cluster().client(t, 'cpp');
      await cluster().redis.kill();

      clients[0].emit('all', 'alone');
      for (const client of [clients[0], beside]) assert.equal((await client.next('all-msg'))[0], 'alone');
      assert.match(JSON.stringify(await clients[0].ask('server-emit', 'x')), /cannot be asked|did not say/);

      assert.ok(await cluster().redis.restart());
      await cluster().complete(4);
      for (const name of kSenders) {
        const from = clients[kAll.indexOf(name)];
        await until(async () => (await from.ask('server-emit', 'x')).length === 3, `${name} hears the others`, 90_000);
      }
      for (const name of kSenders) await fence(clients[kAll.indexOf(name)], [...clients, beside]);
    });
  });
}
