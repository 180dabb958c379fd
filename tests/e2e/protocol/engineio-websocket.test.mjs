// Engine.IO sections 3, 5 and 6 over WebSocket.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineSocket, engineTarget, joinedSocket } from '../support/engine.mjs';
import { conformance } from '../support/server.mjs';
import { frame, kBinary, kPing, kPong, kText, RawWebSocket } from '../support/websocket.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const hurried = conformance('--brief'); // for the end of its time limits

describe('a session on a WebSocket', () => {
  test('opens with the five keys and nothing to upgrade to', async () => {
    const socket = await EngineSocket.open(hurried.port);

    const { sid, ...figures } = socket.open;
    assert.match(sid, /^[A-Za-z0-9_-]{16,}$/);
    assert.deepEqual(figures, { upgrades: [], pingInterval: 300, pingTimeout: 3000, maxPayload: 1000000 });
    socket.drop();
  });

  const echoes = [
    ['text', '4hello', '4hello'],
    ['an empty message', '4', '4'],
    ['non-ASCII text', '4héllo € 😀', '4héllo € 😀'],
    ['a record separator inside a message', '4a\x1eb', '4a\x1eb'],
    ['binary', Buffer.from([0, 1, 2, 255]), Buffer.from([0, 1, 2, 255])],
    ['empty binary', Buffer.alloc(0), Buffer.alloc(0)],
    ['base64 text, as binary', 'bAQIDBA==', Buffer.from([1, 2, 3, 4])],
    ['the base64 text of nothing', 'b', Buffer.alloc(0)],
  ];
  for (const [name, sent, expected] of echoes) {
    test(`${name} comes back`, async () => {
      const socket = await EngineSocket.open(server.port);
      socket.send(sent);

      assert.deepEqual(await socket.packet(), expected);
      socket.drop();
    });
  }

  test('packets of the wrong direction that are ignored harm nothing', async () => {
    const socket = await EngineSocket.open(server.port);
    for (const packet of ['3', '3unasked', '0{}', '5', '6']) socket.send(packet);
    socket.send('4alive');

    assert.equal(await socket.packet(), '4alive');
    socket.drop();
  });

  for (const bad of ['', '2', '2probe', '7', 'x', 'hello', ' 4', '-']) {
    test(`the bad packet ${JSON.stringify(bad)} closes it without a code`, async () => {
      const socket = await EngineSocket.open(server.port);
      socket.send('4before');
      assert.equal(await socket.packet(), '4before');
      socket.send(bad);

      assert.equal(await socket.closeCode(), 1005);
    });
  }

  test("the client's close packet ends it at once", async () => {
    const socket = await EngineSocket.open(server.port);
    socket.send('1');

    assert.equal(await socket.closeCode(), 1005);
  });

  test('frames sent together with the handshake are not lost', async () => {
    const tail = Buffer.concat([frame(kText, '4first'), frame(kBinary, Buffer.from([9])), frame(kPing, 'p')]);
    const socket = await RawWebSocket.open(server.port, engineTarget('/engine.io/', 'websocket'), { tail });
    const answers = [];
    for (let count = 0; count < 4; count++) {
      const next = await socket.frame();
      answers.push(next.opcode === kPong ? 'pong' : next.payload.toString('latin1').slice(0, 6));
    }

    assert.equal(answers[0], '0{"sid');
    assert.deepEqual(answers.slice(1).filter((answer) => answer !== 'pong'), ['4first', '\x09']);
    assert.ok(answers.includes('pong'));
    socket.drop();
  });
});

describe('maxPayload', () => {
  const limit = 10000;
  const exact = `42["message","${'x'.repeat(limit - '42["message",""]'.length)}"]`;

  test('exactly that many bytes pass', async () => {
    const socket = await joinedSocket(server.port);
    socket.send(exact);

    assert.equal((await socket.packet()).length, limit + '-back'.length);
    socket.drop();
  });

  const over = [
    ['one byte more', frame(kText, `${exact} `)],
    ['one byte more of binary', frame(kBinary, Buffer.alloc(limit + 1))],
    ['a header that only announces more', frame(kText, '4', { declared: BigInt(limit + 1) })],
    ['a header that announces four gigabytes', frame(kBinary, '', { declared: 2n ** 32n })],
    ['two fragments that together are more', Buffer.concat([frame(kText, exact, { fin: false }), frame(0, 'x')])],
    ['a second fragment that only announces more', Buffer.concat([frame(kText, exact, { fin: false }), frame(0, '', { declared: 2n })])],
  ];
  for (const [name, bytes] of over) {
    test(`${name} closes with 1009`, async () => {
      const socket = await joinedSocket(server.port);
      socket.socket.write(bytes);

      assert.equal(await socket.closeCode(), 1009);
    });
  }

  test('a million bytes pass on the mounts that allow it, text and binary', async () => {
    const socket = await EngineSocket.open(server.port);
    const text = `4${'y'.repeat(999999)}`;
    const bytes = Buffer.alloc(1000000, 5);
    socket.send(text);
    assert.equal((await socket.packet()) === text, true);
    socket.send(bytes);

    assert.equal(bytes.equals(await socket.packet()), true);
    socket.send(Buffer.alloc(1000001));
    assert.equal(await socket.closeCode(), 1009);
  });
});

describe('the heartbeat', () => {
  test('pings come, and answered ones keep the session', async () => {
    const socket = await EngineSocket.open(server.port);
    for (let round = 0; round < 4; round++) {
      assert.equal(await socket.socket.message(), '2');
      socket.send('3');
    }
    socket.send('4alive');

    assert.equal(await socket.packet(), '4alive');
    socket.drop();
  });

  test('without a pong the connection ends', async () => {
    const socket = await EngineSocket.open(hurried.port);
    assert.equal(await socket.socket.message(), '2');

    assert.equal(await socket.closeCode(), 1005);
  });

  test('WebSocket pongs and messages do not stand in for a pong', async () => {
    const socket = await EngineSocket.open(hurried.port);
    let pings = 0;
    const noise = setInterval(() => socket.socket.write(Buffer.concat([frame(kText, '4x'), frame(kPong)])), 20);
    try {
      for (;;) if ((await socket.socket.message()) === '2') pings += 1;
    } catch (ended) {
      assert.match(String(ended), /data frame, not opcode 8|the connection ended/);
    } finally {
      clearInterval(noise);
      socket.drop();
    }

    assert.equal(pings, 1);
  });
});
