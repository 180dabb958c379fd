// Prices as people write them; the server keeps minor units, such as cents. unit/price.test.ts tries it.
export interface Price {
  amount: number;
  currency: string;
}

const isCurrency = (currency: string) => /^[A-Z]{3}$/.test(currency);

/** Digits behind the point: 2 for EUR, 0 for JPY, 3 for KWD. */
export function digitsOf(currency: string): number {
  if (!isCurrency(currency)) return 2;
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** "€49.00", in the reader's language. */
export function priceText({ amount, currency }: Price, locale?: string): string {
  const digits = digitsOf(currency);
  const value = amount / 10 ** digits;
  if (!isCurrency(currency)) return `${value} ${currency}`;
  const whole = Number.isInteger(value);
  return new Intl.NumberFormat(locale, { style: 'currency', currency, ...(whole && { minimumFractionDigits: 0, maximumFractionDigits: 0 }) }).format(value);
}

/** "€49 monthly", "free". */
export const planPrice = (plan: { price: Price; billing_period: string }) => (plan.price.amount === 0 ? 'free' : `${priceText(plan.price)} ${plan.billing_period}`);

/** The amount as a field shows it: `49.00`. */
export const majorOf = ({ amount, currency }: Price) => (amount / 10 ** digitsOf(currency)).toFixed(digitsOf(currency));

/** Minor units of a text such as `49` or `49.90`; null when it is no price in this currency. */
export function minorOf(text: string, currency: string): number | null {
  const digits = digitsOf(currency);
  const found = /^(\d{1,12})(?:[.,](\d+))?$/.exec(text.trim());
  if (!found || (found[2] ?? '').length > digits) return null;
  const amount = Number(found[1]) * 10 ** digits + Number((found[2] ?? '').padEnd(digits, '0') || 0);
  return amount <= 1e12 ? amount : null;
}
