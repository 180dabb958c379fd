// Keys of the console, and the list of them that `?` shows. A shortcut is there while its component is.
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface Shortcut {
  /** One key, `mod+k`, or two keys in a row: `g p`. */
  keys: string;
  label: string;
  group: string;
}

const active = new Map<Shortcut, () => void>();
const listeners = new Set<() => void>();
let list: Shortcut[] = [];
let first = '';
let firstAt = 0;
const kPatience = 1200; // ms between two keys in a row

function changed() {
  list = [...active.keys()];
  for (const listener of listeners) listener();
}

const isTyping = (event: KeyboardEvent) => {
  const target = event.composedPath()[0];
  // A switch takes no text, so a reader who has just flipped one has the shortcuts.
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|range|button|file)$/.test(target.type);
  return target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName));
};

function onKey(event: KeyboardEvent) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const mod = event.ctrlKey || event.metaKey;
  if (!mod && isTyping(event)) return;
  if (!mod && document.querySelector('[role="dialog"]')) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const pressed = mod ? `mod+${key}` : key;
  const inRow = first && performance.now() - firstAt < kPatience ? `${first} ${pressed}` : '';
  first = '';
  for (const [shortcut, run] of [...active].reverse()) {
    if (shortcut.keys !== pressed && shortcut.keys !== inRow) continue;
    event.preventDefault();
    run();
    return;
  }
  if (mod) return;
  first = pressed;
  firstAt = performance.now();
}

/** Runs `run` when the keys are pressed, unless the reader types into a field. */
export function useShortcut(keys: string, label: string, run: () => void, group = 'This page', enabled = true) {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!enabled) return;
    const shortcut = { keys, label, group };
    if (active.size === 0) document.addEventListener('keydown', onKey);
    active.set(shortcut, () => latest.current());
    changed();
    return () => {
      active.delete(shortcut);
      if (active.size === 0) document.removeEventListener('keydown', onKey);
      changed();
    };
  }, [keys, label, group, enabled]);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
export const useShortcuts = () => useSyncExternalStore(subscribe, () => list);
