import { Select, TagsInput, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { EntityFields, useEntityForm } from '../../shared/entity-pages/entity-form';
import { JsonEditor, parseObject, toText } from '../../shared/json/json-editor';
import { ConfirmImpact } from '../../shared/ui/confirm-impact';

type Client = Schemas['Client'];
const kFields = ['name', 'package_id', 'attributes', 'visible_attributes'] as const;

const valuesOf = (client: Client) => ({
  name: client.name, package_id: client.package_id === null ? null : String(client.package_id),
  attributes: toText(client.attributes), visible_attributes: client.visible_attributes ?? [],
});

function membersOf({ name, package_id: plan, visible_attributes, attributes }: ReturnType<typeof valuesOf>) {
  const parsed = parseObject(attributes);
  return { name, package_id: plan === null ? null : Number(plan), visible_attributes, ...(parsed.problem === undefined && { attributes: parsed.value }) };
}

/** Name, package and attributes of a client. A change that may give or take features is shown before it is saved. */
export function ClientForm({ client }: { client: Client }) {
  const [asking, setAsking] = useState(false);
  const packages = useEntityList('package');
  const state = useEntityForm({
    type: 'client', entity: client, valuesOf, membersOf, fields: kFields, validate: { attributes: (text) => parseObject(text).problem ?? null }, onSettled: () => setAsking(false),
  });
  const { form, readOnly, patch, saving, save } = state;
  const parsed = parseObject(form.values.attributes);
  const ask = () => {
    const changes = patch();
    if ('package_id' in changes || 'attributes' in changes) setAsking(true);
    else save();
  };
  return (
    <>
      <EntityFields state={state} ask={ask}>
        <Select label="Package" description="The client gets its features and platforms at once." placeholder="No package" clearable searchable disabled={readOnly} clearButtonProps={{ 'aria-label': 'No package' }}
          data={(packages.data ?? []).map(({ id, name, available }) => ({ value: String(id), label: available ? name : `${name} (not for sale)` }))} {...form.getInputProps('package_id')} />
        <JsonEditor label="Attributes" description={<>Rules of features read them as <Text span ff="monospace" inherit>client.*</Text>. Clients see only those named below. At most 16 KiB.</>} readOnly={readOnly}
          value={form.values.attributes} onChange={(text) => form.setFieldValue('attributes', text)} error={form.errors['attributes'] ?? parsed.problem} />
        <TagsInput label="Attributes that the client is told" description="Names of attributes. All others stay between admins and rules." readOnly={readOnly} disabled={readOnly}
          data={parsed.problem === undefined ? Object.keys(parsed.value) : []} clearable clearButtonProps={{ 'aria-label': 'None' }} {...form.getInputProps('visible_attributes')} />
      </EntityFields>
      <ConfirmImpact opened={asking} onClose={() => setAsking(false)} title={`Save ${client.name}?`} confirm="Save" busy={saving}
        changes={[{ entity_type: 'client', entity_id: client.id, action: 'update', data: patch() }]} onConfirm={save} />
    </>
  );
}
