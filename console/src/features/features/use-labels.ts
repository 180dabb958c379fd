import { useMemo } from 'react';
import { useEntityList } from '../../shared/entities/read';
import { compareTexts } from '../../shared/order';
import { groupOf, tagsOf } from './metadata';

const sorted = (texts: string[]) => [...new Set(texts)].sort(compareTexts);

/** The groups and the tags that features have. */
export function useLabels(): { groups: string[]; tags: string[] } {
  const { data: features } = useEntityList('feature');
  return useMemo(() => {
    const all = features ?? [];
    return { groups: sorted(all.map(({ metadata }) => groupOf(metadata)).filter(Boolean)), tags: sorted(all.flatMap(({ metadata }) => tagsOf(metadata))) };
  }, [features]);
}
