import { expect, test } from './fixture';
import { own, type Server } from './server';

/** A client on a package with one feature, whose rule asks for a tier and for the context. */
async function prepare(server: Server) {
  const feature = await server.call('POST', '/api/v1/features', {
    key: own('play'), name: `Play ${own('n')}`, variants: { blue: 'blue', red: 'red' }, defaultVariant: 'red',
    targeting: { if: [{ '==': [{ var: 'client.tier' }, 'gold'] }, 'blue', { '==': [{ var: 'user' }, 'ada'] }, 'blue', null] },
  });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: `Plan ${own('p')}`, features: [{ feature_id: feature.id }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: `Tenant ${own('c')}`, package_id: plan.id, attributes: { tier: 'silver' } });
  return { feature, plan, client };
}

test('says for every flag of a client which step decided, and shows the trace', async ({ page, console }) => {
  const { server } = console;
  const { feature, client } = await prepare(server);
  await console.open('/playground');
  await expect(page.getByText('Who asks?')).toBeVisible();
  await console.accessible();
  await page.getByRole('textbox', { name: 'Client' }).fill(client.key);
  await page.getByRole('option', { name: new RegExp(client.key) }).click();
  await expect(page).toHaveURL(new RegExp(`client=${client.id}`));
  await page.getByLabel('Search flags').fill(feature.key);
  const row = page.getByTestId(`flag-${feature.key}`);
  await expect(row).toContainText('on: red');
  await console.accessible();
  // A connection that says more about itself.
  await page.getByRole('textbox', { name: 'Context' }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('{"user": "ada"}');
  await expect(row).toContainText('on: blue');
  await expect(row).toContainText('rule 2: user is ada → blue');
  await row.getByRole('button').click();
  const why = page.getByRole('dialog');
  await expect(why.getByTestId('decision')).toContainText('rule 2: user is ada → blue');
  await expect(why.getByRole('listitem').filter({ hasText: 'Targeting' })).toContainText('decided');
  await expect(why.getByRole('cell', { name: '/targeting/if/2' }).first()).toBeVisible();
  await console.accessible();
  await page.keyboard.press('Escape');
  // The change of another admin.
  await server.call('POST', `/api/v1/features/${feature.id}/toggle`, { enabled: false });
  await expect(row).toContainText('the feature is switched off');
});

test('a sub-feature is a flag of the list, found by its name in code, with the step that decided it', async ({ page, console }) => {
  const { server } = console;
  const feature = await server.call('POST', '/api/v1/features', {
    key: own('mail'), name: own('Mail'), sub_features: [
      { key: 'daily', name: 'Daily', variants: { short: 's', long: 'l' }, defaultVariant: 'long', targeting: { if: [{ '==': [{ var: 'client.tier' }, 'gold'] }, 'short', null] } },
      { key: 'weekly', name: 'Weekly', state: 'DISABLED' }, { key: 'hourly', name: 'Hourly' },
    ],
  });
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: own('Plan'), features: [{ feature_id: feature.id, sub_features: ['daily', 'weekly'] }] });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name: own('Tenant'), package_id: plan.id, attributes: { tier: 'gold' } });
  await console.open(`/playground?client=${client.id}`);
  const search = page.getByLabel('Search flags');
  await search.fill(feature.key);
  await expect(page.getByRole('row')).toHaveCount(5); // with the head
  await search.fill(`${feature.key}/d`);
  await expect(page.getByRole('row')).toHaveCount(2);
  const daily = page.getByTestId(`flag-${feature.key}/daily`);
  await expect(daily).toContainText('on: short');
  await expect(daily).toContainText('rule 1: client.tier is gold → short');
  await search.fill(feature.key);
  await expect(page.getByTestId(`flag-${feature.key}/weekly`)).toContainText('the sub-feature is switched off');
  await expect(page.getByTestId(`flag-${feature.key}/hourly`)).toContainText('the package does not include it');
  await page.getByLabel('Which flags').selectOption('on');
  await expect(page.getByRole('row')).toHaveCount(3); // the feature and one part
  await console.accessible();
  await daily.getByRole('button').click();
  await expect(page).toHaveURL(new RegExp(`flag=${feature.key}(%2F|/)daily`));
  await expect(page.getByTestId('decision')).toContainText('rule 1: client.tier is gold → short');
  await console.accessible();
  // A client that is made up asks for each flag.
  await page.goto(`${server.url}/playground?who=new&q=${feature.key}&package=${plan.id}&flag=${feature.key}/daily`);
  await expect(page.getByTestId('decision')).toContainText('no rule holds, so everybody else: the default');
  await page.keyboard.press('Escape');
  await expect(daily).toContainText('on: long');
});

test('asks for a client that does not exist', async ({ page, console }) => {
  const { server } = console;
  const { feature } = await prepare(server);
  await console.open(`/playground?who=new&q=${feature.key}`);
  const row = page.getByTestId(`flag-${feature.key}`);
  await expect(row).toContainText('on: red');
  await page.getByRole('textbox', { name: 'Attributes' }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('{"tier": ');
  await expect(page.getByText('This is no valid JSON')).toBeVisible();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('{"tier": "gold"}');
  await expect(row).toContainText('on: blue');
  await page.getByLabel('Package').selectOption('none');
  await expect(row).toContainText('the package does not include it');
  await console.accessible();
});

test('tries a change of a feature before it is saved', async ({ page, console }) => {
  const { server } = console;
  const { feature, client } = await prepare(server);
  await console.open(`/features/${feature.id}`);
  await page.getByRole('group', { name: 'Rule 1', exact: true }).getByRole('textbox', { name: 'Value', exact: true }).fill('silver');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Try it' }).click();
  await page.getByRole('textbox', { name: 'Client' }).fill(client.key);
  await page.getByRole('option', { name: new RegExp(client.key) }).click();
  const row = page.getByTestId(`flag-${feature.key}`);
  await expect(row.getByRole('cell').nth(1)).toContainText('on: red');
  await expect(row.getByRole('cell').nth(2)).toContainText('on: blue');
  await expect(row).toContainText('differs');
  await console.accessible();
  await row.getByRole('button').click();
  const why = page.getByRole('dialog');
  await expect(why.getByTestId('decision')).toContainText('client.tier is silver → blue');
  await why.locator('label').filter({ hasText: 'Now' }).click();
  await expect(page).toHaveURL(/version=now/);
  await expect(why.getByTestId('decision')).toContainText('everybody else: the default');
  await console.accessible();
  await page.keyboard.press('Escape');
  // Nothing was written.
  expect((await server.call('GET', `/api/v1/features/${feature.id}`))['revision']).toBe(feature['revision']);
  await page.getByRole('group', { name: 'Drafts' }).getByRole('checkbox').uncheck();
  await expect(page.getByRole('columnheader', { name: 'With the draft' })).toHaveCount(0);
});

test('tries a change of a segment before it is saved', async ({ page, console }) => {
  const { server } = console;
  const { client, plan } = await prepare(server);
  const segment = await server.call('POST', '/api/v1/segments', { key: own('seg'), name: own('Segment'), rule: { '==': [{ var: 'client.tier' }, 'gold'] } });
  const feature = await server.call('POST', '/api/v1/features', { key: own('ref'), name: own('Refers'), targeting: { if: [{ $ref: segment.key }, 'on', 'off'] } });
  await server.call('PUT', `/api/v1/packages/${plan.id}/features/${feature.id}`);
  await console.open(`/segments/${segment.id}`);
  await page.getByRole('textbox', { name: 'Value', exact: true }).fill('silver');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Try it' }).click();
  await page.getByRole('textbox', { name: 'Client' }).fill(client.key);
  await page.getByRole('option', { name: new RegExp(client.key) }).click();
  await page.getByLabel('Search flags').fill(feature.key);
  const row = page.getByTestId(`flag-${feature.key}`);
  await expect(row.getByRole('cell').nth(1)).toContainText('off');
  await expect(row.getByRole('cell').nth(2)).toContainText('on');
  await row.getByRole('button').click();
  await expect(page.getByTestId('decision')).toContainText(`in segment ${segment.key} → on`);
});

test('on a phone, a viewer finds why, and nothing is wider than the screen', async ({ page, console }) => {
  const { server } = console;
  const { feature, client } = await prepare(server);
  const viewer = await server.admin('viewer');
  await page.setViewportSize({ width: 390, height: 800 });
  await console.open(`/playground?client=${client.id}&q=${feature.key}`, { username: viewer });
  await expect(page.getByTestId(`flag-${feature.key}`)).toContainText('on: red');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await page.getByTestId(`flag-${feature.key}`).getByRole('button').click();
  await expect(page.getByTestId('decision')).toBeVisible();
  await console.accessible();
});
