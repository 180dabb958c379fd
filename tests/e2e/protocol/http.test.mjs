// HTTP/1.1 underneath everything: order, framing, limits.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { within } from '../support/deadline.mjs';
import { engineTarget, joinedPolling, PollingSession } from '../support/engine.mjs';
import { chunks, HttpConnection, request, requestBytes } from '../support/http.mjs';
import { conformance } from '../support/server.mjs';
import { RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const kHandshake = engineTarget('/engine.io/', 'polling');

describe('one connection', () => {
  test('carries many requests, one after the other', async () => {
    const connection = await HttpConnection.open(server.port);
    for (let round = 0; round < 20; round++) {
      connection.send(kHandshake);
      assert.equal((await connection.response()).status, 200);
    }
    connection.drop();
  });

  test('answers pipelined requests in their order', async () => {
    const session = await joinedPolling(server.port);
    const connection = await HttpConnection.open(server.port);
    connection.write(Buffer.concat([
      requestBytes(kHandshake),
      requestBytes('/engine.io/?EIO=4&transport=none'),
      requestBytes(session.target, { method: 'POST', body: '42["message","piped"]' }),
      requestBytes(session.target),
      requestBytes('/elsewhere'),
      requestBytes(kHandshake, { method: 'OPTIONS' }),
      requestBytes('/engine.io/?EIO=3&transport=polling'),
    ]));
    const answers = [];
    for (let count = 0; count < 7; count++) answers.push(await connection.response());

    assert.deepEqual(answers.map(({ status }) => status), [200, 400, 200, 200, 404, 204, 400]);
    assert.match(answers[0].body, /^0\{/);
    assert.equal(answers[2].body, 'ok');
    assert.equal(answers[3].body, '42["message-back","piped"]');
    assert.equal(JSON.parse(answers[6].body).code, 5);
    connection.drop();
  });

  test('keeps the order when an earlier answer takes its time', async () => {
    const session = await PollingSession.open(server.port);
    const connection = await HttpConnection.open(server.port);
    connection.write(Buffer.concat([requestBytes(session.target), requestBytes('/elsewhere')]));
    const [first, second] = [await connection.response(), await connection.response()];

    assert.equal(first.body, '2');
    assert.equal(second.status, 404);
    connection.drop();
  });

  test('ends after an answer when asked to', async () => {
    const connection = await HttpConnection.open(server.port);
    connection.send(kHandshake, { headers: { Connection: 'close' } });
    const response = await connection.response();

    assert.equal(response.headers.connection?.toLowerCase(), 'close');
    await within(connection.closed, 'the end of the connection');
  });

  test('takes a request byte by byte', async () => {
    const session = await PollingSession.open(server.port, '/opts/');
    const connection = await HttpConnection.open(server.port);
    for (const byte of requestBytes(session.target, { method: 'POST', body: '40\x1e42["text",3]' })) {
      await new Promise((written) => connection.tcp.socket.write(Buffer.of(byte), written));
    }

    assert.equal((await connection.response()).body, 'ok');
    connection.drop();
  });

  test('takes chunked bodies of any chunk size', async () => {
    const session = await PollingSession.open(server.port);
    for (const size of [1, 2, 7, 1000]) {
      const message = `4${'chunk €'.repeat(20)}`;
      await session.post(chunks(message, size), { headers: { 'Transfer-Encoding': 'chunked' } });
      assert.equal(await session.packet(), message);
    }
  });

  test('takes chunk extensions and trailers', async () => {
    const session = await PollingSession.open(server.port);
    const body = '3;name=value\r\n4ab\r\n0\r\nX-Trailer: yes\r\n\r\n';
    const posted = await session.post(body, { headers: { 'Transfer-Encoding': 'chunked' } });

    assert.equal(posted.body, 'ok');
    assert.equal(await session.packet(), '4ab');
  });
});

describe('what is malformed is answered with 400 and the end of the connection:', () => {
  const post = `POST ${kHandshake} HTTP/1.1\r\nHost: localhost\r\n`;
  const malformed = [
    ['no Host', `GET ${kHandshake} HTTP/1.1\r\n\r\n`],
    ['two lengths that differ', `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\n4abc`],
    ['two lengths in one line that differ', `${post}Content-Length: 3, 4\r\n\r\n4abc`],
    ['a length and chunks', `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a negative length', `${post}Content-Length: -1\r\n\r\n`],
    ['a length that is no number', `${post}Content-Length: four\r\n\r\n4abc`],
    ['a chunk size that is no number', `${post}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
    ['a request line that is none', 'hello\r\n\r\n'],
    ['a header without a colon', `GET ${kHandshake} HTTP/1.1\r\nHost: localhost\r\nbroken\r\n\r\n`],
    ['a space before the colon', `GET ${kHandshake} HTTP/1.1\r\nHost : localhost\r\n\r\n`],
    ['another protocol', `GET ${kHandshake} HTTX/1.1\r\nHost: localhost\r\n\r\n`],
  ];
  for (const [name, bytes] of malformed) {
    test(name, async () => {
      const connection = await HttpConnection.open(server.port);
      connection.write(bytes);

      assert.equal((await connection.response()).status, 400);
      await within(connection.closed, 'the end of the connection');
    });
  }

  test('a header block over 16 KiB, with 431', async () => {
    for (const headers of [{ 'X-Long': 'x'.repeat(20000) }, Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`X-${n}`, 'y'.repeat(60)]))]) {
      const connection = await HttpConnection.open(server.port);
      connection.send(kHandshake, { headers });
      assert.equal((await connection.response()).status, 431);
      await within(connection.closed, 'the end of the connection');
    }
  });

  test('but a block of 12 KiB passes', async () => {
    const response = await request(server.port, kHandshake, { headers: { 'X-Long': 'x'.repeat(12000) } });

    assert.equal(response.status, 200);
  });
});

describe('other paths', () => {
  for (const target of ['/', '/nothing', '/engine.io', '/socket.io', '/ENGINE.IO/?EIO=4&transport=polling', '/favicon.ico']) {
    test(`${target} is not found`, async () => {
      assert.equal((await request(server.port, target)).status, 404);
    });
  }

  for (const target of ['/', '/nothing', '/engine.io?EIO=4&transport=websocket']) {
    test(`an upgrade on ${target} ends`, async () => {
      const connection = await HttpConnection.open(server.port);
      connection.send(target, { headers: upgradeHeaders() });
      await within(connection.closed, 'the end of the upgrade request');

      assert.doesNotMatch(connection.tcp.received.toString('latin1'), /^HTTP\/1\.1 101/);
    });
  }

  test('a plain GET on the echo mount is no upgrade', async () => {
    const response = await request(server.port, '/ws-echo/');

    assert.equal(response.status, 400);
  });
});

describe('the address', () => {
  test('localhost is served over IPv4 and IPv6', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const connection = await HttpConnection.open(server.port, host);
      connection.send(kHandshake);
      assert.equal((await connection.response()).status, 200, host);
      connection.drop();
    }
  });

  test('two hundred connections at once are all served', async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => RawWebSocket.open(server.port, '/ws-echo/')));
    sockets.forEach((socket, n) => socket.send(`s${n}`));
    const answers = await Promise.all(sockets.map((socket) => socket.message()));

    assert.deepEqual(answers, sockets.map((_, n) => `s${n}`));
    sockets.forEach((socket) => socket.drop());
  });
});
