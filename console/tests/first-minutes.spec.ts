import { expect, kPassword, Server, test } from './fixture';
import { own, type Entity } from './server';

test('leads from an empty server to a flag, a client with a token, and a change that arrives in the page', async ({ page, console }) => {
  console.expectError(/asked another server/);
  const server = await new Server().start();
  try {
    await page.goto(server.url);
    await page.getByLabel('User name').fill('owner');
    await page.getByLabel('Password', { exact: true }).fill(kPassword);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'Welcome to Togglecast' })).toBeVisible();
    await expect(page.getByTestId('step-2')).toHaveAttribute('data-state', 'waits');
    await console.accessible();
    await page.getByRole('button', { name: 'Make the flag' }).click();
    await expect(page.getByTestId('step-1')).toHaveAttribute('data-state', 'done');

    await page.getByRole('button', { name: 'Make the client' }).click();
    const token = await page.getByLabel('The token', { exact: true }).textContent();
    expect(token).toMatch(/^ey/);
    await expect(page.getByText("flags.flag('new-checkout', false)")).toBeVisible();
    await console.accessible();
    await page.getByRole('button', { name: 'Go on' }).click();
    await expect(page.getByTestId('step-2')).toHaveAttribute('data-state', 'done');

    const tile = page.getByTestId('trial-new-checkout');
    await expect(tile).toContainText('off');
    await page.getByRole('switch', { name: /New checkout/ }).press('Space');
    await expect(tile).toContainText('on');
    const log = page.getByRole('log');
    await expect(log.getByText('new-checkout: off → on')).toBeVisible();
    await expect(log.getByText(/ms after your click/)).toBeVisible();
    await expect(page.locator('[data-rollout="complete"]')).toContainText('delivered to 1 of 1');
    await console.accessible();

    // What somebody else does arrives, too.
    const { items } = await server.call<{ items: { id: number }[] }>('GET', '/api/v1/features');
    await server.call('POST', `/api/v1/features/${items[0]!.id}/toggle`, { enabled: false });
    await expect(log.getByText('new-checkout: on → off')).toBeVisible();
    await expect(tile).toContainText('off');

    await page.getByRole('button', { name: 'Done' }).click();
    await expect(page.getByRole('heading', { name: 'Welcome to Togglecast' })).toBeHidden();
  } finally {
    await page.goto('about:blank'); // the page asks nothing of a server that has ended
    await server.end();
  }
});

test('takes a flag and a client that exist, and gives the client what it lacks', async ({ page, console }) => {
  const { server } = console;
  const flag = await server.call('POST', '/api/v1/features', { key: own('later'), name: `Later ${own('n')}` });
  const client = await server.call('POST', '/api/v1/clients', { key: own('guest'), name: `Guest ${own('n')}` });
  await console.open('/first-minutes');
  await page.getByRole('textbox', { name: 'Or take a flag that exists' }).fill(flag.key);
  await page.getByRole('option', { name: new RegExp(flag.key) }).click();
  await page.getByRole('textbox', { name: 'Or take a client that exists' }).fill(client.key);
  await page.getByRole('option', { name: new RegExp(client.key) }).click();
  await page.getByRole('button', { name: 'Give it an override' }).click();
  await expect(page.getByTestId(`trial-${flag.key}`)).toContainText('on');
  await expect(page).toHaveURL(new RegExp(`flag=${flag.id}&client=${client.id}`));
  await console.accessible();

  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test('a client’s page has the trial, too, and only owners may run it', async ({ page, console }) => {
  const { server } = console;
  const { items } = await server.call<{ items: { id: number }[] }>('GET', '/api/v1/clients?limit=1');
  await console.open(`/clients/${items[0]!.id}?tab=try`);
  await expect(page.getByTestId('trial')).toHaveAttribute('data-status', 'ready');
  await expect(page.getByTestId(/^trial-./).first()).toBeVisible();
  await console.accessible();
  const other = await console.another(await server.admin('editor'));
  await other.goto(`${server.url}/clients/${items[0]!.id}?tab=try`);
  await expect(other.getByText('Trying it out needs a token of the client')).toBeVisible();
});

test('what arrived names what a program sees differently, and nothing that stays as it was', async ({ page, console }) => {
  const { server } = console;
  const features: Entity[] = [];
  for (const name of ['First', 'Second', 'Third']) features.push(await server.call('POST', '/api/v1/features', { key: own('seen'), name }));
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: 'Seen', features: features.map(({ id }) => ({ feature_id: id })) });
  const client = await server.call('POST', '/api/v1/clients', { key: own('seer'), name: 'Seer', package_id: plan.id });
  await console.open(`/clients/${client.id}?tab=try`);
  for (const { key } of features) await expect(page.getByTestId(`trial-${key}`)).toContainText('on');
  await server.call('POST', `/api/v1/features/${features[0]!.id}/toggle?confirm=true`, { enabled: false });
  const log = page.getByRole('log', { name: 'What arrived' });
  await expect(log.getByText(`${features[0]!.key}: on → off`)).toBeVisible();
  await expect(log.getByText('→')).toHaveCount(1);
});
