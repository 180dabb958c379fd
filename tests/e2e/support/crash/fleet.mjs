// Connections of all kinds that keep a copy each, and come and go: socket.io-client over every transport, and raw ones
// that resume by themselves and drop out in the middle of a frame.
import { io } from 'socket.io-client';
import { EngineSocket, PollingSession } from '../engine.mjs';
import { HttpConnection } from '../http.mjs';
import { AdminCopy, Copy } from './copy.mjs';

const kPath = '/socket.io/';
const kNamespace = '/client';
const kFirst = { '/client': 'client_connected', '/admin': 'admin_connected' };
const kMessage = 'client_notification';
const kResumed = { '/client': 'client_resumed', '/admin': 'admin_resumed' };
const kLongest = 600_000; // without a packet: the server ends a silent connection sooner
const pause = (ms) => new Promise((over) => setTimeout(over, ms));

class StockMember {
  constructor(where, tenant, copy, transports, namespace = kNamespace, mail = undefined) {
    this.copy = copy;
    this.tenant = tenant;
    this.socket = io(where.url + namespace, {
      path: kPath, forceNew: true, transports, auth: tenant.auth,
      reconnectionDelay: 20, reconnectionDelayMax: 300, timeout: 15_000,
    });
    this.socket.on('disconnect', () => copy.ended());
    this.socket.on('connect_error', (error) => {
      if (!this.socket.active) copy.problem(`turned away for good: ${error.message} ${JSON.stringify(error.data)}`);
    });
    this.socket.on(kMessage, (payload, acknowledge) => {
      if (mail?.hear(tenant, payload)) acknowledge();
    });
    this.socket.onAny((event, ...args) => {
      copy.hear(event, args);
      const resumed = event === kResumed[namespace];
      if ((resumed || event === kFirst[namespace]) && Boolean(this.socket.recovered) !== resumed) copy.problem(`${event}, but socket.recovered is ${this.socket.recovered}`);
    });
  }

  /**
   * Loses its connection, or leaves and comes back at once. Not while the library connects, when it would wait for its
   * time-out, or upgrades, when it would hand an event of the old connection to the new one.
   */
  stumble(random) {
    const { engine } = this.socket.io;
    if (!this.socket.connected || engine.upgrading) return;
    if (random.below(2) === 0) return void engine.close();
    this.socket.disconnect();
    // Not sooner: the library gives a socket what its last connection still brings, as if it came over the new one.
    const comeBack = () => this.left || this.socket.connect();
    if (engine.readyState === 'closed') comeBack();
    else engine.once('close', comeBack);
  }

  leave() {
    this.left = true;
    this.socket.disconnect();
    this.socket.io.engine?.close();
  }
}

/** A connection by hand. `open` is one of `raw`. */
export class RawMember {
  constructor(where, tenant, copy, random, open, mail = undefined) {
    Object.assign(this, { where, tenant, copy, random, open, mail });
    this.staying = true;
    this.resume = {};
    this.connections = 0;
    this.flowing = Promise.resolve();
    this.over = this.#live();
  }

  async #live() {
    while (this.staying) {
      await this.#session().catch(() => {});
      this.copy.ended();
      if (this.staying) await pause(10 + this.random.below(150));
    }
  }

  async #session() {
    const cut = new Promise((_, reject) => (this.drop = () => reject(new Error('cut'))));
    cut.catch(() => {});
    await this.flowing;
    const link = await this.open(this.where.port);
    this.connections += 1;
    this.link = link;
    try {
      const { pid, offset } = this.resume;
      await link.send(`40${kNamespace},${JSON.stringify({ ...this.tenant.auth, ...(pid ? { pid, offset } : {}) })}`);
      while (this.staying) {
        await Promise.race([this.flowing, cut]);
        this.#take(await Promise.race([link.packet(), cut]));
      }
    } finally {
      link.drop();
    }
  }

  #take(packet) {
    const comma = packet.indexOf(',');
    const [head, body] = [packet.slice(0, comma), packet.slice(comma + 1)];
    if (head === `40${kNamespace}`) {
      this.resume.pid = JSON.parse(body).pid; // the offset stays, as that of the stock client does
    } else if (head === `44${kNamespace}`) {
      this.staying = false;
      this.copy.problem(`turned away for good: ${body}`);
    } else if (head === `42${kNamespace}`) {
      const [, ackId, json] = /^(\d*)(.*)$/s.exec(body);
      const [event, ...args] = JSON.parse(json);
      this.copy.hear(event, args);
      if (event === kMessage && this.mail?.hear(this.tenant, args[0])) this.link.send(`43${kNamespace},${ackId}[]`)?.catch?.(() => {});
      if (typeof args.at(-1) === 'string') this.resume.offset = args.at(-1);
    } else if (packet === '1' || head === `41${kNamespace}`) {
      throw new Error('closed');
    }
  }

  /** Takes nothing more, until `flow`. */
  stall() {
    this.flowing = new Promise((go) => (this.go = go));
    this.link.pause();
  }

  flow() {
    this.go();
    this.link.resume();
  }

  stumble() {
    this.drop?.();
  }

  leave() {
    this.staying = false;
    this.drop?.();
  }
}

export const raw = {
  websocket: async (port) => {
    const socket = await EngineSocket.open(port, kPath);
    const { tcp } = socket.socket;
    return {
      send: (data) => socket.send(data),
      packet: () => socket.packet(kLongest),
      drop: () => socket.drop(),
      pause: () => tcp.socket.pause(),
      resume: () => tcp.socket.resume(),
    };
  },
  // One that takes nothing does not read the answer to the poll under way, and polls no more.
  polling: async (port) => {
    const session = await PollingSession.open(port, kPath);
    let polling;
    session.poll = async () => {
      polling = await HttpConnection.open(port);
      try {
        polling.send(session.target, { headers: { Connection: 'close' } });
        return await polling.response({ ms: kLongest });
      } finally {
        polling.drop();
      }
    };
    // A poll that nobody waits for any more ends by itself.
    const quietly = (promise) => (promise.catch(() => {}), promise);
    return {
      send: (data) => session.post(data),
      packet: () => quietly(session.packet()),
      drop: () => session.abandon(),
      pause: () => polling?.tcp.socket.pause(),
      resume: () => polling?.tcp.socket.resume(),
    };
  },
};

// Of ten: what a fleet is made of.
const kKinds = [
  'stock websocket', 'stock websocket', 'stock websocket', 'stock polling', 'stock polling', 'stock upgrade',
  'stock upgrade', 'raw websocket', 'raw websocket', 'raw polling',
];
const kTransports = { websocket: ['websocket'], polling: ['polling'], upgrade: ['polling', 'websocket'] };

export class Fleet {
  /**
   * `tenants`: [{auth}]; each member belongs to one. `admin`: the token of the pages of admins. `mail.hear(tenant, message)`
   * hears of messages, and says whether to acknowledge one.
   */
  constructor(where, tenants, size, admin, random, problem, mail = undefined, kinds = kKinds) {
    Object.assign(this, { where, random, problem, kinds, mail });
    this.members = Array.from({ length: size }, (_, n) => this.#member(n, tenants[n % tenants.length]));
    this.admins = Object.entries(kTransports).flatMap(([transport, list]) => [1, 2].map((n) =>
      new StockMember(where, { auth: { token: admin } }, new AdminCopy(`admin ${n} (${transport})`, problem), list, '/admin')));
  }

  #member(n, tenant, copy) {
    const kind = this.kinds[n % this.kinds.length];
    const [make, transport] = kind.split(' ');
    const own = copy ?? new Copy(`client ${n} (${kind}, ${tenant.name})`, this.problem);
    if (make === 'stock') return new StockMember(this.where, tenant, own, kTransports[transport], kNamespace, this.mail);
    return new RawMember(this.where, tenant, own, this.random.child(), raw[transport], this.mail);
  }

  get copies() {
    return this.members.map(({ copy }) => copy);
  }

  /** Everything that the members have heard so far. */
  get events() {
    return this.copies.reduce((sum, copy) => sum + copy.events, 0);
  }

  /** One of them loses its connection, comes back, or starts from nothing as a page that is loaded again. */
  stir() {
    if (this.random.below(30) === 0) return this.random.of(this.admins).stumble(this.random);
    const n = this.random.below(this.members.length);
    if (this.random.below(4) !== 0) return this.members[n].stumble(this.random);
    const { tenant, copy } = this.members[n];
    this.members[n].leave();
    const next = new Copy(copy.name, this.problem);
    next.history = [...copy.history, '(a new page)'];
    [next.events, next.resumes, next.states] = [copy.events, copy.resumes, copy.states];
    this.members[n] = this.#member(n, tenant, next);
  }

  leave() {
    for (const member of [...this.members, ...this.admins]) member.leave();
  }
}
