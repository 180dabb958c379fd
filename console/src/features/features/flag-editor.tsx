import { ActionIcon, Button, Group, JsonInput, NativeSelect, NumberInput, Paper, Radio, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { TargetingEditor } from '../../shared/rules/logic-editor';
import { variantColor } from '../../shared/rules/shares';
import rules from '../../shared/rules/rules.module.css';
import classes from './features.module.css';
import { buildFlag, variantValue, withVariantName, type FlagDraft, type FlagType } from './flag-draft';

interface Props {
  flag: FlagDraft;
  onChange: (flag: FlagDraft) => void;
  /** Of this flag, by field: `variants.0`, `targeting`. */
  problems: { [field: string]: string };
  readOnly: boolean;
}

const kStart: { [type in FlagType]: string } = { boolean: 'true', string: '', number: '0', object: '{}' };
const kMissing = '#none';

/** Variants, the default one, and the targeting of a feature or a sub-feature. */
export function FlagEditor({ flag, onChange, problems, readOnly }: Props) {
  const { value } = buildFlag(flag);
  return (
    <Stack gap="lg">
      <Paper withBorder radius="md" p="md">
        <Group justify="space-between" mb="xs">
          <Title order={3} size="h5">Variants</Title>
          {!readOnly && (
            <NativeSelect size="xs" aria-label="Type of the variants" value={flag.type} data={['boolean', 'string', 'number', 'object']} onChange={(event) => onChange(withType(flag, event.currentTarget.value as FlagType))} />
          )}
        </Group>
        <Text size="sm" c="dimmed" mb="sm">What the code can get. Where no rule gives a variant, the default one applies.</Text>
        <Variants flag={flag} onChange={onChange} problems={problems} readOnly={readOnly} variants={value.variants} />
      </Paper>
      <section>
        <Title order={3} size="h5" mb={4}>Targeting</Title>
        <TargetingEditor draft={flag.targeting} flag={{ variants: value.variants, defaultVariant: flag.defaultVariant }} readOnly={readOnly} error={problems['targeting']} onChange={(targeting) => onChange({ ...flag, targeting })} />
      </section>
    </Stack>
  );
}

function withType(flag: FlagDraft, type: FlagType): FlagDraft {
  const fits = (text: string) => variantValue(text, type).problem === undefined && (type !== 'boolean' || text === 'true' || text === 'false');
  return { ...flag, type, variants: flag.variants.map((variant) => (fits(variant.text) ? variant : { ...variant, text: type === 'boolean' ? String(variant.name !== 'off') : kStart[type] })) };
}

function Variants({ flag, onChange, problems, readOnly, variants }: Props & { variants: { [name: string]: unknown } }) {
  const set = (index: number, text: string) => onChange({ ...flag, variants: flag.variants.map((variant, at) => (at === index ? { ...variant, text } : variant)) });
  const remove = (index: number) => {
    const left = flag.variants.filter((_, at) => at !== index);
    onChange({ ...flag, variants: left, defaultVariant: left.some(({ name }) => name === flag.defaultVariant) ? flag.defaultVariant : null });
  };
  const free = (name = 'new', number = 1): string => (flag.variants.some((variant) => variant.name === (number > 1 ? `${name}-${number}` : name)) ? free(name, number + 1) : number > 1 ? `${name}-${number}` : name);
  return (
    <Radio.Group value={flag.defaultVariant ?? kMissing} onChange={(name) => !readOnly && onChange({ ...flag, defaultVariant: name === kMissing ? null : name })} aria-label="Default variant">
      <Stack gap={8}>
        {flag.variants.map((variant, index) => {
          const problem = problems[`variants.${index}`];
          const label = `Value of ${variant.name || `variant ${index + 1}`}`;
          return (
            <div key={index} className={classes['variant']}>
              <Radio value={variant.name} mt={8} disabled={readOnly} aria-label={`${variant.name || `Variant ${index + 1}`} is the default`} />
              <TextInput aria-label={`Name of variant ${index + 1}`} value={variant.name} readOnly={readOnly} error={problem} spellCheck={false} leftSection={<span className={rules['key']} style={{ background: variantColor(variant.name, variants) }} aria-hidden="true" />}
                onChange={(event) => onChange(withVariantName(flag, index, event.currentTarget.value))} />
              {flag.type === 'boolean' ? (
                <NativeSelect aria-label={label} data={['true', 'false']} value={variant.text} disabled={readOnly} onChange={(event) => set(index, event.currentTarget.value)} />
              ) : flag.type === 'number' ? (
                <NumberInput aria-label={label} value={variant.text} readOnly={readOnly} onChange={(value) => set(index, String(value))} />
              ) : flag.type === 'object' ? (
                <JsonInput aria-label={label} value={variant.text} readOnly={readOnly} autosize minRows={1} maxRows={8} onChange={(text) => set(index, text)} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12, lineHeight: '22px' } }} />
              ) : (
                <TextInput aria-label={label} value={variant.text} readOnly={readOnly} onChange={(event) => set(index, event.currentTarget.value)} />
              )}
              {!readOnly && flag.variants.length > 1 ? <ActionIcon variant="subtle" color="gray" size={36} aria-label={`Remove ${variant.name || `variant ${index + 1}`}`} onClick={() => remove(index)}><IconTrash size={16} aria-hidden /></ActionIcon> : <span />}
            </div>
          );
        })}
        <Radio value={kMissing} disabled={readOnly} label={<Text size="sm">No default: off where no rule gives a variant</Text>} />
        {!readOnly && <Button variant="subtle" size="xs" w="fit-content" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => onChange({ ...flag, variants: [...flag.variants, { name: free(), text: kStart[flag.type] }] })}>Add a variant</Button>}
      </Stack>
    </Radio.Group>
  );
}
