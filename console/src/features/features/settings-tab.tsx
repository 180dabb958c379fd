import { Autocomplete, Stack, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { useEntityList } from '../../shared/entities/read';
import { groupOf, tagsOf, type Feature } from './flag-draft';
import type { FeatureForm } from './use-feature-draft';

/** Names, group and tags. */
export function SettingsTab({ feature, form, readOnly }: { feature: Feature; form: FeatureForm; readOnly: boolean }) {
  const { data: features } = useEntityList('feature');
  const [groups, tags] = useMemo(() => {
    const all = features ?? [];
    return [[...new Set(all.map(({ metadata }) => groupOf(metadata)).filter(Boolean))].sort(), [...new Set(all.flatMap(({ metadata }) => tagsOf(metadata)))].sort()];
  }, [features]);
  const { draft, set, problems } = form;
  const others = Object.entries(feature.metadata ?? {}).filter(([name]) => name !== 'group' && name !== 'tags');
  return (
    <Stack maw={760}>
      <TextInput label="Name" readOnly={readOnly} value={draft.name} error={problems['name']} onChange={(event) => set({ name: event.currentTarget.value })} />
      <Textarea label="Description" autosize minRows={2} readOnly={readOnly} value={draft.description} onChange={(event) => set({ description: event.currentTarget.value })} />
      <Autocomplete label="Group" data={groups} readOnly={readOnly} value={draft.group} onChange={(group) => set({ group })} placeholder="No group" />
      <TagsInput label="Tags" data={tags} readOnly={readOnly} value={draft.tags} splitChars={[',']} placeholder={draft.tags.length ? '' : 'No tags'} onChange={(next) => set({ tags: [...new Set(next.flatMap((tag) => tag.split(',')).map((tag) => tag.trim()).filter(Boolean))] })} />
      {others.length > 0 && <Text size="sm" c="dimmed">Other metadata: {others.map(([name, value]) => `${name} = ${String(value)}`).join(', ')}</Text>}
      <Text size="sm" c="dimmed">Buckets of splits: {feature.bucketing}. A split puts the same client into the same bucket each time.</Text>
    </Stack>
  );
}
