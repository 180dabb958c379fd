// The search of the list: `is:on type:boolean group:checkout -tag:beta "one tap"`. Pure.
import { groupOf, tagsOf, typeOf, type Feature } from './flag-draft';
import { rolloutOf, segmentsIn } from '../../shared/rules/describe';

export interface Facts {
  /** Keys of platforms, packages and features by id. */
  platforms: ReadonlyMap<number, string>;
  featureKeys: ReadonlyMap<number, string>;
  /** Keys of the packages that include a feature. */
  packagesOf: (feature: number) => readonly string[];
  isStale: (feature: Feature) => boolean;
}

interface Term {
  operator: string;
  value: string;
  negated: boolean;
}

export const kOperators: { operator: string; example: string; meaning: string }[] = [
  { operator: 'is', example: 'is:on', meaning: 'on, off, stale, targeted (has rules or a split), split' },
  { operator: 'type', example: 'type:boolean', meaning: 'boolean, string, number or object' },
  { operator: 'group', example: 'group:checkout', meaning: 'of this group; group:none has none' },
  { operator: 'tag', example: 'tag:beta', meaning: 'with this tag' },
  { operator: 'platform', example: 'platform:web', meaning: 'needs this platform' },
  { operator: 'package', example: 'package:pro', meaning: 'included by this package; package:none by no one' },
  { operator: 'requires', example: 'requires:search', meaning: 'requires this feature' },
  { operator: 'segment', example: 'segment:europe', meaning: 'its rules refer to this segment' },
  { operator: 'key', example: 'key:checkout', meaning: 'its key or that of a sub-feature has this part' },
];
const kKnown = new Set(kOperators.map(({ operator }) => operator));

/** The terms of a query. Text in quotes is one term; a minus in front excludes. */
export function parseQuery(text: string): Term[] {
  const terms: Term[] = [];
  for (const [, minus, name, quoted, plain] of text.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const operator = (name ?? '').toLowerCase();
    const value = (quoted ?? plain ?? '').toLowerCase();
    // A colon after any other word is text.
    const [known, content] = operator === '' || kKnown.has(operator) ? [operator, value] : ['', `${operator}:${value}`];
    if (content !== '') terms.push({ operator: known, value: content, negated: minus === '-' });
  }
  return terms;
}

const kStates = new Set(['on', 'off', 'stale', 'targeted', 'split']);

/** What the reader should know about a query that cannot be what was meant. */
export function queryProblem(text: string): string | undefined {
  const wrong = parseQuery(text).find(({ operator, value }) => (operator === 'is' && !kStates.has(value)) || (operator === 'type' && !['boolean', 'string', 'number', 'object'].includes(value)));
  if (!wrong) return undefined;
  return wrong.operator === 'is' ? `“is:” takes on, off, stale, targeted or split, not “${wrong.value}”.` : `“type:” takes boolean, string, number or object, not “${wrong.value}”.`;
}

export function matches(feature: Feature, terms: readonly Term[], facts: Facts): boolean {
  return terms.every((term) => holds(feature, term, facts) !== term.negated);
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

/** A term of the query: `tag:beta`, `tag:"early access"`. */
export const termOf = (operator: string, value: string) => `${operator}:${/\s/.test(value) ? `"${value}"` : value}`;

const rawTerms = (text: string): string[] => text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];

/** The query with a term put in or taken out. */
export function toggleTerm(text: string, term: string): string {
  const terms = rawTerms(text);
  return (terms.includes(term) ? terms.filter((each) => each !== term) : [...terms, term]).join(' ');
}

/** The query with this value of an operator instead of the ones that it has; without any for an empty value. */
export function withOperator(text: string, operator: string, value: string): string {
  const others = rawTerms(text).filter((term) => !term.toLowerCase().startsWith(`${operator}:`));
  return [...others, ...(value ? [termOf(operator, value)] : [])].join(' ');
}
