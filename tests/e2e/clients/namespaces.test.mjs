// Namespaces as the official clients see them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, connected, eachWay } from '../support/clients.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient');

eachWay((way, options) => {
  describe(way, () => {
    for (const nsp of ['/', '/custom', '/empty-auth', '/dyn-5', '/dyn-00']) {
      test(`${nsp} greets with the auth object and answers`, async (t) => {
        const client = await connected(t, server, { ...options, nsp, auth: { name: nsp } });

        assert.deepEqual(await client.next('auth'), [{ name: nsp }]);
        client.emit('message', nsp);
        assert.deepEqual(await client.next('message-back'), [nsp]);
      });
    }

    test('without auth the greeting is empty', async (t) => {
      const client = await connected(t, server, { ...options, nsp: '/empty-auth' });

      assert.deepEqual(await client.next('auth'), [{}]);
    });

    test('auth may be a function', async (t) => {
      const client = await connected(t, server, { ...options, auth: (done) => done({ token: 'made late' }) });

      assert.deepEqual(await client.next('auth'), [{ token: 'made late' }]);
    });

    for (const nsp of ['/nope', '/dyn-x', '/dyn-']) {
      test(`${nsp} is refused`, async (t) => {
        const client = new Client(server.url, { ...options, nsp });
        t.after(() => client.close());

        assert.equal((await client.refused()).message, 'Invalid namespace');
        assert.equal(client.socket.connected, false);
      });
    }

    test('a middleware refuses with message and data, and lets the client try again', async (t) => {
      const client = new Client(server.url, { ...options, nsp: '/auth', auth: { token: 'bad' } });
      t.after(() => client.close());
      const plain = await client.refused();
      assert.equal(plain.message, 'Not authorized');
      assert.equal(plain.data, undefined);
      client.socket.auth = { token: 'bad', detail: true };
      client.socket.connect();
      const detailed = await client.refused();
      assert.equal(detailed.message, 'Not authorized');
      assert.deepEqual(detailed.data, { code: 'E_AUTH', tries: 3 });
      client.socket.auth = { token: 'good' };
      client.socket.connect();
      await client.connected();

      assert.deepEqual(await client.next('auth'), [{ token: 'good' }]);
    });

    test('several share one connection', async (t) => {
      const main = await connected(t, server, options);
      const names = ['/custom', '/dyn-1', '/dyn-2'];
      const others = names.map((nsp) => new Client(server.url, { socket: main.socket.io.socket(nsp) }));
      for (const other of others) await other.connected();

      assert.equal(new Set([main, ...others].map(({ id }) => id)).size, 4);
      for (const other of others) {
        assert.equal(await other.ask('sid'), other.id);
        assert.equal(other.socket.io.engine.id, main.socket.io.engine.id);
      }
      others[0].socket.disconnect();
      assert.equal(await others[1].ask('sid'), others[1].id);
      assert.equal(await main.ask('sid'), main.id);
    });

    test('rooms of the same name in different namespaces are different', async (t) => {
      const [a, b] = [await connected(t, server, { ...options, nsp: '/dyn-61' }), await connected(t, server, { ...options, nsp: '/dyn-62' })];
      await a.ask('join', 'r');
      await b.ask('join', 'r');
      a.emit('all-room', 'r', 'a');
      b.emit('all-room', 'r', 'b');

      assert.deepEqual(await a.next('room-msg'), ['a']);
      assert.deepEqual(await b.next('room-msg'), ['b']);
      assert.equal(await a.ask('count'), 1);
    });
  });
});
