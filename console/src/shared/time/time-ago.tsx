import { useSyncExternalStore } from 'react';
import { ago, fullTime } from './time';

// One clock for all of them.
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
function subscribe(listener: () => void) {
  listeners.add(listener);
  now = Math.max(now, Date.now());
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 10_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
const read = () => now;

/** "5 minutes ago"; the exact time in the reader's zone under the pointer. */
export function TimeAgo({ time }: { time: string | number }) {
  const at = new Date(time).getTime();
  const current = useSyncExternalStore(subscribe, read);
  return (
    // The browser's own tooltip: lists have one in each row.
    <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>{ago(at, Math.max(current, Math.min(at, Date.now())))}</time>
  );
}
