import { describe, expect, it } from 'vitest';
import { assign, assignmentIn, cellsOf, clashes, draftText, kNoDraft, openPlatforms, patchOf, readDraft, settled, toggleSub, type Plan } from '@/features/packages/draft';

const plan = (features: Plan['features'], platforms: number[] = []) =>
  ({ id: 1, key: 'pro', name: 'Pro', features, platforms, revision: 1, etag: '"1.1"' }) as unknown as Plan;

describe('the draft of a matrix', () => {
  it('has a cell for each change, and none for one that was taken back', () => {
    const pro = plan([{ feature_id: 1 }]);
    const more = assign(assign(kNoDraft, pro, 2, { feature_id: 2, limit: 5 }), pro, 1, null);
    expect(cellsOf(more)).toBe(2);
    expect(patchOf(pro, more.get(1)!)).toEqual({ features: [{ feature_id: 2, limit: 5 }] });
    const back = assign(assign(more, pro, 2, null), pro, 1, { feature_id: 1 });
    expect(back.size).toBe(0);
  });

  it('takes no limit and a null limit for the same', () => {
    const pro = plan([{ feature_id: 1, limit: null, sub_features: null }]);
    expect(assign(kNoDraft, pro, 1, { feature_id: 1 }).size).toBe(0);
  });

  it('stands on the package as it is now: a change of somebody else to another cell stays', () => {
    const draft = assign(kNoDraft, plan([{ feature_id: 1 }]), 1, { feature_id: 1, limit: 3 });
    const now = plan([{ feature_id: 1 }, { feature_id: 7, limit: 9 }]);
    expect(patchOf(now, draft.get(1)!)).toEqual({ features: [{ feature_id: 1, limit: 3 }, { feature_id: 7, limit: 9 }] });
    expect(clashes(now, draft.get(1)!)).toEqual([]);
    expect(assignmentIn(now, draft.get(1), 1)).toEqual({ feature_id: 1, limit: 3 });
  });

  it('names the cells that somebody else has changed as well, unless both did the same', () => {
    const draft = assign(kNoDraft, plan([{ feature_id: 1 }]), 1, { feature_id: 1, limit: 3 });
    expect(clashes(plan([{ feature_id: 1, limit: 8 }]), draft.get(1)!)).toEqual([1]);
    expect(clashes(plan([{ feature_id: 1, limit: 3 }]), draft.get(1)!)).toEqual([]);
    expect(settled(draft, [plan([{ feature_id: 1, limit: 3 }])]).size).toBe(0);
    expect(settled(draft, []).size).toBe(0);
    expect(settled(draft, [plan([{ feature_id: 1 }])])).toBe(draft);
  });

  it('replaces the list of platforms, whatever its order', () => {
    const pro = plan([], [1, 2]);
    expect(openPlatforms(kNoDraft, pro, [2, 1]).size).toBe(0);
    expect(patchOf(pro, openPlatforms(kNoDraft, pro, []).get(1)!)).toEqual({ platforms: [] });
  });
});

describe('sub-features of an assignment', () => {
  it('without a list are all of them; the list goes when all are included again', () => {
    const some = toggleSub({ feature_id: 1, limit: 2 }, ['a', 'b'], 'a');
    expect(some).toEqual({ feature_id: 1, limit: 2, sub_features: ['b'] });
    expect(toggleSub(some, ['a', 'b'], 'b')).toEqual({ feature_id: 1, limit: 2, sub_features: [] });
    expect(toggleSub(some, ['a', 'b'], 'a')).toEqual({ feature_id: 1, limit: 2 });
  });

  it('stands in an address, and comes back from it', () => {
    const pro = plan([{ feature_id: 1 }, { feature_id: 3 }], [4]);
    const draft = openPlatforms(assign(assign(assign(kNoDraft, pro, 1, null), pro, 2, { feature_id: 2, limit: 5, sub_features: ['a', 'b'] }), pro, 9, { feature_id: 9 }), pro, [4, 6]);
    const text = draftText(draft);
    expect(JSON.parse(text)).toEqual([[1, 1], [1, 2, { limit: 5, sub_features: ['a', 'b'] }], [1, 9, {}], [1, [4, 6]]]);
    expect(readDraft(text, [pro])).toEqual(draft);
    expect(draftText(kNoDraft)).toBe('');
    expect(readDraft('', [pro])).toEqual(kNoDraft);
  });

  it('leaves out of an address what is no cell, what belongs to no package, and what is so already', () => {
    const pro = plan([{ feature_id: 1 }]);
    for (const text of ['{', '7', 'null', '["a"]', '[[1]]', '[[1,"x"]]', '[[1,-2]]', '[[1,2,null]]', '[[1,["x"]]]', '[[99,1]]', '[[1,1,{}]]', '[[1,[]]]']) expect(readDraft(text, [pro]).size, text).toBe(0);
    expect(cellsOf(readDraft('[[1,2,{"limit":"5","sub_features":[7]}],[1,1],[2,1]]', [pro]))).toBe(2);
  });
});
