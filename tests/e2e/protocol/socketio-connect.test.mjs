// Socket.IO sections 3 and 5 by raw packets: joining and leaving namespaces.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineSocket, joinedPolling, joinedSocket, PollingSession } from '../support/engine.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const hurried = conformance('--brief'); // for the end of its time limits
const kPath = '/opts/';

const open = ({ port } = server) => EngineSocket.open(port, kPath);

async function exchange(socket, packet) {
  socket.send(packet);
  return socket.packet();
}

describe('CONNECT', () => {
  const greetings = [
    ['40', '', '{}'],
    ['40{"token":"a"}', '', '{"token":"a"}'],
    ['40/custom,', '/custom,', '{}'],
    ['40/custom', '/custom,', '{}'],
    ['40/custom,{"a":[1,"é"]}', '/custom,', '{"a":[1,"é"]}'],
    ['40/empty-auth,{}', '/empty-auth,', '{}'],
    ['40/dyn-7,', '/dyn-7,', '{}'],
    ['40/dyn-0123456789,', '/dyn-0123456789,', '{}'],
    ['40/auth,{"token":"good"}', '/auth,', '{"token":"good"}'],
  ];
  for (const [packet, prefix, auth] of greetings) {
    test(`${packet} joins, and the greeting follows`, async () => {
      const socket = await open();
      const answer = await exchange(socket, packet);

      assert.ok(answer.startsWith(`40${prefix}`), answer);
      const { sid, ...rest } = JSON.parse(answer.slice(2 + prefix.length));
      assert.match(sid, /^[A-Za-z0-9_-]{16,}$/);
      assert.deepEqual(rest, {});
      assert.notEqual(sid, socket.sid);
      assert.equal(await socket.packet(), `42${prefix}["auth",${auth}]`);
      socket.drop();
    });
  }

  const unknown = ['/nope', '/__proto__', '/constructor', '/dyn-', '/dyn-x', '/xdyn-1', '/dyn-1x', '/Custom', '/custom/', '/custom?a=1', '/%63ustom'];
  for (const name of unknown) {
    test(`${name} is an invalid namespace, and the connection stays`, async () => {
      const socket = await open();

      assert.equal(await exchange(socket, `40${name},`), `44${name},{"message":"Invalid namespace"}`);
      assert.match(await exchange(socket, '40'), /^40\{"sid"/);
      socket.drop();
    });
  }

  test('a middleware refuses with a message and, when there is any, data', async () => {
    const socket = await open();
    const plain = '44/auth,{"message":"Not authorized"}';
    assert.equal(await exchange(socket, '40/auth,'), plain);
    assert.equal(await exchange(socket, '40/auth,{"token":"bad"}'), plain);
    const detailed = await exchange(socket, '40/auth,{"token":"bad","detail":true}');
    assert.deepEqual(JSON.parse(detailed.slice('44/auth,'.length)), {
      message: 'Not authorized',
      data: { code: 'E_AUTH', tries: 3 },
    });

    assert.match(await exchange(socket, '40/auth,{"token":"good"}'), /^40\/auth,\{"sid"/);
    socket.drop();
  });

  test('several namespaces share a connection, each with its own id', async () => {
    const socket = await joinedSocket(server.port);
    const other = JSON.parse((await exchange(socket, '40/custom,')).slice('40/custom,'.length)).sid;
    assert.equal(await socket.packet(), '42/custom,["auth",{}]');

    assert.notEqual(other, socket.id);
    assert.equal(await exchange(socket, '42/custom,1["sid"]'), `43/custom,1["${other}"]`);
    assert.equal(await exchange(socket, '421["sid"]'), `431["${socket.id}"]`);
    socket.drop();
  });

  test('works over polling as well', async () => {
    const session = await joinedPolling(server.port);
    await session.post('40/custom,\x1e40/nope,');
    const answers = (await session.packets(3)).map((packet) => packet.replace(/"sid":"[^"]+"/, '"sid":""'));

    assert.deepEqual(answers.sort(), [
      '40/custom,{"sid":""}', '42/custom,["auth",{}]', '44/nope,{"message":"Invalid namespace"}',
    ]);
  });
});

describe('connectTimeout', () => {
  test('closes a connection that joins nothing', async () => {
    const socket = await open(hurried);

    assert.equal(await socket.closeCode(), 1005);
  });

  test('is not stopped by a refused CONNECT', async () => {
    const socket = await open(hurried);
    socket.send('40/nope,');
    socket.send('40/auth,');

    assert.equal(await socket.closeCode(), 1005);
  });

  test('closes a polling session too', async () => {
    const session = await PollingSession.open(hurried.port, kPath);
    const answer = await session.poll();

    assert.equal(answer.body, '1');
    await session.assertGone();
  });
});

describe('DISCONNECT', () => {
  test('leaves one namespace without an answer; the others stay, and joining again gives a new id', async () => {
    const socket = await joinedSocket(server.port);
    await exchange(socket, '40/custom,');
    await socket.packet();
    socket.send('41');
    assert.equal(await exchange(socket, '42/custom,["message",1]'), '42/custom,["message-back",1]');
    const again = await exchange(socket, '40');

    assert.match(again, /^40\{"sid"/);
    assert.notEqual(JSON.parse(again.slice(2)).sid, socket.id);
    socket.drop();
  });

  test('with no namespace left the connection stays', async () => {
    const socket = await joinedSocket(server.port);
    socket.send('41');

    assert.match(await exchange(socket, '40/custom,'), /^40\/custom,\{"sid"/);
    socket.drop();
  });

  test('from the server is a packet, and the connection stays', async () => {
    const socket = await joinedSocket(server.port);
    assert.equal(await exchange(socket, '42["disconnect-me"]'), '41');

    assert.match(await exchange(socket, '40/custom,'), /^40\/custom,\{"sid"/);
    assert.equal(await socket.packet(), '42/custom,["auth",{}]');
    assert.equal(await exchange(socket, '42/custom,["disconnect-me"]'), '41/custom,');
    socket.drop();
  });

  test('when the server closes the connection there is no close code', async () => {
    const socket = await joinedSocket(server.port);
    socket.send('42["close-me"]');

    assert.equal(await socket.closeCode(), 1005);
  });
});

describe('events and acks', () => {
  test("the client's ack ids are mirrored exactly", async () => {
    const socket = await joinedSocket(server.port);
    for (const id of ['0', '1', '9', '4294967296', '9007199254740991']) {
      assert.equal(await exchange(socket, `42${id}["message-with-ack",${id}]`), `43${id}[${id}]`);
    }
    socket.drop();
  });

  test('an ack has the prefix of its namespace, and may be empty', async () => {
    const socket = await joinedSocket(server.port, { nsp: '/custom' });

    assert.equal(await exchange(socket, '42/custom,12["message-with-ack"]'), '43/custom,12[]');
    assert.equal(await exchange(socket, '42/custom,13["message-with-ack",null,{"a":1}]'), '43/custom,13[null,{"a":1}]');
    socket.drop();
  });

  test('only the first call of an ack is sent', async () => {
    const socket = await joinedSocket(server.port);

    assert.equal(await exchange(socket, '421["double-ack"]'), '431[1]');
    assert.equal(await exchange(socket, '42["message","fence"]'), '42["message-back","fence"]');
    socket.drop();
  });

  test("the server's ack ids count from 0 in each namespace", async () => {
    const socket = await joinedSocket(server.port, { nsp: '/dyn-31' });
    assert.equal(await exchange(socket, '42/dyn-31,["ask",1]'), '42/dyn-31,0["question",1]');
    assert.equal(await exchange(socket, '43/dyn-31,0["yes"]'), '42/dyn-31,["answer","yes"]');
    assert.equal(await exchange(socket, '42/dyn-31,["ask",2]'), '42/dyn-31,1["question",2]');
    socket.drop();
  });

  test('acks that nobody waits for are ignored', async () => {
    const socket = await joinedSocket(server.port);
    await exchange(socket, '40/custom,');
    await socket.packet();
    const question = await exchange(socket, '42["ask","?"]');
    const id = /^42(\d+)\[/.exec(question)[1];
    socket.send(`43/custom,${id}["another namespace"]`);
    socket.send(`4399999["unknown"]`);
    assert.equal(await exchange(socket, `43${id}["yes"]`), '42["answer","yes"]');
    socket.send(`43${id}["twice"]`);

    assert.equal(await exchange(socket, '42["message","fence"]'), '42["message-back","fence"]');
    socket.drop();
  });

  test('an answer after the time-out is ignored', async () => {
    const socket = await joinedSocket(server.port);
    const question = await exchange(socket, '42["ask-timeout",50]');
    assert.match(question, /^42\d+\["question"\]$/);
    assert.equal(await socket.packet(), '42["answer","timeout"]');
    socket.send(`43${/^42(\d+)/.exec(question)[1]}["late"]`);

    assert.equal(await exchange(socket, '42["message","fence"]'), '42["message-back","fence"]');
    socket.drop();
  });

  test('events that nobody handles are ignored, whatever their name', async () => {
    const socket = await joinedSocket(server.port);
    for (const name of ['__proto__', 'constructor', 'toString', 'error', '', 'nobody', 'data', 'é\u0000', 'auth']) {
      socket.send(`42${JSON.stringify([name, 1])}`);
    }
    socket.send('42[7,"a number for a name"]');

    assert.equal(await exchange(socket, '42["message","fence"]'), '42["message-back","fence"]');
    socket.drop();
  });
});
