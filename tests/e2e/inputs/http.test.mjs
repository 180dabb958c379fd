// HTTP that broke other servers: requests that two readers would see differently, upgrades that are cut off, reset or
// followed by more, ids that are somebody else's. Only the connection that sent them pays.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { within } from '../support/deadline.mjs';
import { engineTarget, EngineSocket, joinedPolling, PollingSession } from '../support/engine.mjs';
import { HttpConnection, request, requestBytes } from '../support/http.mjs';
import { openDescriptors, untilClosed, whileServing, withinMemory } from '../support/hostile.mjs';
import { conformance } from '../support/server.mjs';
import { frame, kText, RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const server = conformance('--unhurried');
const kHandshake = engineTarget('/engine.io/', 'polling');
const kUpgrade = engineTarget('/engine.io/', 'websocket');
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));

/** Writes the bytes: one answer with that status comes, and after it the end of the connection. */
async function assertRefused(bytes, status) {
  const connection = await HttpConnection.open(server.port);
  connection.write(bytes);
  const response = await connection.response();
  await within(connection.closed, 'the end of the connection');
  assert.equal(response.status, status, `${response.statusLine} to ${JSON.stringify(String(bytes).slice(0, 200))}`);
  assert.equal(connection.tcp.received.length, 0, 'nothing behind a refused request is answered');
  return response;
}

describe('a request smuggled behind another is not seen:', () => {
  const kHidden = 'GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const post = `POST ${kHandshake} HTTP/1.1\r\nHost: localhost\r\n`;
  const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
  const tricks = [
    ['length before chunks', `${post}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks before length', `${post}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${post}Content-Length: 0\r\nContent-Length: ${kHidden.length}\r\n\r\n`],
    ['two equal lengths', `${post}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
    ['a list of lengths', `${post}Content-Length: 0, ${kHidden.length}\r\n\r\n`],
    ['a length with a sign', `${post}Content-Length: +0\r\n\r\n`],
    ['a negative length', `${post}Content-Length: -1\r\n\r\n`],
    ['a hexadecimal length', `${post}Content-Length: 0x0\r\n\r\n`],
    ['a length with a space', `${post}Content-Length: 1 0\r\n\r\n`],
    ['a length of no digits', `${post}Content-Length: \r\n\r\n`],
    ['a length past 64 bits', `${post}Content-Length: 18446744073709551616\r\n\r\n`],
    ['chunks twice', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks, then identity', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`, 501],
    ['identity, then chunks', `${post}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n`, 501],
    ['a coding called xchunked', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 501],
    ['chunks with a control character', `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
    ['chunks in HTTP/1.0', `POST ${kHandshake} HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `${post}Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n`],
    ['a folded line', `${post}X: a\r\n Content-Length: 0\r\n\r\n`],
    ['a line feed alone', `${post}X: a\nContent-Length: 0\r\n\r\n`],
    ['a carriage return alone', `${post}X: a\rContent-Length: 0\r\n\r\n`],
    ['a NUL in a name', `${post}Content\0-Length: 0\r\n\r\n`],
    ['a NUL in a value', `${post}X: a\0\r\n\r\n`],
    ['a chunk size with a sign', `${chunked}+0\r\n\r\n`],
    ['a negative chunk size', `${chunked}-1\r\n\r\n`],
    ['a chunk size with 0x', `${chunked}0x0\r\n\r\n`],
    ['a chunk size past 64 bits', `${chunked}10000000000000000\r\n\r\n`],
    ['a chunk longer than its size', `${chunked}1\r\nabc\r\n0\r\n\r\n`],
    ['a chunk header that ends in a line feed alone', `${chunked}0\n\n`],
    ['a control character in a chunk extension', `${chunked}0;a=\x01\r\n\r\n`],
    ['a length in the trailers', `${chunked}0\r\nContent-Length: 5\r\n\r\n`],
    ['two hosts', `GET ${kHandshake} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`],
    ['a space in the target', `GET ${kHandshake} x HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['another version', `GET ${kHandshake} HTTP/1.2\r\nHost: a\r\n\r\n`, 505],
  ];
  for (const [name, bytes, status = 400] of tricks) {
    test(name, () => whileServing(server, () => assertRefused(bytes + kHidden, status)));
  }

  test('a request in a body is data, and the next one is the next', () => whileServing(server, async () => {
    const session = await PollingSession.open(server.port, '/opts/');
    const connection = await HttpConnection.open(server.port);
    const body = `4${kHidden}`;
    connection.write(Buffer.concat([
      requestBytes(session.target, { method: 'PUT', body }),
      requestBytes(session.target, { method: 'PUT', body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`, headers: { 'Transfer-Encoding': 'chunked' } }),
      requestBytes(engineTarget('/engine.io/', 'none')),
    ]));
    assert.equal((await connection.response()).status, 405);
    assert.equal((await connection.response()).status, 405);
    assert.equal(JSON.parse((await connection.response()).body).code, 0);
    assert.equal(connection.tcp.received.length, 0);
    connection.drop();
  }));
});

describe('a declared length', () => {
  for (const length of ['1000001', '2147483648', '4294967296', '9223372036854775807', '9223372036854775808', '18446744073709551615']) {
    test(`of ${length} is refused before the body comes`, () => whileServing(server, () => withinMemory(server, 20, async () => {
      await assertRefused(requestBytes(kHandshake, { method: 'POST', headers: { 'Content-Length': length } }), 413);
      const chunk = requestBytes(kHandshake, { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } });
      await assertRefused(Buffer.concat([chunk, Buffer.from(`${BigInt(length).toString(16)}\r\n`)]), 413);
    })));
  }
});

describe('so many headers that Upgrade would be cut off', () => {
  const lines = (count) => Object.fromEntries(times(count, (n) => [`x${n}`, 'y']));
  const handshake = (headers) => requestBytes(kUpgrade, { headers });

  test('are refused with 431, wherever Upgrade stands', () => whileServing(server, () => withinMemory(server, 30, async () => {
    for (const count of [300, 1_000, 2_000, 5_000, 100_000]) {
      await assertRefused(handshake({ ...lines(count), ...upgradeHeaders() }), 431);
      await assertRefused(handshake({ ...upgradeHeaders(), ...lines(count) }), 431);
    }
  })));

  test('while a good number of them is no hindrance', () => whileServing(server, async () => {
    const socket = await EngineSocket.open(server.port, '/engine.io/', { headers: lines(200) });
    socket.send('4hello');
    assert.equal(await socket.packet(), '4hello');
    socket.drop();
  }));

  test('as one line that never ends are refused with 431', () => whileServing(server, () => withinMemory(server, 20, () =>
    assertRefused(handshake({ 'X-Long': 'x'.repeat(1_000_000) }), 431))));

  test('as a target that never ends are refused with 414, as are too many parameters', () => whileServing(server, () =>
    withinMemory(server, 20, async () => {
      await assertRefused(requestBytes(`${kHandshake}&x=${'y'.repeat(1_000_000)}`), 414);
      await assertRefused(requestBytes(`${kHandshake}${'&x'.repeat(300)}`), 414);
      const { status } = await request(server.port, `${kHandshake}${'&x'.repeat(200)}`);
      assert.equal(status, 200);
    })));
});

describe('bytes after the 101', () => {
  const kRequest = requestBytes('/hidden');

  test('are frames, in the same write or later', () => whileServing(server, async () => {
    const tail = Buffer.concat([frame(kText, '4one'), frame(kText, '4two')]);
    const socket = await EngineSocket.open(server.port, '/engine.io/', { tail });
    assert.equal(await socket.packet(), '4one');
    assert.equal(await socket.packet(), '4two');
    socket.drop();
  }));

  test('are never a request', () => whileServing(server, async () => {
    for (const target of ['/ws-echo/', '/engine.io/?EIO=4&transport=websocket', '/opts/?EIO=4&transport=websocket']) {
      const together = await RawWebSocket.open(server.port, target, { tail: kRequest });
      assert.equal(await together.closeCode(), 1002);
      const later = await RawWebSocket.open(server.port, target);
      later.write(kRequest);
      assert.equal(await later.closeCode(), 1002);
    }
  }));

  test('may be half a frame, the rest of which comes later', () => whileServing(server, async () => {
    const bytes = frame(kText, 'in two parts');
    const socket = await RawWebSocket.open(server.port, '/ws-echo/', { tail: bytes.subarray(0, 7) });
    socket.write(bytes.subarray(7));
    assert.equal(await socket.message(), 'in two parts');
    socket.drop();
  }));

  test('are not looked at when there is no 101', () => whileServing(server, async () => {
    const upgrade = (target, headers) => requestBytes(target, { headers: headers ?? upgradeHeaders() });
    const tail = Buffer.concat([frame(kText, '40'), kRequest]);
    await assertRefused(Buffer.concat([upgrade('/nothing'), tail]), 404);
    await assertRefused(Buffer.concat([upgrade('/engine.io/?EIO=4&transport=none'), tail]), 400);
    await assertRefused(Buffer.concat([upgrade('/engine.io/?EIO=4&transport=websocket&sid=none'), tail]), 400);
    await assertRefused(Buffer.concat([upgrade(kUpgrade, upgradeHeaders({ 'Sec-WebSocket-Key': 'short' })), tail]), 400);
    await assertRefused(Buffer.concat([upgrade('/ws-echo/', upgradeHeaders({ 'Sec-WebSocket-Version': '7' })), tail]), 400);
  }));
});

describe('an offer of another protocol', () => {
  test('is ignored by polling, which goes on in this one', () => whileServing(server, async () => {
    for (const protocol of ['h2c', 'TLS/1.2', 'websocket-like']) {
      const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: protocol, 'HTTP2-Settings': 'AAMAAABkAAQCAAAAAAIAAAAA' };
      const response = await request(server.port, kHandshake, { headers });
      assert.equal(response.status, 200, response.statusLine);
      assert.match(String(response.body), /^0\{"sid":/);
    }
  }));
});

describe('a reset', () => {
  const session = (extra = '') => `/opts/?EIO=4&transport=websocket${extra}`;
  const upgrades = {
    'of an unknown path': () => ['/nothing', upgradeHeaders()],
    'of an unknown transport': () => ['/opts/?EIO=4&transport=none', upgradeHeaders()],
    'of an unknown session': () => [session('&sid=none'), upgradeHeaders()],
    'that is denied': () => [session('&deny=1'), upgradeHeaders()],
    'without a key': () => [session(), { Upgrade: 'websocket', Connection: 'Upgrade' }],
    'that is good': () => [session(), upgradeHeaders()],
    'of the echo': () => ['/ws-echo/', upgradeHeaders()],
  };
  for (const [name, make] of Object.entries(upgrades)) {
    test(`during an upgrade ${name}, forty times, leaves nothing behind`, () => whileServing(server, async () => {
      const before = openDescriptors(server.process);
      for (let n = 0; n < 40; n++) {
        const connection = await HttpConnection.open(server.port);
        const [target, headers] = make();
        const bytes = requestBytes(target, { headers });
        const cut = n % 4 === 0 ? Math.floor((bytes.length * n) / 40) : bytes.length;
        await new Promise((written) => connection.tcp.socket.write(bytes.subarray(0, cut), written));
        connection.tcp.reset();
      }
      await untilClosed(server, before);
    }));
  }

  test('between probe and upgrade leaves the session on polling', () => whileServing(server, async () => {
    for (let n = 0; n < 20; n++) {
      const polling = await joinedPolling(server.port);
      const socket = await polling.upgrade();
      socket.send(n % 2 ? 'x' : '2probe');
      await socket.frame();
      socket.tcp.reset();
      await polling.post('42["message",1]');
      let packet = await polling.packet();
      while (packet === '6') packet = await polling.packet();
      assert.equal(packet, '42["message-back",1]');
    }
  }));
});

describe('an id', () => {
  const kUnknown = { code: 1, message: 'Session ID unknown' };
  const ways = (mount, sid) => [
    request(server.port, `${mount}?EIO=4&transport=polling&sid=${sid}`),
    request(server.port, `${mount}?EIO=4&transport=polling&sid=${sid}`, { method: 'POST', body: '40' }),
    request(server.port, `${mount}?EIO=4&transport=websocket&sid=${sid}`),
  ];
  async function assertUnknown(mount, sid) {
    for (const response of await Promise.all(ways(mount, sid))) {
      assert.equal(response.status, 400);
      assert.deepEqual(JSON.parse(response.body), kUnknown);
    }
    const { response } = await RawWebSocket.handshake(server.port, `${mount}?EIO=4&transport=websocket&sid=${sid}`);
    assert.equal(response.status, 400);
    assert.equal(response.body, kUnknown.message);
  }

  test('of another mount is unknown, and its session unharmed', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    for (const mount of ['/engine.io/', '/socket.io/', '/recovery/']) await assertUnknown(mount, session.sid);
    await session.assertAlive('42["message",1]', '42["message-back",1]');
  }));

  test('of a session that has ended is unknown, however it ended', () => whileServing(server, async () => {
    const closed = await joinedPolling(server.port);
    await closed.post('1');
    await closed.assertGone();
    await assertUnknown('/opts/', closed.sid);
    const broken = await joinedPolling(server.port);
    await broken.post('4x');
    await broken.assertClosedByServer();
    await assertUnknown('/opts/', broken.sid);
    const socket = await EngineSocket.open(server.port, '/opts/');
    socket.send('1');
    await within(socket.socket.closed, 'the end of the session');
    await assertUnknown('/opts/', socket.sid);
  }));

  test('with any character changed is unknown', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    for (let at = 0; at < session.sid.length; at++) {
      const other = session.sid[at] === 'A' ? 'B' : 'A';
      await assertUnknown('/opts/', session.sid.slice(0, at) + other + session.sid.slice(at + 1));
    }
    await session.assertAlive('42["message",1]', '42["message-back",1]');
  }));

  test('that is none is unknown', () => whileServing(server, async () => {
    for (const sid of ['x', '%00', 'a'.repeat(20), '~'.repeat(20), 'z'.repeat(4_000), '..%2f..%2f', '__proto__', '%F0%9F%98%80']) {
      await assertUnknown('/opts/', sid);
    }
  }));

  test('of a namespace is no id of a session', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    await session.post('42["sid"]');
    await session.post('421["sid"]');
    const [id] = JSON.parse((await session.packet()).slice(3));
    await assertUnknown('/opts/', id);
  }));
});
