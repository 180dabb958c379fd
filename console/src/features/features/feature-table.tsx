// The list, of which only the rows on the screen exist. Rows and headings of groups have fixed heights.
import { Anchor, Badge, Group, Text, Tooltip } from '@mantine/core';
import { IconClockPause, IconLink } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { AskingSwitch } from '../../shared/entity-pages/asking-switch';
import { byName, compareTexts } from '../../shared/order';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { rolloutOf } from '../../shared/rules/describe';
import { RolloutKey, ShareBar } from '../../shared/rules/shares';
import { TimeAgo } from '../../shared/time/time-ago';
import { Hint } from '../../shared/ui/hint';
import type { FeatureFacts } from './facts';
import classes from './features.module.css';
import { typeOf, type Feature } from './flag-draft';
import { groupOf, tagsOf } from './metadata';

export type Order = 'group' | 'name' | 'changed';
type Line = { heading: string; count: number } | { feature: Feature };

const kRow = 62;
const kHeading = 38;
const kNoGroup = 'No group';

export function linesOf(features: readonly Feature[], order: Order): Line[] {
  if (order === 'name') return [...features].sort(byName).map((feature) => ({ feature }));
  if (order === 'changed') return [...features].sort((a, b) => b.revision - a.revision).map((feature) => ({ feature }));
  const groups = Map.groupBy([...features].sort(byName), (feature) => groupOf(feature.metadata));
  if (groups.size <= 1 && groups.has('')) return [...(groups.get('') ?? [])].map((feature) => ({ feature }));
  // Features without a group come last.
  return [...groups].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : compareTexts(a, b)))
    .flatMap(([group, members]): Line[] => [{ heading: group || kNoGroup, count: members.length }, ...members.map((feature) => ({ feature }))]);
}

export function FeatureTable({ features, order, facts, onTag }: { features: readonly Feature[]; order: Order; facts: FeatureFacts; onTag: (tag: string) => void }) {
  const lines = useMemo(() => linesOf(features, order), [features, order]);
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY), []);
  const virtual = useWindowVirtualizer({
    count: lines.length,
    estimateSize: (index) => ('heading' in lines[index]! ? kHeading : kRow),
    getItemKey: (index) => {
      const line = lines[index]!;
      return 'heading' in line ? `#${line.heading}` : line.feature.id;
    },
    overscan: 8,
    scrollMargin: top,
  });
  // Heights change only where headings move.
  const shape = useMemo(() => lines.flatMap((line, index) => ('heading' in line ? [index] : [])).join(), [lines]);
  useLayoutEffect(() => virtual.measure(), [shape, virtual]);
  return (
    <div className={classes['table']} role="table" aria-label="Features" aria-rowcount={lines.length + 1}>
      <div role="rowgroup">
        <div className={classes['head']} role="row" aria-rowindex={1}>
          <span role="columnheader">On</span>
          <span role="columnheader">Feature</span>
          <span role="columnheader" className={classes['wide']}>Type</span>
          <span role="columnheader" className={classes['middle']}>Who gets what <Hint about="the bars">{kBars}</Hint></span>
          <span role="columnheader" className={classes['wide']}>Used by</span>
          <span role="columnheader">Last change</span>
        </div>
      </div>
      <div ref={body} className={classes['body']} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, size, key }) => {
          const line = lines[index]!;
          const place = { height: size, transform: `translateY(${start - top}px)` };
          return 'heading' in line ? (
            <div key={key} className={classes['heading']} role="row" aria-rowindex={index + 2} style={place}><span role="cell">{line.heading} <Text span size="xs" c="dimmed">{line.count}</Text></span></div>
          ) : (
            <div key={key} className={classes['row']} role="row" aria-rowindex={index + 2} style={place} data-testid={`feature-${line.feature.key}`}>
              <Row feature={line.feature} packages={facts.packagesOf(line.feature.id).length} requiredBy={facts.requiredBy(line.feature.id).length} stale={facts.isStale(line.feature)} onTag={onTag} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

const kBars = 'Each colour is a variant of the feature; grey is off. Striped parts are for those that a rule takes. Their number is not known, so each rule has the same width. The rest is for everybody else.';

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

const Row = memo(function Row({ feature, packages, requiredBy, stale, onTag }: { feature: Feature; packages: number; requiredBy: number; stale: boolean; onTag: (tag: string) => void }) {
  const rollout = useMemo(() => rolloutOf(feature), [feature]);
  const label = feature.enabled ? rollout.label : `off; when on: ${rollout.label}`;
  const type = typeOf(feature.variants);
  const uses = [...(packages ? [plural(packages, 'package')] : []), ...(requiredBy ? [plural(requiredBy, 'feature')] : [])];
  return (
    <>
      <div role="cell"><AskingSwitch type="feature" entity={feature} on={feature.enabled} size="sm" /></div>
      <div role="cell">
        <div className={classes['name']}>
          <Anchor component={Link} to={`/features/${feature.id}`} fw={500} size="sm" truncate>{feature.name}</Anchor>
          {tagsOf(feature.metadata).slice(0, 3).map((tag) => (
            <Badge key={tag} component="button" type="button" size="sm" variant="default" tt="none" style={{ cursor: 'pointer', flex: 'none' }} aria-label={`Search the tag ${tag}`} onClick={() => onTag(tag)}>{tag}</Badge>
          ))}
        </div>
        <Text size="xs" c="dimmed" ff="monospace" truncate>{feature.key}</Text>
      </div>
      <div role="cell" className={classes['wide']}><Badge variant="light" color="gray" size="sm" tt="none" display="flex" w="fit-content">{type}</Badge></div>
      <div role="cell" className={classes['middle']}>
        {rollout.parts.length > 0 && <ShareBar shares={rollout.parts} variants={feature.variants} label={label} off={!feature.enabled} />}
        <Text size="xs" c="dimmed" lineClamp={2} lh={1.35} mt={3} title={label}><RolloutKey rollout={rollout} variants={feature.variants} off={!feature.enabled} /></Text>
      </div>
      <div role="cell" className={classes['wide']}>
        {uses.length > 0 ? <Group gap={4} wrap="nowrap"><IconLink size={14} style={{ flex: 'none' }} aria-hidden /><Text size="xs" lineClamp={2}>{uses.join(', ')}</Text></Group> : <Text size="xs" c="dimmed">nobody</Text>}
      </div>
      <div role="cell">
        <Text size="xs" c="dimmed"><TimeAgo time={feature.updated_at} /></Text>
        <Group gap={4}>
          {stale && (
            <Tooltip multiline maw={280} label="Unchanged for 30 days, and the same for every client. The code may no longer need it.">
              <Badge size="sm" variant="light" color="yellow" tt="none" tabIndex={0} leftSection={<IconClockPause size={12} aria-hidden />}>stale</Badge>
            </Tooltip>
          )}
          <EntityRollout entityType="feature" id={feature.id} size="xs" />
        </Group>
      </div>
    </>
  );
});
