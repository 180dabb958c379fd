// RFC 6455 frames against the plain echo: what is answered, what is refused and with which code.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineSocket } from '../support/engine.mjs';
import { conformance } from '../support/server.mjs';
import { closeBody, frame, kBinary, kClose, kPing, kPong, kText, RawWebSocket } from '../support/websocket.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const open = (options) => RawWebSocket.open(server.port, '/ws-echo/', options);
const join = (...frames) => Buffer.concat(frames);
const hex = (text) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('a message comes back as it came:', () => {
  for (const length of [0, 1, 125, 126, 127, 65535, 65536, 200000]) {
    test(`${length} bytes of text and of binary`, async () => {
      const socket = await open();
      const bytes = Buffer.alloc(length, 'a');
      socket.send(bytes.toString());
      assert.equal((await socket.message()) === bytes.toString(), true);
      socket.send(bytes);

      assert.equal(bytes.equals(await socket.message()), true);
      socket.drop();
    });
  }

  const whole = [
    ['non-ASCII text', frame(kText, 'κόσμε 😀'), 'κόσμε 😀'],
    ['the ends of the Unicode ranges', frame(kText, '\0\u007f\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\u{10000}\u{10ffff}'),
      '\0\u007f\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\u{10000}\u{10ffff}'],
    ['length in 16 bits although 7 suffice', frame(kText, 'long', { lengthForm: 16 }), 'long'],
    ['length in 64 bits although 7 suffice', frame(kText, 'longer', { lengthForm: 64 }), 'longer'],
    ['two fragments', join(frame(kText, 'one', { fin: false }), frame(0, 'two')), 'onetwo'],
    ['empty fragments', join(frame(kText, '', { fin: false }), frame(0, '', { fin: false }), frame(0, '')), ''],
    ['a ping between fragments', join(frame(kText, 'a', { fin: false }), frame(kPong), frame(0, 'b')), 'ab'],
    ['a character cut by a fragment', join(frame(kText, hex('e2 82'), { fin: false }), frame(0, hex('ac'))), '€'],
    ['a character over four fragments', join(frame(kText, hex('f0'), { fin: false }), frame(0, hex('9f'), { fin: false }),
      frame(0, hex('98'), { fin: false }), frame(0, hex('80'))), '😀'],
  ];
  for (const [name, bytes, expected] of whole) {
    test(name, async () => {
      const socket = await open();
      socket.write(bytes);

      assert.equal(await socket.message(), expected);
      socket.drop();
    });
  }

  test('2,000 fragments of one byte', async () => {
    const socket = await open();
    const middle = Array.from({ length: 1998 }, () => frame(0, 'b', { fin: false }));
    socket.write(join(frame(kText, 'a', { fin: false }), ...middle, frame(0, 'c')));

    assert.equal(await socket.message(), `a${'b'.repeat(1998)}c`);
    socket.drop();
  });

  test('sixteen mebibytes', async () => {
    const socket = await open();
    const bytes = Buffer.alloc(16 << 20, 3);
    socket.send(bytes);

    assert.equal(bytes.equals(await socket.message(30_000)), true);
    socket.drop();
  });

  test('many in one write, in order', async () => {
    const socket = await open();
    socket.write(join(...Array.from({ length: 500 }, (_, n) => frame(kText, `m${n}`))));
    for (let n = 0; n < 500; n++) assert.equal(await socket.message(), `m${n}`);
    socket.drop();
  });

  test('one byte at a time', async () => {
    const socket = await open();
    for (const byte of join(frame(kText, 'sl€w'), frame(kPing, 'p'), frame(kBinary, Buffer.alloc(130, 1)))) {
      await new Promise((written) => socket.tcp.socket.write(Buffer.of(byte), written));
    }

    assert.equal(await socket.message(), 'sl€w');
    assert.equal((await socket.frame()).opcode, kPong);
    assert.equal((await socket.message()).length, 130);
    socket.drop();
  });

  test('sent together with the handshake', async () => {
    const socket = await open({ tail: frame(kText, 'early') });

    assert.equal(await socket.message(), 'early');
    socket.drop();
  });
});

describe('control frames', () => {
  for (const length of [0, 1, 125]) {
    test(`a ping of ${length} bytes is answered with the same bytes`, async () => {
      const socket = await open();
      const payload = Buffer.alloc(length, 0xee);
      socket.write(frame(kPing, payload));
      const pong = await socket.frame();

      assert.equal(pong.opcode, kPong);
      assert.deepEqual(pong.payload, payload);
      socket.drop();
    });
  }

  test('a ping between fragments is answered before the message', async () => {
    const socket = await open();
    socket.write(join(frame(kText, 'a', { fin: false }), frame(kPing, 'now'), frame(0, 'b')));

    assert.equal((await socket.frame()).payload.toString(), 'now');
    assert.equal(await socket.message(), 'ab');
    socket.drop();
  });

  test('pongs nobody asked for are ignored', async () => {
    const socket = await open();
    socket.write(join(frame(kPong), frame(kPong, 'x'), frame(kText, 'on')));

    assert.equal(await socket.message(), 'on');
    socket.drop();
  });

  const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
  for (const code of codes) {
    test(`close ${code} is echoed`, async () => {
      const socket = await open();
      socket.write(frame(kClose, closeBody(code, 'bye')));

      assert.equal(await socket.closeCode(), code);
    });
  }

  test('a close without a code is answered without one', async () => {
    const socket = await open();
    socket.write(frame(kClose));

    assert.equal(await socket.closeCode(), 1005);
  });

  test('a close with the longest reason is echoed', async () => {
    const socket = await open();
    socket.write(frame(kClose, closeBody(1000, 'r'.repeat(123))));

    assert.equal(await socket.closeCode(), 1000);
  });

  test('what follows a close frame is not answered', async () => {
    const socket = await open();
    socket.write(join(frame(kClose, closeBody(1000)), frame(kText, 'late')));
    const answer = await socket.frame();

    assert.equal(answer.opcode, kClose);
    assert.equal(await socket.closeCode(), 1006);
  });
});

describe('a framing error', () => {
  const text = (bytes) => frame(kText, hex(bytes));
  const opened = frame(kText, 'a', { fin: false });
  const errors = [
    ['an unmasked frame', frame(kText, 'x', { masked: false }), 1002],
    ['RSV1 without an extension', frame(kText, 'x', { rsv: 4 }), 1002],
    ['RSV2', frame(kText, 'x', { rsv: 2 }), 1002],
    ['RSV3', frame(kText, 'x', { rsv: 1 }), 1002],
    ['RSV1 on a ping', frame(kPing, '', { rsv: 4 }), 1002],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`reserved opcode ${opcode}`, frame(opcode), 1002]),
    ['a fragmented ping', frame(kPing, '', { fin: false }), 1002],
    ['a fragmented close', frame(kClose, '', { fin: false }), 1002],
    ['a ping of 126 bytes', frame(kPing, Buffer.alloc(126)), 1002],
    ['a close of 126 bytes', frame(kClose, closeBody(1000, 'r'.repeat(124))), 1002],
    ['a continuation of nothing', frame(0, 'x'), 1002],
    ['a continuation after the end', join(opened, frame(0, 'b'), frame(0, 'c')), 1002],
    ['a new message inside a message', join(opened, frame(kText, 'b')), 1002],
    ['a close of one byte', frame(kClose, 'x'), 1002],
    ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) =>
      [`close code ${code}`, frame(kClose, closeBody(code)), 1002]),
    ['a close reason that is no UTF-8', frame(kClose, join(closeBody(1000), hex('ff'))), 1007],
    ['a lone continuation byte', text('80'), 1007],
    ['an impossible byte', text('61 ff 62'), 1007],
    ['an overlong slash', text('c0 af'), 1007],
    ['an overlong euro', text('f0 82 82 ac'), 1007],
    ['a surrogate', text('ed a0 80'), 1007],
    ['a code point past the last', text('f4 90 80 80'), 1007],
    ['a character cut by the end', text('e2 82'), 1007],
    ['a character cut by the end of a fragment and not continued', join(frame(kText, hex('e2 82'), { fin: false }), frame(0, 'a')), 1007],
    ['one byte more than the limit', frame(kBinary, '', { declared: (16n << 20n) + 1n }), 1009],
    ['fragments that together pass the limit', join(opened, frame(0, '', { declared: 16n << 20n })), 1009],
    ['a length of 2^53', frame(kBinary, '', { declared: 2n ** 53n }), 1009],
    ['a length with its highest bit set', frame(kBinary, '', { declared: 2n ** 63n }), 1009],
  ];
  for (const [name, bytes, code] of errors) {
    test(`${name} closes with ${code}`, async () => {
      const socket = await open();
      socket.write(join(frame(kText, 'before'), bytes));
      assert.equal(await socket.message(), 'before');

      assert.equal(await socket.closeCode(), code);
    });
  }

  test('closes an Engine.IO session in the same way', async () => {
    for (const [bytes, code] of [[frame(kText, 'x', { masked: false }), 1002], [frame(kText, hex('ff')), 1007], [frame(0), 1002]]) {
      const session = await EngineSocket.open(server.port, '/opts/');
      session.socket.write(bytes);
      assert.equal(await session.closeCode(), code);
    }
  });

  test('in one connection leaves the others alone', async () => {
    const bystander = await open();
    const offender = await open();
    offender.write(frame(3));
    await offender.closeCode();
    bystander.send('still here');

    assert.equal(await bystander.message(), 'still here');
    bystander.drop();
  });
});
