import { Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { lineColor } from './colors';
import classes from './dashboard.module.css';
import { highest, latest, show, type Line, type Unit } from './series';

const Graph = lazy(() => import('./graph'));
const kHeight = 150;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** A graph with its name, and below it what each line is and its value: now, or under the pointer. */
export function GraphCard({ title, help, times, lines, unit, empty, aside }: {
  title: string; help: string; times: number[]; lines: Line[]; unit: Unit;
  /** Instead of the graph while there are no lines. */
  empty?: string;
  aside?: ReactNode;
}) {
  const [pointed, setPointed] = useState<number | null>(null);
  const time = pointed === null ? undefined : times[pointed];
  const valueOf = ({ values }: Line) => show(pointed === null || time === undefined ? (unit === 'ms' ? latest(values) : values.at(-1)) : values[pointed], unit);
  const said = `${title}: ${lines.map((line) => `${line.name} ${valueOf(line)}`).join(', ')}`;
  return (
    <Paper withBorder p="sm" radius="md" component="section" aria-label={title} miw={0}>
      <Stack gap={6}>
        <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
          <div>
            <Title order={3} size="sm">{title}</Title>
            <Text size="xs" c="dimmed">{help}</Text>
          </div>
          {aside ?? <Text size="xs" c="dimmed" className={classes['when']!}>{time === undefined ? '' : clock.format(time * 1000)}</Text>}
        </Group>
        {lines.length === 0 ? (
          <Text size="sm" c="dimmed" className={classes['nothing']!}>{empty}</Text>
        ) : (
          <>
            <Suspense fallback={<Skeleton h={kHeight} />}>
              <Graph label={said} times={times} lines={lines} unit={unit} height={kHeight} onPoint={setPointed} />
            </Suspense>
            <ul className={classes['legend']!}>
              {lines.map((line, index) => (
                <li key={line.name}>
                  <span className={classes['swatch']!} style={{ background: lineColor(index) }} aria-hidden="true" />
                  {line.name} <b data-line={line.name}>{valueOf(line)}</b>
                </li>
              ))}
            </ul>
            <Values title={title} times={times} lines={lines} unit={unit} />
          </>
        )}
      </Stack>
    </Paper>
  );
}

/** The graph for readers who do not see it: its time, and the newest and the highest value of each line. */
function Values({ title, times, lines, unit }: { title: string; times: number[]; lines: Line[]; unit: Unit }) {
  const [from, to] = [times[0], times.at(-1)];
  if (from === undefined || to === undefined) return null;
  return (
    <div className="visually-hidden">
      <table data-from={from}>
        <caption>{title} from {clock.format(from * 1000)} to {clock.format(to * 1000)}</caption>
        <thead><tr><th scope="col">Line</th><th scope="col">Newest</th><th scope="col">Highest</th></tr></thead>
        <tbody>{lines.map(({ name, values }) => <tr key={name}><th scope="row">{name}</th><td>{show(latest(values), unit)}</td><td>{show(highest(values), unit)}</td></tr>)}</tbody>
      </table>
    </div>
  );
}
