// Who gets in on the sockets, who does not, and with which code.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket } from '../support/engine.mjs';
import { ownKey, product } from '../support/product.mjs';

const shared = product();

async function refusal(client) {
  const error = await client.refused();
  assert.equal(typeof error.message, 'string');
  return error.data?.code;
}

describe('a refused token', () => {
  for (const nsp of ['/admin', '/client']) {
    for (const [name, token] of [['nonsense', 'nonsense'], ['a forged one', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'], ['no text', 7]]) {
      test(`${name} on ${nsp}: token_invalid`, async (t) => {
        assert.equal(await refusal(shared.it.socket(t, nsp, { token })), 'token_invalid');
      });
    }
  }

  test("an admin's on /client and a client's on /admin: forbidden", async (t) => {
    const { token } = await shared.it.createClient();

    assert.equal(await refusal(shared.it.socket(t, '/client', { token: shared.it.admin })), 'forbidden');
    assert.equal(await refusal(shared.it.socket(t, '/admin', { token })), 'forbidden');
  });

  test('one that has expired: token_expired', async (t) => {
    const { id } = await shared.it.createClient();
    const issued = await shared.it.issueToken(id, { expires_in: 1 });
    await until(() => Date.now() > Date.parse(issued.expires_at) + 50, 'the expiry');

    assert.equal(await refusal(shared.it.clientSocket(t, issued.token)), 'token_expired');
  });

  test('one that was withdrawn: revoked', async (t) => {
    const { id, token, tokenId } = await shared.it.createClient();
    await shared.it.call('DELETE', `/api/v1/clients/${id}/tokens/${tokenId}`);

    assert.equal(await refusal(shared.it.clientSocket(t, token)), 'revoked');
  });

  test('one of a client that is gone: revoked', async (t) => {
    const { id, token } = await shared.it.createClient();
    await shared.it.call('DELETE', `/api/v1/clients/${id}`);

    assert.equal(await refusal(shared.it.clientSocket(t, token)), 'revoked');
  });

  test('leaves the connection open for another attempt', async (t) => {
    const { token } = await shared.it.createClient();
    const client = shared.it.clientSocket(t, 'nonsense');
    await refusal(client);
    client.socket.auth = { token };
    client.socket.connect();
    await client.connected();

    assert.equal((await client.next('client_connected'))[0].client !== undefined, true);
  });
});

describe('a token', () => {
  test('may come in the handshake header', async (t) => {
    const { token, client: record } = await shared.it.createClient();
    const client = shared.it.socket(t, '/client', {}, { extraHeaders: { Authorization: `Bearer ${token}` } });
    await client.connected();

    assert.equal((await client.next('client_connected'))[0].client.id, record.id);
  });

  test('is not taken from the URL', async (t) => {
    const { token } = await shared.it.createClient();
    const error = await shared.it.socket(t, '/client', {}, { query: { token } }).refused();

    assert.equal(error.data.code, 'token_invalid');
    assert.match(error.message, /URL.*auth\.token/);
  });

  test('that ends while in use closes the connection, and says so before', async (t) => {
    const { id } = await shared.it.createClient();
    const issued = await shared.it.issueToken(id, { expires_in: 12 });
    const client = shared.it.clientSocket(t, issued.token, { transports: ['websocket'], reconnection: true, reconnectionDelay: 50 });
    await client.connected();
    const [warning] = await client.next('token_expiring');
    assert.equal(warning.expires_at, issued.expires_at);
    assert.match(await client.disconnects.next('disconnect'), /^transport close$/);

    assert.equal(await refusal(client), 'token_expired');
  });

  test('that is withdrawn while in use ends the connection for good', async (t) => {
    const { id, token, tokenId } = await shared.it.createClient();
    const client = await shared.it.clientSocket(t, token).connected();
    await client.next('client_connected');
    await shared.it.call('DELETE', `/api/v1/clients/${id}/tokens/${tokenId}`);
    await client.disconnects.next('disconnect');
    client.socket.connect();

    assert.equal(await refusal(client), 'revoked');
  });

  test('of a client that is deleted while connected ends the connection for good', async (t) => {
    const { id, token } = await shared.it.createClient();
    const client = await shared.it.clientSocket(t, token).connected();
    await client.next('client_connected');
    await shared.it.call('DELETE', `/api/v1/clients/${id}`);

    await client.disconnects.next('disconnect');
  });
});

describe('without a token', () => {
  for (const [nsp, login, greeting] of [['/admin', 'admin_connect', 'admin_connected'], ['/client', 'client_connect', 'client_connected']]) {
    const tokenFor = async () => (nsp === '/admin' ? shared.it.admin : (await shared.it.createClient()).token);

    test(`${login} logs in on ${nsp}, and updates follow`, async (t) => {
      const token = await tokenFor();
      const client = await shared.it.socket(t, nsp, {}).connected();
      client.emit(login, { token });
      const [answer] = await client.next(greeting);
      assert.ok(Number.isSafeInteger(answer.revision));
      const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'later' });
      const [update] = await client.next('platform_update');

      assert.equal(update.platform_id, id);
    });

    test(`${login} with an ack answers through it`, async (t) => {
      const client = await shared.it.socket(t, nsp, {}).connected();
      const answer = await client.ask(login, { token: await tokenFor() });

      assert.ok(Number.isSafeInteger(answer.revision), JSON.stringify(answer));
    });

    test(`${login} with a bad token on ${nsp} is refused in the same place`, async (t) => {
      const client = await shared.it.socket(t, nsp, {}).connected();
      const answer = await client.ask(login, { token: 'nonsense' });
      assert.equal(answer.error.code, 'token_invalid');
      client.emit(login, { token: 'nonsense' });

      assert.equal((await client.next(greeting))[0].error.code, 'token_invalid');
    });

    test(`nothing is told on ${nsp}, and nothing else is answered`, async (t) => {
      const client = await shared.it.socket(t, nsp, {}).connected();
      await shared.it.createPlatform({ key: ownKey(), name: 'a secret' });
      const event = nsp === '/admin' ? 'request_dashboard_update' : 'config_check';
      const answer = await client.ask(event, {});

      assert.equal(answer.error.code, 'unauthenticated');
      assert.equal(client.unread('platform_update'), 0);
    });

    test(`a connection to ${nsp} ends after ten seconds`, async (t) => {
      const client = await shared.it.socket(t, nsp, {}).connected();

      await client.disconnects.next('disconnect', 30_000);
    });
  }
});

describe('on the wire', () => {
  test('there is a sid, and a pid for those who want offsets', async () => {
    const { token } = await shared.it.createClient();
    for (const [auth, members] of [[{ token }, ['sid', 'pid']], [{ token, offsets: false }, ['sid']], [{}, ['sid']]]) {
      const socket = await EngineSocket.open(shared.it.port, '/socket.io/');
      socket.send(`40/client,${JSON.stringify(auth)}`);
      let packet = await socket.packet();
      while (!packet.startsWith('40')) packet = await socket.packet();

      assert.deepEqual(Object.keys(JSON.parse(packet.slice('40/client,'.length))), members);
      socket.drop();
    }
  });

  test('other namespaces are unknown', async (t) => {
    for (const nsp of ['/', '/nope', '/Admin']) {
      assert.equal((await shared.it.socket(t, nsp, { token: shared.it.admin }).refused()).message, 'Invalid namespace');
    }
  });

  test('auth.offsets false leaves the offset out', async (t) => {
    const { token } = await shared.it.createClient();
    const client = await shared.it.socket(t, '/client', { token, offsets: false }).connected();
    assert.equal((await client.next('client_connected')).length, 1);
    await shared.it.createPlatform({ key: ownKey(), name: 'plain' });

    assert.equal((await client.next('platform_update')).length, 1);
  });
});

describe('requests of an admin', () => {
  test('subscribe_entity_updates answers with the entity as it is', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'watched' });
    const admin = await shared.it.adminSocket(t).connected();
    admin.emit('subscribe_entity_updates', { entity_type: 'platform', entity_id: platform.id });
    const [subscribed] = await admin.next('entity_subscribed');

    assert.deepEqual([subscribed.entity_type, subscribed.entity_id], ['platform', platform.id]);
    assert.match(JSON.stringify(subscribed), /"watched"/);
  });

  test('through an ack as well, and for what is not there an error', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'watched too' });
    const admin = await shared.it.adminSocket(t).connected();
    const found = await admin.ask('subscribe_entity_updates', { entity_type: 'platform', entity_id: platform.id });
    const missing = await admin.ask('subscribe_entity_updates', { entity_type: 'platform', entity_id: 9007199254740991 });
    const nonsense = await admin.ask('subscribe_entity_updates', { entity_type: 7 });

    assert.equal(found.entity_id, platform.id);
    assert.equal(missing.error.code, 'not_found');
    assert.equal(nonsense.error.code, 'invalid_argument');
  });

  test('unsubscribe_entity_updates answers too', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'no longer watched' });
    const admin = await shared.it.adminSocket(t).connected();
    const about = { entity_type: 'platform', entity_id: platform.id };
    await admin.ask('subscribe_entity_updates', about);
    admin.emit('unsubscribe_entity_updates', about);
    const [answer] = await admin.next('entity_unsubscribed');

    assert.equal(answer.entity_id, platform.id);
  });
});
