import type { Page } from '@playwright/test';
import type { Socket } from 'socket.io-client';
import { expect, kPassword, test } from './fixture';
import { own, type Server } from './server';

interface Message {
  id: string;
  title: string;
  message: string;
  level: string;
}
type Acknowledge = (() => void) | undefined;

/** A client on a package of its own, connected. */
async function connected(server: Server, name: string) {
  const plan = await server.call('POST', '/api/v1/packages', { key: own('plan'), name: `Plan of ${name}` });
  const client = await server.call('POST', '/api/v1/clients', { key: own('tenant'), name, package_id: plan.id });
  const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`);
  const { io } = await import('socket.io-client');
  const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true });
  await new Promise<void>((is) => socket.on('client_connected', () => is()));
  return { plan, client, socket };
}

const heard = (socket: Socket, event: string) => new Promise<[Message, Acknowledge]>((got) => socket.once(event, (message: Message, acknowledge: Acknowledge) => got([message, acknowledge])));

async function write(page: Page, title: string, text: string) {
  await page.getByLabel('Title').fill(title);
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
}

test('announces to a package, asks before, and shows who has received and acknowledged it', async ({ page, console }) => {
  const { server } = console;
  const { plan, client, socket } = await connected(server, 'Hazel');
  const away = await server.call('POST', '/api/v1/clients', { key: own('away'), name: 'Iris is away', package_id: plan.id });
  await console.open('/announcements');
  await page.getByRole('textbox', { name: 'To' }).click();
  await page.getByRole('option', { name: 'Clients on a package' }).click();
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeDisabled();
  await page.getByRole('textbox', { name: 'Package' }).fill('Plan of Hazel');
  await page.getByRole('option', { name: 'Plan of Hazel' }).first().click();
  await write(page, 'New terms', 'Please read them.');
  await page.getByRole('textbox', { name: 'Acknowledgement' }).click();
  await page.getByRole('option', { name: 'by one connection' }).click();
  await console.accessible();
  const arrived = heard(socket, 'announcement');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('Please read them.')).toBeVisible();
  await console.accessible();
  await dialog.getByRole('button', { name: 'Send it' }).click();
  await expect(page.getByTestId('sent')).toContainText('Sent to 1 connection');
  const [message, acknowledge] = await arrived;
  expect(message).toMatchObject({ title: 'New terms', message: 'Please read them.', level: 'info' });

  await page.getByRole('tab', { name: 'Delivery' }).click();
  const row = page.getByTestId(`message-${message.id}`);
  await expect(row).toContainText('clients on Plan of Hazel');
  await expect(row).toContainText('1 of 2 received, 0 acknowledged');
  await console.accessible();
  acknowledge!();
  await expect(row).toContainText('1 of 2 received, 1 acknowledged');
  await page.getByRole('textbox', { name: 'Filter by delivery' }).click();
  await page.getByRole('option', { name: 'Not received by all' }).click();
  await row.getByRole('link', { name: 'New terms' }).click();

  await expect(page.getByRole('heading', { name: 'New terms' })).toBeVisible();
  await expect(page.getByTestId(`receiver-client-${client.id}`).locator('time')).toHaveCount(2);
  await expect(page.getByTestId(`receiver-client-${away.id}`)).toContainText('not yet');
  await console.accessible();
  await page.getByText('Not received', { exact: true }).click();
  await expect(page.getByTestId(/^receiver-/)).toHaveCount(1);
  await expect(page.getByTestId(/^receiver-/)).toContainText('Iris is away');
  await page.getByRole('button', { name: 'Withdraw' }).click();
  await dialog.getByRole('button', { name: 'Withdraw' }).click();
  await expect(page.getByText('withdrawn', { exact: true })).toBeVisible();
  expect(await server.call('GET', `/api/v1/messages/${message.id}`)).toMatchObject({ state: 'withdrawn' });
  await console.accessible();
  socket.close();
});

test('a notification to one admin appears in their page, and closing it acknowledges it', async ({ page, console }) => {
  const { server } = console;
  const username = await server.admin('viewer');
  const theirs = await console.another(username);
  await console.open('/announcements');
  await page.getByRole('textbox', { name: 'To' }).click();
  await page.getByRole('option', { name: 'One admin' }).click();
  await page.getByRole('textbox', { name: 'Admin', exact: true }).fill(username);
  await page.getByRole('option', { name: username }).click();
  await write(page, 'Please call me', 'It is about the release.');
  await page.getByRole('textbox', { name: 'Acknowledgement' }).click();
  await page.getByRole('option', { name: 'by one connection' }).click();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(page.getByTestId('sent')).toContainText('Sent to 1 connection');
  await expect(theirs.getByText('It is about the release.')).toBeVisible();
  await console.accessible(theirs);
  await page.getByRole('tab', { name: 'Delivery' }).click();
  const row = page.getByTestId(/^message-/).filter({ hasText: 'Please call me' });
  await expect(row).toContainText('1 of 1 received, 0 acknowledged');
  await theirs.getByRole('button', { name: 'Acknowledge: Please call me' }).click();
  await expect(theirs.getByText('It is about the release.')).toBeHidden();
  await expect(row).toContainText('1 of 1 received, 1 acknowledged');
  const state = row.locator('.mantine-Badge-root').filter({ hasText: /^acknowledged/ });
  await expect(state).toBeVisible();
  expect(await state.evaluate((badge) => { // all of it, and inside its cell
    const label = badge.querySelector('.mantine-Badge-label')!;
    return [label.scrollWidth <= label.clientWidth + 1, badge.getBoundingClientRect().right <= badge.closest('td')!.getBoundingClientRect().right];
  })).toEqual([true, true]);
  await expect(row).toContainText(`admin ${username}`);
});

test('a message reaches everybody, all clients, all admins or the admins of a role, and nobody else', async ({ page, console }) => {
  const { server } = console;
  const { socket } = await connected(server, 'Maple');
  const heardByClient: string[] = [];
  socket.on('announcement', ({ title }: Message) => void heardByClient.push(title));
  const [viewer, editor] = [await console.another(await server.admin('viewer')), await console.another(await server.admin('editor'))];
  await console.open('/announcements', { username: await server.admin('owner') });
  const send = async (to: string, title: string, role?: string) => {
    await page.getByRole('textbox', { name: 'To', exact: true }).click();
    await page.getByRole('option', { name: to, exact: true }).click();
    if (role) {
      await page.getByRole('textbox', { name: 'Role' }).click();
      await page.getByRole('option', { name: role }).click();
    }
    await write(page, title, `This is ${title}.`);
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    if (!role) await page.getByRole('dialog').getByRole('button', { name: 'Send it' }).click();
    await expect(page.getByLabel('Title')).toHaveValue('');
    await expect(page.getByTestId('sent')).toContainText(/^Sent to [1-9]/);
  };
  await send('All clients', 'for clients');
  await expect.poll(() => heardByClient).toEqual(['for clients']);
  await send('All admins', 'for admins');
  for (const admin of [viewer, editor]) await expect(admin.getByText('This is for admins.')).toBeVisible();
  await send('Admins with a role', 'for viewers', 'viewer');
  await expect(viewer.getByText('This is for viewers.')).toBeVisible();
  await send('Everybody: clients and admins', 'for everybody');
  for (const admin of [viewer, editor]) await expect(admin.getByText('This is for everybody.')).toBeVisible();
  // Messages keep their order, so the others would be there by now.
  await expect.poll(() => heardByClient).toEqual(['for clients', 'for everybody']);
  await expect(editor.getByText('This is for viewers.')).toHaveCount(0);
  for (const admin of [viewer, editor]) await expect(admin.getByText('This is for clients.')).toHaveCount(0);
  socket.close();
});

test('the system status is told to clients, stands above every page, and goes away', async ({ page, console }) => {
  const { server } = console;
  const { socket } = await connected(server, 'Juniper');
  const theirs = await console.another(await server.admin('viewer'));
  await console.open('/announcements?tab=status');
  await expect(page.getByTestId('status-now')).toContainText('all is well');
  await page.getByRole('radio', { name: /^Maintenance/ }).check();
  await page.getByRole('textbox', { name: 'Message' }).fill('Back at noon');
  await page.getByRole('button', { name: 'Add a component' }).click();
  await page.getByLabel('Name of component 1').fill('search');
  await console.accessible();
  const told = new Promise<object>((got) => socket.once('system_status', got));
  await page.getByRole('button', { name: 'Set the status' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Tell them' }).click();
  expect(await told).toMatchObject({ status: 'maintenance', message: 'Back at noon', components: { search: 'degraded' } });
  const banner = theirs.getByRole('status').filter({ hasText: 'Back at noon' });
  await expect(banner).toContainText('search: degraded');
  await console.accessible(theirs);
  await theirs.reload(); // a new connection is told, too
  await expect(banner).toBeVisible();
  await page.getByRole('radio', { name: /^All is well/ }).check();
  await page.getByRole('button', { name: 'Set the status' }).click();
  await expect(banner).toHaveCount(0);
  await expect(page.getByTestId('status-now')).toContainText('all is well');
  await console.accessible();
  socket.close();
});

test('a viewer has no messages, and learns why', async ({ page, console }) => {
  await console.open('/announcements', { username: await console.server.admin('viewer'), password: kPassword });
  await expect(page.getByText(/the role editor is needed/)).toBeVisible();
  await console.accessible();
});
