import { Autocomplete, Button, Group, Modal, NativeSelect, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { useEntityList } from '../../shared/entities/read';
import { useCreateEntity } from '../../shared/entities/write';
import { keyFor, keyProblem, KeyField } from '../../shared/ui/key-field';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';
import { groupOf, type FlagType } from './flag-draft';

const kFields = ['key', 'name', 'description', 'metadata'] as const;
// A new flag of each type can be saved as it is; its page changes names and values.
const kStart: { [type in FlagType]: { variants: { [name: string]: unknown }; defaultVariant: string } } = {
  boolean: { variants: { on: true, off: false }, defaultVariant: 'on' },
  string: { variants: { a: 'a', b: 'b' }, defaultVariant: 'a' },
  number: { variants: { low: 1, high: 10 }, defaultVariant: 'low' },
  object: { variants: { standard: {} }, defaultVariant: 'standard' },
};
const kTypes = [
  { value: 'boolean', label: 'Boolean: on or off' }, { value: 'string', label: 'String: one of several texts' },
  { value: 'number', label: 'Number: one of several numbers' }, { value: 'object', label: 'Object: one of several configurations' },
];

export function CreateFeature({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const create = useCreateEntity('feature');
  const navigate = useNavigate();
  const { data: features } = useEntityList('feature');
  const groups = useMemo(() => [...new Set((features ?? []).map((feature) => groupOf(feature.metadata)).filter(Boolean))].sort(), [features]);
  const [ownKey, setOwnKey] = useState(false);
  const form = useForm({
    initialValues: { name: '', key: '', description: '', group: '', type: 'boolean' as FlagType, enabled: true },
    validate: { name: (name) => (name.trim() ? null : 'Enter a name.'), key: keyProblem },
  });
  const close = () => {
    form.reset();
    create.reset();
    setOwnKey(false);
    onClose();
  };
  const submit = form.onSubmit(({ group, type, ...values }) =>
    create.mutate({ ...values, ...kStart[type], ...(group.trim() && { metadata: { group: group.trim() } }) }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is there`, 'Put it into a package, so that clients have it.');
        close();
        void navigate({ to: `/features/${entity.id}` });
      },
      onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
    }),
  );
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, kFields).rest.length > 0);
  return (
    <Modal opened={opened} onClose={close} title="New feature">
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput label="Name" placeholder="New checkout" data-autofocus {...form.getInputProps('name')}
            onChange={(event) => {
              form.setFieldValue('name', event.currentTarget.value);
              if (!ownKey) form.setFieldValue('key', keyFor(event.currentTarget.value));
            }} />
          <KeyField placeholder="new-checkout" {...form.getInputProps('key')}
            onChange={(event) => {
              setOwnKey(event.currentTarget.value !== '');
              form.setFieldValue('key', event.currentTarget.value);
            }} />
          <Textarea label="Description" placeholder="What it does, and when it can go" autosize minRows={2} {...form.getInputProps('description')} />
          <NativeSelect label="Type" description="What its variants are. It cannot be another one later without changing your code." data={kTypes} {...form.getInputProps('type')} />
          <Autocomplete label="Group" placeholder="checkout" data={groups} {...form.getInputProps('group')} />
          <Switch label="On from the start" color="teal" withThumbIndicator={false} {...form.getInputProps('enabled', { type: 'checkbox' })} />
          {untold && <ErrorState error={create.error} />}
          <Group justify="flex-end" gap="xs"><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" loading={create.isPending}>Create</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
