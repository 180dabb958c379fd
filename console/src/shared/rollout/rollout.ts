// How far a change has come with the connections that it concerns: live while it runs, with its times once it is over.
import { useQuery } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import type { RolloutProgress, Schemas } from '@togglecast/admin';
import { unwrap } from '../api/problem';
import { useConsole } from '../console';

export type Rollout = Schemas['Rollout'];

/** The live numbers of a change of the environment. Nothing until the first arrive. */
export function useRolloutProgress(revision: number | undefined): RolloutProgress | undefined {
  const { live } = useConsole();
  useEffect(() => (revision ? live.watch('change', revision) : undefined), [live, revision]);
  return useSyncExternalStore(live.subscribeToWatched, () => (revision ? live.progressOf('change', revision, revision) : undefined));
}

/** Times and laggards, as REST tells them. */
export function useRollout(revision: number | undefined, { enabled = true, refetchInterval = false as number | false } = {}) {
  const { admin, environment } = useConsole();
  return useQuery<Rollout>({
    queryKey: ['env', environment, 'rollout', revision],
    queryFn: async ({ signal }) => (await unwrap(admin.rest.GET('/api/v1/changes/{revision}/rollout', { params: { path: { revision: revision! } }, signal }))) as Rollout,
    enabled: enabled && revision !== undefined,
    refetchInterval,
    retry: false,
  });
}
