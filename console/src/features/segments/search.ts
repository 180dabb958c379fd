// What the operators of the search mean for a segment. Pure.
import type { Schemas } from '@togglecast/admin';
import { parseCondition, type Json } from '../../shared/rules/condition';
import { attributesIn, describeRule, segmentsIn } from '../../shared/rules/describe';
import { fits, type Operator, type Term } from '../../shared/search/query';
import type { SegmentUser } from './segment-users';

type Segment = Schemas['Segment'];

export const kOperators: Operator[] = [
  { operator: 'is', example: 'is:unused', meaning: 'used or unused by rules, code (its rule was written by hand)', values: ['used', 'unused', 'code'] },
  { operator: 'feature', example: 'feature:checkout', meaning: 'the rules of this feature or of its sub-features refer to it' },
  { operator: 'segment', example: 'segment:europe', meaning: 'its rule refers to this segment' },
  { operator: 'attribute', example: 'attribute:region', meaning: 'its rule reads this attribute; the part before the last dot is optional' },
  { operator: 'key', example: 'key:beta', meaning: 'its key has this part' },
];

export function matches(segment: Segment, terms: readonly Term[], users: readonly SegmentUser[]): boolean {
  return fits(terms, (term) => holds(segment, term, users));
}

function holds(segment: Segment, { operator, value }: Term, users: readonly SegmentUser[]): boolean {
  const rule = segment.rule as Json;
  const same = (text: string) => text.toLowerCase() === value;
  switch (operator) {
    case 'is':
      if (value === 'code') return parseCondition(rule) === undefined;
      return value === 'used' ? users.length > 0 : value === 'unused' && users.length === 0;
    case 'feature': return users.some(({ type, key }) => type === 'feature' && same(key));
    case 'segment': return [...segmentsIn(rule)].some(same);
    case 'attribute': return [...attributesIn(rule)].some((path) => same(path) || path.toLowerCase().endsWith(`.${value}`));
    case 'key': return segment.key.toLowerCase().includes(value);
    default: return `${segment.name}\n${segment.key}\n${segment.description}\n${describeRule(rule)}`.toLowerCase().includes(value);
  }
}
