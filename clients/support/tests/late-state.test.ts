// docs/protocol.md on a state that comes late: with the stock client, a change right behind the answer to `client_connect`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { proxyTo, Server, until } from '../server.js';

const server = new Server();
beforeAll(() => server.start());
afterAll(() => server.end());

type Position = { revision: number; epoch: number };
type State = Position & { features: { id: number; enabled: boolean }[] };
const kManual = readFileSync(path.resolve(import.meta.dirname, '../../../docs/protocol.md'), 'utf8');
const snippet = kManual.match(/\*\*A state that comes late\.\*\*.*?```js\n(.*?)```/s)![1]!;

/** A page whose flag goes off in the same piece of the stream as the answer to the login that `ask` sends. */
async function page(ask: (socket: Socket, replace: (state: State) => void) => void) {
  const { features, token } = await server.world({ chat: {} });
  const id = features['chat']!.id;
  const proxy = await proxyTo(server);
  const socket = io(`${proxy.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true, perMessageDeflate: false as never });
  onTestFinished(() => void socket.close());
  const mine = { enabled: undefined as boolean | undefined, at: undefined as Position | undefined, heard: 0 };
  const replace = (state: State) => Object.assign(mine, { enabled: state.features.find((one) => one.id === id)!.enabled, at: { revision: state.revision, epoch: state.epoch } });
  socket.on('client_connected', replace);
  socket.on('feature_update', ({ data, revision, epoch }: Position & { data: { enabled: boolean } }) => {
    Object.assign(mine, { enabled: data.enabled, at: { revision, epoch } });
    mine.heard++;
  });
  await until(() => mine.enabled, 'the first state');
  const held = proxy.hold();
  let answered = false;
  ask(socket, (state) => (replace(state), (answered = true)));
  await until(() => held.text().includes('server_time'), 'the answer');
  await server.call('POST', `/api/v1/features/${id}/toggle`, { enabled: false });
  await until(() => held.text().includes('feature_update'), 'the change');
  held.release();
  await until(() => answered && mine.heard > 0, 'both');
  return { mine, socket };
}

test('the snippet takes the state before the change', async () => {
  const { mine } = await page((socket, replace) => void new Function('socket', 'context', 'replace', snippet)(socket, { region: 'eu' }, replace));
  expect(mine.enabled).toBe(false);
});

test('config_check with the revision of a state that was awaited brings the change once more', async () => {
  const { mine, socket } = await page((socket, replace) => void socket.emitWithAck('client_connect', { context: { region: 'eu' } }).then(replace));
  expect(mine.enabled, 'the older state has replaced the change').toBe(true);
  expect(await socket.emitWithAck('config_check', mine.at)).toMatchObject({ up_to_date: false });
  await until(() => mine.heard === 2, 'the change once more');
  expect(mine.enabled).toBe(false);
});
