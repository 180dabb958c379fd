// Two nodes on one PostgreSQL: tokens of one are taken by the other at once, and a lost tail begins one epoch for both.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, ownKey, Product } from '../support/product.mjs';

const kPatience = 60_000;

describe('two nodes on one store', () => {
  let postgres;
  before(async () => {
    postgres = await Postgres.start({ fsync: 'off' });
  });
  after(() => postgres.remove());

  let databases = 0;
  const nodes = async (t, ...args) => {
    const url = await postgres.database(`shared${++databases}`);
    const started = [];
    for (const own of args) {
      const data = await dataFolder();
      const node = await Product.start(data.folder, { args: ['--store', url, '--store-listen', 'off', ...own] });
      t.after(async () => {
        if (node.process.running) await node.end('SIGKILL');
        await data.remove();
      });
      await node.login();
      started.push(node);
    }
    return started;
  };

  test('a token of one is taken by the other at once, also when its key is new', async (t) => {
    const [a, b] = await nodes(t, [], []);
    for (const rotated of [false, true]) {
      if (rotated) {
        const { signs_at: at } = await a.call('POST', '/api/v1/signing-keys');
        await until(() => Date.now() > Date.parse(at) + 500, 'the time from which the key signs', kPatience);
      }
      const { token } = await a.createClient();
      const client = b.clientSocket(t, token);
      await client.connected();
      await client.next('client_connected', kPatience);
      const { token: login } = await a.login();
      assert.equal((await b.request('GET', '/api/v1/platforms', undefined, { token: login })).status, 200);
    }
  });

  test('changes that the store lost begin one epoch, which both take', async (t) => {
    const [a, b] = await nodes(t, [], []);
    const { token } = await a.createClient();
    const lost = await a.createPlatform({ key: ownKey(), name: 'lost' });
    const { revision } = a;
    const client = b.clientSocket(t, token);
    await client.next('client_connected', kPatience);
    await until(async () => (await b.platforms()).some((one) => one.id === lost.id), 'the change on the other node', kPatience);

    await postgres.query(`
      BEGIN;
      DELETE FROM togglecast.change_log_entity WHERE revision >= ${revision} AND environment = (SELECT id FROM togglecast.environment WHERE key = 'production');
      DELETE FROM togglecast.entity WHERE kind = 'platform' AND id = ${lost.id};
      DELETE FROM togglecast.change_log WHERE revision >= ${revision} AND environment = (SELECT id FROM togglecast.environment WHERE key = 'production');
      UPDATE togglecast.environment e SET revision = l.revision, digest = l.digest, as_of = l.at
        FROM togglecast.change_log l WHERE l.environment = e.id AND l.revision = ${revision - 1} AND e.key = 'production';
      COMMIT`, postgres.urlOf(`shared${databases}`));

    const [sync] = await client.next('config_sync', kPatience);
    assert.equal(sync.reason, 'new_epoch');
    assert.equal(sync.revision, revision - 1);
    for (const node of [a, b]) {
      await until(async () => (await fetch(`${node.url}/readyz`)).ok, 'a ready node', kPatience);
      await until(async () => (await node.call('GET', '/api/v1/state')).epoch === sync.epoch, 'the new epoch', kPatience);
      assert.ok(!(await node.platforms()).some((one) => one.id === lost.id));
    }
    const begun = [a, b].filter((node) => node.process.output.includes('the server begins a new epoch'));
    assert.equal(begun.length, 1);
  });
});
