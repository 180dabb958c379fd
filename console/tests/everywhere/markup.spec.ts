// Texts of users are texts: names, notes, reasons, labels and messages with markup in them, on every page that shows them.
import type { Page } from '@playwright/test';
import { expect, kPassword, Server, test as base } from '../fixture';
import type { Entity } from '../server';

// Its texts stand on every page of its server, the status of the system among them.
const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await new Server().start('--demo');
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],
});

// It runs without a blank, too: the name of a device ends at one.
const kMarkup = '<img/src=x/onerror=window.ran=1><script>ran=2</script>';

/** Everything that a person, a program or a token may name, named so. */
async function fill(server: Server) {
  const call = (method: string, target: string, body?: object) => server.call(method, `/api/v1/${target}`, body);
  const platform = await call('POST', 'platforms', { key: 'm-platform', name: kMarkup, description: kMarkup, maintenance_note: kMarkup, config: { note: kMarkup } });
  const segment = await call('POST', 'segments', { key: 'm-segment', name: kMarkup, description: kMarkup, rule: { '==': [{ var: 'client.note' }, kMarkup] } });
  const feature = await call('POST', 'features', {
    key: 'm-feature', name: kMarkup, description: kMarkup, platforms: [platform.id], variants: { a: kMarkup, b: 'b' }, defaultVariant: 'a',
    targeting: { if: [{ '==': [{ var: 'client.note' }, kMarkup] }, 'a', { $ref: segment.key }, 'b', 'a'] },
    metadata: { group: kMarkup, tags: kMarkup, other: kMarkup }, sub_features: [{ key: 'part', name: kMarkup, description: kMarkup }],
  });
  const plan = await call('POST', 'packages', { key: 'm-package', name: kMarkup, description: kMarkup, features: [{ feature_id: feature.id }], platforms: [platform.id] });
  const client = await call('POST', 'clients', { key: 'm-client', name: kMarkup, package_id: plan.id, attributes: { note: kMarkup } });
  await call('PUT', `clients/${client.id}/overrides/${feature.id}`, { value: kMarkup, reason: kMarkup });
  const { token } = (await call('POST', `clients/${client.id}/tokens`, { label: kMarkup })) as unknown as { token: string };
  await call('POST', 'api-keys', { name: kMarkup, scopes: ['read'] });
  await call('POST', 'issuers', { key: 'm-issuer', name: kMarkup, issuer: 'https://m.example/', audiences: [kMarkup], environment: 'production', keys: { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'a', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] } } });
  const message = await call('POST', 'broadcasts/broadcast_announcement', { title: kMarkup, message: kMarkup, audience: { package: plan.id }, ack: 'client' });
  await call('POST', 'broadcasts/broadcast_system_status', { status: 'degraded', message: kMarkup });
  await call('POST', 'environments', { key: 'm-other' });
  await fetch(`${server.url}/api/v1/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'User-Agent': kMarkup }, body: JSON.stringify({ username: 'owner', password: kPassword }) });
  const { io } = await import('socket.io-client');
  const socket = io(`${server.url}/client`, { auth: { token, sdk: 'app/1.0', context: { note: kMarkup } }, transports: ['websocket'], forceNew: true });
  await new Promise<void>((connected) => socket.on('client_connected', () => connected()));
  await call('PATCH', `platforms/${platform.id}?confirm=true`, { description: `${kMarkup}.` });
  const { items } = (await call('GET', 'activity?limit=1')) as unknown as { items: { epoch: number; revision: number }[] };
  return { platform, segment, feature, plan, client, message, change: `${items[0]!.epoch}.${items[0]!.revision}`, socket };
}

/** The texts of the page and of its fields, how often they have the markup, and what became an element. */
const look = (page: Page) => page.evaluate((markup) => {
  const count = (text: string) => text.split(markup).length - 1;
  const fields = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('main :is(input, textarea)')];
  return {
    texts: count(document.querySelector('main')!.textContent.replaceAll('\\"', '"')) + fields.reduce((sum, { value }) => sum + count(value), 0),
    elements: document.querySelectorAll('img[src="x"], [onerror], script:not([src]), a[href^="javascript:"]').length,
    ran: (window as { ran?: number }).ran,
  };
}, kMarkup);

test('markup in texts of users is shown as written on every page, and nothing of it runs', async ({ page, console }) => {
  test.slow();
  const { server } = console;
  const { platform, segment, feature, plan, client, message, change, socket } = await fill(server);
  console.expectError(/changes\/[\d.]+\/rollout/); // the server keeps no numbers of an old change
  await console.open('/help');
  // The least number of times that a page shows the text. The status of the system stands above all of them, once.
  const places: [path: string, least: number][] = [
    ['/dashboard', 6], ['/platforms', 3], [`/platforms/${platform.id}`, 7], [`/platforms/${platform.id}?tab=users`, 4], [`/platforms/${platform.id}?tab=history`, 4],
    ['/features', 6], [`/features/${feature.id}`, 7], [`/features/${feature.id}?tab=needs`, 4], [`/features/${feature.id}?tab=subs`, 5], [`/features/${feature.id}?tab=settings`, 11],
    [`/features/${feature.id}?tab=users`, 4], [`/features/${feature.id}?tab=code`, 4], [`/features/${feature.id}?tab=history`, 5],
    ['/segments', 3], [`/segments/${segment.id}`, 6], [`/segments/${segment.id}?tab=users`, 2], ['/packages', 2], ['/packages?view=matrix', 3], [`/packages/${plan.id}`, 5], [`/packages/${plan.id}?tab=clients`, 3],
    ['/clients?q=m-client', 3], [`/clients/${client.id}`, 8], [`/clients/${client.id}?tab=settings`, 5], [`/clients/${client.id}?tab=tokens`, 4], [`/clients/${client.id}?tab=connections`, 3], [`/clients/${client.id}?tab=message`, 2],
    [`/playground?client=${client.id}&q=m-feature`, 3], [`/playground?client=${client.id}&q=m-feature&flag=m-feature`, 5], ['/announcements?tab=sent', 4], ['/announcements?tab=status', 2], [`/announcements/${message.id}`, 5],
    ['/activity', 10], [`/activity/${change}`, 5], ['/environments/compare?from=production&to=m-other', 4], ['/api-keys', 2], ['/issuers', 3], ['/account', 2], [`/first-minutes?flag=${feature.id}&client=${client.id}`, 3],
  ];
  for (const [path, least] of places) {
    await page.goto(server.url + path);
    await expect(page.locator('main').getByRole('heading', { level: 1 })).toBeVisible();
    await expect.poll(async () => (await look(page)).texts, { message: path }).toBeGreaterThanOrEqual(least);
    const { elements, ran } = await look(page);
    expect([elements, ran], path).toEqual([0, undefined]);
  }
  await page.evaluate((address) => history.pushState({}, '', address), `/features/${feature.id}`);
  await expect(page).toHaveTitle(new RegExp(`^${kMarkup.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  socket.close();
});

test('nor in dialogs, the palette, hints and messages in the corner', async ({ page, console }) => {
  const { server } = console;
  const known = (await server.call<{ items: Entity[] }>('GET', '/api/v1/features?q=m-feature')).items[0];
  const { feature, client } = known ? { feature: known, client: (await server.call<{ items: Entity[] }>('GET', '/api/v1/clients?q=m-client')).items[0]! } : await fill(server);
  await console.open('/features?q=key:m-feature');
  const dialog = page.getByRole('dialog');
  const quiet = async () => {
    const { elements, ran } = await look(page);
    expect([elements, ran]).toEqual([0, undefined]);
  };
  await page.getByTestId('feature-m-feature').getByRole('switch').press('Space');
  await expect(dialog.getByRole('region', { name: 'Features and clients affected' })).toContainText(`Clients: ${kMarkup}`);
  await quiet();
  await dialog.getByText('By client').click();
  await expect(dialog.getByRole('cell', { name: kMarkup })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+K');
  await page.getByRole('textbox', { name: 'Search', exact: true }).fill('<img');
  await expect(page.getByRole('button', { name: kMarkup }).first()).toBeVisible();
  await quiet();
  await page.keyboard.press('Escape');
  await page.getByTestId('feature-m-feature').getByRole('img', { name: /^rule 1/ }).hover();
  await quiet();
  await server.call('POST', '/api/v1/broadcasts/send_admin_notification', { title: kMarkup, message: `${kMarkup}!` });
  await expect(page.getByText(`${kMarkup}!`)).toBeVisible();
  await quiet();
  // A refusal that repeats the text.
  console.expectError(/4\d\d/);
  await page.goto(`${server.url}/clients/${client.id}?override=${feature.id}`);
  await expect(dialog.getByLabel('Reason')).toHaveValue(kMarkup);
  await page.goto(`${server.url}/features/${feature.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(dialog.getByTestId('users')).toContainText(kMarkup);
  await quiet();
});
