import { Alert, Button, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useSaveEntity } from '../../shared/entities/write';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';
import type { Plan } from './draft';
import { kPriceFields, PriceFields, priceMembers, priceRules, priceValues } from './price-fields';

const kFields = ['name', 'description', ...kPriceFields] as const;
const valuesOf = (plan: Plan) => ({ name: plan.name, description: plan.description, ...priceValues(plan) });

/** Name, description and price of a package. */
export function PackageForm({ plan }: { plan: Plan }) {
  // The version that the form began with: what it saves refers to it.
  const [base, setBase] = useState(plan);
  const save = useSaveEntity('package');
  const { allowed } = usePermission('write_packages');
  const form = useForm({ initialValues: valuesOf(plan), validate: { name: (name) => (name.trim() ? null : 'Enter a name.'), ...priceRules } });
  const begin = (from: Plan) => {
    setBase(from);
    form.setInitialValues(valuesOf(from));
    form.setValues(valuesOf(from));
    save.reset();
  };
  const dirty = form.isDirty();
  const newer = plan.revision > base.revision;
  if (newer && !dirty) begin(plan);

  const patchOf = () => {
    const { name, description, ...price } = form.values;
    const wanted: { [member: string]: unknown } = { name, description, ...priceMembers(price) };
    const same = (member: string, value: unknown) =>
      member === 'price' ? base.price.amount === (value as Plan['price']).amount && base.price.currency === (value as Plan['price']).currency : value === base[member as keyof Plan];
    return Object.fromEntries(Object.entries(wanted).filter(([member, value]) => !same(member, value)));
  };
  const send = (etag: string) =>
    save.mutate({ id: plan.id, patch: patchOf(), etag }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is saved`);
        begin(entity);
      },
      onError: (error) => error instanceof Problem && !error.isLostUpdate && form.setErrors(formErrors(error, kFields).fields),
    });
  const problem = save.error instanceof Problem ? save.error : null;
  const untold = save.error && !problem?.isLostUpdate && (!problem || formErrors(problem, kFields).rest.length > 0);
  return (
    <form onSubmit={form.onSubmit(() => send(base.etag))} noValidate>
      <Stack maw={760}>
        {newer && dirty && <Alert color="blue" variant="light" icon={<IconInfoCircle aria-hidden />}>Somebody has changed this package since you began. When you save, you can compare both versions.</Alert>}
        <TextInput label="Name" readOnly={!allowed} {...form.getInputProps('name')} />
        <Textarea label="Description" autosize minRows={2} readOnly={!allowed} {...form.getInputProps('description')} />
        <PriceFields form={form} readOnly={!allowed} />
        {untold && <ErrorState error={save.error} />}
        <Group gap="xs">
          <Guarded action="write_packages">{(disabled) => <Button type="submit" disabled={disabled || !dirty} loading={save.isPending}>Save</Button>}</Guarded>
          {dirty && <Button variant="subtle" color="gray" onClick={() => begin(plan)}>Discard</Button>}
        </Group>
      </Stack>
      <ConflictDialog type="package" problem={problem} mine={patchOf()} onClose={save.reset}
        onTakeTheirs={(current) => begin(current as unknown as Plan)}
        onReapply={(current) => send(current.etag)} />
    </form>
  );
}
