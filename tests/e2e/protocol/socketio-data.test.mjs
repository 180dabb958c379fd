// Socket.IO sections 1, 2 and 8: JSON and attachments survive the way there and back, packet by packet.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { joinedPolling, joinedSocket } from '../support/engine.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;

describe('an argument comes back, written without needless escapes:', () => {
  const sameText = [
    'null', 'true', 'false', '0', '-1', '0.1', '1e-7', '9007199254740991', '-9007199254740991', '1.5', '123456.789',
    '""', '"é€😀"', '"a/b"', '"\\"\\\\"', '"\\n\\t\\r\\b\\f"', '"\\u0000"', '"\\u001f"', '"\u007f"', '"\u2028\u2029"',
    '"\\ud800"', '"\\udfff"', '"a\\ud83d"',
    '[]', '{}', '[[],{},[{}]]', '{"":1}', '{"a":{"b":[1,{"c":null}]}}',
    '{"__proto__":1}', '{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":1}}', '{"toString":null,"hasOwnProperty":0}',
    '{"b":1,"a":2}', '{"_placeholder":false,"num":0}', '{"num":0}',
  ];
  for (const json of sameText) {
    test(json.slice(0, 60), async () => {
      const socket = await joinedSocket(server.port);
      socket.send(`42["message",${json}]`);

      assert.equal(await socket.packet(), `42["message-back",${json}]`);
      socket.drop();
    });
  }

  const rewritten = [
    ['"\\u00e9\\u20ac"', '"é€"'],
    ['"\\ud83d\\ude00"', '"😀"'],
    ['"\\/"', '"/"'],
    ['"\\u0041"', '"A"'],
    ['"\\u000a"', '"\\n"'],
    [' [ 1 , 2 ] ', '[1,2]'],
    ['{ "a" : 1 }', '{"a":1}'],
  ];
  for (const [sent, expected] of rewritten) {
    test(`${sent} as ${expected}`, async () => {
      const socket = await joinedSocket(server.port);
      socket.send(`42["message",${sent}]`);

      assert.equal(await socket.packet(), `42["message-back",${expected}]`);
      socket.drop();
    });
  }

  const sameValue = ['1.0', '1E5', '1e21', '-0', '1e-400', '1.7976931348623157e308', '5e-324', '0.30000000000000004', '100000000000000000000'];
  for (const json of sameValue) {
    test(`${json} as the same number`, async () => {
      const socket = await joinedSocket(server.port);
      socket.send(`42["message",${json}]`);

      const [, value] = JSON.parse((await socket.packet()).slice(2));
      assert.equal(value === JSON.parse(json), true, `${value}`);
      socket.drop();
    });
  }

  test('with many arguments, in an ack as well', async () => {
    const socket = await joinedSocket(server.port);
    const list = Array.from({ length: 200 }, (_, n) => n).join(',');
    socket.send(`42["message",${list}]`);
    assert.equal(await socket.packet(), `42["message-back",${list}]`);
    socket.send(`427["message-with-ack",${list}]`);

    assert.equal(await socket.packet(), `437[${list}]`);
    socket.drop();
  });
});

/** The next Socket.IO packet with its attachments put in the order of their numbers. */
async function binaryPacket(session) {
  const text = await session.packet();
  const count = Number(/^4[56](\d+)-/.exec(text)?.[1] ?? 0);
  const attachments = [];
  while (attachments.length < count) {
    const next = await session.packet();
    attachments.push(typeof next === 'string' ? Buffer.from(next.slice(1), 'base64') : next);
  }
  return { text, attachments: attachments.map((each) => [...each]) };
}

describe('attachments', () => {
  const cases = [
    ['one', `451-["message",${placeholder(0)}]`, [[1, 2, 3]], `451-["message-back",${placeholder(0)}]`, [[1, 2, 3]]],
    ['an empty one', `451-["message",${placeholder(0)}]`, [[]], `451-["message-back",${placeholder(0)}]`, [[]]],
    ['two, inside other data', `452-["message",{"a":[${placeholder(0)}],"b":${placeholder(1)}}]`, [[1], [2]],
      `452-["message-back",{"a":[${placeholder(0)}],"b":${placeholder(1)}}]`, [[1], [2]]],
    ['in another order than their numbers', `452-["message",${placeholder(1)},${placeholder(0)}]`, [[1], [2]],
      `452-["message-back",${placeholder(0)},${placeholder(1)}]`, [[2], [1]]],
    ['one used twice', `451-["message",${placeholder(0)},${placeholder(0)}]`, [[5]],
      `452-["message-back",${placeholder(0)},${placeholder(1)}]`, [[5], [5]]],
    ['one without a placeholder, dropped', `452-["message",${placeholder(0)}]`, [[1], [2]],
      `451-["message-back",${placeholder(0)}]`, [[1]]],
    ['only the boolean true marks one', `451-["message",${placeholder(0)},{"_placeholder":1,"num":0},{"_placeholder":"true","num":0}]`, [[1]],
      `451-["message-back",${placeholder(0)},{"_placeholder":1,"num":0},{"_placeholder":"true","num":0}]`, [[1]]],
    ['ten', `4510-["message",${Array.from({ length: 10 }, (_, n) => placeholder(n)).join(',')}]`, Array.from({ length: 10 }, (_, n) => [n]),
      `4510-["message-back",${Array.from({ length: 10 }, (_, n) => placeholder(n)).join(',')}]`, Array.from({ length: 10 }, (_, n) => [n])],
    ['in an ack', `451-12["message-with-ack","a",${placeholder(0)}]`, [[7]], `461-12["a",${placeholder(0)}]`, [[7]]],
  ];
  for (const [name, text, sent, expectedText, expected] of cases) {
    test(`${name}: over WebSocket`, async () => {
      const socket = await joinedSocket(server.port);
      socket.send(text);
      for (const each of sent) socket.send(Buffer.from(each));

      assert.deepEqual(await binaryPacket(socket), { text: expectedText, attachments: expected });
      socket.drop();
    });

    test(`${name}: over polling`, async () => {
      const session = await joinedPolling(server.port);
      const packets = sent.map((each) => `b${Buffer.from(each).toString('base64')}`);
      await session.post([text, ...packets].join('\x1e'));

      assert.deepEqual(await binaryPacket(session), { text: expectedText, attachments: expected });
    });
  }

  test('may come in later requests, with pongs in between', async () => {
    const session = await joinedPolling(server.port);
    await session.post(`452-["message",${placeholder(0)},${placeholder(1)}]`);
    await session.post('bAQ==');
    await session.post('3');
    await session.post('bAg==');

    assert.deepEqual((await binaryPacket(session)).attachments, [[1], [2]]);
  });

  test('a text event that looks like a placeholder stays what it is', async () => {
    const socket = await joinedSocket(server.port);
    socket.send(`42["message",{"_placeholder":true,"num":5}]`);
    const answer = await socket.socket.frame();

    if (answer.opcode === 1) assert.equal(answer.payload.toString(), '42["message-back",{"_placeholder":true,"num":5}]');
    else assert.equal(answer.opcode, 8);
    socket.drop();
  });

  test('go with their namespace', async () => {
    const socket = await joinedSocket(server.port, { nsp: '/custom' });
    socket.send(`451-/custom,["message",${placeholder(0)}]`);
    socket.send(Buffer.from([9]));

    assert.deepEqual(await binaryPacket(socket), { text: `451-/custom,["message-back",${placeholder(0)}]`, attachments: [[9]] });
    socket.drop();
  });
});
