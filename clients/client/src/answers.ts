// What a client answers from memory, and the listeners that it tells.
import type { CopyState, FlagDetails } from './copy.js';
import type { TogglecastError } from './error.js';
import { limitOf, valueOf, type Answered, type Flags, type FlagTypes } from './flags.js';
import type { Status } from './life.js';
import type { Identity, JsonValue, Plan, Platform, Rule } from './protocol.js';

/** Where the state comes from: the server itself, the storage, the page, or nowhere yet. */
export type Source = 'server' | 'storage' | 'bootstrap' | 'none';

/** An immutable picture of the client. Parts that did not change are the same objects as before. */
export interface Snapshot extends SyncStatus {
  readonly state: CopyState | undefined;
}

/** How current the answers are. */
export interface SyncStatus {
  readonly status: Status;
  readonly source: Source;
  /** When the state was last known to be current, in ms since 1970 by this machine's clock; undefined while it is. */
  readonly asOf: number | undefined;
}

/** May the client use a feature, how much of it, and by which rule? */
export interface Entitlement {
  readonly allowed: boolean;
  /** 0 when the feature is off or unknown, Infinity when it has no limit. */
  readonly limit: number;
  /** The rule that decided; undefined for a feature that the client does not see. */
  readonly rule: Rule | undefined;
  readonly plan: Plan | null;
}

export interface ClientListeners {
  /** Keys of flags; for the rest `/platforms/<key>`, `/plan` and `/client`. */
  change: (keys: readonly string[]) => void;
  status: (status: Status) => void;
  error: (error: TogglecastError) => void;
}

/** What the bindings of frameworks need of a client. */
export type Store = Pick<Answers, 'getSnapshot' | 'getInitialSnapshot' | 'subscribe'>;

export class Answers<Known extends FlagTypes = Flags> {
  #snapshot: Snapshot = { status: 'connecting', source: 'none', asOf: undefined, state: undefined };
  #initial = this.#snapshot;
  #listeners = new Set<readonly [name: string, listener: (what: never) => void]>();

  get status(): Status {
    return this.#snapshot.status;
  }

  /** The value of a flag, or of a sub-feature as `feature/sub`; `fallback` when none of its type is known. */
  flag<Key extends keyof Known & string, T extends Known[Key]>(key: Key, fallback: T): Answered<Known[Key], T> {
    return valueOf<JsonValue>(this.details(key)?.value, fallback) as Answered<Known[Key], T>;
  }

  /** The whole answer; undefined for a flag that the client does not see. */
  details(key: keyof Known & string): FlagDetails | undefined {
    return this.#snapshot.state?.flags.get(key);
  }

  platform(key: string): Platform | undefined {
    return this.#snapshot.state?.platforms.get(key);
  }

  plan(): Plan | null {
    return this.#snapshot.state?.plan ?? null;
  }

  /** How many the feature allows: 0 when it is off or unknown, Infinity when it is on without a limit. */
  limit(key: keyof Known & string): number {
    return limitOf(this.details(key));
  }

  identity(): Identity | undefined {
    return this.#snapshot.state?.identity;
  }

  /** How old the state is, in ms: 0 while the connection is up, undefined without a state. */
  age(): number | undefined {
    const { status, asOf } = this.#snapshot;
    if (status === 'ready') return 0;
    return asOf && Math.max(0, Date.now() - asOf);
  }

  getSnapshot = (): Snapshot => this.#snapshot;

  /** The snapshot that the page began with: its bootstrap. For the hydration of rendered pages. */
  getInitialSnapshot = (): Snapshot => this.#initial;

  /** Calls `watcher` after every change of the snapshot. Answers the way out. */
  subscribe = (watcher: () => void): (() => void) => this.#listen('', watcher);

  on<Name extends keyof ClientListeners>(name: Name, listener: ClientListeners[Name]): () => void {
    return this.#listen(name, listener);
  }

  /** Replaces the snapshot, and tells so. True when the status is another one. */
  protected show(next: Snapshot, changed: readonly string[]): boolean {
    const before = this.#snapshot;
    if (next.state === before.state && next.status === before.status && next.source === before.source) return false;
    this.#snapshot = next;
    if (next.source === 'bootstrap' && !this.#initial.state) this.#initial = next;
    this.tell('', undefined);
    const turned = next.status !== before.status;
    if (turned) this.tell('status', next.status);
    if (changed.length) this.tell('change', changed);
    return turned;
  }

  protected tell(name: string, what: unknown) {
    for (const [wanted, listener] of [...this.#listeners]) {
      try {
        if (wanted === name) listener(what as never);
      } catch (error) {
        setTimeout(() => {
          throw error; // the page's own mistake: it shall be seen, and stop nothing else
        });
      }
    }
  }

  #listen(name: string, listener: (what: never) => void): () => void {
    const entry = [name, listener] as const;
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }
}
