import { describe, expect, it } from 'vitest';
import { majorOf, minorOf, planPrice, priceText } from '@/features/packages/price';

describe('prices', () => {
  it('are read with a point or a comma, in the digits of the currency', () => {
    expect(minorOf('49', 'EUR')).toBe(4900);
    expect(minorOf(' 49,9 ', 'EUR')).toBe(4990);
    expect(minorOf('49.905', 'EUR')).toBeNull();
    expect(minorOf('1200', 'JPY')).toBe(1200);
    expect(minorOf('1200.5', 'JPY')).toBeNull();
    expect(minorOf('1.250', 'KWD')).toBe(1250);
    expect(minorOf('-1', 'EUR')).toBeNull();
    expect(minorOf('', 'EUR')).toBeNull();
  });

  it('are written so that they are read as the same', () => {
    for (const price of [{ amount: 4990, currency: 'EUR' }, { amount: 1200, currency: 'JPY' }, { amount: 1, currency: 'KWD' }]) expect(minorOf(majorOf(price), price.currency)).toBe(price.amount);
  });

  it('are shown without empty cents', () => {
    expect(priceText({ amount: 4900, currency: 'EUR' }, 'en')).toBe('€49');
    expect(priceText({ amount: 4990, currency: 'EUR' }, 'en')).toBe('€49.90');
    expect(planPrice({ price: { amount: 0, currency: 'EUR' }, billing_period: 'monthly' })).toBe('free');
  });
});
