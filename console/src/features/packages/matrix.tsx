// Features × packages: a switch and a limit in each cell. Only the cells in sight are in the page, in both directions.
import { ActionIcon, Anchor, Text, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef, type KeyboardEvent } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useAddressSet } from '../../shared/use-search';
import { FeatureCell, PlatformCell, SubCell } from './cells';
import { platformsIn, type Assignment, type Draft, type Plan } from './draft';
import classes from './matrix.module.css';
import { planPrice } from './price';

type Feature = Schemas['Feature'];
type Platform = Schemas['Platform'];
type Row =
  | { kind: 'heading'; key: string; text: string }
  | { kind: 'feature'; key: string; feature: Feature }
  | { kind: 'sub'; key: string; feature: Feature; sub: Feature['sub_features'][number] }
  | { kind: 'all'; key: string }
  | { kind: 'platform'; key: string; platform: Platform };

const kRow = 48;
const kColumn = 190;
const kRest = 'calc(100% - var(--first))';

export function Matrix({ plans, features, platforms, draft, onDraft, readOnly, onlyIncluded = false }: {
  plans: readonly Plan[]; features: readonly Feature[]; platforms: readonly Platform[]; draft: Draft; onDraft: (change: (draft: Draft) => Draft) => void; readOnly: boolean;
  /** Leaves out features that none of the packages includes. */
  onlyIncluded?: boolean;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [open, toggle] = useAddressSet('subs');
  const stored = useMemo(() => new Map(plans.map((plan) => [plan.id, new Map<number, Assignment>(plan.features.map((each) => [each.feature_id, each]))])), [plans]);
  const rows = useMemo((): Row[] => {
    const shown = onlyIncluded ? features.filter(({ id }) => plans.some((plan) => stored.get(plan.id)!.has(id) || draft.get(plan.id)?.features.has(id))) : features;
    return [
      ...shown.flatMap((feature): Row[] => [
        { kind: 'feature', key: `f${feature.id}`, feature },
        ...(open.has(feature.key) ? feature.sub_features.map((sub): Row => ({ kind: 'sub', key: `f${feature.id}/${sub.key}`, feature, sub })) : []),
      ]),
      ...(platforms.length > 0 ? [{ kind: 'heading', key: 'platforms', text: 'Platforms' } as const, { kind: 'all', key: 'all' } as const] : []),
      ...platforms.map((platform): Row => ({ kind: 'platform', key: `p${platform.id}`, platform })),
    ];
  }, [features, platforms, open, onlyIncluded, plans, stored, draft]);
  const vertical = useVirtualizer({ count: rows.length, getScrollElement: () => frame.current, estimateSize: () => kRow, overscan: 6, scrollPaddingStart: 62, getItemKey: (index) => rows[index]!.key });
  const horizontal = useVirtualizer({ count: plans.length, getScrollElement: () => frame.current, estimateSize: () => kColumn, overscan: 2, horizontal: true, scrollPaddingStart: 250, getItemKey: (index) => plans[index]!.id });
  const columns = horizontal.getVirtualItems();
  const alone = plans.length === 1; // its column takes the whole width

  // Arrows go from cell to cell.
  const move = (event: KeyboardEvent) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>('[data-cell]');
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!cell || !step || (event.target instanceof HTMLInputElement && event.target.type === 'text')) return;
    event.preventDefault();
    const [row, column] = cell.dataset['cell']!.split(':').map(Number) as [number, number];
    const [toRow, toColumn] = [Math.min(Math.max(row + step[0]!, 0), rows.length - 1), Math.min(Math.max(column + step[1]!, 0), plans.length - 1)];
    vertical.scrollToIndex(toRow);
    horizontal.scrollToIndex(toColumn);
    requestAnimationFrame(() => requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(`[data-cell="${toRow}:${toColumn}"] input`)?.focus()));
  };

  return (
    <div ref={frame} className={classes['frame']} data-alone={alone || undefined} role="table" aria-label="Features and packages" aria-rowcount={rows.length + 1} aria-colcount={plans.length + 1} tabIndex={0} onKeyDown={move}>
      <div className={classes['inner']} style={{ minWidth: `calc(var(--first) + ${horizontal.getTotalSize()}px)`, height: vertical.getTotalSize() + 62 }}>
        <div className={classes['head']} role="row" aria-rowindex={1}>
          <div className={classes['corner']} role="columnheader">Feature</div>
          {columns.map(({ index, start, size }) => {
            const plan = plans[index]!;
            return (
              <div key={plan.id} className={classes['column']} role="columnheader" aria-colindex={index + 2} style={{ width: alone ? kRest : size, transform: `translateX(${start}px)` }}>
                <Anchor component={Link} to={`/packages/${plan.id}`} size="sm" fw={600} truncate>{plan.name}</Anchor>
                <Text size="xs" c="dimmed" truncate>{planPrice(plan)}{!plan.available && ' · not for sale'}</Text>
              </div>
            );
          })}
        </div>
        {vertical.getVirtualItems().map(({ index, start, size }) => {
          const row = rows[index]!;
          return (
            <div key={row.key} className={classes['row']} role="row" aria-rowindex={index + 2} data-heading={row.kind === 'heading' || undefined} data-testid={`row-${row.key}`} style={{ height: size, transform: `translateY(${start}px)` }}>
              <RowName row={row} open={row.kind === 'feature' && open.has(row.feature.key)} toggle={toggle} />
              {row.kind !== 'heading' && columns.map(({ index: column, start: left, size: width }) => {
                const plan = plans[column]!;
                const own = draft.get(plan.id);
                const place = { style: { width: alone ? kRest : width, transform: `translateX(${left}px)` }, cell: `${index}:${column}`, column: column + 2, plan, readOnly, onDraft };
                const id = row.kind === 'feature' || row.kind === 'sub' ? row.feature.id : 0;
                const assignment = own?.features.has(id) ? (own.features.get(id) ?? undefined) : stored.get(plan.id)!.get(id);
                const changed = own?.features.has(id) ?? false;
                if (row.kind === 'feature') return <FeatureCell key={plan.id} {...place} feature={row.feature} assignment={assignment} changed={changed} />;
                if (row.kind === 'sub') return <SubCell key={plan.id} {...place} feature={row.feature} sub={row.sub} assignment={assignment} changed={changed} />;
                return <PlatformCell key={plan.id} {...place} all={platforms} platform={row.kind === 'platform' ? row.platform : undefined} opened={platformsIn(plan, own)} changed={own?.platforms !== undefined} />;
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

// Rows are made again with every change of the list; what they show is the same while the entity is.
const sameRow = (a: Row, b: Row) => a.key === b.key && entityOf(a) === entityOf(b);
const entityOf = (row: Row) => (row.kind === 'feature' || row.kind === 'sub' ? row.feature : row.kind === 'platform' ? row.platform : row.key);

const RowName = memo(function RowName({ row, open, toggle }: { row: Row; open: boolean; toggle: (key: string) => void }) {
  if (row.kind === 'heading') return <div className={classes['name']} role="rowheader"><Text size="sm" fw={600}>{row.text}</Text></div>;
  if (row.kind === 'all') return <div className={classes['name']} role="rowheader" data-sub><Tooltip label="Also platforms that are made later"><Text size="sm" tabIndex={0}>All of them</Text></Tooltip></div>;
  if (row.kind === 'platform') return <div className={classes['name']} role="rowheader" data-sub><Anchor component={Link} to={`/platforms/${row.platform.id}`} size="sm" truncate>{row.platform.name}</Anchor></div>;
  if (row.kind === 'sub') return <div className={classes['name']} role="rowheader" data-sub><Text size="sm" truncate title={row.sub.key}>{row.sub.name}</Text></div>;
  const { feature } = row;
  return (
    <div className={classes['name']} role="rowheader">
      {feature.sub_features.length > 0 ? (
        <ActionIcon size="sm" variant="subtle" color="gray" aria-expanded={open} aria-label={`Sub-features of ${feature.name}`} onClick={() => toggle(feature.key)}>{open ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}</ActionIcon>
      ) : (
        <span style={{ width: 22, flex: 'none' }} />
      )}
      <div className={classes['text']}>
        <Anchor component={Link} to={`/features/${feature.id}`} size="sm" truncate display="block">{feature.name}</Anchor>
        <Text size="xs" c="dimmed" ff="monospace" truncate>{feature.key}{!feature.enabled && ' · off'}</Text>
      </div>
    </div>
  );
}, (a, b) => a.open === b.open && a.toggle === b.toggle && sameRow(a.row, b.row));
