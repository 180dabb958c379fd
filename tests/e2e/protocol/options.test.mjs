// The /opts/ mount: cookie, CORS, the application's rule, limits.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, connected, eachWay, versions } from '../support/clients.mjs';
import { engineTarget, joinedPolling, PollingSession } from '../support/engine.mjs';
import { request } from '../support/http.mjs';
import { conformance } from '../support/server.mjs';
import { RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const kHandshake = engineTarget('/opts/', 'polling');
const kOrigin = 'https://app.example';

describe('the cookie', () => {
  test('comes with the polling handshake, and only there', async () => {
    const session = await joinedPolling(server.port);
    const { response } = session;
    await session.post('42["message",1]');
    const later = await session.poll();

    assert.equal(response.headers['set-cookie'], `io=${session.sid}; Path=/; HttpOnly; SameSite=Lax`);
    assert.equal(later.headers['set-cookie'], undefined);
    const socket = await RawWebSocket.open(server.port, engineTarget('/opts/', 'websocket'));
    assert.equal(socket.response.headers['set-cookie'], undefined);
    socket.drop();
  });

  test('is off on the other mounts', async () => {
    for (const path of ['/engine.io/', '/socket.io/', '/recovery/']) {
      const { response } = await PollingSession.open(server.port, path);
      assert.equal(response.headers['set-cookie'], undefined, path);
    }
  });
});

describe('CORS', () => {
  const fixed = { 'access-control-allow-origin': kOrigin, 'access-control-allow-credentials': 'true', vary: 'Origin' };
  const cors = (headers) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control') || name === 'vary'));

  for (const [name, headers] of [['the allowed origin', { Origin: kOrigin }], ['another origin', { Origin: 'https://evil.example' }], ['no origin', {}]]) {
    test(`a fixed origin is named to ${name}`, async () => {
      const response = await request(server.port, kHandshake, { headers });

      assert.equal(response.status, 200);
      assert.deepEqual(cors(response.headers), fixed);
    });
  }

  test('headers go on every answer, errors included', async () => {
    const session = await joinedPolling(server.port);
    const headers = { Origin: kOrigin };
    await session.post('42["message",1]');
    const answers = {
      poll: await session.poll({ headers }),
      post: await session.post('42["message",2]', { headers }),
      'too large': await session.post('x'.repeat(20000), { headers }),
      'unknown transport': await request(server.port, '/opts/?EIO=4&transport=none', { headers }),
      denied: await request(server.port, `${kHandshake}&deny=1`, { headers }),
    };

    for (const [name, response] of Object.entries(answers)) assert.deepEqual(cors(response.headers), fixed, name);
  });

  test('a preflight is answered without session logic', async () => {
    const headers = { Origin: kOrigin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-test,x-other' };
    for (const target of [kHandshake, `${kHandshake}&sid=unknown`, '/opts/']) {
      const response = await request(server.port, target, { method: 'OPTIONS', headers });
      assert.equal(response.status, 204);
      assert.equal(response.headers['content-length'] ?? '0', '0');
      assert.deepEqual(cors(response.headers), {
        ...fixed,
        'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
        'access-control-allow-headers': 'x-test',
      });
    }
  });

  test('the open mounts allow everyone, and echo the headers that are asked for', async () => {
    const headers = { Origin: 'https://any.example', 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-a,x-b' };
    const preflight = await request(server.port, '/socket.io/', { method: 'OPTIONS', headers });
    const handshake = await request(server.port, engineTarget('/socket.io/', 'polling'), { headers });

    assert.equal(preflight.status, 204);
    assert.deepEqual(cors(preflight.headers), {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      'access-control-allow-headers': 'x-a,x-b',
      vary: 'Access-Control-Request-Headers',
    });
    assert.deepEqual(cors(handshake.headers), { 'access-control-allow-origin': '*' });
  });

  test('a WebSocket handshake is not judged by its origin', async () => {
    const headers = upgradeHeaders({ Origin: 'https://evil.example' });
    const socket = await RawWebSocket.open(server.port, engineTarget('/opts/', 'websocket'), { headers });

    assert.match(await socket.message(), /^0\{/);
    socket.drop();
  });
});

eachWay((way, options) => {
  test(`${way}: the application's rule reaches the client`, async (t) => {
    const client = new Client(server.url, { ...options, query: { deny: '1' } });
    t.after(() => client.close());
    const error = await client.refused();

    assert.match(error.message, /^(xhr poll|websocket) error$/);
    if (options.transports[0] === 'polling' && options.version === '4.x') assert.equal(error.description, 403);
  });

  test(`${way}: too large a message ends the connection, one that fits does not`, async (t) => {
    const client = await connected(t, server, options);
    assert.equal(await client.ask('message-with-ack', 'x'.repeat(9900)), 'x'.repeat(9900));
    client.emit('message', 'x'.repeat(10001));

    assert.match(await client.disconnects.next('disconnect'), /^transport (close|error)$/);
  });
});

for (const version of Object.keys(versions)) {
  test(`${version} splits what it has buffered over requests that fit`, async (t) => {
    const client = new Client(server.url, { version, transports: ['polling'] });
    t.after(() => client.close());
    await client.connected();
    for (let n = 0; n < 20; n++) client.emit('message', n, 'x'.repeat(version === '4.x' ? 2000 : 400));
    const received = await client.take('message-back', 20);

    assert.deepEqual(received.map(([n]) => n), Array.from({ length: 20 }, (_, n) => n));
  });
}
