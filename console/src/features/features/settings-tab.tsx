import { Autocomplete, Stack, Text, Textarea, TextInput } from '@mantine/core';
import type { Feature } from './flag-draft';
import { MetadataFields } from './metadata-fields';
import { TagsField } from './tags-field';
import type { FeatureForm } from './use-feature-draft';
import { useLabels } from './use-labels';

/** Names, group, tags and other metadata. */
export function SettingsTab({ feature, form, readOnly }: { feature: Feature; form: FeatureForm; readOnly: boolean }) {
  const { groups, tags } = useLabels();
  const { draft, set, problems } = form;
  return (
    <Stack maw={760}>
      <TextInput label="Name" readOnly={readOnly} value={draft.name} error={problems['name']} onChange={(event) => set({ name: event.currentTarget.value })} />
      <Textarea label="Description" autosize minRows={2} readOnly={readOnly} value={draft.description} onChange={(event) => set({ description: event.currentTarget.value })} />
      <Autocomplete label="Group" data={groups} readOnly={readOnly} value={draft.group} onChange={(group) => set({ group })} placeholder="No group" />
      <TagsField tags={draft.tags} known={tags} readOnly={readOnly} onChange={(next) => set({ tags: next })} />
      <MetadataFields rows={draft.metadata} problems={problems} readOnly={readOnly} onChange={(metadata) => set({ metadata })} />
      <Text size="sm" c="dimmed">Buckets of splits: {feature.bucketing}. A split puts the same client into the same bucket each time.</Text>
    </Stack>
  );
}
