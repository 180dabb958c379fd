import { Autocomplete, NativeSelect, Switch, Textarea } from '@mantine/core';
import { CreateEntity } from '../../shared/entity-pages/create-entity';
import type { FlagType } from './flag-draft';
import { metadataOf } from './metadata';
import { TagsField } from './tags-field';
import { useLabels } from './use-labels';

const kStart = { description: '', group: '', tags: [] as string[], type: 'boolean' as FlagType, enabled: true };
// A new flag of each type can be saved as it is; its page changes names and values.
const kFlags: { [type in FlagType]: { variants: { [name: string]: unknown }; defaultVariant: string } } = {
  boolean: { variants: { on: true, off: false }, defaultVariant: 'on' },
  string: { variants: { a: 'a', b: 'b' }, defaultVariant: 'a' },
  number: { variants: { low: 1, high: 10 }, defaultVariant: 'low' },
  object: { variants: { standard: {} }, defaultVariant: 'standard' },
};
const kTypes = [
  { value: 'boolean', label: 'Boolean: on or off' }, { value: 'string', label: 'String: one of several texts' },
  { value: 'number', label: 'Number: one of several numbers' }, { value: 'object', label: 'Object: one of several configurations' },
];

export function CreateFeature(dialog: { opened: boolean; onClose: () => void }) {
  const known = useLabels();
  return (
    <CreateEntity type="feature" {...dialog} example="New checkout" initialValues={kStart} members={['description', 'metadata']} hint="Put it into a package, so that clients have it."
      bodyOf={({ group, tags, type, ...values }) => ({ ...values, ...kFlags[type], metadata: metadataOf({}, group, tags) })}>
      {(form) => (
        <>
          <Textarea label="Description" placeholder="What it does, and when it can go" autosize minRows={2} {...form.getInputProps('description')} />
          <NativeSelect label="Type" description="What its variants are. It cannot be another one later without changing your code." data={kTypes} {...form.getInputProps('type')} />
          <Autocomplete label="Group" placeholder="checkout" data={known.groups} {...form.getInputProps('group')} />
          <TagsField tags={form.values.tags} known={known.tags} onChange={(tags) => form.setFieldValue('tags', tags)} />
          <Switch label="On from the start" color="teal" withThumbIndicator={false} {...form.getInputProps('enabled', { type: 'checkbox' })} />
        </>
      )}
    </CreateEntity>
  );
}
