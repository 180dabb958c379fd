// Every page in dark: contrast is another one there.
import type { Page } from '@playwright/test';
import { expect, testAlone as test, type Console } from '../fixture';
import { own, type Entity } from '../server';

test.beforeEach(({ page }) => page.emulateMedia({ colorScheme: 'dark' }));

const tabs = (path: string, ...names: string[]) => [path, ...names.map((name) => `${path}?tab=${name}`)];

async function walk(page: Page, console: Console, places: readonly string[]) {
  console.expectError(/changes\/[\d.]+\/rollout/); // the server keeps no numbers of an old change
  for (const path of places) {
    await page.goto(console.server.url + path);
    await expect(page.locator('main').getByRole('heading', { level: 1 }), path).toBeVisible();
    await expect(page.locator('main').getByRole('status').filter({ hasText: '…' }), path).toHaveCount(0);
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
    await test.step(path, () => console.accessible());
  }
}

const first = async ({ server }: Console, path: string) => (await server.call<{ items: Entity[] }>('GET', `/api/v1/${path}?limit=1`)).items[0]!.id;

test('nothing serious by axe in dark: the login and every page of the navigation', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  await server.call('POST', '/api/v1/api-keys', { name: own('key'), scopes: ['read', 'write:features'] });
  await server.call('POST', '/api/v1/issuers', { key: own('dark'), name: 'An issuer', issuer: `https://${own('dark')}.example/`, audiences: ['flags'], environment: 'production', keys: { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'a', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] } } });
  await page.goto(server.url);
  await expect(page.getByLabel('User name')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await console.accessible();
  await console.open('/help');
  const pages = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).pathname));
  expect(pages.length).toBeGreaterThan(12);
  await walk(page, console, pages);
});

test('… platforms, features and segments', async ({ page, console }) => {
  test.slow();
  const [platform, feature, segment] = [await first(console, 'platforms'), await first(console, 'features'), await first(console, 'segments')];
  await console.open('/help');
  await walk(page, console, [
    ...tabs(`/platforms/${platform}`, 'users', 'files', 'history'), ...tabs(`/features/${feature}`, 'subs', 'needs', 'users', 'settings', 'files', 'code', 'history'),
    ...tabs(`/segments/${segment}`, 'users', 'history'), '/features?new=yes',
  ]);
});

test('… packages, clients and the playground', async ({ page, console }) => {
  test.slow();
  const [plan, client, feature] = [await first(console, 'packages'), await first(console, 'clients'), await first(console, 'features')];
  await console.open('/help');
  await walk(page, console, [
    ...tabs(`/packages/${plan}`, 'settings', 'clients', 'history'), '/packages?view=matrix', ...tabs(`/clients/${client}`, 'settings', 'tokens', 'connections', 'try', 'message', 'history'),
    `/clients/${client}?override=${feature}`, `/playground?client=${client}`,
  ]);
});

test('… messages, accounts, comparison and what has no place in the navigation', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  const environment = own('dark');
  await server.call('POST', '/api/v1/environments', { key: environment });
  const message = await server.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 'Dark', message: 'It is dark.', audience: 'clients', ack: 'client' });
  const admin = await first(console, 'admins');
  await console.open('/help');
  await walk(page, console, [
    '/announcements?tab=sent', '/announcements?tab=status', `/announcements/${message.id}`, ...tabs(`/admins/${admin}`, 'sessions', 'history'), '/account', '/first-minutes',
    `/environments/compare?from=production&to=${environment}`, '/api-keys?new=yes', '/issuers?new=yes', '/environments?new=yes', '/no/such/page',
  ]);
});
