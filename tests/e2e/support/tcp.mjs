// A TCP connection whose received bytes are read in pieces.
import net from 'node:net';
import { within } from './deadline.mjs';

export class Tcp {
  static async connect(port, host = '127.0.0.1') {
    const socket = net.connect(port, host);
    socket.setNoDelay(true);
    const tcp = new Tcp(socket);
    await within(
      new Promise((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      }),
      `connecting to port ${port}`,
    );
    return tcp;
  }

  constructor(socket) {
    this.socket = socket;
    this.received = Buffer.alloc(0);
    this.ended = false;
    this.wake = () => {};
    socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.wake();
    });
    socket.on('error', () => {});
    /** Resolves when the peer has closed or reset the connection. */
    this.closed = new Promise((resolve) => {
      const over = () => {
        this.ended = true;
        this.wake();
        resolve();
      };
      socket.once('end', over);
      socket.once('close', over);
    });
  }

  write(bytes) {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** `parse(received, ended)` answers undefined (more is needed) or {value, used}. */
  async read(parse, what, ms) {
    for (;;) {
      const result = parse(this.received, this.ended);
      if (result) {
        this.received = this.received.subarray(result.used);
        return result.value;
      }
      if (this.ended) throw new Error(`${what}: the connection ended; received ${JSON.stringify(this.received.toString('latin1'))}`);
      await within(new Promise((resolve) => (this.wake = resolve)), what, ms);
    }
  }

  /** Ends our side at once; the peer sees a reset or an end. */
  drop() {
    this.socket.destroy();
  }

  reset() {
    this.socket.resetAndDestroy();
  }
}
