// RFC 6455 by hand: every bit of a frame can be chosen, and what comes back is checked strictly.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { HttpConnection, requestBytes } from './http.mjs';
import { within } from './deadline.mjs';

export const kText = 1;
export const kBinary = 2;
export const kClose = 8;
export const kPing = 9;
export const kPong = 10;

/** lengthForm: 7, 16 or 64 bits; shortest when left out. declared: a length other than the payload's. */
export function frame(opcode, payload = '', { fin = true, rsv = 0, masked = true, lengthForm, declared } = {}) {
  const bytes = Buffer.from(payload);
  const length = declared ?? BigInt(bytes.length);
  const form = lengthForm ?? (length < 126n ? 7 : length < 65536n ? 16 : 64);
  const head = Buffer.alloc(form === 7 ? 2 : form === 16 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (form === 7 ? Number(length) : form === 16 ? 126 : 127);
  if (form === 16) head.writeUInt16BE(Number(length), 2);
  if (form === 64) head.writeBigUInt64BE(length, 2);
  if (!masked) return Buffer.concat([head, bytes]);
  const mask = randomBytes(4);
  const body = Buffer.from(bytes.map((byte, at) => byte ^ mask[at & 3]));
  return Buffer.concat([head, mask, body]);
}

// RFC 7692: what a message's payload becomes, and back; each message by itself.
const kTail = Buffer.from([0, 0, 0xff, 0xff]);
const kFlush = { finishFlush: constants.Z_SYNC_FLUSH };
export const deflated = (data, options) => deflateRawSync(Buffer.from(data), { ...options, ...kFlush }).subarray(0, -4);
export const inflated = (payload) => inflateRawSync(Buffer.concat([payload, kTail]), kFlush);

/** RSV1, as frame() takes it. */
export const kCompressed = 4;

export function closeBody(code, reason = '') {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

function parseFrame(bytes) {
  if (bytes.length < 2) return undefined;
  let length = bytes[1] & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (bytes.length < at + length) return undefined;
  const value = {
    fin: (bytes[0] & 0x80) !== 0,
    rsv: (bytes[0] >> 4) & 7,
    opcode: bytes[0] & 15,
    masked: (bytes[1] & 0x80) !== 0,
    payload: Buffer.from(bytes.subarray(at, at + length)),
  };
  return { value, used: at + length };
}

export const kKey = 'dGhlIHNhbXBsZSBub25jZQ==';

export function upgradeHeaders(extra = {}) {
  return {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': kKey,
    'Sec-WebSocket-Version': '13',
    ...extra,
  };
}

export class RawWebSocket {
  /** `tail`: bytes sent in the same write as the handshake. */
  static async open(port, target, { headers, tail = Buffer.alloc(0) } = {}) {
    const { response, connection } = await RawWebSocket.handshake(port, target, { headers, tail });
    assert.equal(response.status, 101, `upgrade of ${target} answered ${response.statusLine}: ${response.body}`);
    const accept = createHash('sha1').update(`${kKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    assert.equal(response.headers['sec-websocket-accept'], accept);
    assert.equal(response.headers.upgrade?.toLowerCase(), 'websocket');
    return new RawWebSocket(connection.tcp, response);
  }

  static async handshake(port, target, { headers, tail = Buffer.alloc(0), method = 'GET' } = {}) {
    const connection = await HttpConnection.open(port);
    connection.write(Buffer.concat([requestBytes(target, { method, headers: headers ?? upgradeHeaders() }), tail]));
    return { response: await connection.response(), connection };
  }

  constructor(tcp, response) {
    this.tcp = tcp;
    this.response = response;
    this.extensions = response?.headers['sec-websocket-extensions'];
    this.closed = tcp.closed;
  }

  write(bytes) {
    this.tcp.write(bytes);
  }

  send(data) {
    this.write(frame(typeof data === 'string' ? kText : kBinary, data));
  }

  /** The next frame, which no server may mask, or mark with reserved bits unless it compresses a message. */
  async frame(ms) {
    const next = await this.tcp.read(parseFrame, 'a WebSocket frame', ms);
    assert.equal(next.masked, false, 'a server does not mask');
    const mayCompress = this.extensions && [kText, kBinary].includes(next.opcode);
    assert.ok(next.rsv === 0 || (mayCompress && next.rsv === kCompressed), `no extension allows RSV ${next.rsv}`);
    return next;
  }

  /** The next message, put together from its frames and inflated: a string or a Buffer. */
  async message(ms) {
    const first = await this.frame(ms);
    assert.ok([kText, kBinary].includes(first.opcode), `a data frame, not opcode ${first.opcode} ${first.payload.toString('hex')}`);
    const parts = [first.payload];
    for (let last = first; !last.fin; parts.push(last.payload)) last = await this.frame(ms);
    const joined = Buffer.concat(parts);
    const whole = first.rsv === kCompressed ? inflated(joined) : joined;
    return first.opcode === kText ? whole.toString('utf8') : whole;
  }

  /**
   * Reads to the end of the connection. Answers the close code, 1005 for a close frame without one,
   * 1006 for an end without a close frame. Data and pongs on the way are skipped; a close is answered.
   */
  async closeCode(ms) {
    for (;;) {
      let next;
      try {
        next = await this.frame(ms);
      } catch (error) {
        if (this.tcp.ended) return 1006;
        throw error;
      }
      if (next.opcode !== kClose) continue;
      this.write(frame(kClose, next.payload.subarray(0, 2)));
      await within(this.closed, 'the end of the connection after its close frame', ms);
      this.tcp.drop();
      return next.payload.length >= 2 ? next.payload.readUInt16BE(0) : 1005;
    }
  }

  drop() {
    this.tcp.drop();
  }
}
