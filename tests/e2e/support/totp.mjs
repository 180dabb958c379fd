// An authenticator app: the codes of a secret, by Node's own HMAC (RFC 6238).
import { createHmac } from 'node:crypto';

const kStep = 30_000;

function bytesOf(base32) {
  const bits = [...base32].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

export class App {
  constructor(secret) {
    this.secret = bytesOf(secret);
    this.used = -1;
  }

  /** The code of a step. */
  at(step) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const digest = createHmac('sha1', this.secret).update(counter).digest();
    const offset = digest[19] & 15;
    return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
  }

  /** What it shows now. */
  shows() {
    return this.at(Math.floor(Date.now() / kStep));
  }

  /**
   * A code that was not used yet, without waiting: that of now, then that of the next step, which the server takes as well.
   * It is never the one of a step before: that would be too old if a new step begins on the way. A test that needs a third
   * one uses a recovery code, or sets the factor up again.
   */
  next() {
    const now = Math.floor(Date.now() / kStep);
    this.used = Math.max(this.used + 1, now);
    if (this.used > now + 1) throw new Error('the server takes two codes of one secret within 30 seconds, not three');
    return this.at(this.used);
  }

  /** A code that the server cannot take. */
  wrong() {
    const now = Math.floor(Date.now() / kStep);
    const good = [-2, -1, 0, 1, 2].map((drift) => this.at(now + drift));
    return ['000000', '000001', '000002', '000003', '000004', '000005'].find((code) => !good.includes(code));
  }
}
