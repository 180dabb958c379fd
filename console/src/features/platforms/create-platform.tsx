import { Button, Group, Modal, Stack, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { useCreateEntity } from '../../shared/entities/write';
import { keyFor, keyProblem, KeyField } from '../../shared/ui/key-field';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';

const kFields = ['key', 'name', 'description', 'enabled'] as const;

export function CreatePlatform({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const create = useCreateEntity('platform');
  const navigate = useNavigate();
  const [ownKey, setOwnKey] = useState(false);
  const form = useForm({
    initialValues: { name: '', key: '', description: '', enabled: true },
    validate: { name: (name) => (name.trim() ? null : 'Enter a name.'), key: keyProblem },
  });
  const close = () => {
    form.reset();
    create.reset();
    setOwnKey(false);
    onClose();
  };
  const submit = form.onSubmit((values) =>
    create.mutate(values, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is there`);
        void navigate({ to: `/platforms/${entity.id}`, replace: true }); // the way back leads to the list, not to this dialog
      },
      onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
    }),
  );
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, kFields).rest.length > 0);
  return (
    <Modal opened={opened} onClose={close} title="New platform">
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput label="Name" placeholder="iOS app" data-autofocus {...form.getInputProps('name')}
            onChange={(event) => {
              form.setFieldValue('name', event.currentTarget.value);
              if (!ownKey) form.setFieldValue('key', keyFor(event.currentTarget.value));
            }} />
          <KeyField placeholder="ios-app" {...form.getInputProps('key')}
            onChange={(event) => {
              setOwnKey(event.currentTarget.value !== '');
              form.setFieldValue('key', event.currentTarget.value);
            }} />
          <Textarea label="Description" placeholder="What it is, and who looks after it" autosize minRows={2} {...form.getInputProps('description')} />
          <Switch label="On from the start" color="teal" withThumbIndicator={false} {...form.getInputProps('enabled', { type: 'checkbox' })} />
          {untold && <ErrorState error={create.error} />}
          <Group justify="flex-end" gap="xs"><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" loading={create.isPending}>Create</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
