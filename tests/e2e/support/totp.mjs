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

  /** What it shows now, `drift` steps later or earlier. */
  shows(drift = 0) {
    return this.at(Math.floor(Date.now() / kStep) + drift);
  }

  /** A code that was not used yet: the server takes the one of the next step as well, so two can follow at once. */
  async next() {
    for (;;) {
      const now = Math.floor(Date.now() / kStep);
      const step = Math.max(this.used + 1, now - 1);
      if (step <= now + 1) {
        this.used = step;
        return this.at(step);
      }
      await new Promise((resolve) => { setTimeout(resolve, kStep * (now + 1) - Date.now() + 50); });
    }
  }

  /** A code that the server cannot take. */
  wrong() {
    const now = Math.floor(Date.now() / kStep);
    const good = [-2, -1, 0, 1, 2].map((drift) => this.at(now + drift));
    return ['000000', '000001', '000002', '000003', '000004', '000005'].find((code) => !good.includes(code));
  }
}
