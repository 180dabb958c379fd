import { describe, expect, test } from 'vitest';
import { readRollouts, type Recent } from '../src/features/dashboard/recent-rollouts';
import { byNode, extend, happened, latest, linesOf, seriesOf, show, type History } from '../src/features/dashboard/series';

const series = (name: string, of = '') => ({ name, of, unit: '1', together: 'sum' as const });
const begin = (): History => ({
  resolution: '1s', times: [10, 11], series: [series('connections', '/client'), series('closes', 'ping timeout'), series('closes', 'parse error')],
  total: [[1, 2], [0, null], [0, 0]], nodes: [{ id: 'a', name: 'eu-1', values: [[1, 2], [0, null], [0, 0]] }],
});
const tick = (time: number, clients: number, id = 'a', name = 'eu-1') => ({ resolution: '1s' as const, times: [time], total: [[clients], [1], [0]], nodes: [{ id, name, values: [[clients], [1], [0]] }] });

describe('the history of the dashboard', () => {
  test('goes on with later ticks, and leaves out those that it has', () => {
    const next = extend(begin(), [tick(11, 99), tick(12, 3), tick(13, 4)]);
    expect(next?.times).toEqual([10, 11, 12, 13]);
    expect(seriesOf(next!, 'connections', '/client')).toEqual([1, 2, 3, 4]);
    expect(next?.nodes[0]?.values[0]).toEqual([1, 2, 3, 4]);
  });

  test('has to be read again when a second is missing', () => expect(extend(begin(), [tick(13, 4)])).toBeUndefined());

  test('begins with any tick while it is empty', () => {
    const empty = { ...begin(), times: [], total: [[], [], []], nodes: [] };
    expect(extend(empty, [tick(500, 7)])?.total[0]).toEqual([7]);
  });

  test('keeps five minutes', () => {
    let now = begin();
    for (let time = 12; time < 412; ++time) now = extend(now, [tick(time, time)])!;
    expect([now.times.length, now.times[0], now.times.at(-1), now.total[0]!.length]).toEqual([300, 112, 411, 300]);
  });

  test('gives a new node a gap before it, and one that is silent a gap after it', () => {
    const next = extend(begin(), [tick(12, 5, 'b', 'eu-2')])!;
    const clients = byNode(next, 'connections', '/client', (node) => node);
    expect(clients).toEqual([{ name: 'eu-1', values: [1, 2, null] }, { name: 'eu-2', values: [null, null, 5] }]);
  });

  test('goes on with the line of a node that started again', () => {
    const next = extend(begin(), [tick(12, 5, 'b', 'eu-2'), tick(13, 7, 'a-again', 'eu-1')])!;
    const clients = byNode(next, 'connections', '/client', (node) => node);
    expect(clients).toEqual([{ name: 'eu-1', values: [1, 2, null, 7] }, { name: 'eu-2', values: [null, null, 5, null] }]);
  });

  test('shows only the reasons that occurred', () => {
    const next = extend(begin(), [tick(12, 5)])!;
    expect(linesOf(next, 'closes', { moved: true }).map((line) => line.name)).toEqual(['ping timeout']);
    expect(linesOf(next, 'closes')).toHaveLength(2);
  });

  test('has nulls for a series that the server does not have', () => expect(seriesOf(begin(), 'other')).toEqual([null, null]));
});

test('numbers for people', () => {
  expect([latest([1, null]), latest([null]), happened([0.5, null, 1.5], 1)]).toEqual([1, null, 2]);
  expect([show(null, 'ms'), show(83.04, 'ms'), show(12_500, 'ms'), show(2048, 'bytes/s'), show(0.5, 'cores')]).toEqual(['–', '83 ms', '12.5 s', '2 KiB/s', '50 %']);
});

test('rollouts leave out what concerns no client, and look at older changes for it', async () => {
  const item = (revision: number, type: string) => ({ change: { revision, changes: [{ entity_type: type }] }, rollout: { concerned: 0 } });
  const pages: { [before: string]: unknown } = {
    newest: { items: [item(9, 'token'), item(8, 'feature'), item(7, 'token')], next: 7 },
    7: { items: [item(6, 'token'), item(5, 'client'), item(4, 'platform')], next: 4 },
    4: { items: [item(3, 'admin')] },
  };
  const asked: (number | undefined)[] = [];
  const read = (before: number | undefined) => {
    asked.push(before);
    return Promise.resolve(pages[before ?? 'newest'] as Recent);
  };
  expect((await readRollouts(read, 2)).map(({ change }) => change.revision)).toEqual([8, 5]);
  expect(asked).toEqual([undefined, 7]);
  expect((await readRollouts(read, 6)).map(({ change }) => change.revision)).toEqual([8, 5, 4]);
});
