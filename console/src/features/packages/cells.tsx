import { memo, useEffect, useState, type CSSProperties } from 'react';
import { Text } from '@mantine/core';
import type { Schemas } from '@togglecast/admin';
import { assign, openPlatforms, toggleSub, type Assignment, type Draft, type Plan } from './draft';
import classes from './matrix.module.css';

type Feature = Schemas['Feature'];

interface Place {
  style: CSSProperties;
  /** Row and column, for the arrow keys. */
  cell: string;
  column: number;
  plan: Plan;
  readOnly: boolean;
  changed: boolean;
  onDraft: (change: (draft: Draft) => Draft) => void;
}

const equal = <Props extends Place>(a: Props, b: Props) =>
  (Object.keys(a) as (keyof Props)[]).every((name) => a[name] === b[name] || (name === 'style' && a.style.width === b.style.width && a.style.transform === b.style.transform));

function Cell({ place, children }: { place: Place; children: React.ReactNode }) {
  return <div className={classes['cell']} role="cell" aria-colindex={place.column} data-cell={place.cell} data-changed={place.changed || undefined} style={place.style}>{children}</div>;
}

export const FeatureCell = memo(function FeatureCell({ feature, assignment, ...place }: Place & { feature: Feature; assignment: Assignment | undefined }) {
  const { plan, readOnly, onDraft } = place;
  return (
    <Cell place={place}>
      <input type="checkbox" role="switch" className={classes['switch']} checked={assignment !== undefined} disabled={readOnly} aria-label={`${feature.name} in ${plan.name}`}
        onChange={(event) => {
          const on = event.currentTarget.checked;
          const was = plan.features.find(({ feature_id: id }) => id === feature.id);
          onDraft((draft) => assign(draft, plan, feature.id, on ? (was ?? { feature_id: feature.id }) : null));
        }} />
      {assignment && <Limit key={assignment.limit ?? ''} value={assignment.limit ?? null} label={`Limit of ${feature.name} in ${plan.name}`} disabled={readOnly}
        onChange={(limit) => onDraft((draft) => {
          const { limit: _limit, ...rest } = assignment;
          return assign(draft, plan, feature.id, limit === null ? rest : { ...rest, limit });
        })} />}
    </Cell>
  );
}, equal);

function Limit({ value, label, disabled, onChange }: { value: number | null; label: string; disabled: boolean; onChange: (limit: number | null) => void }) {
  const [text, setText] = useState(value === null ? '' : String(value));
  useEffect(() => setText(value === null ? '' : String(value)), [value]);
  const take = () => {
    const digits = text.replace(/[^0-9]/g, '').slice(0, 15);
    const limit = digits === '' ? null : Number(digits);
    setText(limit === null ? '' : String(limit));
    if (limit !== value) onChange(limit);
  };
  return (
    <input type="text" inputMode="numeric" className={classes['limit']} value={text} placeholder="no limit" aria-label={label} disabled={disabled}
      onChange={(event) => setText(event.currentTarget.value)} onBlur={take} onKeyDown={(event) => event.key === 'Enter' && take()} />
  );
}

export const SubCell = memo(function SubCell({ feature, sub, assignment, ...place }: Place & { feature: Feature; sub: Feature['sub_features'][number]; assignment: Assignment | undefined }) {
  const { plan, readOnly, onDraft } = place;
  const all = feature.sub_features.map(({ key }) => key);
  const included = assignment !== undefined && (assignment.sub_features?.includes(sub.key) ?? true);
  return (
    <Cell place={place}>
      <input type="checkbox" role="switch" className={classes['switch']} checked={included} disabled={readOnly || !assignment} aria-label={`${feature.name}: ${sub.name} in ${plan.name}`}
        onChange={() => onDraft((draft) => assign(draft, plan, feature.id, toggleSub(assignment!, all, sub.key)))} />
    </Cell>
  );
}, equal);

/** Without `platform`: the row that opens all of them, also those to come. */
export const PlatformCell = memo(function PlatformCell({ all, platform, opened, ...place }: Place & { all: readonly Schemas['Platform'][]; platform: Schemas['Platform'] | undefined; opened: readonly number[] }) {
  const { plan, readOnly, onDraft } = place;
  const everything = opened.length === 0;
  if (!platform)
    return (
      <Cell place={place}>
        <input type="checkbox" role="switch" className={classes['switch']} checked={everything} disabled={readOnly} aria-label={`All platforms in ${plan.name}`}
          onChange={() => onDraft((draft) => openPlatforms(draft, plan, everything ? all.map(({ id }) => id) : []))} />
      </Cell>
    );
  const on = everything || opened.includes(platform.id);
  const last = !everything && on && opened.length === 1; // an empty list would open all
  return (
    <Cell place={place}>
      <input type="checkbox" role="switch" className={classes['switch']} checked={on} disabled={readOnly || everything || last} aria-label={`${platform.name} in ${plan.name}`}
        onChange={() => onDraft((draft) => openPlatforms(draft, plan, on ? opened.filter((id) => id !== platform.id) : [...opened, platform.id]))} />
      {last && <Text size="xs" c="dimmed">the last one</Text>}
    </Cell>
  );
}, equal);
