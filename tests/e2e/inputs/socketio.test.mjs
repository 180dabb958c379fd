// Socket.IO packets that broke other servers. Only the connection that sent them pays.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket, joinedPolling, joinedSocket } from '../support/engine.mjs';
import { socketCount, whileServing, withinMemory } from '../support/hostile.mjs';
import { conformance } from '../support/server.mjs';
import { frame, kText } from '../support/websocket.mjs';

const server = conformance('--unhurried');
const kBytes = Buffer.from([1, 2, 3]);
const kWide = '/socket.io/'; // messages of up to a million bytes
const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));

/** Sends the messages on a joined connection: it is closed without a code, and nobody else's is. */
async function assertClosed(messages, { path } = {}) {
  const socket = await joinedSocket(server.port, { path });
  for (const message of messages) socket.send(message);
  assert.equal(await socket.closeCode(), 1005, String(messages[0]).slice(0, 200));
}

/** Sends the messages: what comes back is `answers`, and the connection goes on. */
async function assertAnswered(messages, answers, { path } = {}) {
  const socket = await joinedSocket(server.port, { path });
  for (const message of messages) socket.send(message);
  socket.send('42["message","on"]');
  for (const expected of [...answers, '42["message-back","on"]']) {
    const answer = await socket.packet();
    assert.equal(Buffer.from(answer).equals(Buffer.from(expected)), true, `${answer}`.slice(0, 200));
  }
  socket.drop();
}

describe('a placeholder', () => {
  const numbers = {
    'is no integer': ['0.5', '1e-1', '"0"', 'null', 'true', '[0]', '{"num":0}'],
    'is negative': ['-1', '-0.5', '-9007199254740991', '-1e300'],
    'is huge': ['1', '4294967296', '9007199254740993', '18446744073709551615', '18446744073709551616', '1e300', '1e400'],
  };
  for (const [name, list] of Object.entries(numbers)) {
    test(`whose number ${name} closes the connection`, () => whileServing(server, async () => {
      for (const number of list) await assertClosed([`451-["message",${placeholder(number)}]`, kBytes]);
    }));
  }

  test('without a number closes the connection', () => whileServing(server, () =>
    assertClosed(['451-["message",{"_placeholder":true}]', kBytes])));

  test('that is repeated is sent as often, up to the limit of attachments', () => whileServing(server, () =>
    assertAnswered(
      [`451-["message",${times(10, () => placeholder(0))}]`, kBytes],
      [`4510-["message-back",${times(10, placeholder)}]`, ...times(10, () => kBytes)],
    )));

  test('that is repeated 30,000 times closes the connection, and costs nothing', () => whileServing(server, () =>
    withinMemory(server, 100, () =>
      assertClosed([`451-["message",${times(30_000, () => placeholder(0))}]`, Buffer.alloc(900_000, 1)], { path: kWide }))));

  test('in the place of a name, of arguments or of auth closes the connection', () => whileServing(server, async () => {
    await assertClosed([`451-[${placeholder(0)}]`, kBytes]);
    await assertClosed([`451-${placeholder(0)}`, kBytes]);
    await assertClosed([`451-${placeholder(0)}["message"]`, kBytes]);
    await assertClosed([`461-1${placeholder(0)}`, kBytes]);
    await assertClosed([`451-["message",{"_placeholder":true,"num":${placeholder(0)}}]`, kBytes]);
  }));

  test('that replaces another in the same object is the last of them', () => whileServing(server, async () => {
    await assertClosed(['451-["message",{"_placeholder":true,"num":0,"num":5}]', kBytes]);
    await assertAnswered(['451-["message",{"_placeholder":true,"_placeholder":false,"num":5}]', kBytes],
      ['42["message-back",{"_placeholder":false,"num":5}]']);
  }));

  test('with other members is replaced as a whole', () => whileServing(server, () =>
    assertAnswered([`451-["message",{"__proto__":{"x":1},"constructor":1,${placeholder(0).slice(1)}]`, kBytes],
      [`451-["message-back",${placeholder(0)}]`, kBytes])));
});

describe('the number of attachments', () => {
  for (const packet of ['45999999-["message"]', '45999999-[]', '45999999999999999999999-["message",1]', '451e9-["message"]',
    '45-1-["message"]', '465999999-1[1]', '45011-["message"]']) {
    test(`of ${packet} closes the connection at once`, () => whileServing(server, () =>
      withinMemory(server, 30, () => assertClosed([packet]))));
  }

  test('may be announced and never sent: the memory is that of what came', () => whileServing(server, () =>
    withinMemory(server, 60, async () => {
      const sockets = await Promise.all(times(100, () => joinedSocket(server.port)));
      for (const socket of sockets) {
        socket.send(`4510-["message",${times(10, placeholder)}]`);
        for (let n = 0; n < 9; n++) socket.send(Buffer.alloc(9_000, n));
        socket.socket.write(Buffer.from([0x89, 0x80, 0, 0, 0, 0]));
      }
      for (const socket of sockets) assert.equal((await socket.socket.frame()).opcode, 10, 'it waits, and answers pings');
      for (const socket of sockets) socket.drop();
    })));
});

describe('the name of an event', () => {
  for (const name of ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']) {
    test(`${name} closes the connection, also with attachments and over polling`, () => whileServing(server, async () => {
      await assertClosed([`42["${name}"]`]);
      await assertClosed([`421["${name}",{}]`]);
      await assertClosed([`451-["${name}",${placeholder(0)}]`, kBytes]);
      await assertClosed([`42["\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"]`]);
      const session = await joinedPolling(server.port);
      await session.post(`42["${name}"]`);
      await session.assertClosedByServer();
    }));
  }

  for (const name of ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', '', '\u0000', ' ', 'x'.repeat(9_000), '*', 'error']) {
    test(`${JSON.stringify(name).slice(0, 40)} is a name like any other, which nobody handles`, () => whileServing(server, () =>
      assertAnswered([`42${JSON.stringify([name, { __proto__: null, polluted: true }])}`, `4299${JSON.stringify([name])}`], [])));
  }

  test('may be a room, whatever it is', () => whileServing(server, async () => {
    for (const room of ['__proto__', '', '\u0000', 'constructor']) {
      const socket = await joinedSocket(server.port);
      const name = JSON.stringify(room);
      socket.send(`421["join",${name}]`);
      assert.equal(JSON.parse((await socket.packet()).slice(3))[0].includes(room), true);
      socket.send(`42["all-room",${name},1]`);
      assert.equal(await socket.packet(), '42["room-msg",1]');
      socket.drop();
    }
  }));
});

describe('JSON', () => {
  const kDeep = 100_000;
  const nested = {
    'arrays, closed': `${'['.repeat(kDeep)}${']'.repeat(kDeep)}`,
    'arrays, open': '['.repeat(kDeep),
    'objects, closed': `${'{"a":'.repeat(kDeep)}1${'}'.repeat(kDeep)}`,
    'objects, open': '{"":'.repeat(kDeep),
    'both': `${'[{"a":'.repeat(kDeep / 2)}1${'}]'.repeat(kDeep / 2)}`,
  };
  for (const [name, json] of Object.entries(nested)) {
    test(`nested 100,000 deep closes the connection: ${name}`, () => whileServing(server, () =>
      withinMemory(server, 60, async () => {
        await assertClosed([`42["message",${json}]`], { path: kWide });
        await assertClosed([`431[${json}]`], { path: kWide });
        await assertClosed([`451-["message",${json}]`, kBytes], { path: kWide });
        await assertClosed([`40/custom,{"a":${json}}`], { path: kWide });
        const session = await joinedPolling(server.port, { path: kWide });
        await session.post(`42["message",${json}]`);
        await session.assertClosedByServer();
      })));
  }

  test('with a key of 900,000 bytes comes back', () => whileServing(server, () => withinMemory(server, 60, async () => {
    const json = `{"${'k'.repeat(900_000)}":1}`;
    await assertAnswered([`42["message",${json}]`], [`42["message-back",${json}]`], { path: kWide });
  })));

  test('with 70,000 keys comes back, with 150,000 equal ones as one', () => whileServing(server, () => withinMemory(server, 100, async () => {
    const many = `{${times(70_000, (n) => `"k${n}":0`)}}`;
    await assertAnswered([`42["message",${many}]`], [`42["message-back",${many}]`], { path: kWide });
    const equal = `{${times(150_000, () => '"a":0')}}`;
    await assertAnswered([`42["message",${equal}]`], ['42["message-back",{"a":0}]'], { path: kWide });
  })));

  test('with lone surrogates, escaped, comes back: in text, keys and names of rooms', () => whileServing(server, () =>
    assertAnswered(['42["message","\\ud800","a\\udfff\\ud83d",{"\\udc00":"\\ud83d\\ude00\\ud83d"}]', '42["\\ud800",1]'],
      ['42["message-back","\\ud800","a\\udfff\\ud83d",{"\\udc00":"😀\\ud83d"}]'])));

  test('with raw surrogates closes a WebSocket with 1007, and is repaired over polling', () => whileServing(server, async () => {
    const raw = Buffer.concat([Buffer.from('42["message","'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"]')]);
    const socket = await joinedSocket(server.port);
    socket.socket.write(frame(kText, raw));
    assert.equal(await socket.closeCode(), 1007);
    const session = await joinedPolling(server.port);
    await session.post(raw);
    assert.equal(await session.packet(), '42["message-back","\ufffd\ufffd\ufffd"]');
  }));

  test('with a NUL comes back when it is escaped, and closes the connection when it is raw', () => whileServing(server, async () => {
    await assertAnswered(['42["message","a\\u0000b",{"\\u0000":1}]'], ['42["message-back","a\\u0000b",{"\\u0000":1}]']);
    for (const packet of ['42["message","a\0b"]', '42["message"]\0', '42\0["message"]', '4\0', '42["mess\0age"]', '42[\0"message"]']) {
      await assertClosed([packet]);
    }
  }));

  test('with numbers past the doubles is null there, and zero below them', () => whileServing(server, () =>
    assertAnswered(['42["message",1e400,-1e400,1e-400]', `42["message",1${'0'.repeat(400)}]`, '42[1e400,1]'],
      ['42["message-back",null,null,0]', '42["message-back",null]'])));

  test('of white space alone, or a million bytes of it, closes the connection or comes back without it', () => whileServing(server, async () => {
    await assertClosed([`42${' '.repeat(900_000)}`], { path: kWide });
    await assertAnswered([`42[${' '.repeat(900_000)}"message"]`], ['42["message-back"]'], { path: kWide });
  }));
});

describe('a namespace', () => {
  test('of a megabyte is refused by its name, and the connection stays', () => whileServing(server, () => withinMemory(server, 60, async () => {
    for (const name of [`/${'n'.repeat(990_000)}`, `/dyn-${'1'.repeat(990_000)}`]) {
      await assertAnswered([`40${name},`], [`44${name},{"message":"Invalid namespace"}`], { path: kWide });
      await assertClosed([`42${name},["message"]`], { path: kWide });
      await assertClosed([`41${name},`], { path: kWide });
    }
  })));

  test('that is unknown is refused ten thousand times, and nothing is kept', () => whileServing(server, () => withinMemory(server, 40, async () => {
    const socket = await joinedSocket(server.port);
    for (let n = 0; n < 10_000; n++) socket.send(`40/n${n},`);
    for (let n = 0; n < 10_000; n++) assert.equal(await socket.packet(), `44/n${n},{"message":"Invalid namespace"}`);
    socket.send('40/custom,');
    assert.match(await socket.packet(), /^40\/custom,\{"sid"/);
    socket.drop();
  })));

  test('made by its name: eight of ten thousand are joined, the others refused', () => whileServing(server, async () => {
    const socket = await EngineSocket.open(server.port, '/opts/');
    for (let n = 0; n < 10_000; n++) socket.send(`40/dyn-${n},`);
    let joined = 0;
    let refused = 0;
    while (joined + refused < 10_000) {
      const packet = await socket.packet();
      if (packet.startsWith('40/dyn-')) joined += 1;
      else if (packet.endsWith(',{"message":"Too many namespaces on this connection"}')) refused += 1;
      else assert.match(packet, /^42\/dyn-\d,\["auth",\{\}\]$/);
    }
    assert.equal(joined, 8);
    socket.drop();
  }));

  test('made by its name is gone with its last socket: ten thousand one after the other cost nothing', () => whileServing(server, () =>
    withinMemory(server, 60, async () => {
      const socket = await joinedSocket(server.port);
      for (let n = 0; n < 10_000; n++) {
        socket.send(`40/dyn-${n},`);
        socket.send(`41/dyn-${n},`);
      }
      socket.send('42["message","done"]');
      while ((await socket.packet()) !== '42["message-back","done"]');
      socket.drop();
    })));
});

describe('CONNECT twice at once', () => {
  const both = Buffer.concat([frame(kText, '40'), frame(kText, '40')]);

  test('in one write closes the connection, and leaves no socket behind', () => whileServing(server, async () => {
    const observer = await joinedSocket(server.port, { path: kWide });
    const alone = () => until(async () => (await socketCount(observer)) === 1, 'no socket but one');
    await alone();
    const socket = await EngineSocket.open(server.port, kWide);
    socket.socket.write(both);
    assert.equal(await socket.closeCode(), 1005);
    await alone();
    observer.drop();
  }));

  test('in one body closes the session', () => whileServing(server, async () => {
    const session = await joinedPolling(server.port);
    await session.post('40/custom,\x1e40/custom,{"a":1}');
    let answer = await session.poll();
    while (answer.status === 200) answer = await session.poll();
    assert.deepEqual(JSON.parse(answer.body), { code: 1, message: 'Session ID unknown' });
  }));

  test('together with the handshake closes the connection', () => whileServing(server, async () => {
    await assert.rejects(async () => {
      const socket = await EngineSocket.open(server.port, '/opts/', { tail: both });
      assert.equal(await socket.closeCode(), 1005);
      throw new Error('closed as expected');
    }, /closed as expected/);
  }));

  test('for two namespaces joins both', () => whileServing(server, async () => {
    const socket = await EngineSocket.open(server.port, '/opts/');
    socket.socket.write(Buffer.concat([frame(kText, '40/custom,'), frame(kText, '40')]));
    const packets = [await socket.packet(), await socket.packet(), await socket.packet(), await socket.packet()];
    assert.equal(packets.filter((packet) => packet.startsWith('40')).length, 2);
    socket.drop();
  }));
});

describe('an acknowledgement', () => {
  test('with an id up to 2^53-1 is mirrored exactly, above it closes the connection', () => whileServing(server, async () => {
    await assertAnswered(['429007199254740991["message-with-ack",1]'], ['439007199254740991[1]']);
    for (const id of ['9007199254740992', '9007199254740993', '18446744073709551616', '9'.repeat(5_000)]) {
      await assertClosed([`42${id}["message-with-ack",1]`]);
      await assertClosed([`43${id}[1]`]);
    }
  }));

  test('that nobody asked for is ignored, a hundred thousand times', () => whileServing(server, () => withinMemory(server, 40, async () => {
    const socket = await joinedSocket(server.port);
    const packets = times(100_000, (n) => frame(kText, `43${n}[1]`));
    socket.socket.write(Buffer.concat(packets));
    socket.send('42["message","on"]');
    assert.equal(await socket.packet(), '42["message-back","on"]');
    socket.drop();
  })));

  test('that never comes: 256 are waited for, more fail at once', () => whileServing(server, () => withinMemory(server, 40, async () => {
    const socket = await joinedSocket(server.port);
    for (let n = 0; n < 1_000; n++) socket.send('42["ask-timeout",60000]');
    const packets = [];
    while (packets.length < 1_000) packets.push(await socket.packet());
    assert.equal(packets.filter((packet) => packet.endsWith('["question"]')).length, 256);
    assert.equal(packets.filter((packet) => packet === '42["answer","timeout"]').length, 744);
    socket.drop();
  })));
});
