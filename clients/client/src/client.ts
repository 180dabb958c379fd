import { Connection, type ClientSocket, type TransportOptions } from './connection.js';
import { Copy, type CopyState, type Dehydrated, type FlagDetails } from './copy.js';
import { TogglecastError } from './error.js';
import { limitOf, valueOf, type Answered, type Flags, type FlagTypes } from './flags.js';
import { statusOf, type Status } from './life.js';
import type { Context, Identity, JsonValue, Metric, MetricsAccepted, Plan, Platform } from './protocol.js';
import { browserStorage, readStored, subjectOf, viewOf, writeStored, type Resume, type StateStorage, type Stored } from './storage.js';
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

/** Where the state comes from: the server itself, the storage, the page, or nowhere yet. */
export type Source = 'server' | 'storage' | 'bootstrap' | 'none';

/** An immutable picture of the client. Parts that did not change are the same objects as before. */
export interface Snapshot {
  readonly status: Status;
  readonly source: Source;
  /** When the state was last known to be current, in ms since 1970 by this machine's clock; undefined while it is. */
  readonly asOf: number | undefined;
  readonly state: CopyState | undefined;
}

export interface ClientListeners {
  /** Keys of flags; for the rest `/platforms/<key>`, `/plan` and `/client`. */
  change: (keys: readonly string[]) => void;
  status: (status: Status) => void;
  error: (error: TogglecastError) => void;
}

const kQuickly = 100; // ms; changes that come together are written together
const kNothing: Snapshot = { status: 'connecting', source: 'none', asOf: undefined, state: undefined };

/** What the bindings of frameworks need of a client. */
export type Store = Pick<Client, 'getSnapshot' | 'getInitialSnapshot' | 'subscribe'>;

export class Client<Known extends FlagTypes = Flags> {
  #options: ClientOptions;
  #url: string;
  #storage: StateStorage | undefined;
  #context: Context | undefined;
  #copy = new Copy();
  #source: Source = 'none';
  #asOf: number | undefined;
  #snapshot: Snapshot = kNothing;
  #initial: Snapshot = kNothing;
  #wish: 'none' | 'connected' | 'closed' = 'none';

  #subject: string | undefined;
  #stored: Stored | undefined; // what the storage had, until it is used or of no use
  #claim: Resume | undefined; // given once
  #offset: string | undefined; // of the state that we have

  #connection: Connection | undefined;
  #tabs: Tabs | undefined;
  #share: boolean;
  #joined: Promise<void> | undefined; // while other tabs are looked for
  #unjoin = () => {};
  #spare: string | undefined; // a token that was got to know the subject
  #remote: Status | undefined; // of the tab that has the connection
  #saving: ReturnType<typeof setTimeout> | undefined;
  #last: TogglecastError | undefined;
  #listeners = new Map<string, Set<(what: never) => void>>();
  #online = () => this.#connection?.start();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#url = options.url ?? '';
    this.#context = options.context;
    this.#share = options.share ?? true;
    this.#storage = options.storage === false ? undefined : (options.storage ?? browserStorage());
    if (options.token !== undefined) this.#subject = subjectOf(options.token);
    if (options.bootstrap) this.#take(options.bootstrap, 'bootstrap', undefined);
    this.#initial = this.#snapshot;
    this.#load();
    if (options.connect !== false) this.connect();
  }

  // --- what the page asks ---

  get status(): Status {
    return this.#snapshot.status;
  }

  /** The value of a flag, or of a sub-feature as `feature/sub`; `fallback` when none of its type is known. */
  flag<Key extends keyof Known & string, T extends Known[Key]>(key: Key, fallback: T): Answered<Known[Key], T> {
    return valueOf<JsonValue>(this.details(key)?.value, fallback) as Answered<Known[Key], T>;
  }

  /** The whole answer; undefined for a flag that the client does not see. */
  details(key: keyof Known & string): FlagDetails | undefined {
    return this.#copy.state?.flags.get(key);
  }

  platform(key: string): Platform | undefined {
    return this.#copy.state?.platforms.get(key);
  }

  plan(): Plan | null {
    return this.#copy.state?.plan ?? null;
  }

  /** How many the feature allows: 0 when it is off or unknown, Infinity when it is on without a limit. */
  limit(key: keyof Known & string): number {
    return limitOf(this.details(key));
  }

  identity(): Identity | undefined {
    return this.#copy.state?.identity;
  }

  get context(): Context | undefined {
    return this.#context;
  }

  /** How old the state is, in ms: 0 while the connection is up, undefined without a state. */
  age(): number | undefined {
    if (this.status === 'ready') return 0;
    return this.#asOf === undefined ? undefined : Math.max(0, Date.now() - this.#asOf);
  }

  getSnapshot = (): Snapshot => this.#snapshot;

  /** The snapshot that the page began with: its bootstrap. For the hydration of rendered pages. */
  getInitialSnapshot = (): Snapshot => this.#initial;

  /** Calls `watcher` after every change of the snapshot. Answers the way out. */
  subscribe = (watcher: () => void): (() => void) => this.#listen('', () => watcher());

  on<Name extends keyof ClientListeners>(name: Name, listener: ClientListeners[Name]): () => void {
    return this.#listen(name, listener);
  }

  /** Fulfilled once the state is that of the server; rejected when it refuses. */
  ready(): Promise<this> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.status === 'ready') resolve(this);
        else if (this.status === 'error' || this.#wish === 'closed') reject(this.#last ?? new TogglecastError('closed', 'closed'));
        else return;
        leave();
      };
      const leave = this.subscribe(look);
      look();
    });
  }

  /** The state as JSON, for the bootstrap of a page. */
  dehydrate(): Dehydrated | undefined {
    return this.#copy.dehydrate();
  }

  // --- what the page does ---

  /** Replaces the context. Fulfilled when the answers are those of the new one; rejected when the server cannot use it. */
  async setContext(context: Context | undefined): Promise<void> {
    await this.#joined;
    const connection = this.#connection;
    if (connection?.life.phase === 'open' && !this.#tabs) {
      await connection.login({ context: context ?? null });
      this.#context = context; // the offset went with the full state: the session belongs to the context of its beginning
      return;
    }
    this.#context = context;
    this.#stored = this.#claim = this.#offset = undefined;
    if (this.#wish !== 'connected') return this.#load();
    if (this.#tabs) {
      this.#leave();
      this.#disconnect();
      this.connect();
    }
    await this.ready();
  }

  /** Adds to the sums that admins see. Without a connection, it waits for the next one. */
  async reportMetrics(metrics: Metric[]): Promise<MetricsAccepted> {
    const request = { metrics, idempotency_key: unique() };
    await this.#joined;
    if (this.#connection) return this.#connection.ask('report_metrics', request);
    if (this.#tabs) return this.#tabs.ask(request);
    throw new TogglecastError('closed', 'call connect() first');
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
    clearTimeout(this.#saving);
    this.#guard(() => this.#storage?.removeItem(this.#key));
  }

  // --- the connection ---

  #open(): Connection {
    const connection: Connection = new Connection(this.#url, this.#options.transport ?? {}, {
      renewable: this.#options.getToken !== undefined,
      token: (refresh) => this.#getToken(refresh),
      auth: () => {
        const claim = this.#claim;
        this.#claim = undefined;
        return { ...(this.#context && { context: this.#context }), ...claim };
      },
      began: (view, at, offset) => {
        this.#take({ ...view, ...at }, 'server', offset);
        this.#receipt();
      },
      resumed: (at, offset) => {
        if (!this.#copy.resume(at)) return false;
        this.#source = 'server';
        this.#moved(offset);
        this.#receipt();
        return true;
      },
      heard: (update, offset) => {
        const changed = this.#copy.hear(update);
        if (!changed) return;
        this.#moved(offset);
        this.#refresh([...changed]);
        this.#receipt();
      },
      moved: (offset) => this.#moved(offset),
      cut: () => {
        this.#copy.cut();
        if (this.status === 'ready') this.#asOf = Date.now();
        this.#save(0);
      },
      changed: () => connection === this.#connection && this.#refresh(),
      failed: (error) => this.#emit('error', (this.#last = error)),
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
      await this.#load(true);
      throw error;
    }
    const subject = subjectOf(fresh);
    if (subject !== this.#subject) {
      if (this.#subject !== undefined || (this.#source === 'storage' && this.#stored?.view !== this.#view(subject))) this.#drop();
      this.#subject = subject;
      await this.#load();
    }
    return fresh;
  }

  #moved(offset: string | undefined) {
    this.#offset = offset ?? this.#offset;
    this.#save();
    this.#post(true);
  }

  /** What the next life of the page goes on from. The stock client has the private id, and tells it to nobody. */
  #resume(): Resume | undefined {
    const pid = (this.#connection?.socket as { _pid?: string } | undefined)?._pid;
    return pid && this.#offset ? { pid, offset: this.#offset } : undefined;
  }

  #receipt() {
    const { state } = this.#copy;
    if (state && this.#options.receipts !== false) {
      this.#connection?.socket.emit('config_ack', { revision: state.revision, epoch: state.epoch });
    }
  }

  // --- the state ---

  #view(subject = this.#subject) {
    return viewOf(this.#url, subject ?? '', this.#context);
  }

  get #key() {
    return `togglecast:${this.#url}:${this.#options.name ?? ''}`;
  }

  #take(state: Dehydrated, source: Source, offset: string | undefined, asOf?: number) {
    const changed = this.#copy.begin(state, state);
    this.#source = source;
    this.#asOf = asOf;
    if (source === 'server') {
      this.#offset = undefined;
      this.#moved(offset);
    }
    this.#refresh(changed);
  }

  /** The state is of somebody else. */
  #drop() {
    const { state } = this.#copy;
    this.#copy = new Copy();
    this.#source = 'none';
    this.#stored = this.#claim = this.#offset = this.#asOf = undefined;
    this.#refresh([...(state?.flags.keys() ?? []), '/plan', '/client']);
  }

  #load(ofAnybody = false): Promise<void> | undefined {
    const read = (text: string | null | undefined) => this.#guard(() => this.#use(readStored(text ?? null), ofAnybody));
    if (this.#stored) return void this.#use(this.#stored, ofAnybody);
    const found = this.#guard(() => this.#storage?.getItem(this.#key));
    return found && typeof found === 'object' ? found.then(read, () => {}) : void read(found);
  }

  #use(stored: Stored | undefined, ofAnybody: boolean) {
    if (!stored || this.#source === 'server') return;
    this.#stored = stored;
    const known = this.#subject !== undefined;
    if (known ? stored.view !== this.#view() : !ofAnybody || this.#source !== 'none') return;
    const { state } = this.#copy;
    const { revision, epoch } = stored.state;
    if (state && (epoch < state.epoch || (epoch === state.epoch && revision < state.revision))) return;
    if (known) this.#claim = stored.resume;
    this.#take(stored.state, 'storage', undefined, stored.asOf);
  }

  #save(after = kQuickly) {
    clearTimeout(this.#saving);
    if (!this.#storage || this.#source !== 'server' || this.#subject === undefined) return;
    const save = () => {
      const state = this.#copy.dehydrate();
      if (!state) return;
      const asOf = this.status === 'ready' ? Date.now() : (this.#asOf ?? Date.now());
      const text = writeStored({ view: this.#view(), asOf, state, resume: this.#resume() });
      this.#guard(() => this.#storage?.setItem(this.#key, text));
    };
    if (after) this.#saving = setTimeout(save, after);
    else save();
  }

  /** What the storage answers. One that is full, forbidden or spoilt costs nothing but the state after a reload. */
  #guard<Answer>(act: () => Answer): Answer | undefined {
    try {
      const answer = act();
      if (answer instanceof Promise) answer.catch(() => {});
      return answer;
    } catch {
      return undefined;
    }
  }

  #refresh(changed: readonly string[] = []) {
    const { state } = this.#copy;
    const before = this.#snapshot;
    const own = this.#connection ? statusOf(this.#connection.life, !!state) : state ? 'stale' : 'connecting';
    const status = this.#wish === 'closed' ? 'offline' : (this.#remote ?? own);
    const next: Snapshot = { status, source: this.#source, asOf: status === 'ready' ? undefined : this.#asOf, state };
    if (state === before.state && status === before.status && next.source === before.source) return;
    this.#snapshot = next;
    this.#emit('', undefined);
    if (status !== before.status) this.#emit('status', status);
    if (changed.length) this.#emit('change', changed);
    if (status !== before.status) this.#post(false);
  }

  #listen(name: string, listener: (what: never) => void): () => void {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(listener));
    return () => void all.delete(listener);
  }

  #emit(name: string, what: unknown) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(what as never);
      } catch (error) {
        setTimeout(() => {
          throw error; // the page's own mistake: it shall be seen, and stop nothing else
        });
      }
    }
  }

  // --- other tabs ---

  async #join() {
    let wanted = true;
    this.#unjoin = () => (wanted = false);
    try {
      if (this.#subject === undefined) this.#spare = await this.#getToken(false);
      const { joinTabs } = await import('./tabs.js');
      if (!wanted) return;
      this.#tabs = joinTabs(this.#view(), {
        lead: () => {
          this.#remote = undefined;
          this.#start();
        },
        alone: () => {
          this.#leave();
          this.#start();
        },
        hear: (message) => this.#follow(message),
        tell: () => this.#message(true),
        answer: (request) => this.#connection!.ask('report_metrics', request),
        error: (code, message) => new TogglecastError(code, message),
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

  #message(whole: boolean): TabMessage {
    const state = whole && this.#source === 'server' ? this.#copy.dehydrate() : undefined;
    return { status: this.status, state, asOf: this.#asOf, resume: this.#resume() };
  }

  #post(whole: boolean) {
    if (this.#tabs && this.#connection) this.#tabs.post(this.#message(whole));
  }

  #follow({ status, state, asOf, resume }: TabMessage) {
    if (this.#connection) return;
    this.#remote = status;
    this.#asOf = asOf;
    this.#claim = resume;
    if (!state) return this.#refresh();
    const changed = this.#copy.begin(state, state);
    this.#source = 'server';
    this.#refresh(changed);
  }
}

const canShare = () =>
  'document' in globalThis && 'BroadcastChannel' in globalThis && !!globalThis.navigator?.locks;

const unique = () => globalThis.crypto?.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

/** A client that connects at once, and answers from the last good state until then. */
export function createClient<Known extends FlagTypes = Flags>(options: ClientOptions): Client<Known> {
  return new Client<Known>(options);
}
