// The history of the last five minutes, live by ticks, or of the last hour, read every ten seconds.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { DashboardTick } from '@togglecast/admin';
import { unwrap } from '../../shared/api/problem';
import { useConnectionState, useConsole } from '../../shared/console';
import { extend, type History } from './series';

/** Subscribes first and reads the history then, so that no second is missing between them. A gap is read again. */
export function useMinutes(): { history: History | undefined; error: unknown; retry: () => void } {
  const { admin, live } = useConsole();
  const connected = useConnectionState() === 'live';
  const [history, setHistory] = useState<History>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);
  const early = useRef<DashboardTick[]>([]);

  useEffect(() => {
    if (!connected) return;
    let known: History | undefined;
    let reading = false;
    let over = false;
    const read = async () => {
      if (reading) return;
      reading = true;
      try {
        const all: History = await unwrap(admin.rest.GET('/api/v1/dashboard/history', { params: { query: { resolution: '1s' } } }));
        if (over) return;
        known = extend(all, early.current) ?? all;
        early.current = [];
        setError(undefined);
        setHistory(known);
      } catch (problem) {
        if (!over) setError(problem);
      } finally {
        reading = false;
      }
    };
    const stop = live.on('dashboard_tick', (tick) => {
      if (!known || reading) {
        early.current = [...early.current.slice(-60), tick];
        return;
      }
      const next = extend(known, [tick]);
      if (!next) {
        early.current = [tick];
        known = undefined;
        void read();
        return;
      }
      known = next;
      setHistory(next);
    });
    live.socket.emit('subscribe_dashboard', {}, (reply) => {
      if (!over) void read();
      if ('error' in reply && !over) setError(new Error(reply.error.message));
    });
    return () => {
      over = true;
      early.current = [];
      stop();
      if (live.socket.connected) live.socket.emit('unsubscribe_dashboard', {}, () => {});
    };
  }, [admin, live, connected, attempt]);

  return { history, error, retry: () => setAttempt((count) => count + 1) };
}

const kSpan = 10_000; // ms: the resolution of the hour

export function useHour(enabled: boolean) {
  const { admin, environment } = useConsole();
  return useQuery<History>({
    queryKey: ['env', environment, 'dashboard', 'hour'],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/dashboard/history', { params: { query: { resolution: '10s' } }, signal })),
    enabled,
    refetchInterval: kSpan,
  });
}
