import { MultiSelect, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '@togglecast/admin';
import { useConsole } from '../../shared/console';
import { getJson, useEntityList } from '../../shared/entities/read';
import { pageOf } from '../../shared/entities/types';
import { UserList } from '../../shared/entity-pages/user-list';
import { Loaded } from '../../shared/ui/states';
import type { Feature } from './flag-draft';
import type { FeatureForm } from './use-feature-draft';

/** The platforms and features that must be on. */
export function Needs({ feature, form, readOnly }: { feature: Feature; form: FeatureForm; readOnly: boolean }) {
  const { data: platforms } = useEntityList('platform');
  const { data: features } = useEntityList('feature');
  const { draft, set, problems } = form;
  const choices = (items: readonly { id: number; name: string; key: string; enabled: boolean }[] | undefined, chosen: number[]) => [
    ...(items ?? []).map(({ id, name, key, enabled }) => ({ value: String(id), label: `${name === key ? name : `${name} (${key})`}${enabled ? '' : ' — off'}` })),
    ...(items ? chosen.filter((id) => !items.some((item) => item.id === id)).map((id) => ({ value: String(id), label: `#${id} — deleted` })) : []),
  ];
  return (
    <Stack maw={760}>
      <MultiSelect label="Platforms" description="All of them must be on, and the client's package must open them." placeholder={draft.platforms.length ? '' : 'None'} searchable data={choices(platforms, draft.platforms)} readOnly={readOnly}
        value={draft.platforms.map(String)} onChange={(ids) => set({ platforms: ids.map(Number) })} error={problems['platforms']} hidePickedOptions maxDropdownHeight={240} />
      <MultiSelect label="Requires" description="All of these features must be on for the client. The server refuses circles." placeholder={draft.requires.length ? '' : 'None'} searchable data={choices(features?.filter(({ id }) => id !== feature.id), draft.requires)} readOnly={readOnly}
        value={draft.requires.map(String)} onChange={(ids) => set({ requires: ids.map(Number) })} error={problems['requires']} hidePickedOptions limit={50} maxDropdownHeight={240} />
    </Stack>
  );
}

/** What depends on the feature: features, packages and clients with an override. */
export function Dependents({ feature }: { feature: Feature }) {
  const console = useConsole();
  const { data: features } = useEntityList('feature');
  const { data: packages } = useEntityList('package');
  const dependents = useQuery({
    queryKey: ['env', console.environment, 'dependents', 'feature', feature.id],
    queryFn: ({ signal }) => getJson<{ items: Schemas['User'][]; total: number }>(console, `/api/v1/features/${feature.id}/dependents`, {}, signal),
  });
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <UserList title="Features that require it" none="No feature requires it." items={(features ?? []).filter(({ requires }) => requires.includes(feature.id)).map(({ id, name, enabled }) => ({ to: pageOf('feature', id), name, color: enabled ? 'on' : 'off' }))} />
      <UserList title="Packages that include it" none="No package includes it, so only clients with an override have it." items={(packages ?? []).filter((plan) => plan.features.some(({ feature_id }) => feature_id === feature.id)).map(({ id, name, available }) => ({ to: pageOf('package', id), name, color: available ? 'on' : 'off' }))} />
      <Loaded query={dependents}>
        {({ items }) => <UserList title="Clients with an override" none="No client has an override of it." items={items.filter(({ entity_type }) => entity_type === 'client').map(({ entity_id, name }) => ({ to: pageOf('client', entity_id), name, color: 'warn' }))} />}
      </Loaded>
    </SimpleGrid>
  );
}
