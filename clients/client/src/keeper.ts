// The state of a client and the record of it in the storage: whose it is, how old it is, and what a session resumes from.
import type { Source } from './answers.js';
import { Copy, type CopyState, type Dehydrated, type Update } from './copy.js';
import type { Context, Position, View } from './protocol.js';
import { readStored, viewOf, writeStored, type Resume, type StateStorage, type Stored } from './storage.js';

/** What it asks of its client, and tells it. */
export interface KeeperHooks {
  context(): Context | undefined;
  /** The private id of the session: the stock client has it, and tells it to nobody. */
  pid(): string | undefined;
  changed(keys?: readonly string[]): void;
  moved(): void;
  /** The server's word has been taken: the receipt may go. */
  applied(at: Position): void;
}

export interface Keeper {
  now(): { state: CopyState | undefined; source: Source; asOf: number | undefined };
  dehydrate(): Dehydrated | undefined;
  /** The state that came with the page. */
  bootstrap(state: Dehydrated): void;
  began(view: View, at: Position, offset?: string): void;
  /** False: the state that was resumed is not there. */
  resumed(at: Position, offset?: string): boolean;
  heard(update: Update, offset?: string): void;
  moved(offset?: string): void;
  cut(): void;
  /** What another tab has. */
  hear(state: Dehydrated | undefined, asOf: number | undefined, resume: Resume | undefined): void;
  /** A token came: the state of another subject goes. */
  identify(subject: string): Promise<void>;
  /** Who sees it; empty while nobody knows. */
  view(): string;
  /** The context is another one: what there was of a session goes. */
  leave(): void;
  /** Reads the storage; `ofAnybody`: whoever it was for. */
  load(ofAnybody?: boolean): Promise<void> | undefined;
  /** What the session resumes from; given once. */
  claim(): Resume | undefined;
  /** What the next life of the page goes on from. */
  resume(): Resume | undefined;
  forget(): void;
}

const kQuickly = 100; // ms; changes that come together are written together

export function keep(url: string, name: string, storage: StateStorage | undefined, subject: string | undefined, hooks: KeeperHooks): Keeper {
  const key = `togglecast:${url}:${name}`;
  let copy = new Copy();
  let source: Source = 'none';
  let asOf: number | undefined; // undefined while the connection is up
  let stored: Stored | undefined; // what the storage had, until it is used or of no use
  let claim: Resume | undefined; // given once
  let offset: string | undefined; // of the state that we have
  let saving: ReturnType<typeof setTimeout> | undefined;

  const viewFor = (whose = subject) => viewOf(url, whose ?? '', hooks.context());
  const leave = () => void (stored = claim = offset = undefined);

  /** What the storage answers. One that is full, forbidden or spoilt costs nothing but the state after a reload. */
  function guard<Answer>(act: () => Answer): Answer | undefined {
    try {
      const answer = act();
      if (answer instanceof Promise) answer.catch(() => {});
      return answer;
    } catch {
      return undefined;
    }
  }

  function take(state: Dehydrated, from: Source, at?: string, since?: number) {
    const changed = copy.begin(state);
    source = from;
    asOf = since;
    if (from === 'server') {
      offset = undefined;
      moved(at);
    }
    hooks.changed(changed);
  }

  function moved(at?: string) {
    offset = at ?? offset;
    save(kQuickly);
    hooks.moved();
  }

  function use(record: Stored | undefined, ofAnybody: boolean) {
    if (!record || source === 'server') return;
    stored = record;
    const known = subject !== undefined;
    if (known ? record.view !== viewFor() : !ofAnybody || source !== 'none') return;
    const { revision, epoch } = record.state;
    const { state } = copy;
    if (state && (epoch < state.epoch || (epoch === state.epoch && revision < state.revision))) return;
    if (known) claim = record.resume;
    take(record.state, 'storage', undefined, record.asOf);
  }

  function load(ofAnybody = false): Promise<void> | undefined {
    const read = (text: string | null | undefined) => guard(() => use(readStored(text), ofAnybody));
    if (stored) return void use(stored, ofAnybody);
    const found = guard(() => storage?.getItem(key));
    return found && typeof found === 'object' ? found.then(read, () => {}) : void read(found);
  }

  function save(after = 0) {
    clearTimeout(saving);
    if (!storage || source !== 'server' || subject === undefined) return;
    const write = () => {
      const state = copy.dehydrate();
      if (!state) return;
      const text = writeStored({ view: viewFor(), asOf: asOf ?? Date.now(), state, resume: resume() });
      guard(() => storage.setItem(key, text));
    };
    if (after) saving = setTimeout(write, after);
    else write();
  }

  function resume(): Resume | undefined {
    const pid = hooks.pid();
    return pid && offset ? { pid, offset } : undefined;
  }

  return {
    now: () => ({ state: copy.state, source, asOf }),
    dehydrate: () => copy.dehydrate(),
    moved, load, resume,
    bootstrap: (state) => take(state, 'bootstrap'),
    began(view, at, next) {
      take({ ...view, ...at }, 'server', next);
      hooks.applied(at);
    },
    resumed(at, next) {
      if (!copy.resume(at)) return false;
      source = 'server';
      asOf = undefined;
      moved(next);
      hooks.applied(copy.state!);
      return true;
    },
    heard(update, next) {
      const changed = copy.hear(update);
      if (!changed) return;
      moved(next);
      hooks.changed([...changed]);
      hooks.applied(copy.state!);
    },
    cut() {
      copy.cut();
      if (source === 'server') asOf ??= Date.now();
      save();
    },
    hear(state, since, session) {
      asOf = since;
      claim = session;
      const changed = state && copy.begin(state);
      if (state) source = 'server';
      hooks.changed(changed);
    },
    async identify(whose) {
      if (whose === subject) return;
      if (subject !== undefined || (source === 'storage' && stored?.view !== viewFor(whose))) {
        const { state } = copy;
        copy = new Copy();
        source = 'none';
        asOf = undefined;
        leave();
        hooks.changed([...(state?.flags.keys() ?? []), '/plan', '/client']);
      }
      subject = whose;
      await load();
    },
    view: () => (subject === undefined ? '' : viewFor()),
    leave,
    claim() {
      const once = claim;
      claim = undefined;
      return once;
    },
    forget() {
      clearTimeout(saving);
      guard(() => storage?.removeItem(key));
    },
  };
}
