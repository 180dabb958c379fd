// Each page of the navigation, the first entity of each list, their tabs, and dialogs, on a phone: nothing is wider than the screen.
import type { Page } from '@playwright/test';
import { expect, kPassword, test } from '../fixture';
import { own, type Entity } from '../server';

const kWidth = 390;

/** Nothing of `root` leaves the screen: no title, button or field, but in what scrolls. */
async function staysInside(page: Page, root: string, at: string) {
  expect(await page.evaluate(() => document.documentElement.scrollWidth), at).toBeLessThanOrEqual(kWidth);
  const outside = await page.locator(`${root} :is(h1, h2, button, input):visible`).evaluateAll((all) => {
    const scrolls = (one: Element | null): boolean => one !== null && one.tagName !== 'MAIN' && (/auto|scroll/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
    return all.filter((one) => !scrolls(one.parentElement) && one.getBoundingClientRect().right > window.innerWidth + 1).map((one) => one.outerHTML.slice(0, 120));
  });
  expect(outside, at).toEqual([]);
  // Texts that are shortened have one line: rows of lists have heights that do not change.
  const wrapped = await page.locator(`${root} [data-truncate]:visible`).evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height > 1.9 * parseFloat(getComputedStyle(one).fontSize)).map((one) => one.textContent));
  expect(wrapped, `${at}: texts of two lines`).toEqual([]);
  // A badge says one or two words, and all of them.
  const cut = await page.locator(`${root} .mantine-Badge-label:visible`).evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent));
  expect(cut, `${at}: badges that are cut off`).toEqual([]);
}

/** The last buttons of a dialog are in sight before anything is scrolled. */
async function endsInSight(page: Page, at: string) {
  const dialog = page.getByRole('dialog');
  const [frame, last] = [(await dialog.boundingBox())!, (await dialog.getByRole('button').last().boundingBox())!];
  expect(last.y + last.height, at).toBeLessThanOrEqual(frame.y + frame.height);
}

test('every page stays within the screen of a phone', async ({ page, console }) => {
  test.slow();
  console.expectError(/changes\/\d+\/rollout/); // the server keeps no numbers of an old change
  // The longest word that a key's badge says, beside a long name.
  await console.server.call('POST', '/api/v1/api-keys', { name: `${own('export')} of every night, to the warehouse`, scopes: ['read', 'evaluate'], active: false, addresses: ['2001:db8:1234:5678::/64'] });
  await console.open('/help');
  const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  const paths = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).pathname));
  expect(paths.length).toBeGreaterThan(12);
  await page.setViewportSize({ width: kWidth, height: 800 });
  const fits = async (at: string) => {
    await expect(page.locator('main').getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('main').getByRole('status').filter({ hasText: '…' })).toHaveCount(0);
    await staysInside(page, 'main', at);
  };
  let tabs = 0;
  const eachTab = async (at: string) => {
    for (const tab of (await page.getByRole('tab').all()).slice(1)) {
      await tab.click();
      await expect(tab).toHaveAttribute('aria-selected', 'true');
      await fits(`${at}, ${await tab.textContent()}`);
      ++tabs;
    }
  };
  /** The address changes before the page does, whose title says when. */
  const goes = async (to: RegExp, go: () => Promise<unknown>) => {
    const before = await page.title();
    await go();
    await expect(page).toHaveURL(to);
    await expect(page).not.toHaveTitle(before);
  };
  for (const path of paths) {
    await goes(new RegExp(`${path}$`), () => page.evaluate((address) => history.pushState({}, '', address), path));
    await fits(path);
    await eachTab(path);
    const entity = page.locator(`main a[href^="${path}/"]:not([href*="compare"])`).first();
    if (!(await entity.count())) continue;
    await goes(new RegExp(`${path}/.+`), () => entity.click());
    await fits(`the first of ${path}`);
    await eachTab(`the first of ${path}`);
  }
  expect(tabs).toBeGreaterThan(20);
});

test('dialogs stay within the screen of a phone', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  const staging = own('staging');
  await server.call('POST', '/api/v1/environments', { key: staging });
  const first = async (path: string) => (await server.call<{ items: Entity[] }>('GET', `/api/v1/${path}?limit=1`)).items[0]!;
  const [platform, feature, client] = [await first('platforms'), await first('features'), await first('clients')];
  const username = await server.admin('editor');
  const admin = (await server.call<{ items: Entity[] }>('GET', `/api/v1/admins?q=${username}`)).items[0]!;
  await page.setViewportSize({ width: kWidth, height: 800 });
  await page.goto(`${server.url}/help`);
  await page.getByLabel('User name').fill('owner');
  await page.getByLabel('Password', { exact: true }).fill(kPassword);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Help');
  for (const to of [
    ...['platforms', 'features', 'segments', 'packages', 'clients', 'environments', 'admins', 'api-keys', 'issuers'].map((list) => `/${list}?new=yes`),
    `/features?switch=${feature.id}-${feature['enabled'] ? 'off' : 'on'}`, `/platforms/${platform.id}?delete=yes`, `/features/${feature.id}?tab=files&file=new`,
    `/clients/${client.id}?override=${feature.id}`, `/clients/${client.id}?tab=tokens&new=token`, `/playground?client=${client.id}&flag=${feature.key}`,
    `/environments/compare?from=production&to=${staging}&select=feature:${feature.key}&promote=yes`, `/admins/${admin.id}?dialog=password`,
    '/account?change=password', '/account?factor=setup', '/settings?key=new', '/settings?passwords=off',
  ]) {
    await page.evaluate((address) => history.pushState({}, '', address), to);
    const dialog = page.getByRole('dialog');
    await expect(dialog, to).toBeVisible();
    await expect(dialog.getByRole('status').filter({ hasText: '…' })).toHaveCount(0);
    await staysInside(page, '[role=dialog]', to);
    const box = (await dialog.boundingBox())!;
    expect(box.x + box.width, to).toBeLessThanOrEqual(kWidth);
    if (/^\/(api-keys|issuers)|promote=yes/.test(to)) await endsInSight(page, to);
    await page.evaluate(() => history.pushState({}, '', '/help'));
    await expect(dialog).toHaveCount(0);
  }
});
