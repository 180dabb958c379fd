// The newest change that this page made of each entity, so that its rollout can be shown beside it.
import { useSyncExternalStore } from 'react';

interface Write {
  revision: number;
  at: number;
}

const writes = new Map<string, Write>();
const listeners = new Set<() => void>();

export function noteWrite(entityType: string, id: number, revision: number) {
  if (revision > 0) writes.set(`${entityType}:${id}`, { revision, at: Date.now() });
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export function useLatestWrite(entityType: string, id: number): Write | undefined {
  return useSyncExternalStore(subscribe, () => writes.get(`${entityType}:${id}`));
}
