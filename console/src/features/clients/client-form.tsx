import { Alert, Button, Group, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { formErrors, Problem } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useEntityList } from '../../shared/entities/read';
import { useSaveEntity } from '../../shared/entities/write';
import { JsonEditor, parseObject, toText } from '../../shared/json/json-editor';
import { ConfirmImpact } from '../../shared/ui/confirm-impact';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';

type Client = Schemas['Client'];
const kFields = ['name', 'package_id', 'attributes', 'visible_attributes'] as const;

const valuesOf = (client: Client) => ({
  name: client.name, package_id: client.package_id === null ? null : String(client.package_id),
  attributes: toText(client.attributes), visible_attributes: client.visible_attributes ?? [],
});

/** Name, package and attributes of a client. A change that may give or take features is shown before it is saved. */
export function ClientForm({ client }: { client: Client }) {
  // The version that the form began with: what it saves refers to it.
  const [base, setBase] = useState(client);
  const [asking, setAsking] = useState(false);
  const save = useSaveEntity('client');
  const packages = useEntityList('package');
  const { allowed } = usePermission('write_clients');
  const form = useForm({
    initialValues: valuesOf(client),
    validate: { name: (name) => (name.trim() ? null : 'Enter a name.'), attributes: (text) => parseObject(text).problem ?? null },
  });
  const begin = (from: Client) => {
    setBase(from);
    form.setInitialValues(valuesOf(from));
    form.setValues(valuesOf(from));
    save.reset();
  };
  const dirty = form.isDirty();
  const newer = client.revision > base.revision;
  if (newer && !dirty) begin(client);

  const parsed = parseObject(form.values.attributes);
  const patchOf = () => {
    const { name, package_id: plan, visible_attributes } = form.values;
    const wanted: { [member: string]: unknown } = { name, package_id: plan === null ? null : Number(plan), visible_attributes, ...(parsed.problem === undefined && { attributes: parsed.value }) };
    const was: { [member: string]: unknown } = { ...base, visible_attributes: base.visible_attributes ?? [] };
    return Object.fromEntries(Object.entries(wanted).filter(([member, value]) => JSON.stringify(value) !== JSON.stringify(was[member])));
  };
  const send = (etag: string) =>
    save.mutate({ id: client.id, patch: patchOf(), etag }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is saved`);
        begin(entity);
      },
      onError: (error) => error instanceof Problem && !error.isLostUpdate && form.setErrors(formErrors(error, kFields).fields),
      onSettled: () => setAsking(false),
    });
  const submit = form.onSubmit(() => {
    const patch = patchOf();
    if ('package_id' in patch || 'attributes' in patch) setAsking(true);
    else send(base.etag);
  });
  const problem = save.error instanceof Problem ? save.error : null;
  const untold = save.error && !problem?.isLostUpdate && (!problem || formErrors(problem, kFields).rest.length > 0);

  return (
    <form onSubmit={submit} noValidate>
      <Stack maw={760}>
        {newer && dirty && <Alert color="blue" variant="light" icon={<IconInfoCircle aria-hidden />}>Somebody has changed this client since you began. When you save, you can compare both versions.</Alert>}
        <TextInput label="Name" readOnly={!allowed} {...form.getInputProps('name')} />
        <Select label="Package" description="The client gets its features and platforms at once." placeholder="No package" clearable searchable disabled={!allowed} clearButtonProps={{ 'aria-label': 'No package' }}
          data={(packages.data ?? []).map(({ id, name, available }) => ({ value: String(id), label: available ? name : `${name} (not for sale)` }))} {...form.getInputProps('package_id')} />
        <JsonEditor label="Attributes" description={<>Rules of features read them as <Text span ff="monospace" inherit>client.*</Text>. Clients see only those named below. At most 16 KiB.</>} readOnly={!allowed}
          value={form.values.attributes} onChange={(text) => form.setFieldValue('attributes', text)} error={form.errors['attributes'] ?? parsed.problem} />
        <TagsInput label="Attributes that the client is told" description="Names of attributes. All others stay between admins and rules." readOnly={!allowed} disabled={!allowed}
          data={parsed.problem === undefined ? Object.keys(parsed.value) : []} clearable clearButtonProps={{ 'aria-label': 'None' }} {...form.getInputProps('visible_attributes')} />
        {untold && <ErrorState error={save.error} />}
        <Group gap="xs">
          <Guarded action="write_clients">
            {(disabled) => <Button type="submit" disabled={disabled || !dirty} loading={save.isPending}>Save</Button>}
          </Guarded>
          {dirty && <Button variant="subtle" color="gray" onClick={() => begin(client)}>Discard</Button>}
        </Group>
      </Stack>
      <ConfirmImpact opened={asking} onClose={() => setAsking(false)} title={`Save ${client.name}?`} confirm="Save" busy={save.isPending}
        changes={[{ entity_type: 'client', entity_id: client.id, action: 'update', data: patchOf() }]} onConfirm={() => send(base.etag)} />
      <ConflictDialog type="client" problem={problem} mine={patchOf()} onClose={save.reset}
        onTakeTheirs={(current) => begin(current as unknown as Client)}
        onReapply={(current) => send(current.etag)} />
    </form>
  );
}
