import { expect, test } from '../fixture';
import { own } from '../server';

test('the bar of a row shows what rules give, and what everybody else gets', async ({ page, console }) => {
  const { server } = console;
  const key = own('bar');
  const make = (name: string, more: object) => server.call('POST', '/api/v1/features', { key: `${key}-${name}`, name, ...more });
  await make('two', { targeting: { if: [{ $ref: 'europe' }, 'on', { $ref: 'large-teams' }, { fractional: [['on', 50], ['off', 50]] }, 'off'] } });
  await make('same', { defaultVariant: 'off' });
  await make('half', { targeting: { fractional: [['on', 25], ['off', 75]] } });
  await make('quiet', { enabled: false });
  await console.open(`/features?q=key:${key}`);
  const parts = (name: string, label: string) =>
    page.getByTestId(`feature-${key}-${name}`).getByRole('img', { name: label, exact: true }).evaluate((bar) => [...bar.children].map((part) => ({
      width: Math.round((100 * part.getBoundingClientRect().width) / bar.getBoundingClientRect().width), color: getComputedStyle(part).backgroundColor, striped: getComputedStyle(part).backgroundImage !== 'none',
    })));
  await expect(page.getByTestId(`feature-${key}-two`)).toContainText('2 rules: on, off; else off');
  await expect(page.getByTestId(`feature-${key}-half`)).toContainText('25 % on, 75 % off');
  await expect(page.getByTestId(`feature-${key}-quiet`)).toContainText('Off; when on: on for everybody');
  await expect(page.getByTestId(`feature-${key}-quiet`).getByRole('img', { name: 'off; when on: on for everybody' })).toBeVisible();
  const [first, second, third, rest] = await parts('two', 'rule 1: on; rule 2: 50 % on, 50 % off; everybody else: off');
  expect([first, second, third, rest].map((part) => part?.striped)).toEqual([true, true, true, false]);
  expect(first!.color).toBe(second!.color);
  expect(third!.color).toBe(rest!.color);
  expect(first!.color).not.toBe(rest!.color);
  expect(first!.width).toBeGreaterThan(10);
  const [all, ...more] = await parts('same', 'off for everybody');
  expect([all, more]).toEqual([{ width: 100, color: rest!.color, striped: false }, []]);
  const split = await parts('half', '25 % on, 75 % off');
  expect(split.map(({ color, striped }) => ({ color, striped }))).toEqual([{ color: first!.color, striped: false }, { color: rest!.color, striped: false }]);
  expect(split[0]!.width).toBeLessThan(30);
  // The key has the colours of the bar.
  const keys = await page.getByTestId(`feature-${key}-two`).locator('[class*="named"] > span').evaluateAll((squares) => squares.map((square) => ({ color: getComputedStyle(square).backgroundColor, striped: getComputedStyle(square).backgroundImage !== 'none' })));
  expect(keys).toEqual([{ color: first!.color, striped: true }, { color: rest!.color, striped: true }, { color: rest!.color, striped: false }]);
  await page.getByRole('button', { name: 'About the bars' }).hover();
  await expect(page.getByRole('tooltip').filter({ hasText: 'Striped parts' })).toBeVisible();
  await console.accessible();
});
