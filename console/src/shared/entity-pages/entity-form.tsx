// The form of an entity that exists. What it saves refers to the version that it began with, so that nobody's change is lost.
import { Alert, Button, Group, Stack, TextInput } from '@mantine/core';
import { useForm, type FormRulesRecord, type UseFormReturnType } from '@mantine/form';
import { IconInfoCircle } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { formErrors, Problem } from '../api/problem';
import { usePermission } from '../auth/use-permission';
import { kEntities, type EntityName, type EntityOf } from '../entities/types';
import { useSaveEntity } from '../entities/write';
import { sameJson } from '../rules/condition';
import { ConflictDialog } from '../ui/conflict-dialog';
import { Guarded } from '../ui/guarded';
import { notifyDone } from '../ui/notify';
import { ErrorState } from '../ui/states';
import { nameProblem } from './name-and-key';

type Members = { [member: string]: unknown };
interface Version {
  id: number;
  name: string;
  etag: string;
  revision: number;
}

export function NewerVersion({ type }: { type: EntityName }) {
  return <Alert color="blue" variant="light" icon={<IconInfoCircle aria-hidden />}>Somebody has changed this {kEntities[type].noun} since you began. When you save, you can compare both versions.</Alert>;
}

export interface EntityForm<Type extends EntityName, Values> {
  type: Type;
  form: UseFormReturnType<Values>;
  readOnly: boolean;
  dirty: boolean;
  /** Somebody has saved a version that the form does not show. */
  newer: boolean;
  saving: boolean;
  /** What the form changes. */
  patch: () => Members;
  save: () => void;
  discard: () => void;
  /** What failed and no field shows. */
  error: unknown;
  conflict: ReactNode;
}

export function useEntityForm<Type extends EntityName, Values extends { name: string }>({ type, entity, valuesOf, membersOf, fields, validate, onSettled }: {
  type: Type; entity: EntityOf<Type> & Version;
  valuesOf: (entity: EntityOf<Type>) => Values;
  /** What the server takes for these values. */
  membersOf: (values: Values) => Members;
  /** Members whose errors the fields show. */
  fields: readonly string[];
  validate?: FormRulesRecord<Omit<Values, 'name'>, Values>;
  onSettled?: () => void;
}): EntityForm<Type, Values> {
  const [base, setBase] = useState(entity);
  const saving = useSaveEntity(type);
  const readOnly = !usePermission(kEntities[type].write).allowed;
  const form = useForm<Values>({ initialValues: valuesOf(entity), validate: { name: nameProblem, ...validate } as never });
  const begin = (from: EntityOf<Type> & Version) => {
    setBase(from);
    form.setInitialValues(valuesOf(from));
    form.setValues(valuesOf(from));
    saving.reset();
  };
  const dirty = form.isDirty();
  const newer = entity.revision > base.revision;
  if (newer && !dirty) begin(entity);

  const patch = () => {
    const was = membersOf(valuesOf(base));
    return Object.fromEntries(Object.entries(membersOf(form.values)).filter(([member, value]) => !sameJson(value, was[member])));
  };
  const send = (etag: string) =>
    saving.mutate({ id: entity.id, patch: patch(), etag }, {
      onSuccess: ({ entity: saved }) => {
        notifyDone(`${(saved as unknown as { name: string }).name} is saved`);
        begin(saved as EntityOf<Type> & Version);
      },
      onError: (error) => error instanceof Problem && !error.isLostUpdate && form.setErrors(formErrors(error, fields).fields),
      ...(onSettled && { onSettled }),
    });
  const problem = saving.error instanceof Problem ? saving.error : null;
  const untold = saving.error && !problem?.isLostUpdate && (!problem || formErrors(problem, fields).rest.length > 0);
  return {
    type, form, readOnly, dirty, patch, newer: newer && dirty, saving: saving.isPending, save: () => send(base.etag), discard: () => begin(entity), error: untold ? saving.error : undefined,
    conflict: (
      <ConflictDialog type={type} problem={problem} mine={patch()} onClose={saving.reset}
        onTakeTheirs={(current) => begin(current as unknown as EntityOf<Type> & Version)}
        onReapply={(current) => send(current.etag)} />
    ),
  };
}

/** The fields with the name in front, and what is done with them. `ask`: instead of saving at once. */
export function EntityFields<Type extends EntityName, Values extends { name: string }>({ state, ask, children }: { state: EntityForm<Type, Values>; ask?: () => void; children: ReactNode }) {
  const { type, form, readOnly, dirty, newer, saving, save, discard, error, conflict } = state;
  return (
    <form onSubmit={form.onSubmit(() => (ask ?? save)())} noValidate>
      <Stack maw={760}>
        {newer && <NewerVersion type={type} />}
        <TextInput label="Name" readOnly={readOnly} {...form.getInputProps('name')} />
        {children}
        {error !== undefined && <ErrorState error={error} />}
        <Group gap="xs">
          <Guarded action={kEntities[type].write}>{(disabled) => <Button type="submit" disabled={disabled || !dirty} loading={saving}>Save</Button>}</Guarded>
          {dirty && <Button variant="subtle" color="gray" onClick={discard}>Discard</Button>}
        </Group>
      </Stack>
      {conflict}
    </form>
  );
}
