// The constants that a condition compares with, each of them text, number or yes/no.
import { Autocomplete, NativeSelect, TagsInput, Text } from '@mantine/core';
import { useState } from 'react';
import { shortTime } from '../time/time';
import { takes, type Comparison, type Scalar, type Test } from './condition';
import classes from './rules.module.css';

type Kind = 'text' | 'number' | 'boolean';
const kindOf = (value: Scalar | undefined): Kind => (typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text');
const kNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

/** The value of what was typed; nothing if it is none of that kind. */
export function valueOf(text: string, kind: Kind): Scalar | undefined {
  if (kind === 'text') return text;
  if (kind === 'number') return kNumber.test(text.trim()) ? Number(text) : undefined;
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** The value as another kind, with as much of it as fits. */
export const asKind = (value: Scalar | undefined, kind: Kind): Scalar => (kind === 'text' ? String(value ?? '') : kind === 'number' ? Number(value) || 0 : value === true || value === 'true');

const onlyText = (test: Test) => test.startsWith('version') || ['contains', 'lacks', 'starts_with', 'ends_with'].includes(test);
const kKinds = [{ value: 'text', label: 'text' }, { value: 'number', label: 'number' }, { value: 'boolean', label: 'yes/no' }];

export function ValueField({ comparison, onChange, suggestions, disabled }: { comparison: Comparison; onChange: (values: Scalar[]) => void; suggestions: string[]; disabled: boolean }) {
  const { test, values, path } = comparison;
  const many = takes(test) === 'many';
  const [typed, setTyped] = useState<string>(); // text that is no value yet
  if (takes(test) === 'none') return <div />;
  const kind = kindOf(values[0]);
  const write = (text: string) => {
    const value = valueOf(text, kind);
    setTyped(value === undefined || String(value) !== text ? text : undefined);
    if (value !== undefined) onChange([value]);
  };
  const changeKind = (next: Kind) => {
    setTyped(undefined);
    onChange(many ? values.map((value) => asKind(value, next)) : [asKind(values[0], next)]);
  };
  const isTime = path === '$flagd.timestamp' && typeof values[0] === 'number';
  return (
    <div>
      <div className={classes['value']}>
        {many ? (
          <TagsInput aria-label="Values" placeholder={values.length ? '' : 'Type and press Enter'} data={suggestions} value={[...new Set(values.map(String))]} disabled={disabled}
            onChange={(texts) => onChange(texts.map((text) => values.find((value) => String(value) === text) ?? valueOf(text, kind) ?? text))} />
        ) : kind === 'boolean' ? (
          <NativeSelect aria-label="Value" data={['true', 'false']} value={String(values[0])} disabled={disabled} onChange={(event) => onChange([event.currentTarget.value === 'true'])} />
        ) : (
          <Autocomplete aria-label="Value" data={suggestions} value={typed ?? String(values[0] ?? '')} onChange={write} disabled={disabled} placeholder={test.startsWith('version') ? '2.1.0' : 'Value'}
            error={typed !== undefined && valueOf(typed, kind) === undefined ? 'Enter a number.' : undefined} />
        )}
        {!onlyText(test) && <NativeSelect aria-label="Kind of value" w={108} data={kKinds} value={kind} disabled={disabled} onChange={(event) => changeKind(event.currentTarget.value as Kind)} />}
      </div>
      {isTime && <Text size="xs" c="dimmed" mt={2}>{shortTime((values[0] as number) * 1000)}, in seconds since 1970</Text>}
    </div>
  );
}
