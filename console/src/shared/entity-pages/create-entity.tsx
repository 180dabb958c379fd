import { Button, Group, Stack, type MantineSize } from '@mantine/core';
import { useForm, type FormRulesRecord, type UseFormReturnType } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { formErrors, Problem } from '../api/problem';
import { kEntities, pageOf, type EntityName } from '../entities/types';
import { useCreateEntity } from '../entities/write';
import { Dialog } from '../ui/dialog';
import { Guarded } from '../ui/guarded';
import { keyFor } from '../ui/key-field';
import { notifyDone } from '../ui/notify';
import { ErrorState } from '../ui/states';
import { NameAndKey, namedRules, type Named } from './name-and-key';

interface Props<More extends object> {
  type: EntityName;
  /** A name that such an entity could have. */
  example: string;
  /** Beside name and key. */
  initialValues: More;
  validate?: FormRulesRecord<More, Named & More>;
  /** Members whose errors the fields show, beside those of name and key. */
  members: readonly string[];
  /** What the server takes; nothing while the fields do not make sense. */
  bodyOf: (values: Named & More) => { [member: string]: unknown } | undefined;
  /** What to do with it next. */
  hint?: string;
  keyDescription?: string;
  children: (form: UseFormReturnType<Named & More>) => ReactNode;
}

/** The dialog that makes an entity and leads to its page. */
export function CreateEntity<More extends object>({ opened, onClose, size = 'md', ...content }: Props<More> & { opened: boolean; onClose: () => void; size?: MantineSize }) {
  return <Dialog opened={opened} onClose={onClose} title={`New ${kEntities[content.type].noun}`} size={size}><Content {...content} onClose={onClose} /></Dialog>;
}

function Content<More extends object>({ type, example, initialValues, validate, members, bodyOf, hint, keyDescription, children, onClose }: Props<More> & { onClose: () => void }) {
  const create = useCreateEntity(type);
  const navigate = useNavigate();
  const fields = ['key', 'name', ...members];
  const form = useForm<Named & More>({ initialValues: { name: '', key: '', ...initialValues }, validate: { ...namedRules, ...validate } as never });
  const submit = form.onSubmit((values) => {
    const body = bodyOf(values);
    if (!body) return;
    create.mutate(body, {
      onSuccess: ({ entity }) => {
        notifyDone(`${'name' in entity ? entity.name : 'It'} is there`, hint);
        void navigate({ to: pageOf(type, entity.id), replace: true }); // the way back leads to the list, not to this dialog
      },
      onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, fields).fields),
    });
  });
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, fields).rest.length > 0);
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <NameAndKey form={form} focus name={{ placeholder: example }} keys={{ placeholder: keyFor(example), ...(keyDescription && { description: keyDescription }) }} />
        {children(form)}
        {untold && <ErrorState error={create.error} />}
        <Group justify="flex-end" gap="xs"><Button variant="default" onClick={onClose}>Cancel</Button><Guarded action={kEntities[type].write}>{(disabled) => <Button type="submit" disabled={disabled} loading={create.isPending}>Create</Button>}</Guarded></Group>
      </Stack>
    </form>
  );
}
