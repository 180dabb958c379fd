// Engine.IO section 7: from polling to WebSocket.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineSocket, engineTarget, joinedPolling, PollingSession } from '../support/engine.mjs';
import { request } from '../support/http.mjs';
import { conformance } from '../support/server.mjs';
import { frame, kBinary, kText, RawWebSocket } from '../support/websocket.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const hurried = conformance('--brief'); // for the end of its time limits

async function probed(session) {
  const socket = await session.upgrade();
  socket.send('2probe');
  assert.equal(await socket.message(), '3probe');
  return socket;
}

/** Polls until the noop that lets a client pause; answers the packets seen before it. */
async function pollUntilNoop(session) {
  const seen = [];
  for (;;) {
    const { status, body } = await session.poll();
    assert.equal(status, 200, body); // else it would ask for ever
    for (const packet of body.split('\x1e')) {
      if (packet === '6') return seen;
      if (packet === '2') await session.post('3');
      else seen.push(packet);
    }
  }
}

async function nextMessage(socket) {
  for (;;) {
    const message = await socket.message();
    if (message !== '2') return message;
    socket.send('3');
  }
}

describe('the upgrade', () => {
  test('answers the probe, frees the waiting poll with a noop, and moves the session', async () => {
    const session = await joinedPolling(server.port);
    const poll = await session.waitingPoll();
    const socket = await probed(session);
    assert.equal((await poll.answer).body, '6');
    socket.send('5');
    socket.send('42["message","moved"]');

    assert.equal(await nextMessage(socket), '42["message-back","moved"]');
    for (const method of ['GET', 'POST']) {
      const late = await request(server.port, session.target, { method });
      assert.equal(late.status, 400);
      assert.deepEqual(JSON.parse(late.body), { code: 3, message: 'Bad request' });
    }
    socket.send('42["message","unharmed"]');
    assert.equal(await nextMessage(socket), '42["message-back","unharmed"]');
    socket.drop();
  });

  test('messages between the probe and the switch still use polling', async () => {
    const session = await joinedPolling(server.port);
    const socket = await probed(session);
    await session.post('42["message",1]');
    assert.equal(await session.packet().then((packet) => (packet === '6' ? session.packet() : packet)), '42["message-back",1]');
    socket.send('5');
    socket.send('42["message",2]');

    assert.equal(await nextMessage(socket), '42["message-back",2]');
    socket.drop();
  });

  test('what is queued at the switch is neither lost nor doubled', async () => {
    const session = await joinedPolling(server.port);
    const socket = await probed(session);
    await session.post('42["message",1]\x1e42["message",2]');
    await session.post('42["message",3]');
    socket.send('5');
    socket.send('42["message",4]');
    const received = [];
    while (received.length < 4) received.push(await nextMessage(socket));

    assert.deepEqual(received, [1, 2, 3, 4].map((n) => `42["message-back",${n}]`));
    socket.drop();
  });

  test('keeps order when every step carries traffic', async () => {
    const session = await PollingSession.open(server.port);
    const sent = [];
    const message = () => `4m${sent.push(sent.length) - 1}`;
    for (let n = 0; n < 20; n++) await session.post(`${message()}\x1e${message()}`);
    const socket = await probed(session);
    for (let n = 0; n < 20; n++) await session.post(message());
    const received = await pollUntilNoop(session);
    await session.post(message());
    socket.send('5');
    for (let n = 0; n < 20; n++) socket.send(message());
    while (received.length < sent.length) received.push(await nextMessage(socket));

    assert.deepEqual(received, sent.map((n) => `4m${n}`));
    socket.drop();
  });

  test('heartbeats go on', async () => {
    const session = await PollingSession.open(server.port);
    const socket = await probed(session);
    socket.send('5');
    for (let round = 0; round < 3; round++) {
      assert.equal(await socket.message(), '2');
      socket.send('3');
    }
    socket.drop();
  });

  test('an unknown session is refused before the 101', async () => {
    const { response } = await RawWebSocket.handshake(server.port, engineTarget('/engine.io/', 'websocket', '&sid=none'));

    assert.equal(response.status, 400);
    assert.equal(response.body, 'Session ID unknown');
  });
});

describe('an upgrade that goes wrong leaves the polling session alive:', () => {
  const alive = (session) => session.assertAlive('42["message","alive"]', '42["message-back","alive"]');

  const firstFrames = [
    ['a message', frame(kText, '42["message","no"]')],
    ['a bare ping', frame(kText, '2')],
    ['an upgrade packet', frame(kText, '5')],
    ['another probe text', frame(kText, '2other')],
    ['binary', frame(kBinary, Buffer.from('2probe'))],
    ['nothing', frame(kText, '')],
    ['no packet at all', frame(kText, 'x')],
    ['a close packet', frame(kText, '1')],
    ['a framing error', frame(kText, '2probe', { masked: false })],
    ['a message over maxPayload', frame(kText, '', { declared: 10001n })],
  ];
  for (const [name, bytes] of firstFrames) {
    test(`${name} instead of the probe`, async () => {
      const session = await joinedPolling(server.port);
      const socket = await session.upgrade();
      socket.write(bytes);
      await socket.closeCode();

      await alive(session);
    });
  }

  for (const [name, packet] of [['a message', '42["message","no"]'], ['nonsense', 'x'], ['a ping', '2']]) {
    test(`${name} instead of the upgrade packet`, async () => {
      const session = await joinedPolling(server.port);
      const socket = await probed(session);
      socket.send(packet);
      await socket.closeCode();
      await pollUntilQuiet(session);

      await alive(session);
    });
  }

  test('a WebSocket dropped after the probe', async () => {
    const session = await joinedPolling(server.port);
    const socket = await probed(session);
    socket.drop();

    await session.post('42["message","alive"]');
    await assertNext(session, '42["message-back","alive"]');
  });

  test('a WebSocket dropped before the probe', async () => {
    const session = await joinedPolling(server.port);
    const socket = await session.upgrade();
    socket.drop();

    await alive(session);
  });

  test('no upgrade packet within upgradeTimeout', async () => {
    const session = await joinedPolling(hurried.port);
    const socket = await probed(session);
    await socket.closeCode();

    await session.post('42["message","alive"]');
    await assertNext(session, '42["message-back","alive"]');
  });

  test('no probe within upgradeTimeout', async () => {
    const session = await joinedPolling(hurried.port);
    const socket = await session.upgrade();
    await socket.closeCode();

    await alive(session);
  });

  test('a second attempt after a failed one succeeds', async () => {
    const session = await joinedPolling(server.port);
    const failed = await session.upgrade();
    failed.send('x');
    await failed.closeCode();
    const socket = await probed(session);
    socket.send('5');
    socket.send('42["message","moved"]');

    assert.equal(await nextMessage(socket), '42["message-back","moved"]');
    socket.drop();
  });

  // A noop may still be on its way from the time of the probe.
  async function assertNext(session, expected) {
    let packet = await session.packet();
    while (packet === '6') packet = await session.packet();
    assert.equal(packet, expected);
  }

  async function pollUntilQuiet(session) {
    await session.post('42["message","fence"]');
    await assertNext(session, '42["message-back","fence"]');
  }
});

describe('a second WebSocket for the same session is closed and harms nobody', () => {
  test('while the first is upgrading', async () => {
    const session = await joinedPolling(server.port);
    const first = await probed(session);
    await endOfSecond(session);
    first.send('5');
    first.send('42["message","moved"]');

    assert.equal(await nextMessage(first), '42["message-back","moved"]');
    first.drop();
  });

  test('after the upgrade', async () => {
    const session = await joinedPolling(server.port);
    const first = await probed(session);
    first.send('5');
    first.send('42["message",1]');
    assert.equal(await nextMessage(first), '42["message-back",1]');
    await endOfSecond(session);
    first.send('42["message",2]');

    assert.equal(await nextMessage(first), '42["message-back",2]');
    first.drop();
  });

  test('when the session began on a WebSocket', async () => {
    const first = await EngineSocket.open(server.port);
    await endOfSecond(first);
    first.send('4unharmed');

    assert.equal(await first.packet(), '4unharmed');
    first.drop();
  });

  // Closed after the 101, as the reference does.
  async function endOfSecond({ port, path, sid }) {
    const { response, connection } = await RawWebSocket.handshake(port, engineTarget(path, 'websocket', `&sid=${sid}`));
    assert.equal(response.status, 101);
    assert.equal(await new RawWebSocket(connection.tcp, response).closeCode(), 1005);
  }
});

describe('the session closing meanwhile', () => {
  test('closes the upgrading WebSocket', async () => {
    const session = await joinedPolling(server.port);
    const socket = await probed(session);
    await session.post('1');

    await socket.closeCode();
    await session.assertGone();
  });

  test('by ping timeout closes it too', async () => {
    const session = await PollingSession.open(hurried.port);
    const socket = await probed(session);

    await socket.closeCode();
    assert.equal((await session.post('3')).status, 400);
  });
});
