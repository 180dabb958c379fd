// What code asks for by one name: features, and sub-features as `feature/sub`. Pure.
import type { Schemas } from '@togglecast/admin';
import { byName } from '../../shared/order';
import type { Decision } from './explain';

type Feature = Schemas['Feature'];

export interface Flag {
  /** `reports`, or `reports/daily`. */
  name: string;
  title: string;
  feature: Feature;
  /** Nothing: the feature itself. */
  sub?: Schemas['SubFeature'];
}

/** Features by name, those of `first` before the others, each with its sub-features behind it. */
export function flagsOf(features: readonly Feature[], first: ReadonlySet<number | undefined>): Flag[] {
  return [...features].sort((a, b) => Number(first.has(b.id)) - Number(first.has(a.id)) || byName(a, b)).flatMap((feature) => [
    { name: feature.key, title: feature.name, feature },
    ...feature.sub_features.map((sub): Flag => ({ name: `${feature.key}/${sub.key}`, title: sub.name || sub.key, feature, sub })),
  ]);
}

/** By words of its own or of its feature. */
export const fits = ({ name, title, feature }: Flag, query: string) => `${title} ${name} ${feature.name}`.toLowerCase().includes(query);

/** Every decision of a client, by the name of the flag. */
export const decisionsOf = ({ items }: Schemas['Effective']): Map<string, Decision> =>
  new Map<string, Decision>(items.flatMap(({ key, effective, sub_features }) => [
    [key, effective] as const,
    ...Object.entries(sub_features).map(([sub, { effective: decision }]) => [`${key}/${sub}`, decision] as const),
  ]));
