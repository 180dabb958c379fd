// What the list and the page of a feature know beside the feature itself: who depends on it, and whether it may be removed.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useConsole, type Console } from '../../shared/console';
import type { Page } from '../../shared/entities/cache';
import { getJson, useEntityList } from '../../shared/entities/read';
import type { Facts } from './search';
import type { Feature } from './flag-draft';

const kNone: readonly never[] = [];
const kLookAgain = 60_000; // ms; a feature becomes stale without a change

async function readStale(console: Console, signal: AbortSignal): Promise<ReadonlyMap<number, number>> {
  const found = new Map<number, number>();
  let cursor: string | undefined;
  do {
    const page: Page<Feature> = await getJson(console, '/api/v1/features', { stale: true, limit: 1000, ...(cursor && { cursor }) }, signal);
    for (const { id, revision } of page.items) found.set(id, revision);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}

/** Says which features were not changed for long and are the same for every client. */
export function useStale(): (feature: Feature) => boolean {
  const console = useConsole();
  const { data } = useQuery({ queryKey: ['env', console.environment, 'stale'], queryFn: ({ signal }) => readStale(console, signal), staleTime: kLookAgain, refetchInterval: kLookAgain });
  // A feature that has changed since is stale no more.
  return useMemo(() => (feature: Feature) => data?.get(feature.id) === feature.revision, [data]);
}

export interface FeatureFacts extends Facts {
  requiredBy: (feature: number) => readonly Feature[];
}

export function useFacts(): FeatureFacts {
  const { data: features } = useEntityList('feature');
  const { data: platforms } = useEntityList('platform');
  const { data: packages } = useEntityList('package');
  const isStale = useStale();
  return useMemo(() => {
    const required = new Map<number, Feature[]>();
    for (const feature of features ?? []) for (const id of feature.requires) required.set(id, [...(required.get(id) ?? []), feature]);
    const included = new Map<number, string[]>();
    for (const plan of packages ?? []) for (const { feature_id } of plan.features) included.set(feature_id, [...(included.get(feature_id) ?? []), plan.key]);
    return {
      platforms: new Map((platforms ?? []).map(({ id, key }) => [id, key])),
      featureKeys: new Map((features ?? []).map(({ id, key }) => [id, key])),
      packagesOf: (id: number) => included.get(id) ?? kNone,
      requiredBy: (id: number) => required.get(id) ?? kNone,
      isStale,
    };
  }, [features, platforms, packages, isStale]);
}
