// Slow consumers: a hundred clients of both transports stop reading while much is changed. tests/soak has the long run.
import { describe, test } from 'node:test';
import { stallWhileChanging } from '../support/stalled.mjs';

describe('a hundred clients that take nothing during a thousand changes', () => {
  test('cost a fixed amount of memory, and get one merged step once they read', async (t) => {
    await stallWhileChanging(t, { clients: 100, changes: 1000 });
  });

  test('are given up in time, and come back to the current state', async (t) => {
    await stallWhileChanging(t, { clients: 100, changes: 400, giveUp: true });
  });
});
