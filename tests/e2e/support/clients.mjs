// The official clients, wrapped so that a test can await what they receive.
import { io as io3 } from 'socket.io-client-3';
import { io as io4 } from 'socket.io-client';
import { Inbox, kDeadline, until, within } from './deadline.mjs';

export const versions = { '4.x': io4, '3.x': io3 };
export const transports = {
  polling: ['polling'],
  websocket: ['websocket'],
  'polling, then websocket': ['polling', 'websocket'],
};

/** Every version of the client over every transport: calls back with a name and connect options. */
export function eachWay(callback) {
  for (const version of Object.keys(versions)) {
    for (const [name, list] of Object.entries(transports)) {
      callback(`${version} over ${name}`, { version, transports: list });
    }
  }
}

let namespaces = 1000;
/** A namespace nobody else in this file uses. */
export const ownNamespace = () => `/dyn-${++namespaces}`;

export class Client {
  #inboxes = new Map();

  /** Takes socket.io-client's options, and version, nsp (default `/`) and an existing socket. */
  constructor(url, { version = '4.x', nsp = '/', path = '/opts/', socket, ...options } = {}) {
    this.socket = socket ?? versions[version](url + nsp, { path, forceNew: true, reconnection: false, ...options });
    this.socket.onAny((event, ...args) => this.#inbox(event).push(args));
    this.outcomes = new Inbox();
    this.disconnects = new Inbox();
    this.socket.on('connect', () => this.outcomes.push('connect'));
    this.socket.on('connect_error', (error) => {
      if (typeof error.description === 'number') error.stack += `\n    the status was ${error.description}`; // of HTTP
      this.outcomes.push(error);
    });
    this.socket.on('disconnect', (reason, details) => {
      this.lastEnd = `${reason} ${details?.description?.code ?? details?.description ?? ''}`.trim();
      this.disconnects.push(reason);
    });
  }

  #inbox(event) {
    if (!this.#inboxes.has(event)) this.#inboxes.set(event, new Inbox());
    return this.#inboxes.get(event);
  }

  get id() {
    return this.socket.id;
  }

  get transport() {
    return this.socket.io.engine.transport.name;
  }

  /** Resolves when connected, rejects with the client's own error when refused. */
  async connected() {
    const outcome = await this.outcomes.next('connect or connect_error');
    if (outcome !== 'connect') throw outcome;
    return this;
  }

  /** Resolves at the next connect, however many attempts fail before. */
  async reconnected() {
    while ((await this.outcomes.next('connect')) !== 'connect');
  }

  async refused() {
    const outcome = await this.outcomes.next('connect_error');
    if (outcome === 'connect') throw new Error('connected, but a refusal was expected');
    return outcome;
  }

  async upgraded() {
    await until(() => this.transport === 'websocket', 'the upgrade');
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /** Emits with an ack; answers the ack's arguments, or the only one. */
  async ask(event, ...args) {
    const answer = new Promise((resolve) => this.socket.emit(event, ...args, (...values) => resolve(values)));
    const values = await within(answer, `the ack of ${event}`);
    return values.length > 1 ? values : values[0];
  }

  /**
   * The same of a client that comes back after a cut: asks again until it is answered. On a busy machine the short
   * heartbeat of the conformance server also ends connections that nobody has cut.
   */
  async insist(event, ...args) {
    const end = performance.now() + 6 * kDeadline;
    for (;;) {
      let cut;
      const lost = new Promise((resolve) => this.socket.once('disconnect', (cut = () => resolve(null))));
      const answered = new Promise((resolve) => this.socket.emit(event, ...args, (...values) => resolve(values)));
      const values = await within(Promise.race([answered, lost]), `the ack of ${event}`, end - performance.now());
      this.socket.off('disconnect', cut);
      if (values) return values.length > 1 ? values : values[0];
    }
  }

  /** The arguments of the next `event`. An error tells whether the connection had ended. */
  async next(event, ms = kDeadline) {
    try {
      return await this.#inbox(event).next(`event ${event}`, ms);
    } catch (error) {
      if (!this.socket.connected) error.message += `; the connection ended: ${this.lastEnd ?? 'it never began'}`;
      throw error;
    }
  }

  async take(event, count, ms = kDeadline) {
    return this.#inbox(event).take(count, `event ${event}`, ms);
  }

  unread(event) {
    return this.#inbox(event).size;
  }

  close() {
    this.socket.disconnect();
    this.socket.io.engine?.close();
  }
}

/** A connected client that is closed with the test. */
export async function connected(t, server, options) {
  const client = new Client(server.url, options);
  t.after(() => client.close());
  await client.connected();
  if (options?.transports?.length === 2) await client.upgraded();
  return client;
}

/** When all have heard it, they have heard everything that `sender` caused before. */
export async function fence(sender, clients) {
  const mark = `fence ${Math.random()}`;
  sender.emit('all', mark);
  for (const client of clients) {
    let heard;
    do [heard] = await client.next('all-msg');
    while (heard !== mark);
  }
}
