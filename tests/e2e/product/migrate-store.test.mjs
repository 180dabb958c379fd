// An installation that moves into another store: `togglecast migrate-store`. Clients come back where they were.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until, within } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, ownKey, Product, program } from '../support/product.mjs';
import { freePort } from '../support/server.mjs';

const kReconnecting = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 300 };

const migrate = async (from, to, options) => {
  const run = program(['migrate-store', '--from', from, '--to', to], options);
  const { code } = await within(run.exited, 'the end of the move', 120_000);
  return { code, output: run.output };
};

describe('moving between stores', () => {
  let postgres;
  before(async () => {
    postgres = await Postgres.start({ fsync: 'off' });
  });
  after(() => postgres.remove());

  /** What a start needs beside its data folder. */
  const serve = (t) => async (place, options = {}) => {
    const args = place.url ? ['--store', place.url] : [];
    const server = await Product.start(place.folder, { ...options, args: [...args, ...(options.args ?? [])] });
    t.after(() => (server.process.running ? server.end('SIGKILL') : undefined));
    return server;
  };

  const folder = async (t) => {
    const data = await dataFolder();
    t.after(() => data.remove());
    return data.folder;
  };

  /** Where a store is, to serve it and to move it. */
  const kPlaces = {
    SQLite: async (t) => {
      const place = path.join(await folder(t), 'data');
      return { folder: place, name: place };
    },
    PostgreSQL: async (t) => {
      const url = await postgres.database(ownKey('moved').replace('-', '_'));
      return { folder: await folder(t), url, name: url };
    },
  };

  const kMoves = [
    ['SQLite', 'SQLite'],
    ['SQLite', 'PostgreSQL'],
    ['PostgreSQL', 'SQLite'],
  ];
  for (const [from, to] of kMoves) {
    test(`from ${from} to ${to}: clients resume, and everything is there`, async (t) => {
      const start = serve(t);
      const source = await kPlaces[from](t);
      const target = await kPlaces[to](t);
      const port = await freePort();
      const first = await start(source, { port });
      await first.login();
      const { id, token } = await first.createClient();
      const platform = await first.createPlatform({ key: ownKey(), name: 'moved' });
      const begun = [];
      const client = first.clientSocket(t, token, kReconnecting);
      for (const event of ['client_connected', 'client_resumed']) client.socket.on(event, (payload) => begun.push({ event, payload }));
      await until(() => begun.length === 1, 'the first connection', 60_000);
      const told = new Promise((resolve) => client.socket.on('platform_update', resolve));
      await first.toggle(platform.id, false);
      const state = await first.call('GET', '/api/v1/state');
      const tokens = await first.call('GET', `/api/v1/clients/${id}/tokens`);
      const message = await first.call('POST', '/api/v1/broadcasts/broadcast_announcement', {
        title: 'Kept',
        message: 'until it is read',
        audience: { client: id },
        ack: 'client',
        ttl: 86_400,
      });
      await told;
      await first.end('SIGTERM');

      const run = await migrate(source.name, target.name);
      assert.equal(run.code, 0, run.output);
      assert.match(run.output, /change_log +\d+ rows/);
      assert.match(run.output, /checking production/);
      assert.match(run.output, /production: epoch \d+, revision \d+/);

      const second = await start(target, { port });
      await until(() => begun.length === 2, 'the client to come back', 60_000);
      assert.equal(begun[1].event, 'client_resumed');
      assert.equal(begun[1].payload.epoch, begun[0].payload.epoch);
      second.admin = first.admin;  // the login holds
      const moved = await second.call('GET', '/api/v1/state');
      assert.deepEqual({ ...moved, etag: 0 }, { ...state, etag: 0 });
      assert.deepEqual(await second.call('GET', `/api/v1/clients/${id}/tokens`), tokens);
      assert.equal((await second.call('GET', `/api/v1/messages/${message.id}`)).id, message.id);
      const next = await second.toggle(platform.id, true);
      assert.ok(next.revision > state.revision);
      await second.end('SIGTERM');
    });
  }

  test('is refused while a server uses the source, and into a target with data', async (t) => {
    const start = serve(t);
    for (const kind of ['SQLite', 'PostgreSQL']) {
      const source = await kPlaces[kind](t);
      const target = await kPlaces.SQLite(t);
      const server = await start(source);
      const used = await migrate(source.name, target.name);
      assert.equal(used.code, 1, used.output);
      assert.match(used.output, /in use by|a server uses the source/);
      await server.end('SIGTERM');

      assert.equal((await migrate(source.name, target.name)).code, 0);
      const twice = await migrate(source.name, target.name);
      assert.equal(twice.code, 1);
      assert.match(twice.output, /has data already/);
    }
  });

  test('killed in the middle, it leaves a target that no server takes, and runs again', async (t) => {
    const start = serve(t);
    const source = await kPlaces.SQLite(t);
    const server = await start(source, { args: ['--write-rate', '10000', '--write-burst', '10000'] });
    await server.login();
    const { id } = await server.createPlatform({ key: ownKey(), name: 'x'.repeat(90) });
    for (let i = 0; i < 40; ++i) await Promise.all(Array.from({ length: 25 }, () => server.toggle(id)));
    const { revision } = await server.call('GET', '/api/v1/state');
    await server.end('SIGTERM');
    const target = await kPlaces.PostgreSQL(t);

    const run = program(['migrate-store', '--from', source.name, '--to', target.name]);
    await run.says('change_log ', 60_000);
    await run.end('SIGKILL');
    const [[left]] = await postgres.query('SELECT count(*) FROM togglecast.unfinished_import', target.url);
    if (left === '1') {
      const refused = program(['serve', '--port', '0', '--data', target.folder, '--store', target.url]);
      await within(refused.exited, 'the end of a server that refuses the store', 60_000);
      assert.match(refused.output, /was not finished; run togglecast migrate-store again/);
    }

    const again = await migrate(source.name, target.name);
    assert.equal(again.code, left === '1' ? 0 : 1, again.output);
    const moved = await start(target);
    await moved.login();
    assert.equal((await moved.call('GET', '/api/v1/state')).revision, revision);
  });
});
