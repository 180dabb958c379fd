// Engine.IO section 2: what is refused before a session is touched, in which order, with which body.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { request } from '../support/http.mjs';
import { conformance } from '../support/server.mjs';
import { RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const server = conformance('--patient'); // a busy machine may answer late

const kTransport = { code: 0, message: 'Transport unknown' };
const kSid = { code: 1, message: 'Session ID unknown' };
const kMethod = { code: 2, message: 'Bad handshake method' };
const kRequest = { code: 3, message: 'Bad request' };
const kDenied = { code: 4, message: 'denied by rule' };
const kVersion = { code: 5, message: 'Unsupported protocol version' };

const refusals = [
  ['GET', 'EIO=4', kTransport],
  ['GET', '', kTransport],
  ['GET', 'EIO=4&transport=', kTransport],
  ['GET', 'EIO=4&transport=abc', kTransport],
  ['GET', 'EIO=4&transport=Polling', kTransport],
  ['GET', 'EIO=4&transport=WEBSOCKET', kTransport],
  ['GET', 'EIO=4&transport=__proto__', kTransport],
  ['GET', 'EIO=4&transport=constructor', kTransport],
  ['GET', 'EIO=4&transport=polling&transport=abc', kTransport],
  ['POST', 'EIO=4&transport=abc', kTransport],
  ['GET', 'EIO=3&transport=abc&sid=none', kTransport],
  ['GET', 'EIO=4&transport=polling&sid=none', kSid],
  ['POST', 'EIO=4&transport=polling&sid=none', kSid],
  ['PUT', 'EIO=4&transport=polling&sid=none', kSid],
  ['GET', 'EIO=3&transport=polling&sid=none', kSid],
  ['GET', 'EIO=4&transport=websocket&sid=none', kSid],
  ['GET', 'EIO=4&transport=polling&sid=__proto__', kSid],
  ['GET', 'EIO=4&transport=polling&sid=constructor', kSid],
  ['GET', 'EIO=4&transport=polling&sid=toString', kSid],
  ['GET', 'EIO=4&transport=polling&sid=hasOwnProperty', kSid],
  ['GET', 'EIO=4&transport=polling&sid=%00', kSid],
  ['POST', 'EIO=4&transport=polling', kMethod],
  ['POST', 'EIO=4&transport=polling&sid=', kMethod],
  ['PUT', 'EIO=4&transport=polling', kMethod],
  ['DELETE', 'EIO=4&transport=polling', kMethod],
  ['POST', 'EIO=4&transport=websocket', kMethod],
  ['POST', 'EIO=3&transport=polling', kMethod],
  ['GET', 'EIO=4&transport=websocket', kRequest],
  ['GET', 'EIO=3&transport=websocket', kRequest],
  ['GET', 'transport=polling', kVersion],
  ['GET', 'EIO=3&transport=polling', kVersion],
  ['GET', 'EIO=5&transport=polling', kVersion],
  ['GET', 'EIO=04&transport=polling', kVersion],
  ['GET', 'EIO=4.0&transport=polling', kVersion],
  ['GET', 'EIO=&transport=polling', kVersion],
  ['GET', 'EIO=4&transport=polling&EIO=3', kVersion],
];

describe('a refused request', () => {
  for (const [method, query, error] of refusals) {
    test(`${method} ?${query} answers ${error.code}`, async () => {
      const response = await request(server.port, `/engine.io/?${query}`, { method });

      assert.equal(response.status, 400);
      assert.deepEqual(JSON.parse(response.body), error);
      assert.match(response.headers['content-type'], /^application\/json/);
      assert.equal(response.headers['access-control-allow-origin'], '*');
    });
  }

  const rules = [
    ['GET', 'EIO=4&transport=polling&deny=1', 403, kDenied],
    ['GET', 'EIO=3&transport=polling&deny=1', 403, kDenied],
    ['POST', 'EIO=4&transport=polling&deny=1', 400, kMethod],
    ['GET', 'EIO=4&transport=websocket&deny=1', 400, kRequest],
    ['GET', 'EIO=4&transport=polling&sid=none&deny=1', 400, kSid],
  ];
  for (const [method, query, status, error] of rules) {
    test(`application's rule: ${method} ?${query} answers ${status} ${error.message}`, async () => {
      const response = await request(server.port, `/opts/?${query}`, { method });

      assert.equal(response.status, status);
      assert.deepEqual(JSON.parse(response.body), error);
      assert.equal(response.headers['access-control-allow-origin'], 'https://app.example');
    });
  }

  test('a control character in Origin is refused', async () => {
    const headers = { Origin: 'http://a\u0001b' };
    const response = await request(server.port, '/engine.io/?EIO=4&transport=polling', { headers });

    assert.equal(response.status, 400);
  });
});

describe('the query', () => {
  const accepted = [
    'transport=polling&EIO=4',
    'EIO=4&transport=%70olling',
    'EIO=%34&transport=polling',
    'EIO=4&transport=polling&sid=',
    'EIO=4&transport=polling&t=abc&b64=1&unknown=%zz',
    'EIO=3&transport=abc&EIO=4&transport=polling',
    '&&EIO=4&transport=polling&',
  ];
  for (const query of accepted) {
    test(`?${query} opens a session`, async () => {
      const response = await request(server.port, `/engine.io/?${query}`);

      assert.equal(response.status, 200);
      assert.match(response.body, /^0\{"sid":"/);
    });
  }

  test('without the path its slash, the path is unknown', async () => {
    const response = await request(server.port, '/engine.io?EIO=4&transport=polling');

    assert.equal(response.status, 404);
  });

  test('a longer path is served, as the reference does', async () => {
    const response = await request(server.port, '/engine.io/anything?EIO=4&transport=polling');

    assert.equal(response.status, 200);
    assert.match(response.body, /^0\{"sid":"/);
  });

  test('j may be ignored', async () => {
    const response = await request(server.port, '/engine.io/?EIO=4&transport=polling&j=0');

    assert.match(response.body, /^(___eio\[0\]\(")?0\{\\?"sid/);
  });
});

describe('a session used with the other transport', () => {
  test('polling a WebSocket session is a bad request', async () => {
    const socket = await EngineSocket.open(server.port);
    for (const method of ['GET', 'POST']) {
      const response = await request(server.port, `/engine.io/?EIO=4&transport=polling&sid=${socket.sid}`, { method });
      assert.equal(response.status, 400);
      assert.deepEqual(JSON.parse(response.body), kRequest);
    }
    socket.send('4unharmed');

    assert.equal(await socket.packet(), '4unharmed');
    socket.drop();
  });

  test('a plain GET with transport=websocket and the sid of a polling session is a bad request', async () => {
    const session = await PollingSession.open(server.port, '/opts/');
    const response = await request(server.port, `/opts/?EIO=4&transport=websocket&sid=${session.sid}`);

    assert.equal(response.status, 400);
    assert.deepEqual(JSON.parse(response.body), kRequest);
  });
});

describe('a refused upgrade request', () => {
  const upgrades = [
    ['/engine.io/?EIO=4', kTransport],
    ['/engine.io/?EIO=4&transport=abc', kTransport],
    ['/engine.io/?EIO=4&transport=websocket&sid=none', kSid],
    ['/engine.io/?EIO=4&transport=websocket&sid=__proto__', kSid],
    ['/opts/?EIO=4&transport=websocket&deny=1', kDenied],
  ];
  for (const [target, error] of upgrades) {
    test(`${target} answers 400 "${error.message}" before any 101`, async () => {
      const { response, connection } = await RawWebSocket.handshake(server.port, target);

      assert.equal(response.status, 400);
      assert.equal(response.body, error.message);
      assert.match(response.headers['content-type'], /^text\/html/);
      assert.equal(response.headers.connection?.toLowerCase(), 'close');
      await connection.closed;
    });
  }

  for (const version of ['EIO=3&', 'EIO=04&', '']) {
    test(`with "${version}" for a version ends without a session`, async () => {
      const target = `/engine.io/?${version}transport=websocket`;
      const { response, connection } = await RawWebSocket.handshake(server.port, target);

      assert.equal(response.status, 400, 'before the 101');
      assert.equal(response.body, kVersion.message);
      await connection.closed;
    });
  }

  const handshakes = [
    ['no key', { 'Sec-WebSocket-Key': undefined }],
    ['a short key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }],
    ['no version', { 'Sec-WebSocket-Version': undefined }],
    ['version 12', { 'Sec-WebSocket-Version': '12' }],
    ['another protocol', { Upgrade: 'h2c' }],
  ];
  for (const [name, change] of handshakes) {
    test(`a WebSocket handshake with ${name} is refused`, async () => {
      const headers = upgradeHeaders(change);
      for (const [key, value] of Object.entries(headers)) if (value === undefined) delete headers[key];
      const { response } = await RawWebSocket.handshake(server.port, '/engine.io/?EIO=4&transport=websocket', { headers });

      assert.equal(response.status, 400);
      const spoken = name.includes('version') ? '13' : undefined;
      assert.equal(response.headers['sec-websocket-version'], spoken, 'RFC 6455, 4.4');
    });
  }

  test('a refused upgrade quotes no markup', async () => {
    const headers = upgradeHeaders({ Origin: '<script>alert(1)</script>' });
    const { response } = await RawWebSocket.handshake(server.port, '/engine.io/?EIO=4&transport=websocket', { headers });

    assert.equal(response.status, 400);
    assert.equal(response.headers['x-content-type-options'], 'nosniff');
    assert.doesNotMatch(response.body, /script/);
  });

  test('an upgrade by POST is refused', async () => {
    const options = { method: 'POST' };
    const { response } = await RawWebSocket.handshake(server.port, '/engine.io/?EIO=4&transport=websocket', options);

    assert.equal(response.status, 400);
    assert.equal(response.body, 'Bad handshake method');
  });
});
