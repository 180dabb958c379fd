import { Textarea } from '@mantine/core';
import { EntityFields, useEntityForm } from '../../shared/entity-pages/entity-form';
import type { Plan } from './draft';
import { kPriceFields, PriceFields, priceMembers, priceRules, priceValues } from './price-fields';

const kFields = ['name', 'description', ...kPriceFields] as const;
const valuesOf = (plan: Plan) => ({ name: plan.name, description: plan.description, ...priceValues(plan) });
const membersOf = ({ name, description, ...price }: ReturnType<typeof valuesOf>) => ({ name, description, ...priceMembers(price) });

/** Name, description and price of a package. */
export function PackageForm({ plan }: { plan: Plan }) {
  const state = useEntityForm({ type: 'package', entity: plan, valuesOf, membersOf, fields: kFields, validate: priceRules });
  const { form, readOnly } = state;
  return (
    <EntityFields state={state}>
      <Textarea label="Description" autosize minRows={2} readOnly={readOnly} {...form.getInputProps('description')} />
      <PriceFields form={form} readOnly={readOnly} />
    </EntityFields>
  );
}
