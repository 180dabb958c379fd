// Engine.IO requests and payloads that broke other servers. Only the session that sent them pays.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { engineTarget, EngineSocket, joinedPolling, joinedSocket, PollingSession } from '../support/engine.mjs';
import { HttpConnection, request, requestBytes } from '../support/http.mjs';
import { openDescriptors, untilClosed, whileServing, withinMemory } from '../support/hostile.mjs';
import { conformance } from '../support/server.mjs';
import { RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const server = conformance('--unhurried');
const quick = conformance('--brief'); // with a connect time-out of three seconds
const kSeparator = '\x1e';
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));

describe('a polling body', () => {
  test('of 30,000 tiny packets is read packet by packet', () => whileServing(server, () => withinMemory(server, 60, async () => {
    const session = await joinedPolling(server.port, { path: '/socket.io/' });
    const posted = await session.post([...times(30_000, () => '42["x"]'), '42["message","last"]'].join(kSeparator));
    assert.equal(posted.status, 200);
    assert.equal(await session.packet(), '42["message-back","last"]');
  })));

  test('of 30,000 pongs leaves the session as it was', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port, { path: '/socket.io/' });
    await session.post(times(30_000, () => '3').join(kSeparator));
    await session.assertAlive('42["message",1]', '42["message-back",1]');
  }));

  test('whose every packet is answered waits for polls at the cost of its answers', () => whileServing(server, () =>
    withinMemory(server, 100, async () => {
      const session = await PollingSession.open(server.port, '/engine.io/');
      const posted = session.post(times(3_000, () => '4').join(kSeparator));
      let packets = 0;
      while (packets < 3_000) {
        const response = await session.poll();
        assert.match(response.body, /^[24](\x1e[24]){0,15}$/, 'sixteen at a time');
        packets += response.body.split('4').length - 1;
      }
      assert.equal((await posted).body, 'ok');
    })));

  for (const [name, body] of Object.entries({
    '64 KiB of separators': kSeparator.repeat(64 * 1024),
    'a megabyte of separators': kSeparator.repeat(1_000_000),
    'a message before 64 KiB of separators': `4a${kSeparator.repeat(64 * 1024)}`,
  })) {
    test(`of ${name} closes the session`, () => whileServing(server, () => withinMemory(server, 30, async () => {
      const session = await PollingSession.open(server.port, '/engine.io/');
      const posted = await session.post(body);
      assert.equal(posted.status, 200, 'as the reference answers a body with a bad packet');
      assert.equal(posted.body, 'ok');
      await session.assertGone();
    })));
  }

  test('of one base64 packet without base64 is an empty message', () => whileServing(server, async () => {
    const session = await PollingSession.open(server.port, '/engine.io/');
    await session.post(`b${'~'.repeat(900_000)}`);
    assert.equal(await session.packet(), 'b');
  }));
});

describe('an unknown transport', () => {
  const unknown = ['', 'abc', 'Polling', 'websocket%00', 'polling,websocket', '__proto__', 'constructor', '%F0%9F%98%80', 'x'.repeat(4_000), 'webtransport', 'flashsocket'];
  for (const name of unknown) {
    test(`${JSON.stringify(name).slice(0, 40)} is refused with code 0, by GET, POST and upgrade`, () => whileServing(server, async () => {
      const target = `/engine.io/?EIO=4&transport=${name}`;
      for (const method of ['GET', 'POST']) {
        const response = await request(server.port, target, { method });
        assert.equal(response.status, 400);
        assert.deepEqual(JSON.parse(response.body), { code: 0, message: 'Transport unknown' });
      }
      const { response, connection } = await RawWebSocket.handshake(server.port, target, { headers: upgradeHeaders() });
      assert.equal(response.status, 400);
      assert.equal(response.body, 'Transport unknown');
      await connection.closed;
    }));
  }

  test('asked for two thousand times on one connection is refused as often, and nothing is kept', () => whileServing(server, () =>
    withinMemory(server, 20, async () => {
      const connection = await HttpConnection.open(server.port);
      connection.write(Buffer.concat(times(2_000, (n) => requestBytes(`/engine.io/?EIO=4&transport=t${n}`))));
      for (let n = 0; n < 2_000; n++) assert.equal((await connection.response()).status, 400);
      connection.drop();
    })));
});

describe('requests that cross', () => {
  test('two GETs at once: the second is refused, the first hears of the end', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    const first = await session.waitingPoll();
    const second = await session.poll();
    assert.equal(second.status, 400);
    assert.equal((await first.answer).body, '1');
    await session.assertGone();
  }));

  test('fifty GETs at once: all are answered, and the session is gone', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    const polls = await Promise.all(times(50, () => session.waitingPoll()));
    const answers = await Promise.all(polls.map(({ answer }) => answer));
    assert.equal(answers.filter(({ status, body }) => status === 200 && body === '1').length, 1);
    assert.equal(answers.filter(({ status }) => status === 400).length, 49);
    await session.assertGone();
    for (const { connection } of polls) connection.drop();
  }));

  test('fifty GETs in one write wait for each other', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    const connection = await HttpConnection.open(server.port);
    connection.write(Buffer.concat(times(50, () => requestBytes(session.target))));
    for (let n = 0; n < 50; n++) {
      await session.post(`42["message",${n}]`);
      assert.equal((await connection.response()).body, `42["message-back",${n}]`);
    }
    connection.drop();
  }));

  test('fifty POSTs while one is still on its way: all are refused, and the session is gone', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    const first = await session.unfinishedPost();
    const answers = await Promise.all(times(50, () => session.post('3')));
    assert.deepEqual(answers.map(({ status }) => status), times(50, () => 400));
    await session.assertGone();
    first.drop();
  }));

  test('GET and POST after the upgrade are refused, and the session goes on', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    const socket = await session.upgrade();
    socket.send('2probe');
    assert.equal(await socket.message(), '3probe');
    socket.send('5');
    socket.send('42["message","moved"]');
    assert.equal(await socket.message(), '42["message-back","moved"]');
    for (const response of [await session.post('42["message","late"]'), await session.poll(), await session.post('1')]) {
      assert.equal(response.status, 400);
      assert.deepEqual(JSON.parse(response.body), { code: 3, message: 'Bad request' });
    }
    socket.send('42["message","on"]');
    assert.equal(await socket.message(), '42["message-back","on"]', 'what was posted too late has reached nobody');
    socket.drop();
  }));

  test('POST to a session of somebody else does not disturb his poll but by what it says', () => whileServing(server, async () => {
    const socket = await EngineSocket.open(server.port, '/opts/');
    const target = engineTarget('/opts/', 'polling', `&sid=${socket.sid}`);
    const connection = await HttpConnection.open(server.port);
    connection.write(requestBytes(target, { method: 'POST', headers: { 'Content-Length': '10' }, body: '4ab' }));
    connection.drop();
    socket.send('40');
    assert.match(await socket.packet(), /^40\{"sid"/);
    socket.drop();
  }));
});

describe('sessions that are opened and left', () => {
  test('before they join anything end by themselves', () => whileServing(quick, async () => {
    const before = openDescriptors(quick.process);
    const sessions = await Promise.all(times(100, () => PollingSession.open(quick.port, '/opts/')));
    const sockets = await Promise.all(times(100, () => EngineSocket.open(quick.port, '/opts/')));
    await Promise.all(sockets.map((socket) => socket.closeCode()));
    for (const session of sessions) await session.assertClosedByServer();
    await untilClosed(quick, before);
  }));

  test('while joined, by a cut, are forgotten', () => whileServing(server, async () => {
    const before = openDescriptors(server.process);
    const sockets = await Promise.all(times(200, () => joinedSocket(server.port)));
    for (const socket of sockets) socket.socket.tcp.reset();
    await untilClosed(server, before);
  }));
});
