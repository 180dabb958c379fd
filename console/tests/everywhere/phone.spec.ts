// Each page of the navigation, and the first entity of each list, on a phone: nothing is wider than the screen.
import { expect, test } from '../fixture';

test('every page stays within the screen of a phone', async ({ page, console }) => {
  test.slow();
  console.expectError(/changes\/\d+\/rollout/); // the server keeps no numbers of an old change
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await console.open('/help');
  const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  const paths = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).pathname));
  expect(paths.length).toBeGreaterThan(12);
  await page.setViewportSize({ width: 390, height: 800 });
  const fits = async (at: string) => {
    await expect(page.locator('main').getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('main').getByRole('status').filter({ hasText: '…' })).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), at).toBeLessThanOrEqual(390);
    // No title, button or field leaves the screen, but in a table that scrolls.
    const outside = await page.locator('main :is(h1, h2, button, input):visible').evaluateAll((all) => {
      const scrolls = (one: Element | null): boolean => one !== null && one.tagName !== 'MAIN' && (/auto|scroll/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
      return all.filter((one) => !scrolls(one.parentElement) && one.getBoundingClientRect().right > window.innerWidth + 1).map((one) => one.outerHTML.slice(0, 120));
    });
    expect(outside, at).toEqual([]);
  };
  for (const path of paths) {
    await page.evaluate((address) => history.pushState({}, '', address), path);
    await expect(page).toHaveURL(new RegExp(`${path}$`));
    await fits(path);
    const entity = page.locator(`main a[href^="${path}/"]:not([href*="compare"])`).first();
    if (!(await entity.count())) continue;
    await entity.click();
    await expect(page).toHaveURL(new RegExp(`${path}/.+`));
    await fits(`the first of ${path}`);
  }
});
