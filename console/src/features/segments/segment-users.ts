// Which features and segments refer to a segment. Pure.
import type { Schemas } from '@togglecast/admin';
import { segmentsIn } from '../../shared/rules/describe';

type Feature = Schemas['Feature'];
type Segment = Schemas['Segment'];

export interface SegmentUser {
  type: 'feature' | 'segment';
  id: number;
  key: string;
  name: string;
  on: boolean;
  /** The sub-features whose rules refer to it, if not the feature's own. */
  parts: string[];
}

/** The users of every segment by its key, in one pass over all rules. */
export function usersOfSegments(features: readonly Feature[], segments: readonly Segment[]): Map<string, SegmentUser[]> {
  const users = new Map<string, SegmentUser[]>();
  const add = (of: string, user: SegmentUser) => users.set(of, [...(users.get(of) ?? []), user]);
  for (const feature of features) {
    const own = segmentsIn(feature.targeting);
    const parts = new Map<string, string[]>();
    for (const sub of feature.sub_features) for (const key of segmentsIn(sub.targeting)) parts.set(key, [...(parts.get(key) ?? []), sub.name]);
    for (const key of new Set([...own, ...parts.keys()])) add(key, { type: 'feature', id: feature.id, key: feature.key, name: feature.name, on: feature.enabled, parts: own.has(key) ? [] : (parts.get(key) ?? []) });
  }
  for (const segment of segments) for (const key of segmentsIn(segment.rule)) add(key, { type: 'segment', id: segment.id, key: segment.key, name: segment.name, on: true, parts: [] });
  return users;
}
