// Vue over the core: every composable is a computed part of one snapshot, and what uses it is updated when the part changes.
import {
  Client, createClient, limitOf, valueOf,
  type Answered, type ClientOptions, type Entitlement, type FlagDetails, type FlagKey, type Flags, type JsonValue, type Plan, type Platform,
  type Snapshot, type Store, type SyncStatus,
} from '@togglecast/client';
import { computed, defineComponent, inject, shallowRef, toValue, type App, type ComputedRef, type InjectionKey, type MaybeRefOrGetter, type Plugin, type PropType, type ShallowRef } from 'vue';

export type { Entitlement, SyncStatus };

interface Shared {
  store: Store;
  snapshot: ShallowRef<Snapshot>;
}

const kShared: InjectionKey<Shared> = Symbol('togglecast');

/** Gives any store to the composables of an app: a client whose life is the caller's, or the client of a test. */
export function provideStore(app: App, store: Store): void {
  const snapshot = shallowRef(store.getInitialSnapshot().state ? store.getInitialSnapshot() : store.getSnapshot());
  const look = () => void (snapshot.value = store.getSnapshot());
  const leave = store.subscribe(look);
  const { mount, unmount } = app;
  app.mount = (...args) => {
    const root = mount(...args); // as the server rendered it; then as it is
    look();
    return root;
  };
  app.unmount = () => {
    leave();
    unmount();
  };
  app.provide(kShared, { store, snapshot });
}

/**
 * With `client`, that one: its life is the caller's. Else with the options of a client, which connects when the app is
 * mounted in a browser, and closes with it.
 */
export function createTogglecast(options: { client: Client } | ClientOptions): Plugin {
  return {
    install(app) {
      const own = 'client' in options ? undefined : createClient({ ...options, connect: false });
      provideStore(app, 'client' in options ? options.client : own!);
      const { mount, unmount } = app;
      app.mount = (...args) => {
        const root = mount(...args);
        own?.connect();
        return root;
      };
      app.unmount = () => {
        own?.close();
        unmount();
      };
    },
  };
}

function useShared(): Shared {
  const shared = inject(kShared, undefined);
  if (!shared) throw new Error('the app does not use the plugin of createTogglecast');
  return shared;
}

/** The client itself, for `setContext`, `reportMetrics` and the socket. */
export function useTogglecast(): Client {
  const { store } = useShared();
  if (store instanceof Client) return store;
  throw new Error('this app has no real client');
}

/** What `select` answers; what uses it is updated when the answer is another one. */
export function useSelected<Part>(select: (snapshot: Snapshot) => Part): ComputedRef<Part> {
  const { snapshot } = useShared();
  return computed(() => select(snapshot.value));
}

/** The value of a flag, or of a sub-feature as `feature/sub`. */
export function useFlag<Key extends FlagKey, T extends Flags[Key]>(key: MaybeRefOrGetter<Key>, fallback: T): ComputedRef<Answered<Flags[Key], T>> {
  return useSelected(({ state }) => valueOf<JsonValue>(state?.flags.get(toValue(key))?.value, fallback) as Answered<Flags[Key], T>);
}

/** The whole answer; undefined for a flag that the client does not see. */
export function useFlagDetails(key: MaybeRefOrGetter<FlagKey>): ComputedRef<FlagDetails | undefined> {
  return useSelected(({ state }) => state?.flags.get(toValue(key)));
}

export function usePlatform(key: MaybeRefOrGetter<string>): ComputedRef<Platform | undefined> {
  return useSelected(({ state }) => state?.platforms.get(toValue(key)));
}

/** The package that the client is on. */
export function usePlan(): ComputedRef<Plan | null> {
  return useSelected(({ state }) => state?.plan ?? null);
}

/** May the client use this, how much of it, and by which rule? */
export function useEntitlement(key: MaybeRefOrGetter<FlagKey>): ComputedRef<Entitlement> {
  const details = useFlagDetails(key);
  const plan = usePlan();
  return computed(() => ({
    allowed: details.value?.enabled ?? false, limit: limitOf(details.value), rule: details.value?.rule, plan: plan.value,
  }));
}

export function useSyncStatus(): ComputedRef<SyncStatus> {
  const status = useSelected((snapshot) => snapshot.status);
  const source = useSelected((snapshot) => snapshot.source);
  const asOf = useSelected((snapshot) => snapshot.asOf);
  return computed(() => ({ status: status.value, source: source.value, asOf: asOf.value }));
}

/** Shows its default slot while the client may use the feature, else the slot `fallback`. */
export const Feature = defineComponent({
  name: 'TogglecastFeature',
  props: { flag: { type: String as PropType<FlagKey>, required: true } },
  setup(props, { slots }) {
    const on = useSelected(({ state }) => state?.flags.get(props.flag)?.enabled ?? false);
    return () => (on.value ? slots['default']?.() : slots['fallback']?.());
  },
});
