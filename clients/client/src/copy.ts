// A copy of the configuration: a pure machine that events go into. It has no socket, no clock and no storage.
import type {
  ClientUpdate, FeatureUpdate, Identity, PackageUpdate, Plan, Platform, PlatformUpdate, Position, Reason, Rule, Feature, JsonValue, View,
} from './protocol.js';

/** The answer about one flag. A sub-feature has the flat key `feature/sub`. Equal answers are the same object. */
export interface FlagDetails {
  readonly key: string;
  readonly enabled: boolean;
  /** null: the code's own default applies. */
  readonly value: JsonValue;
  readonly variant: string | null;
  readonly reason: Reason;
  readonly rule: Rule;
  readonly limit?: number;
}

/** A view with its position; as JSON it is what the storage keeps, and what a server hands to a page. */
export type Dehydrated = View & Position;

/** An immutable state. What did not change is the same object as in the state before. */
export interface CopyState extends Position {
  readonly flags: ReadonlyMap<string, FlagDetails>;
  readonly platforms: ReadonlyMap<string, Platform>;
  readonly plan: Plan | null;
  readonly identity: Identity;
}

export type Update =
  | (ClientUpdate & { kind: 'client' })
  | (PlatformUpdate & { kind: 'platform' })
  | (FeatureUpdate & { kind: 'feature' })
  | (PackageUpdate & { kind: 'package' });

const text = JSON.stringify;
const byId = <Entity extends { id: number }>(all: Entity[]) => new Map(all.map((one) => [one.id, one]));

function detailsOf(features: Iterable<Feature>): Map<string, FlagDetails> {
  const flags = new Map<string, FlagDetails>();
  for (const { id: _id, name: _name, sub_features: subs, assets: _assets, ...answer } of features) {
    flags.set(answer.key, answer);
    for (const [name, sub] of Object.entries(subs)) {
      const key = `${answer.key}/${name}`;
      flags.set(key, { ...sub, key });
    }
  }
  return flags;
}

/** `next`, with the entries of `before` wherever they are equal. Adds the keys that differ to `changed`. */
function merge<Value>(before: ReadonlyMap<string, Value> | undefined, next: Map<string, Value>, changed: Set<string>, prefix: string) {
  for (const [key, value] of next) {
    const old = before?.get(key);
    if (old !== undefined && text(old) === text(value)) next.set(key, old);
    else changed.add(prefix + key);
  }
  before?.forEach((_, key) => next.has(key) || changed.add(prefix + key));
  return next;
}

/** The view that events build. Each method answers the keys that changed, or undefined when nothing was applied. */
export class Copy {
  state: CopyState | undefined;
  #identity!: Identity;
  /** The last package is that of the client; an event may come before the end of the one before. */
  #all!: { feature: Map<number, Feature>; platform: Map<number, Platform>; package: Map<number, Plan> };
  #floor = 0; // the revision of the last full state
  #seen = new Map<string, number>(); // entity → the revision of its last update, deletes included
  #waiting: Update[] = []; // pushes whose last event has not come
  #early: Update[] = []; // updates from before their full state

  /** The whole view. It replaces everything. */
  begin({ client, features, platforms, package: plan, revision, epoch }: Dehydrated): string[] {
    this.#identity = client;
    this.#all = { feature: byId(features), platform: byId(platforms), package: byId(plan ? [plan] : []) };
    this.#seen.clear();
    this.#waiting = [];
    this.#floor = revision;
    const early = this.#early;
    this.#early = [];
    const changed = this.#publish(revision, epoch);
    for (const update of early) this.hear(update)?.forEach((key) => changed.add(key));
    return [...changed];
  }

  /** The copy is that of `at`: false means that it is not, and a full state is needed. */
  resume({ revision, epoch }: Position): boolean {
    const { state } = this;
    if (state?.epoch !== epoch) return false;
    this.state = { ...state, revision: Math.max(revision, state.revision) };
    return true;
  }

  /** One event of a push. Order and repetition do not matter: of two events about one entity, the newer one counts. */
  hear(update: Update): Set<string> | undefined {
    const { state } = this;
    if (!state || update.epoch > state.epoch) {
      this.#early.push(update);
      return undefined;
    }
    if (update.epoch < state.epoch) return undefined;
    this.#waiting.push(update);
    if (update.more && update.revision > state.revision) return undefined;
    const upTo = Math.max(update.revision, state.revision);
    const ready = this.#waiting.filter((one) => one.revision <= upTo).sort((a, b) => a.revision - b.revision);
    this.#waiting = this.#waiting.filter((one) => one.revision > upTo);
    if (!ready.map((one) => this.#apply(one)).includes(true) && upTo === state.revision) return undefined;
    return this.#publish(upTo, state.epoch);
  }

  /** The connection has ended: the next one continues from the last complete push. */
  cut() {
    this.#waiting = [];
    this.#early = [];
  }

  dehydrate(): Dehydrated | undefined {
    if (!this.state) return undefined;
    const { revision, epoch } = this.state;
    const { feature, platform } = this.#all;
    return { client: this.#identity, package: this.#plan, features: [...feature.values()], platforms: [...platform.values()], revision, epoch };
  }

  get #plan(): Plan | null {
    return [...this.#all.package.values()].at(-1) ?? null;
  }

  #apply(update: Update): boolean {
    const { kind, data, revision } = update;
    const id = (update as unknown as { [member: string]: number })[`${kind}_id`]!;
    const name = `${kind} ${id}`;
    if (revision < (this.#seen.get(name) ?? this.#floor)) return false;
    this.#seen.set(name, revision);
    if (kind === 'client') this.#identity = data ?? this.#identity;
    else {
      const map: Map<number, unknown> = this.#all[kind];
      if (data) map.set(id, data);
      else map.delete(id);
    }
    return true;
  }

  #publish(revision: number, epoch: number): Set<string> {
    const { state } = this;
    const changed = new Set<string>();
    const same = <Value>(old: Value | undefined, value: Value, name: string) => {
      if (text(old ?? null) === text(value)) return old ?? value;
      changed.add(name);
      return value;
    };
    const { feature, platform } = this.#all;
    const byKey = new Map([...platform.values()].map((one) => [one.key, one]));
    this.state = {
      revision, epoch,
      flags: merge(state?.flags, detailsOf(feature.values()), changed, ''),
      platforms: merge(state?.platforms, byKey, changed, '/platforms/'),
      plan: same(state?.plan, this.#plan, '/plan'),
      identity: same(state?.identity, this.#identity, '/client'),
    };
    return changed;
  }
}
