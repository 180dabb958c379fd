// permessage-deflate (RFC 7692): what is agreed on, what is inflated, what is refused; by raw frames and by `ws`.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import WebSocket from 'ws';
import { connected } from '../support/clients.mjs';
import { Inbox, within } from '../support/deadline.mjs';
import { engineTarget, PollingSession } from '../support/engine.mjs';
import { conformance } from '../support/server.mjs';
import {
  closeBody, deflated, frame, inflated, kBinary, kClose, kCompressed, kPing, kPong, kText, RawWebSocket, upgradeHeaders,
} from '../support/websocket.mjs';

const server = conformance('--patient'); // a busy machine may answer late
const hex = (text) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const join = (...frames) => Buffer.concat(frames);
const kOffer = 'permessage-deflate; client_max_window_bits';
const kAnswer = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
const offering = (offer) => upgradeHeaders({ 'Sec-WebSocket-Extensions': offer });
const open = (offer = kOffer, { path = '/ws-echo/', tail } = {}) =>
  RawWebSocket.open(server.port, path, { headers: offering(offer), tail });
const packed = (opcode, payload, options) => frame(opcode, payload, { rsv: kCompressed, ...options });

describe('the handshake', () => {
  const agreed = [
    ['permessage-deflate', kAnswer],
    [kOffer, kAnswer],
    ['permessage-deflate; client_max_window_bits=10', kAnswer],
    ['permessage-deflate; server_no_context_takeover; client_no_context_takeover', kAnswer],
    ['permessage-deflate; server_max_window_bits=9', `${kAnswer}; server_max_window_bits=9`],
    ['permessage-deflate; server_max_window_bits="12"', `${kAnswer}; server_max_window_bits=12`],
    ['permessage-deflate; server_max_window_bits=8, permessage-deflate', kAnswer],
    ['permessage-bzip2, permessage-deflate; x=1, permessage-deflate; server_max_window_bits=15', `${kAnswer}; server_max_window_bits=15`],
  ];
  for (const [offer, answer] of agreed) {
    test(`accepts ${offer}`, async () => {
      const socket = await open(offer);
      socket.write(packed(kText, deflated('x'.repeat(1000))));

      assert.equal(socket.extensions, answer);
      assert.equal(await socket.message(), 'x'.repeat(1000));
      socket.drop();
    });
  }

  const declined = [
    'x-webkit-deflate-frame',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=8',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=09',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; client_no_context_takeover=1',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; unknown',
    'permessage-deflate; =',
  ];
  for (const offer of declined) {
    test(`goes on without ${offer}`, async () => {
      const socket = await open(offer);
      socket.send('plain');

      assert.equal(socket.extensions, undefined);
      assert.equal(await socket.message(), 'plain');
      socket.drop();
    });
  }

  test('offers in several header fields are one list', async () => {
    const headers = upgradeHeaders({ 'Sec-WebSocket-Extensions': 'permessage-deflate; no', 'sec-websocket-extensions': kOffer });
    const socket = await RawWebSocket.open(server.port, '/ws-echo/', { headers });

    assert.equal(socket.extensions, kAnswer);
    socket.drop();
  });

  test('of Engine.IO agrees on the mount that says so, and on no other', async () => {
    for (const [path, answer] of [['/opts/', kAnswer], ['/socket.io/', undefined], ['/engine.io/', undefined]]) {
      const socket = await open(kOffer, { path: engineTarget(path, 'websocket') });
      assert.equal(socket.extensions, answer, path);
      assert.match(await socket.message(), /^0\{/);
      socket.drop();
    }
  });

  test('of an upgrade agrees, too', async () => {
    const session = await PollingSession.open(server.port, '/opts/');
    const socket = await session.upgrade({ headers: offering(kOffer) });
    socket.write(packed(kText, deflated('2probe')));

    assert.equal(socket.extensions, kAnswer);
    assert.equal(await socket.message(), '3probe');
    socket.drop();
  });
});

describe('a compressed message comes back as it came:', () => {
  const hello = hex('f2 48 cd c9 c9 07 00');
  const messages = [
    ['the example of the specification', packed(kText, hello), 'Hello'],
    ['a stored block', packed(kText, hex('00 05 00 fa ff 48 65 6c 6c 6f 00')), 'Hello'],
    ['a block marked as the last', packed(kText, hex('f3 48 cd c9 c9 07 00 00')), 'Hello'],
    ['two blocks', packed(kText, hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00')), 'Hello'],
    ['nothing', packed(kText, hex('00')), ''],
    ['two fragments', join(packed(kText, hello.subarray(0, 3), { fin: false }), frame(0, hello.subarray(3))), 'Hello'],
    ['an empty fragment first and last', join(packed(kText, '', { fin: false }), frame(0, hello, { fin: false }), frame(0)), 'Hello'],
    ['a ping between fragments', join(packed(kText, hello.subarray(0, 3), { fin: false }), frame(kPong), frame(0, hello.subarray(3))), 'Hello'],
    ['plain although compression was agreed on', frame(kText, 'plain'), 'plain'],
  ];
  for (const [name, bytes, expected] of messages) {
    test(name, async () => {
      const socket = await open();
      socket.write(bytes);

      assert.equal(await socket.message(), expected);
      socket.drop();
    });
  }

  for (const [name, make] of [['text', (n) => 'word '.repeat(n / 5)], ['bytes', (n) => Buffer.alloc(n, 'ab')], ['noise', randomBytes]]) {
    for (const size of [250, 5000, 65536, 1000000]) {
      test(`${size} bytes of ${name}`, async () => {
        const socket = await open();
        const message = make(size - (size % 5));
        socket.write(packed(typeof message === 'string' ? kText : kBinary, deflated(message)));

        assert.deepEqual(await socket.message(), message);
        socket.drop();
      });
    }
  }

  test('sixteen mebibytes', async () => {
    const socket = await open();
    socket.write(packed(kBinary, deflated(Buffer.alloc(16 << 20, 7))));
    const message = await socket.message(30_000);

    assert.equal(message.equals(Buffer.alloc(16 << 20, 7)), true);
    socket.drop();
  });

  test('in 5,000 fragments', async () => {
    const socket = await open();
    const text = randomBytes(4000).toString('hex');
    const payload = deflated(text);
    const pieces = Array.from(payload, (byte, at) =>
      frame(at === 0 ? kText : 0, Buffer.of(byte), { rsv: at === 0 ? kCompressed : 0, fin: at === payload.length - 1 }));
    assert.ok(pieces.length > 3500);
    socket.write(join(...pieces));

    assert.equal(await socket.message(), text);
    socket.drop();
  });

  test('one byte at a time, and together with the handshake', async () => {
    const socket = await open(kOffer, { tail: packed(kText, deflated('early')) });
    assert.equal(await socket.message(), 'early');
    for (const byte of packed(kText, deflated('sl€w'))) {
      await new Promise((written) => socket.tcp.socket.write(Buffer.of(byte), written));
    }

    assert.equal(await socket.message(), 'sl€w');
    socket.drop();
  });
});

describe('an answer', () => {
  test('of 256 bytes and more is compressed, a shorter one is not', async () => {
    const socket = await open();
    for (const [size, rsv] of [[0, 0], [255, 0], [256, kCompressed], [100000, kCompressed]]) {
      socket.send('a'.repeat(size));
      const next = await socket.frame();
      assert.equal(next.rsv, rsv, `${size} bytes`);
      assert.equal((rsv ? inflated(next.payload) : next.payload).toString(), 'a'.repeat(size));
    }
    socket.drop();
  });

  test('that would not become smaller is plain', async () => {
    const socket = await open();
    socket.send(randomBytes(5000));

    assert.equal((await socket.frame()).rsv, 0);
    socket.drop();
  });

  test('stands by itself: the same message is the same frame', async () => {
    const socket = await open();
    const frames = [];
    for (let n = 0; n < 3; n++) {
      socket.send('again and '.repeat(100));
      frames.push(await socket.frame());
    }

    assert.deepEqual(frames[1], frames[0]);
    assert.deepEqual(frames[2], frames[0]);
    socket.drop();
  });

  test('to a ping or a close is never compressed', async () => {
    const socket = await open();
    socket.write(frame(kPing, Buffer.alloc(125, 'p')));
    const pong = await socket.frame();
    socket.write(frame(kClose, closeBody(1000, 'r'.repeat(123))));
    const close = await socket.frame();

    assert.deepEqual([pong.opcode, pong.rsv, close.opcode, close.rsv], [kPong, 0, kClose, 0]);
    socket.drop();
  });
});

describe('a compressed offence', () => {
  const opened = packed(kText, hex('f2 48'), { fin: false });
  const offences = [
    ['RSV1 on a continuation', join(opened, frame(0, 'x', { rsv: 4 })), 1002],
    ['RSV1 on the continuation of a plain message', join(frame(kText, 'a', { fin: false }), frame(0, 'x', { rsv: 4 })), 1002],
    ['RSV1 on a ping', packed(kPing), 1002],
    ['RSV1 on a pong', packed(kPong), 1002],
    ['RSV1 on a close', packed(kClose), 1002],
    ['RSV2', frame(kText, 'x', { rsv: 2 }), 1002],
    ['RSV3', frame(kText, 'x', { rsv: 1 }), 1002],
    ['RSV1 and RSV2', frame(kText, 'x', { rsv: 6 }), 1002],
    ['a plain new message inside', join(opened, frame(kText, 'x')), 1002],
    ['no DEFLATE data', packed(kText, hex('ff ff ff')), 1007],
    ['data cut in the middle', packed(kBinary, deflated(randomBytes(1000)).subarray(0, 500)), 1007],
    ['garbage behind the data', packed(kBinary, join(deflated('x'.repeat(100)), hex('07'))), 1007],
    ['a reference to the message before', join(packed(kText, hex('f2 48 cd c9 c9 07 00')), packed(kText, hex('f2 00 11 00 00'))), 1007],
    ['text that is no UTF-8', packed(kText, deflated(hex('61 ff'))), 1007],
    ['text cut in a character', packed(kText, deflated(hex('61 e2 82'))), 1007],
    ['17 MiB in 17 KiB', packed(kBinary, deflated(Buffer.alloc(17 << 20))), 1009],
    ['a gibibyte in a mebibyte', packed(kBinary, join(...Array(64).fill(deflated(Buffer.alloc(16 << 20))).map((part, at) => (at ? join(hex('00 00 ff ff'), part) : part)))), 1009],
  ];
  for (const [name, bytes, code] of offences) {
    test(`${name} closes with ${code}`, async () => {
      const socket = await open();
      socket.write(bytes);

      assert.equal(await socket.closeCode(), code);
    });
  }

  for (const rsv of [1, 2, 3, 4, 5, 6, 7]) {
    test(`RSV ${rsv} right behind the handshake closes with 1002 where nothing was agreed on`, async () => {
      for (const path of ['/ws-echo/', engineTarget('/opts/', 'websocket'), engineTarget('/engine.io/', 'websocket')]) {
        const socket = await RawWebSocket.open(server.port, path, { tail: frame(kText, deflated('2probe'), { rsv }) });
        assert.equal(await socket.closeCode(), 1002, path);
      }
    });
  }

  test('RSV1 closes with 1002 on a mount without compression, offered or not', async () => {
    const socket = await open(kOffer, { path: engineTarget('/socket.io/', 'websocket'), tail: packed(kText, deflated('40')) });

    assert.equal(await socket.closeCode(), 1002);
  });

  test('of Engine.IO ends at its smaller limit', async () => {
    const socket = await open(kOffer, { path: engineTarget('/opts/', 'websocket') });
    socket.write(packed(kText, deflated(`4${'x'.repeat(10000)}`)));

    assert.equal(await socket.closeCode(), 1009);
  });

  test('repeated by many leaves the server at work', async () => {
    const bomb = packed(kBinary, deflated(Buffer.alloc(64 << 20)));
    const bystander = await open();
    await Promise.all(Array.from({ length: 20 }, async () => {
      const socket = await open();
      socket.write(bomb);
      assert.equal(await socket.closeCode(20_000), 1009);
    }));
    bystander.send('still here');

    assert.equal(await bystander.message(), 'still here');
    bystander.drop();
  });
});

describe('ws', () => {
  const settings = {
    'its defaults': true,
    'everything compressed': { threshold: 0 },
    'a narrow window of ours': { threshold: 0, serverMaxWindowBits: 9 },
    'a narrow window of its own': { threshold: 0, clientMaxWindowBits: 9 },
    'all parameters': { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true, clientMaxWindowBits: 10, serverMaxWindowBits: 11 },
  };
  for (const [name, perMessageDeflate] of Object.entries(settings)) {
    test(`with ${name} exchanges messages`, async () => {
      const socket = new WebSocket(`ws://localhost:${server.port}/ws-echo/`, { perMessageDeflate });
      const inbox = new Inbox();
      socket.on('message', (data, isBinary) => inbox.push(isBinary ? data : data.toString()));
      await within(new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject)), 'the handshake');
      const messages = ['', 'short', 'long '.repeat(2000), Buffer.alloc(100000, 'abc'), randomBytes(3000), 'long '.repeat(2000)];
      for (const message of messages) socket.send(message);

      for (const message of messages) assert.deepEqual(await inbox.next('an echo'), message);
      assert.equal(socket.extensions, 'permessage-deflate');
      const closed = new Promise((resolve) => socket.on('close', resolve));
      socket.close(1000);
      assert.equal(await within(closed, 'the close'), 1000);
    });
  }
});

for (const version of ['4.x', '3.x']) {
  test(`socket.io-client ${version} talks compressed over WebSocket`, async (t) => {
    const client = await connected(t, server, { version, transports: ['websocket'], perMessageDeflate: { threshold: 0 } });
    const other = await connected(t, server, { version, transports: ['websocket'], perMessageDeflate: false });
    const text = 'words '.repeat(1000);
    const bytes = Buffer.alloc(5000, 'abc');

    assert.match(client.socket.io.engine.transport.ws.extensions, /permessage-deflate/);
    assert.equal(other.socket.io.engine.transport.ws.extensions, '');
    assert.deepEqual(await client.ask('message-with-ack', text, bytes), [text, bytes]);
    client.emit('all', text, bytes);
    for (const one of [client, other]) assert.deepEqual(await one.next('all-msg'), [text, bytes]);
  });
}
