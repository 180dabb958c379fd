import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Copy, type Update } from '../src/copy.js';
import type { Position, View } from '../src/protocol.js';

interface Step {
  begin?: View & Position;
  hear?: Update;
  resume?: Position;
  then: {
    changed: string[] | boolean | null;
    revision: number | null;
    epoch: number;
    flags?: { [key: string]: unknown };
    platforms?: { [key: string]: boolean };
    plan?: string | null;
  };
}
interface Vectors {
  cases: { name: string; steps: Step[] }[];
}

const vectors = JSON.parse(readFileSync(new URL('../../../tests/vectors/client/copy.json', import.meta.url), 'utf8')) as Vectors;

function take(copy: Copy, { begin, hear, resume }: Step): string[] | boolean | null {
  if (begin) return copy.begin(begin);
  if (resume) return copy.resume(resume);
  if (!hear) return copy.cut() ?? null;
  const changed = copy.hear(hear);
  return changed ? [...changed] : null;
}

const sorted = (keys: string[] | boolean | null) => (Array.isArray(keys) ? [...keys].sort() : keys);

describe('a copy of the configuration', () => {
  test.each(vectors.cases)('$name', ({ steps }) => {
    const copy = new Copy();
    steps.forEach((step, index) => {
      const changed = take(copy, step);
      const { state } = copy;
      const { then } = step;
      const where = `step ${index + 1}`;
      expect(sorted(changed), where).toEqual(sorted(then.changed));
      expect(state?.revision ?? null, where).toBe(then.revision);
      if (state) expect(state.epoch, where).toBe(then.epoch);
      if (then.flags) expect(Object.fromEntries([...state!.flags].map(([key, { value }]) => [key, value])), where).toEqual(then.flags);
      if (then.platforms) expect(Object.fromEntries([...state!.platforms].map(([key, { enabled }]) => [key, enabled])), where).toEqual(then.platforms);
      if (then.plan !== undefined) expect(state!.plan?.key ?? null, where).toBe(then.plan);
    });
  });

  test('answers that did not change are the same objects', () => {
    const copy = new Copy();
    const two = vectors.cases.find(({ name }) => name === 'only what differs is named')!.steps;
    take(copy, two[0]!);
    const before = copy.state!;
    take(copy, two[1]!);

    expect(copy.state).not.toBe(before);
    expect(copy.state!.flags.get('chat')).toBe(before.flags.get('chat'));
    expect(copy.state!.platforms.get('web')).toBe(before.platforms.get('web'));
  });

  test('what is dehydrated begins an equal copy', () => {
    for (const { steps } of vectors.cases) {
      const copy = new Copy();
      steps.forEach((step) => take(copy, step));
      const state = JSON.parse(JSON.stringify(copy.dehydrate() ?? null)) as (View & Position) | null;
      if (!state) continue;
      const other = new Copy();
      other.begin(state);
      expect(other.state).toEqual(copy.state);
    }
  });

  // Any order of the pushes of one connection, and any repetition, ends in the same state.
  test('the order of pushes does not matter', () => {
    const [begin] = vectors.cases[0]!.steps;
    const feature = begin!.begin!.features[0]!;
    const update = (revision: number, id: number, enabled: boolean | null, more = false): Update => ({
      kind: 'feature', type: 'update', feature_id: id, timestamp: '', revision, epoch: 1, more,
      data: enabled === null ? null : { ...feature, id, key: `f${id}`, enabled, value: enabled },
    });
    const pushes = [update(6, 1, false, true), update(6, 2, true), update(7, 1, true), update(8, 2, null, true), update(8, 3, true), update(9, 3, false)];
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 300; round++) {
      const heard = [...pushes, ...pushes].sort(() => random() - 0.5);
      const copy = new Copy();
      take(copy, begin!);
      heard.forEach((one) => copy.hear(one));
      expect(copy.state!.revision).toBe(9);
      expect(Object.fromEntries([...copy.state!.flags].map(([key, { value }]) => [key, value])), JSON.stringify(heard)).toEqual({ f1: true, f3: false });
    }
  });
});
