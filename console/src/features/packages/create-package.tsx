import { Select, Switch } from '@mantine/core';
import { useEntityList } from '../../shared/entities/read';
import { CreateEntity } from '../../shared/entity-pages/create-entity';
import { kNoPrice, kPriceFields, PriceFields, priceMembers, priceRules } from './price-fields';

const kStart = { like: null as string | null, available: true, ...kNoPrice };

export function CreatePackage(dialog: { opened: boolean; onClose: () => void }) {
  const packages = useEntityList('package', { enabled: dialog.opened });
  return (
    <CreateEntity type="package" {...dialog} example="Pro" initialValues={kStart} validate={priceRules} members={['available', ...kPriceFields]} hint="Put features into it."
      bodyOf={({ name, key, like, available, ...price }) => {
        const model = packages.data?.find(({ id }) => String(id) === like);
        return { name, key, available, ...priceMembers(price), ...(model && { features: model.features, platforms: model.platforms }) };
      }}>
      {(form) => (
        <>
          <PriceFields form={form} />
          <Select label="Begin with the features of" placeholder="none" clearable clearButtonProps={{ 'aria-label': 'None' }} data={(packages.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))} {...form.getInputProps('like')} />
          <Switch label="Customers can buy it" color="teal" withThumbIndicator={false} {...form.getInputProps('available', { type: 'checkbox' })} />
        </>
      )}
    </CreateEntity>
  );
}
