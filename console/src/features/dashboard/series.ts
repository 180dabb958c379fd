// The numbers that the graphs draw: the history of the server, and the ticks that continue it. Pure; unit/dashboard.test.ts tries it.
import type { DashboardTick, Schemas } from '@togglecast/admin';
import { compareTexts } from '../../shared/order';

export type Values = (number | null)[];
export type History = Pick<Schemas['DashboardHistory'], 'resolution' | 'times' | 'series' | 'total' | 'nodes'>;

/** A line of a graph. */
export interface Line {
  name: string;
  values: Values;
}

const kKept = 300; // values: five minutes of seconds

/** The history with the later times of these ticks. Undefined: a second is missing between them, so it has to be read again. */
export function extend(history: History, ticks: readonly DashboardTick[]): History | undefined {
  let now = history;
  for (const tick of ticks) {
    const last = now.times.at(-1) ?? -Infinity;
    const from = tick.times.findIndex((time) => time > last);
    if (from < 0) continue;
    if (Number.isFinite(last) && tick.times[from]! > last + 1) return undefined;
    if (tick.total.length !== now.series.length) return undefined;
    const added = tick.times.length - from;
    const drop = Math.max(0, now.times.length + added - kKept);
    const join = (old: Values | undefined, more: Values): Values => [...(old ?? Array<null>(now.times.length).fill(null)).slice(drop), ...more.slice(from)];
    const known = new Map(now.nodes.map((node) => [node.id, node]));
    const told = new Set(tick.nodes.map((node) => node.id));
    now = {
      ...now,
      times: [...now.times.slice(drop), ...tick.times.slice(from)],
      total: tick.total.map((values, index) => join(now.total[index], values)),
      nodes: [
        ...tick.nodes.map((node) => ({ ...node, values: node.values.map((values, index) => join(known.get(node.id)?.values[index], values)) })),
        // A node that says nothing keeps its line, with a gap.
        ...now.nodes.filter((node) => !told.has(node.id)).map((node) => ({ ...node, values: node.values.map((values) => join(values, [...Array<null>(from).fill(null), ...Array<null>(added).fill(null)])) })),
      ],
    };
  }
  return now;
}

const at = (history: History, name: string, of: string) => history.series.findIndex((series) => series.name === name && series.of === of);

/** One series of all nodes together; nulls where the server has no such series. */
export function seriesOf(history: History, name: string, of = ''): Values {
  return history.total[at(history, name, of)] ?? Array<null>(history.times.length).fill(null);
}

/** All series of a name; with `moved`, only those that were above zero in the time that is shown. */
export function linesOf(history: History, name: string, { moved = false, label = (of: string) => of } = {}): Line[] {
  return history.series
    .map((series, index) => ({ series, values: history.total[index] ?? [] }))
    .filter(({ series, values }) => series.name === name && (!moved || values.some((value) => value !== null && value > 0)))
    .map(({ series, values }) => ({ name: label(series.of), values }));
}

/** One series for each node, in the order of their names, so that a line keeps its colour. A node that started again is the same one: its
 *  line goes on, with a gap. */
export function byNode(history: History, series: string, of: string, label: (node: string) => string): Line[] {
  const index = at(history, series, of);
  const names = [...new Set(history.nodes.map((node) => node.name))].sort(compareTexts);
  return names.map((name) => {
    const lives = history.nodes.filter((node) => node.name === name).map(({ values }) => values[index] ?? []);
    return { name: label(name), values: history.times.map((_, time) => latest(lives.map((values) => values[time] ?? null))) };
  });
}

/** The newest value that was measured. */
export const latest = (values: Values): number | null => values.findLast((value) => value !== null) ?? null;
/** The highest value; null without any. */
export const highest = (values: Values): number | null => values.reduce<number | null>((most, value) => (value === null ? most : Math.max(most ?? value, value)), null);
/** How often a rate says that it happened. */
export const happened = (values: Values, seconds: number): number => Math.round(values.reduce<number>((sum, value) => sum + (value ?? 0) * seconds, 0));

const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3, notation: 'compact' });

export type Unit = 'count' | 'rate' | 'bytes' | 'bytes/s' | 'ms' | 'cores' | 'value';

/** A value for people: "1.2 KiB/s", "83 ms". */
export function show(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return '–';
  switch (unit) {
    case 'count': return Math.abs(value) < 100_000 ? plain.format(value) : short.format(value);
    case 'rate': return `${Math.abs(value) < 1000 ? plain.format(value) : short.format(value)}/s`;
    case 'bytes': return inBytes(value);
    case 'bytes/s': return `${inBytes(value)}/s`;
    case 'ms': return value < 10_000 ? `${plain.format(value)} ms` : `${plain.format(value / 1000)} s`;
    case 'cores': return `${plain.format(value * 100)} %`;
    case 'value': return Math.abs(value) < 1000 ? String(Number(value.toPrecision(4))) : short.format(value);
  }
}

function inBytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let rest = value;
  let unit = 0;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    ++unit;
  }
  return `${plain.format(rest)} ${units[unit]}`;
}
