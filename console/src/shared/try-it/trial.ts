// A client inside the page, with a token and a connection of its own: what a program of the client would see.
import { createClient, type Client as FlagClient, type FlagDetails, type Snapshot } from '@togglecast/client';
import type { Schemas } from '@togglecast/admin';
import { write } from '../entities/write';
import type { Console } from '../console';

const kLife = 3600; // seconds that the token of a trial is valid
const kMost = 30;   // lines that are kept

export interface Line {
  id: number;
  at: number;
  key: string;
  text: string;
  /** ms since the switch beside it was flipped, if it was. */
  after: number | undefined;
}

export interface TrialState {
  snapshot: Snapshot | undefined;
  lines: readonly Line[];
  problem: unknown;
}

const kNothing: TrialState = { snapshot: undefined, lines: [], problem: undefined };

/** One token for each client and page: a reload makes another. It ends by itself after an hour. */
const tokens = new Map<string, { token: string; until: number }>();

async function tokenOf(console: Console, clientId: number, refresh: boolean): Promise<string> {
  const name = `${console.session.admin.id}:${console.environment}:${clientId}`;
  const known = tokens.get(name);
  if (known && !refresh && known.until > Date.now() + 60_000) return known.token;
  const { data } = await write<Schemas['IssuedToken']>(console, 'POST', `/api/v1/clients/${clientId}/tokens`, { body: { label: 'Try it in the console', expires_in: kLife } });
  tokens.set(name, { token: data.token, until: Date.now() + kLife * 1000 });
  return data.token;
}

export class Trial {
  #state = kNothing;
  #listeners = new Set<() => void>();
  #client: FlagClient;
  #flips = new Map<string, number>();
  #before: ReadonlyMap<string, FlagDetails> = new Map();
  #lines = 0;

  constructor(console: Console, clientId: number) {
    const client = createClient({
      url: window.location.origin,
      getToken: ({ refresh }) => tokenOf(console, clientId, refresh).catch((problem: unknown) => {
        this.#set({ problem });
        throw problem;
      }),
      storage: false,
      share: false,
      transport: { transports: ['websocket', 'polling'] },
    });
    this.#client = client;
    client.subscribe(() => this.#set({ snapshot: client.getSnapshot(), ...(client.status === 'ready' && { problem: undefined }) }));
    client.on('status', (status) => {
      if (status === 'ready') this.#before = client.getSnapshot().state?.flags ?? this.#before;
    });
    client.on('change', (keys) => this.#changed(keys));
    client.on('error', (problem) => this.#set({ problem }));
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  getState = () => this.#state;

  /** The reader flips the switch of this feature now. */
  noteFlip(key: string) {
    this.#flips.set(key, performance.now());
  }

  close() {
    this.#listeners.clear();
    this.#client.close();
  }

  #changed(keys: readonly string[]) {
    const flags = this.#client.getSnapshot().state?.flags;
    if (!flags) return;
    const first = this.#before.size === 0;
    const lines: Line[] = [];
    for (const key of keys) {
      if (first || key.startsWith('/')) continue;
      const [was, now] = [this.#before.get(key), flags.get(key)];
      const flipped = this.#flips.get(key);
      this.#flips.delete(key);
      if (was && now && shown(was) === shown(now) && flipped === undefined) continue; // as before, for a program
      const text = !now ? 'not visible any more' : !was ? `visible now, ${shown(now)}` : `${shown(was)} → ${shown(now)}`;
      lines.unshift({ id: ++this.#lines, at: Date.now(), key, text, after: flipped === undefined ? undefined : performance.now() - flipped });
    }
    this.#before = flags;
    lines.sort((a, b) => Number(b.after !== undefined) - Number(a.after !== undefined)); // what the reader flipped stands first
    if (lines.length > 0) this.#set({ lines: [...lines, ...this.#state.lines].slice(0, kMost) });
  }

  #set(change: Partial<TrialState>) {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** What a program reads: its value, or off. */
export const shown = (details: FlagDetails) => (!details.enabled ? 'off' : details.value === true ? 'on' : JSON.stringify(details.value));
