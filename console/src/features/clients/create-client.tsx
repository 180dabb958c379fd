import { Select } from '@mantine/core';
import { useEntityList } from '../../shared/entities/read';
import { CreateEntity } from '../../shared/entity-pages/create-entity';

const kStart = { package_id: null as string | null };

export function CreateClient(dialog: { opened: boolean; onClose: () => void }) {
  const packages = useEntityList('package', { enabled: dialog.opened });
  return (
    <CreateEntity type="client" {...dialog} example="Acme Outfitters" initialValues={kStart} members={['package_id']} hint="Make a token for it, and its programs can connect."
      bodyOf={({ package_id: plan, ...named }) => ({ ...named, package_id: plan === null ? null : Number(plan) })}>
      {(form) => (
        <Select label="Package" description="It gets the features of the package. Without one, it has only those of its overrides." placeholder="No package" clearable searchable
          clearButtonProps={{ 'aria-label': 'No package' }} data={(packages.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))} {...form.getInputProps('package_id')} />
      )}
    </CreateEntity>
  );
}
