// What the operators of the search mean for a feature. Pure.
import { fits, type Operator, type Term } from '../../shared/search/query';
import { typeOf, type Feature } from './flag-draft';
import { groupOf, tagsOf } from './metadata';
import { rolloutOf, segmentsIn } from '../../shared/rules/describe';

export interface Facts {
  /** Keys of platforms, packages and features by id. */
  platforms: ReadonlyMap<number, string>;
  featureKeys: ReadonlyMap<number, string>;
  /** Keys of the packages that include a feature. */
  packagesOf: (feature: number) => readonly string[];
  isStale: (feature: Feature) => boolean;
}

export const kOperators: Operator[] = [
  { operator: 'is', example: 'is:on', meaning: 'on, off, stale, targeted (has rules or a split), split', values: ['on', 'off', 'stale', 'targeted', 'split'] },
  { operator: 'type', example: 'type:boolean', meaning: 'boolean, string, number or object', values: ['boolean', 'string', 'number', 'object'] },
  { operator: 'group', example: 'group:checkout', meaning: 'of this group; group:none has none' },
  { operator: 'tag', example: 'tag:beta', meaning: 'with this tag' },
  { operator: 'platform', example: 'platform:web', meaning: 'needs this platform' },
  { operator: 'package', example: 'package:pro', meaning: 'included by this package; package:none by no one' },
  { operator: 'requires', example: 'requires:search', meaning: 'requires this feature' },
  { operator: 'segment', example: 'segment:europe', meaning: 'its rules refer to this segment' },
  { operator: 'key', example: 'key:checkout', meaning: 'its key or that of a sub-feature has this part' },
];
export function matches(feature: Feature, terms: readonly Term[], facts: Facts): boolean {
  return fits(terms, (term) => holds(feature, term, facts));
}

function holds(feature: Feature, { operator, value }: Term, facts: Facts): boolean {
  const same = (text: string | undefined) => text?.toLowerCase() === value;
  switch (operator) {
    case 'is':
      if (value === 'stale') return facts.isStale(feature);
      if (value === 'targeted') return rolloutOf(feature).kind !== 'same';
      if (value === 'split') return rolloutOf(feature).kind === 'split';
      return value === 'on' ? feature.enabled : value === 'off' && !feature.enabled;
    case 'type': return typeOf(feature.variants) === value;
    case 'group': return same(groupOf(feature.metadata)) || (value === 'none' && groupOf(feature.metadata) === '');
    case 'tag': return tagsOf(feature.metadata).some(same);
    case 'platform': return feature.platforms.some((id) => same(facts.platforms.get(id)));
    case 'package': return facts.packagesOf(feature.id).some(same) || (value === 'none' && facts.packagesOf(feature.id).length === 0);
    case 'requires': return feature.requires.some((id) => same(facts.featureKeys.get(id)));
    case 'segment': return [...segmentsIn([feature.targeting, feature.sub_features.map(({ targeting }) => targeting)])].some(same);
    case 'key': return [feature.key, ...feature.sub_features.map(({ key }) => `${feature.key}/${key}`)].some((key) => key.toLowerCase().includes(value));
    default: return `${feature.name}\n${feature.key}\n${feature.description}\n${groupOf(feature.metadata)}\n${tagsOf(feature.metadata).join('\n')}`.toLowerCase().includes(value);
  }
}
