import { ActionIcon, Autocomplete, Button, Checkbox, Group, NativeSelect, NumberInput, Slider, Stack, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { ShareBar, ShareKeys } from './shares';
import classes from './rules.module.css';
import { describeServe } from './describe';
import { percents, setPercent, type Serve, type Share } from './targeting';

export interface FlagShape {
  variants: { [name: string]: unknown };
  defaultVariant: string | null;
}
interface Props {
  serve: Serve;
  onChange: (serve: Serve) => void;
  flag: FlagShape;
  label: string;
  paths: string[];
  disabled: boolean;
  /** Leaves out single variants: without any rule, the default variant is what everybody gets. */
  onlySplit?: boolean;
}

const kSplit = 'split:';
const kDefault = 'default:';
const kVariant = 'variant:';

/** What a rule serves: a variant, the default, or a split by percentage. */
export function ServeEditor({ serve, onChange, flag, label, paths, disabled, onlySplit = false }: Props) {
  const names = Object.keys(flag.variants);
  const missing = serve.kind === 'variant' && !names.includes(serve.variant);
  const data = [
    ...(onlySplit ? [] : names.map((name) => ({ value: kVariant + name, label: name }))),
    ...(missing ? [{ value: kVariant + serve.variant, label: `${serve.variant} (no such variant)` }] : []),
    { value: kDefault, label: `the default variant (${flag.defaultVariant ?? 'none: off'})` },
    { value: kSplit, label: 'a split by percentage' },
  ];
  const choose = (value: string) => {
    if (value === kSplit) onChange({ kind: 'split', shares: evenly(names) });
    else if (value === kDefault) onChange({ kind: 'default' });
    else onChange({ kind: 'variant', variant: value.slice(kVariant.length) });
  };
  return (
    <Stack gap="xs">
      <NativeSelect aria-label={label} maw={320} data={data} disabled={disabled} value={serve.kind === 'split' ? kSplit : serve.kind === 'default' ? kDefault : kVariant + serve.variant}
        error={missing ? 'This flag has no variant of that name.' : undefined} onChange={(event) => choose(event.currentTarget.value)} />
      {serve.kind === 'split' && <Split serve={serve} onChange={onChange} flag={flag} paths={paths} disabled={disabled} />}
    </Stack>
  );
}

function evenly(names: string[]): Share[] {
  const shares = names.slice(0, 8).map((variant) => ({ variant, weight: 1 }));
  return shares.length === 0 ? [] : setPercent(shares, 0, Math.round(100 / shares.length));
}

function Split({ serve, onChange, flag, paths, disabled }: { serve: Extract<Serve, { kind: 'split' }>; onChange: (serve: Serve) => void; flag: FlagShape; paths: string[]; disabled: boolean }) {
  const shares = percents(serve.shares);
  const set = (next: Share[]) => onChange({ ...serve, shares: next });
  const left = Object.keys(flag.variants).filter((name) => !serve.shares.some(({ variant }) => variant === name));
  const setBy = (by: string, salted: boolean) => onChange({ kind: 'split', shares: serve.shares, ...(by && { by, ...(salted && { salted }) }) });
  return (
    <Stack gap="sm" role="group" aria-label="Split by percentage">
      <ShareBar shares={shares} variants={flag.variants} label={describeServe(serve)} tall />
      <ShareKeys shares={shares} variants={flag.variants} />
      {shares.map(({ variant, percent }, index) => (
        <div key={index} className={classes['share']}>
          <Text size="sm" truncate title={variant}>{variant}</Text>
          <Slider value={Math.round(percent)} min={0} max={100} step={1} label={(value) => `${value} %`} disabled={disabled || shares.length < 2} thumbLabel={`Share of ${variant}`} onChange={(value) => set(setPercent(serve.shares, index, value))} />
          <NumberInput aria-label={`Per cent of ${variant}`} size="xs" min={0} max={100} suffix=" %" allowDecimal={false} value={Math.round(percent)} disabled={disabled || shares.length < 2}
            onChange={(value) => typeof value === 'number' && value !== Math.round(percent) && set(setPercent(serve.shares, index, value))} />
          {shares.length > 1 && !disabled ? <ActionIcon variant="subtle" color="gray" aria-label={`Take ${variant} out of the split`} onClick={() => set(serve.shares.filter((_, at) => at !== index))}><IconTrash size={16} aria-hidden /></ActionIcon> : <span />}
        </div>
      ))}
      {!disabled && left.length > 0 && (
        <Group gap={4}>{left.slice(0, 6).map((name) => <Button key={name} size="compact-xs" variant="subtle" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => set([...serve.shares, { variant: name, weight: 0 }])}>{name}</Button>)}</Group>
      )}
      <Group align="flex-end" gap="md">
        <Autocomplete label="The same for everybody who shares" size="xs" w={260} data={paths} placeholder="targetingKey" value={serve.by ?? ''} disabled={disabled} onChange={(by) => setBy(by, serve.salted ?? false)}
          description={serve.by ? undefined : 'Empty: each client or user for itself.'} />
        {serve.by && <Checkbox size="xs" mb={8} label="Another split than other flags" checked={serve.salted ?? false} disabled={disabled} onChange={(event) => setBy(serve.by!, event.currentTarget.checked)} />}
      </Group>
    </Stack>
  );
}
