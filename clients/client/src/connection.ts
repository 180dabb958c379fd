// One connection to /client: the stock client, driven by the machine of life.ts.
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { Update } from './copy.js';
import { TogglecastError, refused } from './error.js';
import { kUnborn, step, type Input, type Life } from './life.js';
import type { ClientEvents, FullState, MetricsAccepted, Position, Problem, Refusal, ServerEvents, Unacknowledged, View } from './protocol.js';

export type ClientSocket = Socket<ServerEvents, ClientEvents> & Unacknowledged<ClientEvents>;
export type TransportOptions = Partial<ManagerOptions & SocketOptions>;

/** What a connection asks and tells. An offset is where the configuration stands after the event. */
export interface Wires {
  token(refresh: boolean): Promise<string>;
  renewable: boolean; // another token can be had
  /** What goes beside the token, asked once per CONNECT. */
  auth(): object;
  began(view: View, at: Position, offset?: string): void;
  /** False: the state that was resumed is not there. */
  resumed(at: Position, offset?: string): boolean;
  heard(update: Update, offset?: string): void;
  moved(offset?: string): void;
  cut(): void;
  changed(life: Life): void;
  failed(error: TogglecastError): void;
}

export const kClosed = 'call connect()';
const kMostRequests = 100;
/** Refusals that no other token changes. */
const kFinal = /^(forbidden|client_deleted)/;
/** Refusals for a time. */
const kPassing = /^(rate_limited|unavailable|timeout|internal|conflict)$/;

/** What a failed transport says about coming back: the close code of a WebSocket, `Retry-After` of an answer. */
function hintOf(trouble: unknown): { code: number | undefined; retryAfter: number | undefined } {
  const context = (trouble as { context?: { code?: number; getResponseHeader?: (name: string) => string | null } } | undefined)?.context;
  let seconds: number | undefined;
  try {
    seconds = Number(context?.getResponseHeader?.('Retry-After') || undefined);
  } catch {
    // Node's has no headers where there was no answer
  }
  return { code: context?.code, retryAfter: seconds! * 1000 || undefined };
}

export class Connection {
  readonly socket: ClientSocket;
  life: Life = kUnborn;
  #wires: Wires;
  #token = '';
  #refresh = false;
  #ended: { reason: string; message: string } | undefined;
  #asking = 0;
  #end!: () => void;
  #closed = new Promise<never>((_, reject) => (this.#end = () => reject(new Error('closed'))));
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, transport: TransportOptions, wires: Wires) {
    this.#wires = wires;
    this.#closed.catch(() => {}); // nobody may be asking
    const socket: ClientSocket = io(`${url.replace(/\/+$/, '')}/client`, {
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      ...transport,
      autoConnect: false,
      reconnection: false,
      forceNew: true,
      auth: (send) => send({ ...wires.auth(), token: this.#token }),
    });
    this.socket = socket;
    for (const kind of ['client', 'platform', 'feature', 'package'] as const) {
      socket.on(`${kind}_update`, (body: object, offset?: string) => wires.heard({ ...body, kind } as Update, offset));
    }
    socket.on('client_connected', (state, offset) => {
      if ('error' in state) return; // of a request that asked for no acknowledgement
      this.#input({ type: 'opened' }, () => this.#begin(state, offset));
    });
    socket.on('client_resumed', (at, offset) => {
      this.#input({ type: 'opened' }, () => {
        if (!wires.resumed(at, offset)) void this.login({}).catch(wires.failed);
      });
    });
    socket.on('config_sync', (sync, offset) => wires.began(sync.snapshot, sync, offset));
    socket.on('config_status', (_, offset) => wires.moved(offset));
    socket.on('token_expiring', () => void this.#renew());
    socket.on('session_ended', (end) => (this.#ended = end));
    socket.on('connect_error', (error: Error & { data?: Problem }) => {
      if (error.data) return this.#refused(error.data);
      this.#input({ type: 'unreachable', ...hintOf(error) });
    });
    socket.on('disconnect', (_, trouble) => {
      wires.cut();
      const ended = this.#ended;
      this.#ended = undefined;
      if (ended) return this.#refused({ code: ended.reason, message: ended.message });
      this.#input({ ...hintOf(trouble), type: this.life.phase === 'open' ? 'lost' : 'unreachable' });
    });
  }

  /** Connects, at once. */
  start() {
    this.#input({ type: 'start' });
  }

  close() {
    this.#input({ type: 'close' });
    this.#end();
    this.socket.disconnect();
  }

  /**
   * A request with its answer. While there is no connection it waits for the next one, also across one that ends. `then` is
   * done before the next event is heard.
   */
  async ask<Reply = MetricsAccepted>(request: object, name: keyof ClientEvents = 'report_metrics', then?: (reply: Reply) => void): Promise<Reply> {
    for (;;) {
      if (/closed|failed/.test(this.life.phase)) throw new TogglecastError('closed', kClosed);
      if (this.#asking >= kMostRequests) throw new TogglecastError('rate_limited', 'too many requests wait');
      let reply: Reply | Refusal;
      try {
        this.#asking++;
        const answer = new Promise<Reply | Refusal>((resolve, reject) => {
          const hear = (cut: unknown, told: Reply | Refusal) => {
            if (cut) return reject(cut);
            resolve(told);
            if (!(told as Partial<Refusal>).error) then?.(told as Reply);
          };
          hear.withError = true; // as emitWithAck marks its own: it hears of the end of the connection
          (this.socket.emit as (name: string, request: unknown, hear: unknown) => void)(name, request, hear);
        });
        reply = await Promise.race([answer, this.#closed]);
      } catch {
        continue;
      } finally {
        this.#asking--;
      }
      const { error } = reply as Partial<Refusal>;
      if (error) throw refused(error);
      return reply as Reply;
    }
  }

  /** Sends `client_connect`; the answer is a full state. A change may come right behind it. */
  async login(request: Parameters<ClientEvents['client_connect']>[0]) {
    await this.ask<FullState>(request, 'client_connect', (state) => this.#begin(state));
  }

  #begin(state: FullState, offset?: string) {
    this.#wires.began(state, state, offset);
    for (const { pointer, reason } of state.warnings ?? []) this.#wires.failed(new TogglecastError('invalid_argument', `${pointer} ${reason}`));
  }

  /** `then` is done before anybody is told. */
  #input(input: Input, then?: () => void) {
    const before = this.life;
    const { life, connect, refresh } = step(before, input, Date.now(), Math.random);
    if (life === before) return;
    this.life = life;
    then?.();
    this.#refresh ||= refresh ?? false;
    clearTimeout(this.#timer);
    if (connect !== undefined && life.phase === 'trying') void this.#attempt();
    else if (connect !== undefined) this.#timer = setTimeout(() => this.start(), connect);
    this.#wires.changed(life);
  }

  async #fetchToken(refresh: boolean) {
    try {
      this.#token = await this.#wires.token(refresh);
    } catch (cause) {
      throw new TogglecastError('unreachable', 'getToken failed', { cause });
    }
  }

  async #attempt() {
    const life = this.life;
    try {
      await this.#fetchToken(this.#refresh);
      this.#refresh = false;
      if (life === this.life) this.socket.connect();
    } catch (error) {
      this.#wires.failed(error as TogglecastError);
      if (life === this.life) this.#input({ type: 'unreachable' });
    }
  }

  #refused(problem: Problem) {
    const error = refused(problem);
    const { code, retryAfter } = error;
    if (kPassing.test(code)) return this.#input({ type: 'unreachable', retryAfter });
    this.#wires.failed(error);
    this.#input({ type: 'refused', renewable: this.#wires.renewable && !kFinal.test(code), retryAfter });
  }

  async #renew() {
    if (!this.#wires.renewable) return; // the server ends the session when the token does
    try {
      await this.#fetchToken(true);
      await this.login({ token: this.#token });
    } catch (error) {
      // The server closes the connection when the token has expired, and the next one asks again.
      this.#wires.failed(error as TogglecastError);
    }
  }
}
