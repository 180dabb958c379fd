import { Button, Group, Modal, Select, Stack, Switch, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { useEntityList } from '../../shared/entities/read';
import { useCreateEntity } from '../../shared/entities/write';
import { keyFor, KeyField, keyProblem } from '../../shared/ui/key-field';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';
import { kNoPrice, kPriceFields, PriceFields, priceMembers, priceRules } from './price-fields';

const kFields = ['key', 'name', 'available', ...kPriceFields] as const;

export function CreatePackage({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const create = useCreateEntity('package');
  const packages = useEntityList('package', { enabled: opened });
  const navigate = useNavigate();
  const [ownKey, setOwnKey] = useState(false);
  const form = useForm({
    initialValues: { name: '', key: '', like: null as string | null, available: true, ...kNoPrice },
    validate: { name: (name) => (name.trim() ? null : 'Enter a name.'), key: keyProblem, ...priceRules },
  });
  const close = () => {
    form.reset();
    create.reset();
    setOwnKey(false);
    onClose();
  };
  const submit = form.onSubmit(({ name, key, like, available, ...price }) => {
    const model = packages.data?.find(({ id }) => String(id) === like);
    create.mutate({ name, key, available, ...priceMembers(price), ...(model && { features: model.features, platforms: model.platforms }) }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is there`, 'Put features into it.');
        void navigate({ to: `/packages/${entity.id}`, replace: true }); // the way back leads to the list, not to this dialog
      },
      onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
    });
  });
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, kFields).rest.length > 0);
  return (
    <Modal opened={opened} onClose={close} title="New package">
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput label="Name" placeholder="Pro" data-autofocus {...form.getInputProps('name')}
            onChange={(event) => {
              form.setFieldValue('name', event.currentTarget.value);
              if (!ownKey) form.setFieldValue('key', keyFor(event.currentTarget.value));
            }} />
          <KeyField placeholder="pro" {...form.getInputProps('key')}
            onChange={(event) => {
              setOwnKey(event.currentTarget.value !== '');
              form.setFieldValue('key', event.currentTarget.value);
            }} />
          <PriceFields form={form} />
          <Select label="Begin with the features of" placeholder="none" clearable clearButtonProps={{ 'aria-label': 'None' }} data={(packages.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))} {...form.getInputProps('like')} />
          <Switch label="Customers can buy it" color="teal" withThumbIndicator={false} {...form.getInputProps('available', { type: 'checkbox' })} />
          {untold && <ErrorState error={create.error} />}
          <Group justify="flex-end" gap="xs"><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" loading={create.isPending}>Create</Button></Group>
        </Stack>
      </form>
    </Modal>
  );
}
