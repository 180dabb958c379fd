// Without a mouse: the way past the navigation, the order in it, and the place where one was before a dialog.
import type { Page } from '@playwright/test';
import { expect, test } from '../fixture';
import { own } from '../server';

const focused = (page: Page) => page.locator(':focus');

test('the first Tab offers the way to the content, past the navigation', async ({ page, console }) => {
  await console.open('/platforms');
  await page.goto(`${console.server.url}/platforms`);
  await expect(page.getByRole('heading', { name: 'Platforms', exact: true })).toBeVisible();
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await console.accessible();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.locator('main').locator(':focus')).toHaveCount(1);
  await expect(focused(page)).toHaveAccessibleName('New platform');
});

test('Tab goes through the navigation in its order, and Enter opens a page', async ({ page, console }) => {
  await console.open('/platforms');
  const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  const names = (await links.allTextContents()).slice(0, 5);
  await links.first().focus();
  for (const name of names) {
    await expect(focused(page)).toHaveText(name);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(page.locator('main').getByRole('heading', { level: 1 })).toHaveText(names.at(-1)!);
});

test('a dialog keeps the focus, and gives it back to the control that opened it', async ({ page, console }) => {
  const { server } = console;
  const platform = await server.call('POST', '/api/v1/platforms', { key: own('keys'), name: 'By keys' });
  await console.open(`/platforms?q=${platform.key}`);
  const button = page.getByRole('button', { name: 'New platform' });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New platform' });
  await expect(dialog.getByLabel('Name')).toBeFocused();
  for (let count = 0; count < 12; ++count) {
    await page.keyboard.press('Tab');
    await expect(dialog.locator(':focus')).toHaveCount(1);
  }
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(button).toBeFocused();
  // The question before a switch, and the palette.
  const flip = page.getByTestId(`platform-${platform.key}`).getByRole('switch');
  await flip.focus();
  await page.keyboard.press('Space');
  await expect(page.getByRole('dialog').getByTestId('impact').or(page.getByRole('dialog').getByText('No client sees a difference'))).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(flip).toBeFocused();
  await page.keyboard.press('Control+K');
  await expect(page.getByRole('textbox', { name: 'Search', exact: true })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(flip).toBeFocused();
  // `/` goes to the search of the page, from wherever one is.
  await page.keyboard.press('/');
  await expect(page.getByLabel('Search platforms')).toBeFocused();
});

test('a menu opens at its first item, has nothing serious by axe, and gives the focus back', async ({ page, console }) => {
  const environments = page.waitForResponse(/\/api\/v1\/environments$/);
  await console.open('/platforms');
  await environments; // else the first menu opens without them
  for (const name of [/^Environment /, /^Account of/]) {
    await page.getByRole('button', { name }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitem').first()).toBeFocused();
    await console.accessible();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('menuitem').nth(1)).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toHaveCount(0);
    await expect(page.getByRole('button', { name })).toBeFocused();
  }
});
