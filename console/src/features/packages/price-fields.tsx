import { Autocomplete, Group, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { majorOf, minorOf, type Price } from './price';

/** What a form has of a price. */
export interface PriceValues {
  amount: string;
  currency: string;
  billing_period: string;
}

export const kNoPrice: PriceValues = { amount: '0', currency: 'EUR', billing_period: 'monthly' };
export const priceValues = (plan: { price: Price; billing_period: string }): PriceValues => ({ amount: majorOf(plan.price), currency: plan.price.currency, billing_period: plan.billing_period });
/** The members of a package. */
export const priceMembers = ({ amount, currency, billing_period }: PriceValues) => ({ price: { amount: minorOf(amount, currency) ?? 0, currency }, billing_period });

export const priceRules = {
  amount: (amount: string, { currency }: PriceValues) => (minorOf(amount, currency) === null ? `Enter an amount in ${currency || 'the currency'}, such as 49 or 49.90.` : null),
  currency: (currency: string) => (/^[A-Z]{3}$/.test(currency) ? null : 'Three letters, such as EUR.'),
  billing_period: (period: string) => (/^[a-z0-9][a-z0-9._-]{0,31}$/.test(period) ? null : 'Small letters and digits, such as monthly.'),
};

/** The server's names of these fields, for formErrors. */
export const kPriceFields = ['price.amount', 'price.currency', 'billing_period'] as const;

export function PriceFields<Values extends PriceValues>({ form, readOnly = false }: { form: UseFormReturnType<Values>; readOnly?: boolean }) {
  return (
    <Group grow align="flex-start" preventGrowOverflow={false}>
      <TextInput label="Price" inputMode="decimal" readOnly={readOnly} error={form.errors['price.amount']} {...form.getInputProps('amount')} />
      <Autocomplete label="Currency" data={['EUR', 'USD', 'GBP', 'CHF', 'JPY']} readOnly={readOnly} maxLength={3} error={form.errors['price.currency']} {...form.getInputProps('currency')}
        onChange={(value) => form.setFieldValue('currency', value.toUpperCase() as never)} />
      <Autocomplete label="Billed" data={['monthly', 'yearly', 'quarterly', 'once']} readOnly={readOnly} {...form.getInputProps('billing_period')} />
    </Group>
  );
}
