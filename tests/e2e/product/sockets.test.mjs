// `/admin` and `/client` as stock clients see them: who gets in, and what a switched platform looks like.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWay } from '../support/clients.mjs';
import { kOffset, kOwner, kTimestamp, ownKey, product } from '../support/product.mjs';

const shared = product();

function assertOffset(offset, revision) {
  assert.match(offset, kOffset);
  assert.equal(Number(offset.split('.')[1]), revision);
}

/** The next platform_update about `id`: [payload, ...rest]. */
async function updateOf(client, id) {
  for (;;) {
    const args = await client.next('platform_update');
    if (args[0].platform_id === id) return args;
  }
}

eachWay((way, options) => {
  describe(way, () => {
    test('an admin is greeted with who it is and where things stand', async (t) => {
      const admin = await shared.it.adminSocket(t, options).connected();
      const [greeting, offset, ...more] = await admin.next('admin_connected');

      assert.equal(greeting.admin.username, kOwner);
      assert.equal(greeting.admin.role, 'owner');
      assert.equal(greeting.environment, 'production');
      assert.ok(Number.isSafeInteger(greeting.revision));
      assert.ok(Number.isSafeInteger(greeting.epoch));
      assert.match(greeting.server_time, kTimestamp);
      assert.doesNotMatch(JSON.stringify(greeting), /password|hash/i);
      if (offset !== undefined) assertOffset(offset, greeting.revision);
      assert.deepEqual(more, []);
    });

    test('a client is greeted with everything it may see', async (t) => {
      const platform = await shared.it.createPlatform({ key: ownKey(), name: 'seen', config: { a: 1 }, description: 'not for clients' });
      const { client: record, token } = await shared.it.createClient();
      const client = await shared.it.clientSocket(t, token, options).connected();
      const [greeting] = await client.next('client_connected');

      assert.equal(greeting.client.id, record.id);
      assert.equal(greeting.client.key, record.key);
      assert.ok('package' in greeting);
      assert.ok(Array.isArray(greeting.features));
      const seen = greeting.platforms.find(({ id }) => id === platform.id);
      assert.deepEqual(seen, { id: platform.id, key: platform.key, name: 'seen', enabled: true, config: { a: 1 } });
      assert.ok(Number.isSafeInteger(greeting.revision));
      assert.ok(Number.isSafeInteger(greeting.epoch));
      assert.match(greeting.server_time, kTimestamp);
    });

    test('a switched platform arrives at admin and client, with all its fields and the same offset', async (t) => {
      const platform = await shared.it.createPlatform({ key: ownKey(), name: 'Web', description: 'about', config: { a: [1] }, maintenance_note: 'n' });
      const { token } = await shared.it.createClient();
      const admin = await shared.it.adminSocket(t, options).connected();
      const client = await shared.it.clientSocket(t, token, options).connected();
      await admin.next('admin_connected');
      await client.next('client_connected');
      const changed = await shared.it.toggle(platform.id, false);
      const { revision } = shared.it;
      const [forAdmin, adminOffset, ...adminMore] = await updateOf(admin, platform.id);
      const [forClient, clientOffset, ...clientMore] = await updateOf(client, platform.id);

      const { actor, timestamp, epoch, ...rest } = forAdmin;
      assert.deepEqual(rest, { type: 'toggle', platform_id: platform.id, data: changed, revision, more: false });
      assert.equal(actor.name, kOwner);
      assert.match(timestamp, kTimestamp);
      assert.ok(Number.isSafeInteger(epoch));
      assert.deepEqual(forClient, {
        type: 'toggle',
        platform_id: platform.id,
        data: { id: platform.id, key: platform.key, name: 'Web', enabled: false, config: { a: [1] } },
        timestamp,
        revision,
        epoch,
        more: false,
      });
      assertOffset(adminOffset, revision);
      assert.equal(clientOffset, adminOffset);
      assert.deepEqual([adminMore, clientMore], [[], []]);
    });

    test('create, update and delete are told as what they are', async (t) => {
      const { token } = await shared.it.createClient();
      const admin = await shared.it.adminSocket(t, options).connected();
      const client = await shared.it.clientSocket(t, token, options).connected();
      await client.next('client_connected');
      await admin.next('admin_connected');
      const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'one' });
      for (const receiver of [admin, client]) {
        const [created] = await updateOf(receiver, id);
        assert.deepEqual([created.type, created.data.name], ['create', 'one']);
      }
      await shared.it.call('PATCH', `/api/v1/platforms/${id}`, { name: 'two' });
      for (const receiver of [admin, client]) {
        const [updated] = await updateOf(receiver, id);
        assert.deepEqual([updated.type, updated.data.name], ['update', 'two']);
      }
      await shared.it.call('DELETE', `/api/v1/platforms/${id}`);
      for (const receiver of [admin, client]) {
        const [deleted] = await updateOf(receiver, id);
        assert.deepEqual([deleted.type, deleted.data], ['delete', null]);
      }
    });

    test('quick switches arrive in order of their revisions, the last one last', async (t) => {
      const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'busy' });
      const { token } = await shared.it.createClient();
      const client = await shared.it.clientSocket(t, token, options).connected();
      await client.next('client_connected');
      for (let n = 0; n < 25; n++) await shared.it.toggle(id, n % 2 === 1);
      await shared.it.call('PATCH', `/api/v1/platforms/${id}`, { name: 'calm' });
      let seen = 0;
      let data = {};
      while (data.name !== 'calm') { // switches that cancel out while the client is busy merge into silence
        const [update] = await updateOf(client, id);
        assert.ok(update.revision > seen);
        seen = update.revision;
        data = update.data;
      }

      assert.equal(seen, shared.it.revision);
      assert.equal(data.enabled, false);
    });
  });
});

describe('a change that does not concern a client', () => {
  test('is not told: another client, a description, a token', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'quiet' });
    const { token } = await shared.it.createClient();
    const client = await shared.it.clientSocket(t, token).connected();
    await client.next('client_connected');
    await shared.it.call('PATCH', `/api/v1/platforms/${platform.id}`, { description: 'for admins only' });
    await shared.it.createClient();
    await shared.it.toggle(platform.id, false);
    const [update] = await updateOf(client, platform.id);

    assert.equal(update.type, 'toggle');
    assert.equal(client.unread('entity_update'), 0);
  });
});

describe('an inactive client', () => {
  test('may connect and stay, with everything off', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'on for others' });
    const { id, token } = await shared.it.createClient();
    await shared.it.call('PATCH', `/api/v1/clients/${id}`, { active: false });
    const client = await shared.it.clientSocket(t, token).connected();
    const [greeting] = await client.next('client_connected');

    assert.equal(greeting.platforms.find((one) => one.id === platform.id).enabled, false);
    assert.equal(greeting.client.active, false);
  });

  test('that was active sees everything go off, and on again', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'comes and goes' });
    const { id, token } = await shared.it.createClient();
    const client = await shared.it.clientSocket(t, token).connected();
    await client.next('client_connected');
    for (const active of [false, true]) {
      await shared.it.call('PATCH', `/api/v1/clients/${id}`, { active });
      assert.equal((await updateOf(client, platform.id))[0].data.enabled, active);
    }
  });
});

describe('a connection that drops', () => {
  test('comes back where it was, and is told what changed', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'meanwhile' });
    const { token } = await shared.it.createClient();
    const client = await shared.it.clientSocket(t, token, { reconnection: true, reconnectionDelay: 50 }).connected();
    await client.next('client_connected');
    client.socket.io.engine.close();
    await client.disconnects.next('disconnect');
    await shared.it.toggle(platform.id, false);
    await client.next('client_resumed');
    assert.equal(client.socket.recovered, true);
    assert.equal((await updateOf(client, platform.id))[0].data.enabled, false);
  });
});
