import { Alert, Button, Group, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { formErrors, Problem } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useSaveEntity } from '../../shared/entities/write';
import { JsonEditor, parseObject, toText } from '../../shared/json/json-editor';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';

type Platform = Schemas['Platform'];
const kFields = ['name', 'description', 'maintenance_note', 'config'] as const;

const valuesOf = (platform: Platform) => ({
  name: platform.name, description: platform.description, maintenance_note: platform.maintenance_note, config: toText(platform.config),
});

/** Everything of a platform but its switch. */
export function PlatformForm({ platform }: { platform: Platform }) {
  // The version that the form began with: what it saves refers to it.
  const [base, setBase] = useState(platform);
  const save = useSaveEntity('platform');
  const { allowed } = usePermission('write_platforms');
  const form = useForm({
    initialValues: valuesOf(platform),
    validate: { name: (name) => (name.trim() ? null : 'Enter a name.'), config: (text) => parseObject(text).problem ?? null },
  });
  const begin = (from: Platform) => {
    setBase(from);
    form.setInitialValues(valuesOf(from));
    form.setValues(valuesOf(from));
    save.reset();
  };
  const dirty = form.isDirty();
  const newer = platform.revision > base.revision;
  if (newer && !dirty) begin(platform);

  const patchOf = () => {
    const { config, ...texts } = form.values;
    const parsed = parseObject(config);
    const wanted: { [member: string]: unknown } = { ...texts, ...(parsed.problem === undefined && { config: parsed.value }) };
    return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(base[name as keyof Platform])));
  };
  const send = (etag: string) =>
    save.mutate({ id: platform.id, patch: patchOf(), etag }, {
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
        {newer && dirty && <Alert color="blue" variant="light" icon={<IconInfoCircle aria-hidden />}>Somebody has changed this platform since you began. When you save, you can compare both versions.</Alert>}
        <TextInput label="Name" readOnly={!allowed} {...form.getInputProps('name')} />
        <Textarea label="Description" autosize minRows={2} readOnly={!allowed} {...form.getInputProps('description')} />
        <Textarea label="Maintenance note" description="For admins: why it is off, who works on it, until when. Clients do not see it." autosize minRows={1} readOnly={!allowed} {...form.getInputProps('maintenance_note')} />
        <JsonEditor label="Configuration" description="Clients that see the platform get this object with it. At most 32 KiB." readOnly={!allowed}
          value={form.values.config} onChange={(text) => form.setFieldValue('config', text)} error={form.errors['config'] ?? parseObject(form.values.config).problem} />
        {untold && <ErrorState error={save.error} />}
        <Group gap="xs">
          <Guarded action="write_platforms">
            {(disabled) => <Button type="submit" disabled={disabled || !dirty} loading={save.isPending}>Save</Button>}
          </Guarded>
          {dirty && <Button variant="subtle" color="gray" onClick={() => begin(platform)}>Discard</Button>}
        </Group>
      </Stack>
      <ConflictDialog type="platform" problem={problem} mine={patchOf()} onClose={save.reset}
        onTakeTheirs={(current) => begin(current as Platform)}
        onReapply={(current) => send(current.etag)} />
    </form>
  );
}
