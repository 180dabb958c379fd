import { Button, Group, Select, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { formErrors, Problem } from '../../shared/api/problem';
import { useEntityPages } from '../../shared/entities/read';
import { useCreateEntity } from '../../shared/entities/write';
import { NameAndKey, namedRules } from '../../shared/entity-pages/name-and-key';
import { Guarded } from '../../shared/ui/guarded';
import { ErrorState } from '../../shared/ui/states';

export function FlagStep({ onChosen }: { onChosen: (id: number) => void }) {
  const create = useCreateEntity('feature');
  const features = useEntityPages('feature', { sort: 'name' }, 200);
  const form = useForm({ initialValues: { name: 'New checkout', key: 'new-checkout' }, validate: namedRules });
  const submit = form.onSubmit((values) =>
    create.mutate({ ...values, enabled: false, variants: { on: true, off: false }, defaultVariant: 'on' }, {
      onSuccess: ({ entity }) => onChosen(entity.id),
      onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, ['name', 'key']).fields),
    }),
  );
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, ['name', 'key']).rest.length > 0);
  return (
    <Stack gap="sm">
      <form onSubmit={submit} noValidate>
        <Group align="flex-start" gap="sm">
          <NameAndKey form={form} name={{ w: 240, description: 'For people.' }} keys={{ w: 240, description: 'For code. It never changes.' }} />
          <Guarded action="write_features">{(disabled) => <Button type="submit" mt={45} disabled={disabled} loading={create.isPending}>Make the flag</Button>}</Guarded>
        </Group>
      </form>
      {untold && <ErrorState error={create.error} />}
      {features.items.length > 0 && (
        <Select w={492} maw="100%" label="Or take a flag that exists" placeholder={`${(features.total ?? 0).toLocaleString()} flags`} searchable value={null} onChange={(id) => id && onChosen(Number(id))}
          data={features.items.map(({ id, name, key }) => ({ value: String(id), label: `${name} (${key})` }))} />
      )}
    </Stack>
  );
}
