import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { kUnborn, statusOf, step, type Input, type Status } from '../src/life.js';

interface Vectors {
  cases: {
    name: string;
    random?: number;
    steps: { at: number; input: Input; then: { phase: string; connect?: number; refresh?: boolean; status?: [Status, Status] } }[];
  }[];
}

const vectors = JSON.parse(readFileSync(new URL('../../../tests/vectors/client/life.json', import.meta.url), 'utf8')) as Vectors;

describe('the life of a connection', () => {
  test.each(vectors.cases)('$name', ({ random = 0.5, steps }) => {
    let life = kUnborn;
    steps.forEach(({ at, input, then }, index) => {
      const next = step(life, input, at, () => random);
      life = next.life;
      expect({ phase: life.phase, connect: next.connect, refresh: next.refresh }, `step ${index + 1}`)
        .toEqual({ phase: then.phase, connect: then.connect, refresh: then.refresh });
      if (then.status) expect([statusOf(life, false), statusOf(life, true)], `step ${index + 1}`).toEqual(then.status);
    });
  });
});
