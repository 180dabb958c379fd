// A client for tests of pages: it says what a test sets, and never connects.
import { Copy, type Dehydrated } from './copy.js';
import type { Snapshot, Store } from './answers.js';
import type { Status } from './life.js';
import type { Answer, JsonObject, JsonValue, Plan } from './protocol.js';

export interface TestState {
  /** Values by key, `feature/sub` for sub-features. A feature is on unless its value is false or null. */
  flags?: { [key: string]: JsonValue };
  limits?: { [key: string]: number };
  platforms?: { [key: string]: boolean | JsonObject };
  plan?: string | Plan | null;
  status?: Status;
}

export interface TestClient extends Store {
  /** Replaces these parts of the state, and tells those who listen. */
  set(change: TestState): void;
}

const answer = (key: string, value: JsonValue): Answer => {
  const enabled = value !== false && value !== null;
  return { key, enabled, value, variant: null, reason: enabled ? 'STATIC' : 'DISABLED', rule: enabled ? 'default_variant' : 'feature_disabled' };
};

function viewOf({ flags = {}, limits = {}, platforms = {}, plan = null }: TestState): Dehydrated {
  const tops = [...new Set([...Object.keys(flags).map((key) => key.split('/')[0]!), ...Object.keys(limits)])];
  return {
    revision: 1, epoch: 1,
    client: { id: 1, key: 'test', name: 'Test', active: true, attributes: {} },
    package: typeof plan === 'string' ? { id: 1, key: plan, name: plan, available: true, features: [], platforms: [] } : plan,
    features: tops.map((key, index) => ({
      ...answer(key, flags[key] ?? true), id: index + 1, name: key,
      ...(limits[key] !== undefined && { limit: limits[key] }),
      sub_features: Object.fromEntries(Object.entries(flags)
        .filter(([flat]) => flat.startsWith(`${key}/`))
        .map(([flat, value]) => [flat.slice(key.length + 1), answer(flat.slice(key.length + 1), value)])),
    })),
    platforms: Object.entries(platforms).map(([key, is], index) => ({
      id: index + 1, key, name: key, enabled: is !== false, config: typeof is === 'object' ? is : {},
    })),
  };
}

export function createTestClient(initial: TestState = {}): TestClient {
  const copy = new Copy();
  const watchers = new Set<() => void>();
  let state: TestState = {};
  let snapshot!: Snapshot;
  const set = (change: TestState) => {
    state = { ...state, ...change };
    copy.begin(viewOf(state));
    snapshot = { status: state.status ?? 'ready', source: 'server', asOf: undefined, state: copy.state };
    for (const watcher of [...watchers]) watcher();
  };
  set(initial);
  const first = snapshot;
  return {
    set,
    getSnapshot: () => snapshot,
    getInitialSnapshot: () => first,
    subscribe: (watcher) => {
      const own = () => watcher();
      watchers.add(own);
      return () => void watchers.delete(own);
    },
  };
}
