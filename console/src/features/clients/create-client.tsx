import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { useEntityList } from '../../shared/entities/read';
import { useCreateEntity } from '../../shared/entities/write';
import { keyFor, KeyField, keyProblem } from '../../shared/ui/key-field';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';

const kFields = ['key', 'name', 'package_id'] as const;

export function CreateClient({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const create = useCreateEntity('client');
  const navigate = useNavigate();
  const packages = useEntityList('package', { enabled: opened });
  const [ownKey, setOwnKey] = useState(false);
  const form = useForm({
    initialValues: { name: '', key: '', package_id: null as string | null },
    validate: { name: (name) => (name.trim() ? null : 'Enter a name.'), key: keyProblem },
  });
  const close = () => {
    form.reset();
    create.reset();
    setOwnKey(false);
    onClose();
  };
  const submit = form.onSubmit(({ name, key, package_id: plan }) =>
    create.mutate({ name, key, package_id: plan === null ? null : Number(plan) }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is there`, 'Make a token for it, and its programs can connect.');
        void navigate({ to: `/clients/${entity.id}`, replace: true }); // the way back leads to the list, not to this dialog
      },
      onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
    }),
  );
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, kFields).rest.length > 0);
  return (
    <Modal opened={opened} onClose={close} title="New client">
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput label="Name" placeholder="Acme Outfitters" data-autofocus {...form.getInputProps('name')}
            onChange={(event) => {
              form.setFieldValue('name', event.currentTarget.value);
              if (!ownKey) form.setFieldValue('key', keyFor(event.currentTarget.value));
            }} />
          <KeyField placeholder="acme-outfitters" {...form.getInputProps('key')}
            onChange={(event) => {
              setOwnKey(event.currentTarget.value !== '');
              form.setFieldValue('key', event.currentTarget.value);
            }} />
          <Select label="Package" description="It gets the features of the package. Without one, it has only those of its overrides." placeholder="No package" clearable searchable
            clearButtonProps={{ 'aria-label': 'No package' }} data={(packages.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))} {...form.getInputProps('package_id')} />
          {untold && <ErrorState error={create.error} />}
          <Group justify="flex-end" gap="xs"><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" loading={create.isPending}>Create</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
