// What every page has: the session, REST, the live connection. It exists while somebody is logged in, and a new one for each environment.
import { createAdmin, type Admin } from '@togglecast/admin';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { Session, Sessions } from './auth/sessions';
import { Problem } from './api/problem';
import { patchCache } from './entities/cache';
import { Live, type ConnectionState } from './live/live';

export interface Console {
  sessions: Sessions;
  session: Session;
  /** The key of the environment of this session. */
  environment: string;
  admin: Admin;
  live: Live;
}

const Context = createContext<Console | undefined>(undefined);

export function useConsole(): Console {
  const console = useContext(Context);
  if (!console) throw new Error('there is no session here');
  return console;
}

/** The typed REST client: `unwrap(rest.GET('/api/v1/features'))`. */
export const useRest = () => useConsole().admin.rest;
export const useEnvironment = () => useConsole().environment;
export const useLive = () => useConsole().live;

export function useConnectionState(): ConnectionState {
  const { live } = useConsole();
  return useSyncExternalStore(live.subscribe, live.getState);
}

/** The session of the page, of whatever phase. */
export function useSessionState(sessions: Sessions) {
  return useSyncExternalStore(sessions.subscribe, sessions.getSnapshot);
}

// What the network throws is a Problem like any other.
const reachingFetch: typeof fetch = async (input, init) => {
  try {
    return await fetch(input, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem('unreachable', 'the server did not answer');
  }
};

function begin(sessions: Sessions, session: Session, queries: QueryClient): Console {
  const { environment } = session;
  const admin = createAdmin({
    url: window.location.origin,
    getToken: ({ refresh }) => sessions.token({ environment, refresh }),
    fetch: reachingFetch,
    transport: { transports: ['websocket', 'polling'], reconnectionDelay: 500, reconnectionDelayMax: 5000 },
  });
  const live: Live = new Live(admin, {
    onUpdates: (updates) => patchCache(queries, environment, updates),
    onStale: () => void queries.invalidateQueries({ queryKey: ['env', environment] }),
    onEnded: (message) => sessions.end(message),
    onFactorRequired: () => sessions.requireFactor(),
  });
  return { sessions, session, environment, admin, live };
}

// Without the live connection that kept it current, what was read is old.
const forget = (queries: QueryClient) => queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'login methods' });

/** Begins a live connection for the session in its environment, and ends it with either. */
export function ConsoleProvider({ sessions, session, generation, children }: { sessions: Sessions; session: Session; generation: number; children: ReactNode }) {
  const queries = useQueryClient();
  const [made, setMade] = useState<{ of: number; console: Console }>();
  useEffect(() => {
    forget(queries);
    const console = begin(sessions, session, queries);
    setMade({ of: generation, console });
    return () => {
      console.live.close();
      console.admin.close();
      forget(queries);
    };
    // A refreshed token belongs to the same session: only the generation counts.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [sessions, generation, queries]);
  if (made?.of !== generation) return null;
  return <Context.Provider value={{ ...made.console, session }}>{children}</Context.Provider>;
}
