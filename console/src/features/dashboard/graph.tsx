// A graph by uPlot, which draws on a canvas. Loaded when the first graph is shown.
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colorOf } from './colors';
import { show, type Line, type Unit } from './series';

interface Props {
  label: string;
  times: number[];
  lines: Line[];
  unit: Unit;
  height: number;
  /** The place under the pointer; null: it has left. */
  onPoint: (index: number | null) => void;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const kSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/** The distances of the lines of the grid: round in KiB, too. Sockets are whole. */
const stepsOf = (unit: Unit) =>
  unit === 'bytes' || unit === 'bytes/s' ? [0, 1, 2, 3, 4].flatMap((power) => kSteps.map((step) => step * 1024 ** power))
    : [...(unit === 'count' ? [] : [-3, -2, -1]), 0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));

const alone = (plot: uPlot, series: number): number[] => {
  const values = plot.data[series] as (number | null)[];
  const isAt = (index: number) => typeof values[index] === 'number';
  return values.flatMap((_, index) => (isAt(index) && !isAt(index - 1) && !isAt(index + 1) ? [index] : []));
};

const kTimeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]; // seconds between two labels
const precise = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export default function Graph({ label, times, lines, unit, height, onPoint }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const dark = useComputedColorScheme() === 'dark';
  const point = useRef(onPoint);
  point.current = onPoint;
  const data: uPlot.AlignedData = [times, ...lines.map((line) => line.values)];
  const latest = useRef(data);
  latest.current = data;
  const names = lines.map((line) => line.name).join('\n');
  // Percentiles are measured now and then: lines join them, and a point marks one without neighbours.
  const sparse = unit === 'ms';

  useEffect(() => {
    const root = host.current!;
    const style = getComputedStyle(root);
    const ink = style.getPropertyValue('--mantine-color-dimmed').trim();
    const grid = style.getPropertyValue('--tc-line').trim();
    const axis: uPlot.Axis = { stroke: ink, font: '11px system-ui, sans-serif', grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const made = new uPlot(
      {
        width: root.clientWidth || 300,
        height,
        legend: { show: false },
        cursor: { sync: { key: 'dashboard' }, drag: { x: false, y: false }, y: false, points: { size: 6 } },
        padding: [10, 26, 0, 0], // half a label of time on the right
        scales: { x: { time: true }, y: { range: (_self, _low, high) => [0, high > 0 ? high * 1.15 : 1] } },
        axes: [
          { ...axis, size: 24, gap: 6, space: 70, incrs: kTimeSteps, grid: { show: false }, values: (_self, splits) => splits.map((at) => (splits.length > 1 && splits[1]! - splits[0]! < 60 ? precise : clock).format(at * 1000)) },
          { ...axis, size: 66, space: 34, incrs: stepsOf(unit), values: (_self, splits) => splits.map((value) => show(value, unit)) },
        ],
        series: [
          {},
          ...names.split('\n').map((name, index): uPlot.Series => ({
            label: name, stroke: colorOf(index, root), width: 1.75, spanGaps: sparse,
            points: sparse ? { show: true, size: 5, fill: colorOf(index, root), filter: alone } : { show: false },
          })),
        ],
        hooks: { setCursor: [(self) => point.current(self.cursor.left !== undefined && self.cursor.left >= 0 ? (self.cursor.idx ?? null) : null)] },
      },
      latest.current,
      root,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: root.clientWidth, height }));
    resized.observe(root);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [names, unit, height, dark, sparse]);

  useEffect(() => plot.current?.setData(latest.current), [times, lines]);

  return <div ref={host} role="img" aria-label={label} style={{ height, overflow: 'hidden' }} />;
}
