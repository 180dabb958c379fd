// A server on which nobody has done anything yet: each page says what belongs there, and offers the first step.
import { expect, Server, test as base } from '../fixture';

const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await new Server().start();
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],
});

const kPages: [path: string, title: string, words: string, step: string | RegExp, leads: RegExp | string][] = [
  ['/platforms', 'No platforms yet', 'Make one for each part of your product', 'New platform', 'New platform'],
  ['/features', 'No features yet', '', 'New feature', 'New feature'],
  ['/segments', 'No segments yet', 'Make one for a rule that several features need', 'New segment', 'New segment'],
  ['/packages', 'No packages yet', '', 'New package', 'New package'],
  ['/clients', 'No clients yet', '', 'New client', 'New client'],
  ['/api-keys', 'No API keys yet', 'Give each program a key of its own', 'New API key', 'New API key'],
  ['/issuers', 'No trusted issuers yet', '', 'New issuer', 'New issuer'],
  ['/playground', 'No features yet', 'Make a feature first.', 'To the features', /\/features$/],
  ['/environments/compare', 'There is only one environment', 'With a copy of this catalogue', 'Make a second one', 'New environment'],
  ['/dashboard', 'Nothing to deliver yet', '', 'To the features', /\/features$/],
];

test('every empty page teaches, and its first step works', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  await console.open('/help');
  for (const [path, title, words, step, leads] of kPages) {
    await page.goto(server.url + path);
    const state = page.locator('main').getByRole('heading', { name: title }).locator('xpath=..');
    await expect(state, path).toBeVisible();
    expect((await state.textContent())!.length, `${path} says what belongs there`).toBeGreaterThan(title.length + 60);
    await expect(state).toContainText(words);
    await console.accessible();
    await state.getByRole('button', { name: step }).or(state.getByRole('link', { name: step })).click();
    if (leads instanceof RegExp) await expect(page).toHaveURL(leads);
    else await expect(page.getByRole('dialog', { name: leads })).toBeVisible();
  }
});

test('what cannot be made by hand says where it comes from', async ({ page, console }) => {
  const { server } = console;
  await console.open('/announcements?tab=sent');
  await expect(page.getByText('No messages yet')).toBeVisible();
  await expect(page.getByText('Send one with an acknowledgement')).toBeVisible();
  await console.accessible();
  await page.goto(`${server.url}/environments`);
  await expect(page.getByText('There is one environment. Make a second one')).toBeVisible();
  await page.goto(`${server.url}/dashboard`);
  await expect(page.getByText('Clients may report numbers with the event')).toBeVisible();
  await page.goto(`${server.url}/activity?entity_type=feature`);
  await expect(page.getByText('No change fits.')).toBeVisible();
  await console.accessible();
  await page.goto(server.url);
  await expect(page).toHaveURL(/\/(first-minutes|dashboard)?$/);
  await expect(page.locator('main').getByRole('heading', { level: 1 })).toBeVisible();
});
