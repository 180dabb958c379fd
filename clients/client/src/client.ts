// A client: answers from the state that its keeper has, a connection of its own or of another tab, and what a page may do.
import { Answers } from './answers.js';
import { Connection, kClosed, type ClientSocket, type TransportOptions } from './connection.js';
import type { Dehydrated } from './copy.js';
import { refused, TogglecastError } from './error.js';
import type { Flags, FlagTypes } from './flags.js';
import { keep, type Keeper } from './keeper.js';
import { statusOf, type Status } from './life.js';
import type { Context, Metric, MetricsAccepted } from './protocol.js';
import { browserStorage, subjectOf, type StateStorage } from './storage.js';
import type { Tabs, TabMessage } from './tabs.js';

export interface ClientOptions {
  /** The server, such as `https://flags.example`. Absent: the page's own origin. */
  url?: string;
  /** The client's token. It cannot be renewed; use `getToken` for tokens that expire soon. */
  token?: string;
  /** Gets the token. `refresh`: the last one has expired, is about to, or was refused. */
  getToken?: (ask: { refresh: boolean }) => string | Promise<string>;
  context?: Context;
  /** Where the last good state is kept; false: nowhere. Default: `localStorage`, where there is one. */
  storage?: StateStorage | false;
  /** Tells several clients of one page and server apart in the storage. */
  name?: string;
  /** A state that came with the page: `client.dehydrate()` of the server. */
  bootstrap?: Dehydrated | undefined;
  /** False: connect only with `client.connect()`. */
  connect?: boolean;
  /** False: this tab has a connection of its own, also when others have an equal one. */
  share?: boolean;
  /** False: the server is not told what was applied. */
  receipts?: boolean;
  /** Options of the stock client, such as `path` or `transports`. */
  transport?: TransportOptions;
}

export class Client<Known extends FlagTypes = Flags> extends Answers<Known> {
  readonly context: Context | undefined;
  #options: ClientOptions;
  #keeper: Keeper;
  #wish: 'none' | 'connected' | 'closed' = 'none';
  #connection: Connection | undefined;
  #tabs: Tabs | undefined;
  #share: boolean;
  #joined: Promise<void> | undefined; // while other tabs are looked for
  #unjoin = () => {};
  #spare: string | undefined; // a token that was got to know the subject
  #remote: Status | undefined; // of the tab that has the connection
  #last: TogglecastError | undefined;
  #online = () => this.#connection?.start();

  constructor(options: ClientOptions) {
    super();
    this.#options = options;
    this.context = options.context;
    this.#share = options.share ?? true;
    const storage = options.storage === false ? undefined : (options.storage ?? browserStorage());
    const { url = '', name = '', token, bootstrap } = options;
    const keeper = (this.#keeper = keep(url, name, storage, token === undefined ? token : subjectOf(token), {
      context: () => this.context,
      pid: () => (this.#connection?.socket as { _pid?: string } | undefined)?._pid,
      changed: (keys) => this.#refresh(keys),
      moved: () => this.#post(),
      applied: ({ revision, epoch }) => {
        if (options.receipts !== false) this.#connection?.socket.emit('config_ack', { revision, epoch });
      },
    }));
    if (bootstrap) keeper.bootstrap(bootstrap);
    void keeper.load();
    if (options.connect !== false) this.connect();
  }

  /** Fulfilled once the state is that of the server; rejected when it refuses. */
  ready(): Promise<this> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.status === 'ready') resolve(this);
        else if (this.status === 'error' || this.#wish === 'closed') reject(this.#last ?? new TogglecastError('closed', kClosed));
        else return;
        leave();
      };
      const leave = this.subscribe(look);
      look();
    });
  }

  /** The state as JSON, for the bootstrap of a page. */
  dehydrate(): Dehydrated | undefined {
    return this.#keeper.dehydrate();
  }

  /** Replaces the context. Fulfilled when the answers are those of the new one; rejected when the server cannot use it. */
  async setContext(context: Context | undefined): Promise<void> {
    await this.#joined;
    const connection = this.#connection;
    if (connection?.life.phase === 'open' && !this.#tabs) {
      await connection.login({ context: context ?? null });
      (this as { context: unknown }).context = context; // the offset went with the full state: the session belongs to the context of its beginning
      return;
    }
    (this as { context: unknown }).context = context;
    this.#keeper.leave();
    if (this.#wish !== 'connected') return this.#keeper.load();
    if (this.#tabs) {
      this.#leave();
      this.#disconnect();
      this.connect();
    }
    await this.ready();
  }

  /** Adds to the sums that admins see. Without a connection, it waits for the next one. */
  async reportMetrics(metrics: Metric[]): Promise<MetricsAccepted> {
    const request = { metrics, idempotency_key: `${Date.now()}-${Math.random()}` };
    await this.#joined;
    const way = this.#connection ?? this.#tabs;
    if (!way) throw new TogglecastError('closed', kClosed);
    return way.ask(request);
  }

  /**
   * The stock client's socket, with every event typed. Reading it gives this tab a connection of its own, because a
   * shared one may live in another tab.
   */
  get socket(): ClientSocket {
    if (this.#share || !this.#connection) {
      this.#share = false;
      this.#leave();
      this.#connection ??= this.#open();
      if (this.#wish === 'connected') this.#connection.start();
    }
    return this.#connection.socket;
  }

  /** Connects, now; also after `close()` and after a refusal. */
  connect(): void {
    this.#wish = 'connected';
    globalThis.addEventListener?.('online', this.#online);
    if (this.#connection) this.#connection.start();
    else if (this.#share && canShare()) this.#joined ??= this.#join();
    else this.#start();
    this.#refresh();
  }

  close(): void {
    this.#wish = 'closed';
    globalThis.removeEventListener?.('online', this.#online);
    this.#leave();
    this.#disconnect();
    this.#refresh();
  }

  /** Closes, and removes the stored state: for a logout. */
  forget(): void {
    this.close();
    this.#keeper.forget();
  }

  // --- the connection ---

  #open(): Connection {
    const connection: Connection = new Connection(this.#options.url ?? '', this.#options.transport ?? {}, {
      ...this.#keeper,
      renewable: this.#options.getToken !== undefined,
      token: (refresh) => this.#getToken(refresh),
      auth: () => ({ sdk: kSdk, context: this.context, ...this.#keeper.claim() }),
      changed: () => connection === this.#connection && this.#refresh(),
      failed: (error) => this.tell('error', (this.#last = error)),
    });
    return connection;
  }

  #start() {
    (this.#connection ??= this.#open()).start();
  }

  #disconnect() {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #getToken(refresh: boolean): Promise<string> {
    const { getToken, token = '' } = this.#options;
    let fresh = refresh ? undefined : this.#spare;
    this.#spare = undefined;
    try {
      fresh ??= getToken ? await getToken({ refresh }) : token;
    } catch (error) {
      // Whoever it was for: without a token there is no connection, and another person has no token either.
      await this.#keeper.load(true);
      throw error;
    }
    await this.#keeper.identify(subjectOf(fresh));
    return fresh;
  }

  #refresh(changed: readonly string[] = []) {
    const { state, source, asOf } = this.#keeper.now();
    const own = this.#connection ? statusOf(this.#connection.life, !!state) : state ? 'stale' : 'connecting';
    const status = this.#wish === 'closed' ? 'offline' : (this.#remote ?? own);
    if (this.show({ status, source, asOf: status === 'ready' ? undefined : asOf, state }, changed)) this.#post();
  }

  // --- other tabs ---

  async #join() {
    let wanted = true;
    this.#unjoin = () => (wanted = false);
    try {
      if (!this.#keeper.view()) this.#spare = await this.#getToken(false);
      const { joinTabs } = await import('./tabs.js');
      if (!wanted) return;
      this.#tabs = joinTabs(this.#keeper.view(), {
        lead: () => {
          this.#remote = undefined;
          this.#start();
        },
        alone: () => {
          this.#leave();
          this.#start();
        },
        hear: (message) => this.#follow(message),
        tell: () => this.#message(),
        answer: (request) => this.#connection!.ask(request),
        error: refused,
      });
    } catch {
      if (wanted) this.#start();
    } finally {
      if (wanted) this.#joined = undefined;
    }
  }

  #leave() {
    this.#unjoin();
    this.#tabs?.leave();
    this.#joined = this.#tabs = this.#remote = undefined;
  }

  #message(): TabMessage {
    const { source, asOf } = this.#keeper.now();
    return { status: this.status, state: source === 'server' ? this.dehydrate() : undefined, asOf, resume: this.#keeper.resume() };
  }

  #post() {
    if (this.#tabs && this.#connection) this.#tabs.post(this.#message());
  }

  #follow({ status, state, asOf, resume }: TabMessage) {
    if (this.#connection) return;
    this.#remote = status;
    this.#keeper.hear(state, asOf, resume);
  }
}

/** What the server shows admins of the connection: name and version of this package. */
const kSdk = 'togglecast-js/0.1.0';

const canShare = () => 'document' in globalThis && !!globalThis.navigator?.locks;

/** A client that connects at once, and answers from the last good state until then. */
export function createClient<Known extends FlagTypes = Flags>(options: ClientOptions): Client<Known> {
  return new Client<Known>(options);
}
