// What the system says about itself. The server tells each connection while something is wrong, and all of them of each change.
import { useSyncExternalStore } from 'react';
import type { AdminServerEvents } from '@togglecast/admin';
import { useLive } from '../console';

export type SystemStatus = Parameters<AdminServerEvents['system_status']>[0];

/** The status now; undefined: nobody has said anything, so all is well. */
export function useSystemStatus(): SystemStatus | undefined {
  const live = useLive();
  return useSyncExternalStore(live.subscribe, live.getStatus);
}
