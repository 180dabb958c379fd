import { ActionIcon, Button, Group, Input, NativeSelect, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import classes from './features.module.css';
import { withKind, type MetadataKind, type MetadataRow } from './metadata';

const kKinds: MetadataKind[] = ['text', 'number', 'yes or no'];

/** Metadata beside group and tags: what programs read with the feature, such as its owner or a ticket. */
export function MetadataFields({ rows, onChange, problems, readOnly }: { rows: MetadataRow[]; onChange: (rows: MetadataRow[]) => void; problems: { [field: string]: string }; readOnly: boolean }) {
  const set = (index: number, row: MetadataRow) => onChange(rows.map((each, at) => (at === index ? row : each)));
  if (readOnly && rows.length === 0) return null;
  return (
    <Input.Wrapper label="Other metadata" labelElement="div" description="Your own members, such as an owner or a ticket. Programs read them with the flag.">
      <Stack gap={8} mt={6} role="group" aria-label="Other metadata">
        {rows.map((row, index) => {
          const named = row.name || `member ${index + 1}`;
          return (
            <div key={index} className={classes['member']}>
              <TextInput aria-label={`Name of member ${index + 1}`} value={row.name} readOnly={readOnly} error={problems[`metadata.${index}`]} spellCheck={false} onChange={(event) => set(index, { ...row, name: event.currentTarget.value })} />
              <NativeSelect aria-label={`Kind of ${named}`} data={kKinds} value={row.kind} disabled={readOnly} onChange={(event) => set(index, withKind(row, event.currentTarget.value as MetadataKind))} />
              {row.kind === 'yes or no' ? (
                <NativeSelect aria-label={`Value of ${named}`} data={[{ value: 'true', label: 'yes' }, { value: 'false', label: 'no' }]} value={row.text} disabled={readOnly} onChange={(event) => set(index, { ...row, text: event.currentTarget.value })} />
              ) : (
                <TextInput aria-label={`Value of ${named}`} value={row.text} readOnly={readOnly} inputMode={row.kind === 'number' ? 'decimal' : 'text'} onChange={(event) => set(index, { ...row, text: event.currentTarget.value })} />
              )}
              {!readOnly && <ActionIcon variant="subtle" color="gray" size={36} aria-label={`Remove ${named}`} onClick={() => onChange(rows.filter((_, at) => at !== index))}><IconTrash size={16} aria-hidden /></ActionIcon>}
            </div>
          );
        })}
        {!readOnly && <Group><Button variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => onChange([...rows, { name: '', kind: 'text', text: '' }])}>Add a member</Button></Group>}
      </Stack>
    </Input.Wrapper>
  );
}
