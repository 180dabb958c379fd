import { Textarea } from '@mantine/core';
import type { Schemas } from '@togglecast/admin';
import { EntityFields, useEntityForm } from '../../shared/entity-pages/entity-form';
import { JsonEditor, parseObject, toText } from '../../shared/json/json-editor';

type Platform = Schemas['Platform'];
const kFields = ['name', 'description', 'maintenance_note', 'config'] as const;

const valuesOf = ({ name, description, maintenance_note, config }: Platform) => ({ name, description, maintenance_note, config: toText(config) });

function membersOf({ config, ...texts }: ReturnType<typeof valuesOf>) {
  const parsed = parseObject(config);
  return { ...texts, ...(parsed.problem === undefined && { config: parsed.value }) };
}

/** Everything of a platform but its switch. */
export function PlatformForm({ platform }: { platform: Platform }) {
  const state = useEntityForm({ type: 'platform', entity: platform, valuesOf, membersOf, fields: kFields, validate: { config: (text) => parseObject(text).problem ?? null } });
  const { form, readOnly } = state;
  return (
    <EntityFields state={state}>
      <Textarea label="Description" autosize minRows={2} readOnly={readOnly} {...form.getInputProps('description')} />
      <Textarea label="Maintenance note" description="For admins: why it is off, who works on it, until when. Clients do not see it." autosize minRows={1} readOnly={readOnly} {...form.getInputProps('maintenance_note')} />
      <JsonEditor label="Configuration" description="Clients that see the platform get this object with it. At most 32 KiB." readOnly={readOnly}
        value={form.values.config} onChange={(text) => form.setFieldValue('config', text)} error={form.errors['config'] ?? parseObject(form.values.config).problem} />
    </EntityFields>
  );
}
