// Socket.IO section 6: what closes the whole connection; section 7: where either behaviour will do.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineSocket, joinedPolling, joinedSocket } from '../support/engine.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const bytes = Buffer.from([1, 2, 3]);
const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;

describe('closes the connection without a code:', () => {
  const offences = {
    'no type': ['4'],
    'an unknown type': ['47', '49', '4a', '4-1', '4[]'],
    'bad JSON': ['42[', '42["a"', '42["a",]', "42['a']", '42["a"]]', '42["a"]x', '42["a"]["b"]', '42["a",NaN]', '42["a",01]',
      '42["a","\\x"]', '42["a","\\ud8"]', '42["a","\u0001"]', '42{"a":1', '42["a" "b"]', '42undefined'],
    'CONNECT that is no object': ['40/custom,[]', '40/custom,"x"', '40/custom,-7', '40/custom,true', '40/custom,{'],
    'DISCONNECT with a payload': ['41{}', '41[]', '41"x"'],
    'EVENT that is no array of a name and arguments': ['42{}', '42"message"', '42null', '42[]', '42[null]', '42[{}]', '42[[]]', '42[true]'],
    'a reserved name': ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']
      .map((name) => `42["${name}"]`),
    'ACK that is no array': ['431{}', '431"x"', '431null', '431["a"'],
    'a bad attachment count': [`45["a"]`, `45a-["a"]`, `45-1-["a"]`, `451.5-["a"]`, `4511-["a"]`, `45100000000000000000000-["a"]`,
      `451["a",${placeholder(0)}]`, '451', '46-["a"]'],
    'CONNECT_ERROR from a client': ['44{"message":"x"}', '44', '44/custom,{"message":"x"}'],
    'a namespace that was not joined': ['42/custom,["message",1]', '43/custom,1[]', '41/custom,', '42/nope,["message",1]'],
    'CONNECT while joined': ['40', '40{}', '40{"token":"again"}'],
  };
  for (const [name, packets] of Object.entries(offences)) {
    for (const packet of packets) {
      test(`${name}: ${packet}`, async () => {
        const socket = await joinedSocket(server.port);
        socket.send(packet);

        assert.equal(await socket.closeCode(), 1005);
      });
    }
  }

  const sequences = {
    'binary that nobody announced': [bytes],
    'one attachment too many': [`451-["message",${placeholder(0)}]`, bytes, bytes],
    'text while attachments are due': [`452-["message",${placeholder(0)},${placeholder(1)}]`, bytes, '42["message",1]'],
    'a placeholder past the last attachment': [`451-["message",${placeholder(1)}]`, bytes],
    'a negative placeholder': [`451-["message",${placeholder(-1)}]`, bytes],
    'a placeholder that is no number': [`451-["message",${placeholder('"0"')}]`, bytes],
    'eleven attachments': [`4511-["message",${placeholder(10)}]`, ...Array.from({ length: 11 }, () => bytes)],
    'a binary event for a namespace that was not joined': [`451-/custom,["a",${placeholder(0)}]`, bytes],
    'binary before anything was joined': null,
  };
  for (const [name, messages] of Object.entries(sequences)) {
    test(name, async () => {
      const socket = messages ? await joinedSocket(server.port) : await EngineSocket.open(server.port, '/opts/');
      for (const message of messages ?? [bytes]) socket.send(message);

      assert.equal(await socket.closeCode(), 1005);
    });
  }

  test('an event before anything was joined', async () => {
    for (const packet of ['42["message",1]', '41', '431[]']) {
      const socket = await EngineSocket.open(server.port, '/opts/');
      socket.send(packet);
      assert.equal(await socket.closeCode(), 1005);
    }
  });

  test('and every namespace with it, but no other connection', async () => {
    const bystander = await joinedSocket(server.port);
    const offender = await joinedSocket(server.port);
    offender.send('40/custom,');
    await offender.packet();
    await offender.packet();
    offender.send('42/custom,[');
    assert.equal(await offender.closeCode(), 1005);
    bystander.send('42["message","still here"]');

    assert.equal(await bystander.packet(), '42["message-back","still here"]');
    bystander.drop();
  });

  for (const packet of ['47', '42[', '42/custom,["x"]', 'bAQID']) {
    test(`over polling, with a close packet at the next poll: ${packet}`, async () => {
      const session = await joinedPolling(server.port);
      const posted = await session.post(packet);

      assert.equal(posted.status, 200);
      assert.equal(posted.body, 'ok');
      await session.assertClosedByServer();
    });
  }
});

describe('what the specification leaves open harms nobody else:', () => {
  const deep = (depth) => `42["message",${'['.repeat(depth)}${']'.repeat(depth)}]`;
  const kCloses = 'closes the connection';
  const kNoAnswer = 'is not answered';
  const quirks = [
    ['an event without a payload', ['42'], kCloses],
    ['a binary event without a payload', ['451-', bytes], kCloses],
    ['an ack without a payload', ['431'], kCloses],
    ['a binary event of no attachments', ['450-["message",1]'], '42["message-back",1]'],
    ['a binary event without a count', ['45-["message",1]'], kCloses],
    ['half a placeholder', [`451-["message",${placeholder(0.5)}]`, bytes], kCloses],
    ['an ack id of twenty digits', ['4299999999999999999999["message-with-ack",1]'], kCloses],
    ['an ack id of four hundred digits', [`42${'9'.repeat(400)}["message-with-ack",1]`], kCloses],
    ['an ack id with leading zeros', ['42007["message-with-ack",1]'], '437[1]'],
    ['a CONNECT with an id', ['40/custom,12{}'], /^40\/custom,\{"sid"/],
    ['a space for an id', ['42 ["message-with-ack",1]'], kNoAnswer],
    ['data nested a hundred deep', [deep(100)], deep(100).replace('message', 'message-back')],
    ['data nested four thousand deep', [deep(4000)], kCloses],
    ['a number past the doubles', ['42["message",1e400]'], '42["message-back",null]'],
  ];
  for (const [name, messages, outcome] of quirks) {
    test(name, async () => {
      const bystander = await joinedSocket(server.port);
      const socket = await joinedSocket(server.port);
      for (const message of messages) socket.send(message);
      const ping = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
      socket.socket.write(ping);
      const next = await socket.socket.frame();

      const answer = { 8: kCloses, 10: kNoAnswer }[next.opcode] ?? next.payload.toString();
      if (outcome instanceof RegExp) assert.match(answer, outcome);
      else assert.equal(answer, outcome);
      bystander.send('42["message","unharmed"]');
      assert.equal(await bystander.packet(), '42["message-back","unharmed"]');
      socket.drop();
      bystander.drop();
    });
  }
});
