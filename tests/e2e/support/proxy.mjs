// A TCP proxy that misbehaves on demand: it splits, merges, stalls, half-closes, cuts and refuses.
import net from 'node:net';

const kMoment = 5; // ms

/** One proxied connection. Directions: `up` to the server, `down` to the client. */
class Link {
  constructor(proxy, client) {
    this.proxy = proxy;
    this.client = client;
    this.server = new net.Socket();
    this.bytes = { up: 0, down: 0 };
    this.limit = { up: Infinity, down: Infinity };
    this.head = '';
    this.queue = { up: Promise.resolve(), down: Promise.resolve() };
    this.flowing = Promise.resolve();
    proxy.seen?.push(this);
    this.mode = proxy.mode(); // 'bytes': each by itself; 'merged': whatever comes within a moment in one write
    this.held = { up: [], down: [] };
    for (const socket of [this.client, this.server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => this.reset());
    }
    client.on('data', (data) => this.#pass('up', data, this.server));
    this.server.on('data', (data) => this.#pass('down', data, this.client));
    client.on('end', () => this.#after('up', () => this.server.end()));
    this.server.on('end', () => this.#after('down', () => this.client.end()));
  }

  #after(way, act) {
    this.queue[way] = this.queue[way].then(act);
  }

  #pass(way, data, to) {
    if (way === 'up' && this.to === undefined) {
      const first = data.toString('latin1');
      this.to = this.proxy.aim(first);
      if (this.to === undefined) return this.reset();
      this.server.connect(typeof this.to === 'number' ? { port: this.to, host: '127.0.0.1' } : { path: this.to });
      this.head = first.toLowerCase();
      Object.assign(this.limit, this.proxy.limits(this.head));
      this.#after('up', () => this.proxy.gate(this.head));
    }
    const room = this.limit[way] - this.bytes[way];
    const last = data.length >= room;
    const part = last ? data.subarray(0, room) : data;
    this.bytes[way] += part.length;
    if (way === 'down' && this.deaf) return;
    this.deaf ||= way === 'up' && this.proxy.loseAnswerTo?.test(part.toString('latin1')) === true;
    const lost = this.deaf && way === 'up';
    if (lost) this.proxy.loseAnswerTo = undefined;
    this.held[way].push(part);
    const delay = this.proxy.delay[way];
    const due = performance.now() + delay;
    this.#after(way, async () => {
      await this.proxy.flowing;
      await this.flowing;
      if (delay > 0) await new Promise((over) => setTimeout(over, due - performance.now()));
      if (this.mode === 'merged') await new Promise((over) => setTimeout(over, kMoment));
      const bytes = Buffer.concat(this.held[way].splice(0, delay > 0 ? 1 : Infinity));
      if (way === 'down') this.proxy.told?.push(bytes.toString('latin1'));
      const pieces = this.proxy.split || this.mode === 'bytes' ? Array.from(bytes, (byte) => Buffer.of(byte)) : [bytes];
      for (const piece of pieces) {
        if (to.destroyed || to.writableEnded) return;
        if (piece.length > 0) await new Promise((written) => to.write(piece, written));
      }
      if (lost) {  // the server gets all of it, and the client hears nothing of what became of it
        to.end();
        this.client.resetAndDestroy();
      } else if (last) this.reset();
    });
  }

  /** Holds back its bytes; the answer lets them go again. */
  stall() {
    let release;
    this.flowing = new Promise((resolve) => (release = resolve));
    return release;
  }

  /** Ends one direction; the other one goes on as long as both peers like. */
  halfClose(way) {
    (way === 'up' ? this.server : this.client).end();
  }

  reset() {
    if (this.deaf) return;  // ends by itself
    if (!this.client.destroyed) this.client.resetAndDestroy();
    if (typeof this.to === 'string') this.server.destroy(); // a UNIX socket knows no reset
    else if (!this.server.destroyed) this.server.resetAndDestroy();
    this.proxy.links.delete(this);
  }
}

export class Proxy {
  port = 0;
  url = '';

  /** Passes everything to `target` until told otherwise. */
  static async start(t, target) {
    const proxy = new Proxy(target);
    await new Promise((listening) => proxy.listener.listen(0, '127.0.0.1', listening));
    proxy.port = proxy.listener.address().port;
    proxy.url = `http://127.0.0.1:${proxy.port}`;
    t.after(() => proxy.close());
    return proxy;
  }

  constructor(target) {
    this.aim = () => target; // (first bytes sent) => the port of the server, or its socket's path; undefined: reset
    this.links = new Set();
    this.split = false; // write every byte by itself
    this.refusing = false; // reset new connections at once
    this.accepted = 0;
    this.limits = () => ({}); // (first bytes sent, in lower case) => {up?, down?}: reset after so many bytes
    this.mode = () => 'plain'; // of a new connection
    this.loseAnswerTo = undefined; // a pattern: the next bytes to the server that have it are the last of their connection
    this.seen = undefined; // a list: gets all links
    this.delay = { up: 0, down: 0 }; // ms, for all bytes that come from now on
    this.told = undefined; // a list: gets all texts that went to clients
    this.gate = () => {}; // (first bytes sent, in lower case) => a promise that holds the connection back
    this.flowing = Promise.resolve();
    this.listener = net.createServer((client) => {
      this.accepted += 1;
      if (this.refusing) client.resetAndDestroy();
      else this.links.add(new Link(this, client));
    });
  }

  cut() {
    for (const link of [...this.links]) link.reset();
  }

  /**
   * Holds back every byte from now on; the answer lets them go again.
   * @returns {() => void}
   */
  stall() {
    let release = () => {};
    this.flowing = new Promise((resolve) => (release = resolve));
    return release;
  }

  close() {
    this.cut();
    this.listener.close();
  }
}

export const isWebSocket = (head) => /\r\nupgrade: websocket\r\n/.test(head);
