// WebSocket frames that broke other servers. Only the connection that sent them pays.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { within } from '../support/deadline.mjs';
import { EngineSocket, joinedSocket } from '../support/engine.mjs';
import { openDescriptors, residentMebibytes, untilClosed, whileServing, withinMemory } from '../support/hostile.mjs';
import { conformance } from '../support/server.mjs';
import { frame, kBinary, kPing, kPong, kText, RawWebSocket } from '../support/websocket.mjs';

const server = conformance('--unhurried');
const kMounts = ['/ws-echo/', '/engine.io/?EIO=4&transport=websocket', '/opts/?EIO=4&transport=websocket'];
const open = (options) => RawWebSocket.open(server.port, '/ws-echo/', options);

/** As many copies of a frame, in writes of a megabyte at most; answers when the kernel has taken all. */
async function flood(socket, bytes, count) {
  const perWrite = Math.max(1, Math.floor((1 << 20) / bytes.length));
  const block = Buffer.concat(Array.from({ length: Math.min(perWrite, count) }, () => bytes));
  for (let left = count; left > 0 && !socket.tcp.ended; left -= perWrite) {
    const piece = left < perWrite ? block.subarray(0, left * bytes.length) : block;
    await new Promise((written) => socket.tcp.socket.write(piece, written));
  }
}

describe('reserved bits right after the upgrade', () => {
  for (const target of kMounts) {
    for (let rsv = 1; rsv < 8; rsv++) {
      test(`${rsv.toString(2)} on ${target} closes with 1002`, () => whileServing(server, async () => {
        for (const bytes of [frame(kText, '40', { rsv }), frame(kBinary, '', { rsv }), frame(kPing, 'x', { rsv }), frame(0, '', { rsv, fin: false })]) {
          const together = await RawWebSocket.open(server.port, target, { tail: bytes });
          assert.equal(await together.closeCode(), 1002);
        }
        const later = await RawWebSocket.open(server.port, target);
        later.write(frame(kText, '40', { rsv }));
        assert.equal(await later.closeCode(), 1002);
      }));
    }
  }
});

describe('a declared length', () => {
  const lengths = { '2^31': 2n ** 31n, '2^32': 2n ** 32n, '2^53': 2n ** 53n, '2^62': 2n ** 62n, '2^63-1': 2n ** 63n - 1n, '2^63': 2n ** 63n, '2^64-1': 2n ** 64n - 1n };
  for (const [name, declared] of Object.entries(lengths)) {
    test(`of ${name} closes with 1009, alone and behind a fragment, and costs nothing`, () => whileServing(server, () =>
      withinMemory(server, 20, async () => {
        for (const target of kMounts) {
          for (const bytes of [frame(kText, 'x', { declared }), frame(kBinary, '', { declared }),
            Buffer.concat([frame(kText, 'a', { fin: false }), frame(0, 'b', { declared })])]) {
            const socket = await RawWebSocket.open(server.port, target);
            socket.write(bytes);
            assert.equal(await socket.closeCode(), 1009);
          }
        }
      })));
  }

  test('of a million bytes, of which ten come, costs ten: two hundred times', () => whileServing(server, () =>
    withinMemory(server, 40, async () => {
      const sockets = await Promise.all(Array.from({ length: 200 }, () => RawWebSocket.open(server.port, '/ws-echo/')));
      for (const socket of sockets) socket.write(Buffer.concat([frame(kPing), frame(kBinary, Buffer.alloc(10), { declared: 16n << 20n })]));
      for (const socket of sockets) assert.equal((await socket.frame()).opcode, kPong);
      for (const socket of sockets) socket.drop();
    })));
});

describe('fragments without end', () => {
  test('that are empty cost nothing, and end as an empty message', () => whileServing(server, () => withinMemory(server, 20, async () => {
    const socket = await open();
    socket.write(frame(kText, '', { fin: false }));
    await flood(socket, frame(0, '', { fin: false }), 500_000);
    socket.write(frame(0, ''));
    assert.equal(await socket.message(), '');
    socket.drop();
  })));

  test('of one byte cost their bytes, up to the limit of a message', () => whileServing(server, () => withinMemory(server, 20, async () => {
    const socket = await EngineSocket.open(server.port, '/opts/');
    socket.socket.write(frame(kText, '4', { fin: false }));
    await flood(socket.socket, frame(0, 'x', { fin: false }), 10_000);
    assert.equal(await socket.closeCode(), 1009);
  })));

  test('with pings between them are answered, and the message comes', () => whileServing(server, async () => {
    const socket = await open();
    socket.write(frame(kText, 'a', { fin: false }));
    await flood(socket, Buffer.concat([frame(kPing, 'p'), frame(0, 'b', { fin: false })]), 5_000);
    socket.write(frame(0, 'c'));
    for (let n = 0; n < 5_000; n++) assert.equal((await socket.frame()).opcode, kPong);
    assert.equal((await socket.message()).length, 5_002);
    socket.drop();
  }));
});

describe('a flood', () => {
  test('of pings is answered ping for ping', () => whileServing(server, () => withinMemory(server, 60, async () => {
    const socket = await open();
    const read = (async () => {
      for (let n = 0; n < 50_000; n++) assert.equal((await socket.frame()).opcode, kPong);
    })();
    await flood(socket, frame(kPing, 'p'), 50_000);
    await read;
    socket.drop();
  })));

  test('of pings whose answers nobody reads ends the connection, before it costs much', () => whileServing(server, async () => {
    const before = residentMebibytes(server.process);
    const descriptors = openDescriptors(server.process);
    const socket = await open();
    socket.tcp.socket.pause();
    const gone = new Promise((over) => socket.tcp.socket.once('close', over));
    let most = 0;
    for (let n = 0; n < 40 && most < 400; n++) {
      const written = flood(socket, frame(kPing), 500_000);
      await within(Promise.race([written, gone]), 'the server to take pings or to end', 90_000);
      most = Math.max(most, residentMebibytes(server.process) - before);
      if (socket.tcp.socket.destroyed) break;
    }
    assert.ok(socket.tcp.socket.destroyed, 'the server ended it');
    assert.ok(most < 200, `the server grew by ${most.toFixed(1)} MiB`);
    await untilClosed(server, descriptors);
  }));

  test('of pongs is ignored', () => whileServing(server, () => withinMemory(server, 20, async () => {
    for (const target of kMounts) {
      const socket = await RawWebSocket.open(server.port, target);
      await flood(socket, frame(kPong, 'unasked'), 300_000);
      socket.write(frame(kPing, 'still here?'));
      let answer = await socket.frame();
      while (answer.opcode === kText) answer = await socket.frame();
      assert.equal(answer.payload.toString(), 'still here?');
      socket.drop();
    }
  })));

  test("of Engine.IO pongs is ignored, and one Engine.IO ping from a client ends it", () => whileServing(server, () =>
    withinMemory(server, 20, async () => {
      const socket = await joinedSocket(server.port);
      await flood(socket.socket, frame(kText, '3'), 200_000);
      await flood(socket.socket, frame(kText, '3pong'), 200_000);
      socket.send('42["message","on"]');
      assert.equal(await socket.packet(), '42["message-back","on"]');
      socket.send('2');
      assert.equal(await socket.closeCode(), 1005);
    })));

  test('of close frames is answered once', () => whileServing(server, async () => {
    const socket = await open();
    await flood(socket, frame(8), 10_000);
    assert.equal(await socket.closeCode(), 1005);
    assert.equal(socket.tcp.received.length, 0);
  }));
});
