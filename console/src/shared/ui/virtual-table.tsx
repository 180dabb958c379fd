// A table of many thousand rows: only those in sight are in the page. Rows have one height.
import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef, type ReactNode } from 'react';
import classes from './virtual-table.module.css';

export interface Column<Row> {
  id: string;
  header: string;
  /** A track of the grid: `90px`, `minmax(200px, 2fr)`. */
  width: string;
  cell: (row: Row) => ReactNode;
  /** Present: the header sorts. The value is the order now. */
  sort?: { order: 'ascending' | 'descending' | undefined; toggle: () => void };
}

interface Props<Row> {
  label: string;
  /** The same array while nothing in it changes: rows render again with another. */
  columns: Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  rowHeight: number;
  /** The narrowest that it gets before it scrolls sideways. */
  minWidth: number;
  /** All rows that there are, if the server has more of them than `rows`. */
  total?: number | undefined;
  /** The reader is near the end of `rows`. */
  onNearEnd?: () => void;
  testId?: (row: Row) => string;
  maxHeight?: string;
}

export function VirtualTable<Row>({ label, columns, rows, keyOf, rowHeight, minWidth, total = rows.length, onNearEnd, testId, maxHeight = 'max(320px, calc(100dvh - 300px))' }: Props<Row>) {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => frame.current, estimateSize: () => rowHeight, overscan: 8, getItemKey: (index) => keyOf(rows[index]!) });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 30) onNearEnd?.();
  }, [last, rows.length, onNearEnd]);
  const tracks = { gridTemplateColumns: columns.map((column) => column.width).join(' '), minWidth };
  return (
    <div ref={frame} className={classes['frame']} style={{ maxHeight }} role="table" aria-label={label} aria-rowcount={total + 1} tabIndex={0}>
      <div role="rowgroup" className={classes['head']} style={{ minWidth }}>
        <div role="row" className={classes['row']} style={tracks} aria-rowindex={1}>
          {columns.map(({ id, header, sort }) => (
            <div key={id} role="columnheader" className={classes['cell']} aria-sort={sort ? (sort.order ?? 'none') : undefined}>
              {sort ? <button type="button" className={classes['sort']} onClick={sort.toggle}>{header}<SortMark order={sort.order} /></button> : header}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={classes['body']} style={{ height: virtual.getTotalSize(), minWidth }}>
        {shown.map(({ key, index, start }) => {
          const row = rows[index]!;
          return (
            <div key={key} role="row" className={classes['row']} aria-rowindex={index + 2} data-testid={testId?.(row)} style={{ ...tracks, height: rowHeight, transform: `translateY(${start}px)` }}>
              <Cells row={row} columns={columns as Column<unknown>[]} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

// While one scrolls or another row changes, the cells of a row stay as they are.
const Cells = memo(function Cells({ row, columns }: { row: unknown; columns: Column<unknown>[] }) {
  return columns.map(({ id, cell }) => <div key={id} role="cell" className={classes['cell']}>{cell(row)}</div>);
});

function SortMark({ order }: { order: 'ascending' | 'descending' | undefined }) {
  const Mark = order === 'ascending' ? IconArrowUp : order === 'descending' ? IconArrowDown : IconArrowsSort;
  return <Mark size={14} aria-hidden opacity={order ? 1 : 0.45} />;
}
