// Changes that somebody has begun and not saved, while the page is open: a form finds its own again, and the playground tries them.
import { useSyncExternalStore } from 'react';
import type { PreviewChange } from './ui/confirm-impact';

export interface Draft {
  entityType: 'feature' | 'segment';
  id: number;
  name: string;
  /** The change that saving would make. */
  change: PreviewChange;
  /** What the form needs to go on. */
  form: unknown;
}

const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();
let list: { owner: string; draft: Draft }[] = [];

const nameOf = (owner: string, entityType: string, id: number) => `${owner}/${entityType}/${id}`;

function changed() {
  list = [...drafts].map(([name, draft]) => ({ owner: name.slice(0, name.lastIndexOf('/', name.lastIndexOf('/') - 1)), draft }));
  for (const listener of listeners) listener();
}

/** `owner`: the environment and the admin; nobody else sees the draft. */
export function keepDraft(owner: string, draft: Draft) {
  drafts.set(nameOf(owner, draft.entityType, draft.id), draft);
  changed();
}

export function dropDraft(owner: string, entityType: string, id: number) {
  if (drafts.delete(nameOf(owner, entityType, id))) changed();
}

export const draftOfEntity = (owner: string, entityType: string, id: number) => drafts.get(nameOf(owner, entityType, id));

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** All drafts of this admin in this environment. */
export const useDrafts = (owner: string) => useSyncExternalStore(subscribe, () => list).filter((each) => each.owner === owner).map(({ draft }) => draft);
