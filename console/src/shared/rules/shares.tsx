// The shares of variants as a bar, with their names and numbers in words beside it.
import { Group, Text, Tooltip } from '@mantine/core';
import { Fragment } from 'react';
import { percentText, type Rollout, type RolloutPart } from './describe';
import classes from './rules.module.css';

const kPalette = ['teal-6', 'blue-6', 'grape-6', 'orange-6', 'cyan-6', 'pink-6', 'lime-6', 'indigo-6'];
const kNothing = 'gray-5';

/** The colour of a variant: the same wherever the flag is shown. What switches off is grey. */
export function variantColor(variant: string, variants: { [name: string]: unknown }): string {
  if (variants[variant] === false || !Object.hasOwn(variants, variant)) return `var(--mantine-color-${kNothing})`;
  const index = Object.keys(variants).filter((name) => variants[name] !== false).indexOf(variant);
  return `var(--mantine-color-${kPalette[index % kPalette.length]})`;
}

interface Props {
  shares: readonly RolloutPart[];
  variants: { [name: string]: unknown };
  /** What the bar says, for readers who do not see it. */
  label: string;
  tall?: boolean;
  /** The flag is off, so nobody gets it now. */
  off?: boolean;
}

export function ShareBar({ shares, variants, label, tall = false, off = false }: Props) {
  return (
    <Tooltip label={label} multiline maw={320}>
      <div className={classes['bar']} data-tall={tall || undefined} data-off={off || undefined} role="img" aria-label={label}>
        {shares.filter(({ percent }) => percent > 0).map(({ variant, percent, byRule }, index) => <span key={index} data-rule={byRule} style={{ width: `${percent}%`, backgroundColor: variantColor(variant, variants) }} />)}
      </div>
    </Tooltip>
  );
}

/** What the colours of the bar of a flag mean, in the line below it: "2 rules: on, off; else on". */
export function RolloutKey({ off = false, ...shown }: { rollout: Rollout; variants: Props['variants']; off?: boolean }) {
  return off ? <>Off; when on: <Parts {...shown} /></> : <Parts {...shown} />;
}

function Parts({ rollout: { kind, text, key }, variants }: { rollout: Rollout; variants: Props['variants'] }) {
  if (kind === 'code') return text;
  const name = (variant: string, words: string, byRule?: boolean) => (
    <span className={classes['named']}><span className={classes['key']} data-rule={byRule} style={{ backgroundColor: variantColor(variant, variants) }} aria-hidden="true" />{words}</span>
  );
  const shown = key.others.filter(({ percent }) => percent > 0);
  const others = shown.length > 1 ? shown.map(({ variant, percent }, index) => <Fragment key={index}>{index > 0 && ', '}{name(variant, `${percentText(percent)} ${variant}`)}</Fragment>) : name(shown[0]?.variant ?? '', `${shown[0]?.variant ?? 'nothing'}${kind === 'same' ? ' for everybody' : ''}`);
  if (kind !== 'rules') return others;
  return <>{key.rules} {key.rules === 1 ? 'rule' : 'rules'}: {key.byRules.map((variant, index) => <Fragment key={variant}>{index > 0 && ', '}{name(variant, variant, true)}</Fragment>)}; else {others}</>;
}

/** The names of the bar. */
export function ShareKeys({ shares, variants }: Pick<Props, 'shares' | 'variants'>) {
  return (
    <Group gap="md">
      {shares.map(({ variant, percent }, index) => (
        <Group key={index} gap={6} wrap="nowrap">
          <span className={classes['key']} style={{ background: variantColor(variant, variants) }} aria-hidden="true" />
          <Text size="sm"><b>{Number(percent.toFixed(1))} %</b> {variant}</Text>
        </Group>
      ))}
    </Group>
  );
}
