// Readers that take nothing: all of them together cost a bounded amount, and the process gives it back.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { metric, residentMebibytes } from '../support/hostile.mjs';
import { ownKey, product } from '../support/product.mjs';

const kBudget = 16 * 1024 * 1024;
const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000', '--queued-bytes', String(kBudget)] });
const kPath = '/socket.io/';
const kPatience = 90_000;
const kAttackers = 12;
// Of the 72 MiB that the attackers cost, 16 may stay idle in the heap for good (net::MemoryTrim), and as much between blocks in use.
const kMayStay = 40;
const times = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));
const queued = () => metric(shared.it.port, 'togglecast_queued_bytes');
const logins = () => metric(shared.it.port, 'togglecast_realtime_logins_total');
const shed = () => metric(shared.it.port, 'togglecast_queues_shed_total');

let bigState;
/** The token of a client whose whole state has 6 MB. */
const clientOfBigState = () => (bigState ??= (async () => {
  for (let n = 0; n < 210; n++)
    await shared.it.createPlatform({ key: ownKey('large'), name: 'Large', config: { big: 'x'.repeat(30_000) } });
  return (await shared.it.createClient()).token;
})());

/** Many that take nothing come; the budget holds, a newcomer is served, and the memory comes back. */
async function againstTheBudget(t, token, attack) {
  const served = await shared.it.clientSocket(t, token, { transports: ['websocket'] }).connected();
  await served.next('client_connected', kPatience);
  await until(async () => (await queued()) === 0, 'empty queues', kPatience);
  const before = residentMebibytes(shared.it.process);
  const shedBefore = await shed();
  const loginsBefore = await logins();

  const leave = await attack();
  // A state that is queued later than the newcomer's is younger: then the newcomer may be the one that is closed.
  await until(async () => (await logins()) === loginsBefore + kAttackers, 'the states of all that take nothing', kPatience);
  await until(async () => (await shed()) > shedBefore, 'connections closed for the budget', kPatience);
  await until(async () => (await queued()) <= kBudget, 'queues within the budget', kPatience);
  const newcomer = await shared.it.clientSocket(t, token, { transports: ['websocket'] }).connected();
  await newcomer.next('client_connected', kPatience);
  assert.equal(served.disconnects.size, 0);
  assert.ok((await served.ask('config_check')).up_to_date);

  leave();
  await until(async () => (await queued()) === 0, 'empty queues', kPatience);
  await until(() => residentMebibytes(shared.it.process) < before + kMayStay, 'the memory to come back', kPatience);
}

describe('the log says why a client that does not read was given up', () => {
  const quick = product({ args: ['--log-level', 'debug', '--stall-timeout', '1', '--write-rate', '1000', '--write-burst', '1000'] });
  const kReason = /^stalled: it had taken none of (\d+) bytes for (\d+) ms$/;

  test('with the bytes and the time', async (t) => {
    for (let n = 0; n < 210; n++)
      await quick.it.createPlatform({ key: ownKey('large'), name: 'Large', config: { big: 'x'.repeat(30_000) } });
    const { token, id } = await quick.it.createClient();
    const socket = await EngineSocket.open(quick.it.port, kPath);
    t.after(() => socket.drop());
    socket.send(`40/client,{"token":"${token}"}`);
    socket.socket.tcp.socket.pause();

    const ended = () => quick.it.process.stderr.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
      .find(({ message, client }) => message === 'disconnected' && client === id);
    const { reason } = await until(ended, 'the line of the end', kPatience);
    assert.match(reason, kReason);
    const [, bytes, ms] = kReason.exec(reason);
    assert.ok(Number(bytes) > 100_000 && Number(ms) >= 1000, reason);
  });
});

describe('what waits for all clients is bounded', () => {
  test('for WebSockets that do not read', async (t) => {
    const token = await clientOfBigState();
    await againstTheBudget(t, token, async () => {
      const sockets = await times(kAttackers, () => EngineSocket.open(shared.it.port, kPath));
      for (const socket of sockets) {
        socket.send(`40/client,{"token":"${token}"}`);
        socket.socket.tcp.socket.pause();
      }
      return () => sockets.forEach((socket) => socket.drop());
    });
  });

  test('for polling sessions that only post', async (t) => {
    const token = await clientOfBigState();
    await againstTheBudget(t, token, async () => {
      const sessions = await times(kAttackers, () => PollingSession.open(shared.it.port, kPath));
      await times(kAttackers, (n) => sessions[n].post(`40/client,{"token":"${token}"}`));
      return () => {};
    });
  });
});
