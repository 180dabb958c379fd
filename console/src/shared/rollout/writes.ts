// The newest change that this page made of each entity, so that its rollout can be shown beside it.
import { useSyncExternalStore } from 'react';
import { useEnvironment } from '../console';

interface Write {
  revision: number;
  at: number;
}

const writes = new Map<string, Write>();
const listeners = new Set<() => void>();

const nameOf = (environment: string, entityType: string, id: number) => `${environment}/${entityType}:${id}`;

export function noteWrite(environment: string, entityType: string, id: number, revision: number) {
  if (revision > 0) writes.set(nameOf(environment, entityType, id), { revision, at: Date.now() });
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export function useLatestWrite(entityType: string, id: number): Write | undefined {
  const environment = useEnvironment();
  return useSyncExternalStore(subscribe, () => writes.get(nameOf(environment, entityType, id)));
}
