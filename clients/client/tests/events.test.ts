// The stock client's socket with the types of the package, against the real server.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientSocket, ServerEvents } from '../src/index.js';
import { Server } from '../../support/server.js';
import { page } from './page.js';

const server = new Server();
beforeAll(() => server.start());
afterAll(() => server.end());

/** The next event of that name, with the type that it has. */
const heard = <Name extends keyof ServerEvents>(socket: ClientSocket, name: Name) =>
  new Promise<Parameters<ServerEvents[Name]>[0]>((resolve) => socket.once(name as 'asset', resolve as never));

test('without an acknowledgement, the answer to a request comes as an event', async () => {
  const { features, token } = await server.world({ chat: {} });
  const { key } = features['chat']!;
  const { client } = page({ url: server.url, token });
  await client.ready();
  const { socket } = client;

  socket.emit('heartbeat', {});
  const beat = await heard(socket, 'heartbeat_ack');
  expect('revision' in beat && beat.revision).toBeGreaterThan(0);
  socket.emit('feature_check', { feature: key });
  const status = await heard(socket, 'feature_status');
  expect('value' in status && [status.key, status.value, status.name, status.sub_features]).toEqual([key, true, 'chat', {}]);
  socket.emit('report_metrics', { metrics: [{ name: 'early', value: 1 }] });
  expect(await heard(socket, 'metrics_accepted')).toEqual({ accepted: 1, dropped: 0 });
  socket.emit('message_ack', { id: 'unknown' });
  expect(await heard(socket, 'message_acknowledged')).toMatchObject({ error: { code: 'not_found' } });
  socket.emit('asset_get', { sha256: '0'.repeat(64) });
  expect(await heard(socket, 'asset')).toMatchObject({ error: { code: 'not_found' } });
  socket.emit('config_check');
  expect(await heard(socket, 'config_status')).toMatchObject({ up_to_date: true });
  socket.emit('config_ack', { revision: 1 });
});

test('with one, it comes there; a wrong name or a wrong member does not compile', async () => {
  const { token } = await server.world();
  const { client } = page({ url: server.url, token });
  await client.ready();
  const { socket } = client;

  const reply = await socket.emitWithAck('heartbeat', {});
  expect('server_time' in reply && Date.parse(reply.server_time)).toBeGreaterThan(0);
  const receipt = await new Promise((resolve) => socket.emit('config_ack', { revision: 1 }, resolve));
  expect(receipt).toMatchObject({ revision: expect.any(Number) as number });
  const wrong = () => {
    // @ts-expect-error an event that does not exist
    socket.emit('heartbeats', {});
    // @ts-expect-error a request without what it needs
    socket.emit('feature_check');
    // @ts-expect-error a member of another type
    socket.emit('message_ack', { id: 7 });
    // @ts-expect-error an answer that does not exist
    socket.on('heartbeat_acks', () => {});
  };
  expect(wrong).toBeTypeOf('function');
});

test('a login by an event that is refused changes nothing', async () => {
  const { features, token } = await server.world({ chat: {} });
  const { client } = page({ url: server.url, token });
  await client.ready();

  client.socket.emit('client_connect', { token: 'nonsense' });
  expect(await heard(client.socket, 'client_connected')).toMatchObject({ error: { code: 'token_invalid' } });
  expect([client.status, client.flag(features['chat']!.key, false)]).toEqual(['ready', true]);
});
