// React over the core: every hook selects a part of the snapshot, and renders again when that part changes.
import {
  Client, createClient, limitOf, valueOf,
  type Answered, type ClientOptions, type Entitlement, type FlagDetails, type FlagKey, type Flags, type JsonValue, type Plan, type Platform,
  type Snapshot, type Store, type SyncStatus,
} from '@togglecast/client';
import { createContext, createElement, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactElement, type ReactNode } from 'react';

export type { Entitlement, SyncStatus };

const StoreContext = createContext<Store | null>(null);

/** Gives any store to the hooks below it: a client whose life is the caller's, or the client of a test. */
export function StoreProvider({ store, children }: { store: Store; children?: ReactNode }): ReactElement {
  return createElement(StoreContext.Provider, { value: store }, children);
}

export type TogglecastProviderProps = { children?: ReactNode } & ({ client: Client } | ClientOptions);

/**
 * With `client`, that one: its life is the caller's. Else with the options of a client, which connects in the browser and
 * closes with the provider. Options are read once; give the provider another `key` for others.
 */
export function TogglecastProvider(props: TogglecastProviderProps): ReactElement {
  const given = 'client' in props ? props.client : undefined;
  const [own] = useState(() => (given ? undefined : createClient({ ...(props as ClientOptions), connect: false })));
  useEffect(() => {
    own?.connect();
    return () => own?.close();
  }, [own]);
  return createElement(StoreProvider, { store: (given ?? own)! }, props.children);
}

function useStore(): Store {
  const store = useContext(StoreContext);
  if (!store) throw new Error('there is no TogglecastProvider above this component');
  return store;
}

/** The client itself, for `setContext`, `reportMetrics` and the socket. */
export function useTogglecast(): Client {
  const store = useStore();
  if (store instanceof Client) return store;
  throw new Error('this provider has no real client');
}

/** What `select` answers; its answers are compared by identity. The server and the first render see the bootstrap. */
export function useSelected<Part>(select: (snapshot: Snapshot) => Part): Part {
  const { subscribe, getSnapshot, getInitialSnapshot } = useStore();
  return useSyncExternalStore(subscribe, () => select(getSnapshot()), () => select(getInitialSnapshot()));
}

/** The value of a flag, or of a sub-feature as `feature/sub`. Renders again when the value changes. */
export function useFlag<Key extends FlagKey, T extends Flags[Key]>(key: Key, fallback: T): Answered<Flags[Key], T> {
  return valueOf<JsonValue>(useSelected(({ state }) => state?.flags.get(key)?.value), fallback) as Answered<Flags[Key], T>;
}

/** The whole answer; undefined for a flag that the client does not see. */
export function useFlagDetails(key: FlagKey): FlagDetails | undefined {
  return useSelected(({ state }) => state?.flags.get(key));
}

export function usePlatform(key: string): Platform | undefined {
  return useSelected(({ state }) => state?.platforms.get(key));
}

/** The package that the client is on. */
export function usePlan(): Plan | null {
  return useSelected(({ state }) => state?.plan ?? null);
}

/** May the client use this, how much of it, and by which rule? */
export function useEntitlement(key: FlagKey): Entitlement {
  const details = useFlagDetails(key);
  const plan = usePlan();
  return useMemo(() => ({ allowed: details?.enabled ?? false, limit: limitOf(details), rule: details?.rule, plan }), [details, plan]);
}

export function useSyncStatus(): SyncStatus {
  const status = useSelected((snapshot) => snapshot.status);
  const source = useSelected((snapshot) => snapshot.source);
  const asOf = useSelected((snapshot) => snapshot.asOf);
  return useMemo(() => ({ status, source, asOf }), [status, source, asOf]);
}

/** Shows its children while the client may use the feature, else `fallback`. */
export function Feature({ flag, fallback = null, children }: { flag: FlagKey; fallback?: ReactNode; children?: ReactNode }): ReactNode {
  return useSelected(({ state }) => state?.flags.get(flag)?.enabled ?? false) ? children : fallback;
}
