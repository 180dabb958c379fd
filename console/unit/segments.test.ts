import { expect, test } from 'vitest';
import { kOperators, matches } from '../src/features/segments/search';
import type { SegmentUser } from '../src/features/segments/segment-users';
import { attributesIn } from '../src/shared/rules/describe';
import { parseQuery, queryProblem } from '../src/shared/search/query';

const segment = { id: 1, key: 'beta-europe', name: 'Beta', description: 'Asked for it', rule: { and: [{ $ref: 'europe' }, { '==': [{ var: 'client.plan.tier' }, 'gold'] }] }, revision: 1, created_at: '', updated_at: '', etag: '"1.1"' };
const users: SegmentUser[] = [{ type: 'feature', id: 4, key: 'checkout', name: 'Checkout', on: true, parts: [] }, { type: 'segment', id: 2, key: 'pilots', name: 'Pilots', on: true, parts: [] }];
const found = (query: string, by = users, rule: object = segment.rule) => matches({ ...segment, rule } as never, parseQuery(query, kOperators), by);

test('the search of segments understands its operators', () => {
  for (const query of ['', 'BETA', 'asked', 'gold', 'is:used', '-is:unused', 'feature:CHECKOUT', 'segment:europe', 'attribute:tier', 'attribute:plan.tier', 'attribute:client.plan.tier', 'key:eur', 'beta -is:code', '"asked for"'])
    expect(found(query), query).toBe(true);
  // `pilots` is a segment that refers to it, and no feature.
  for (const query of ['is:unused', '-is:used', 'is:code', 'is:nonsense', 'feature:cart', 'feature:pilots', 'segment:eur', 'attribute:plan', 'attribute:ier', 'key:gold', 'beta is:unused', '"for asked"'])
    expect(found(query), query).toBe(false);
  expect(found('is:unused', [])).toBe(true);
  expect(found('is:code', users, { some: [{ var: 'client.teams' }, { '>': [{ var: 'size' }, 3] }] })).toBe(true);
  expect(queryProblem('is:old', kOperators)).toBe('“is:” takes used, unused or code, not “old”.');
});

test('attributes are found at any depth, with a default or without', () => {
  expect([...attributesIn({ or: [{ '==': [{ var: ['client.region', 'de'] }, 'de'] }, { '!': { var: 'app.version' } }, { var: '' }] })]).toEqual(['client.region', 'app.version']);
});
