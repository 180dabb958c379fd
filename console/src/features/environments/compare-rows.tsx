// The entities of both environments, of which only the rows on the screen exist.
import { Anchor, Badge, Checkbox, Code, Group, Text, Title } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { memberText } from '../../shared/entities/words';
import { useAddressSet } from '../../shared/use-search';
import { sidesOf, type Catalogue, type Kind, type Row } from './compare';
import classes from './environments.module.css';

const kTitles: { [kind in Kind]: string } = { platform: 'Platforms', segment: 'Segments', feature: 'Features', package: 'Packages' };
const kHeading = 44;
const kRow = 46; // without what differs; each row is measured

export const nameOf = ({ kind, key }: Row) => `${kind}:${key}`;

interface Both {
  from: string;
  to: string;
  source: Catalogue;
  target: Catalogue;
}

export function CompareRows({ rows, chosen, onChoose, ...both }: Both & { rows: readonly Row[]; chosen: ReadonlySet<string>; onChoose: (name: string, on: boolean) => void }) {
  const lines = useMemo(
    () => (Object.keys(kTitles) as Kind[]).flatMap((kind): (Kind | Row)[] => {
      const ofKind = rows.filter((row) => row.kind === kind);
      return ofKind.length > 0 ? [kind, ...ofKind] : [];
    }),
    [rows],
  );
  const [open, toggle] = useAddressSet('open');
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY), []);
  const virtual = useWindowVirtualizer({
    count: lines.length,
    estimateSize: (index) => (typeof lines[index] === 'string' ? kHeading : kRow),
    getItemKey: (index) => {
      const line = lines[index]!;
      return typeof line === 'string' ? line : nameOf(line);
    },
    overscan: 10,
    scrollMargin: top,
  });
  return (
    <div ref={body} className={classes['rows']} style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, start, key }) => {
        const line = lines[index]!;
        return (
          <div key={key} ref={virtual.measureElement} data-index={index} className={classes['line']} style={{ transform: `translateY(${start - top}px)` }}>
            {typeof line === 'string' ? <Title order={2} size="h5" className={classes['kind']!}>{kTitles[line]}</Title> : (
              <RowView row={line} open={open.has(nameOf(line))} toggle={toggle} first={typeof lines[index - 1] === 'string'} last={typeof (lines[index + 1] ?? '') === 'string'} checked={chosen.has(nameOf(line))} onChoose={onChoose} {...both} />
            )}
          </div>
        );
      })}
    </div>
  );
}

const RowView = memo(function RowView({ row, from, to, source, target, open, toggle, first, last, checked, onChoose }: Both & { row: Row; open: boolean; first: boolean; last: boolean; toggle: (name: string) => void; checked: boolean; onChoose: (name: string, on: boolean) => void }) {
  const sides = open ? sidesOf(row, source, target) : undefined;
  const [state, color] = { same: ['same', 'gray'], differs: ['differs', 'blue'], 'only here': [`only in ${from}`, 'teal'], 'only there': [`only in ${to}`, 'gray'] }[row.state] as [string, string];
  return (
    <div className={classes['row']} data-first={first || undefined} data-last={last || undefined} data-testid={`row-${row.kind}-${row.key}`}>
      <Checkbox mt={2} checked={checked} disabled={!row.from || row.state === 'same'} onChange={(event) => onChoose(nameOf(row), event.currentTarget.checked)} aria-label={`Select ${row.name}`} />
      <div className={classes['grow']}>
        <Group gap="xs"><Text size="sm" fw={500}>{row.name}</Text><Text size="xs" c="dimmed" ff="monospace">{row.key}</Text><Badge size="sm" variant="light" color={color} tt="none">{state}</Badge></Group>
        {row.fields.length > 0 && (
          <Group gap={6} mt={2}>
            <Text size="xs" c="dimmed">{row.fields.map(memberText).join(', ')}</Text>
            <Anchor component="button" size="xs" onClick={() => toggle(nameOf(row))} aria-expanded={open} aria-label={`${open ? 'Hide' : 'Show'} what differs in ${row.name}`}>{open ? 'Hide' : 'Show'}</Anchor>
          </Group>
        )}
        {sides && row.fields.map((field) => (
          <div key={field}>
            <Text size="xs" fw={600} mt={8} mb={2}>{memberText(field)}</Text>
            <Group grow align="flex-start" gap={8} preventGrowOverflow={false}>
              <Value name={from} value={sides.from?.[field]} />
              <Value name={to} value={sides.to?.[field]} />
            </Group>
          </div>
        ))}
      </div>
    </div>
  );
});

const Value = ({ name, value }: { name: string; value: unknown }) => (
  <div><Text size="xs" c="dimmed">{name}</Text><Code block fz={12}>{value === undefined ? '—' : typeof value === 'string' ? value || '(empty)' : JSON.stringify(value, null, 2)}</Code></div>
);
