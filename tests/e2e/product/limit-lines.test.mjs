// A limit that is passed has a line in the log: at once, with its option and the client or admin, and not one for each time.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket } from '../support/engine.mjs';
import { metric } from '../support/hostile.mjs';
import { kOwner, ownKey, product } from '../support/product.mjs';

const kPatience = 120_000;
const kTimes = 30;
const kPath = '/socket.io/';
const shared = product({
  args: ['--connections-per-client', '1', '--announcement-rate', '1', '--announcement-burst', '1', '--full-state-rate', '1', '--full-state-burst', '1',
    '--message-queue', '65536', '--reader-patience', '1', '--event-rate', '10000', '--event-burst', '10000', '--write-rate', '1000', '--write-burst', '1000'],
});
const times = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));
const lines = (limit) => shared.it.process.stderr.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  .filter((line) => line.message === 'limit passed' && line.limit === limit);

/** `attack` answers how often it passed the limit. The first line says `times: 1`; there are fewer lines than times. */
async function isTold(limit, who, attack) {
  assert.deepEqual(lines(limit), [], 'no line without a reason');
  const passed = await attack();
  const told = await until(() => lines(limit).length > 0 && lines(limit), `a line of ${limit}`, kPatience);
  assert.equal(told[0].level, 'warn');
  assert.equal(told[0].times, 1);
  for (const line of told) for (const [name, value] of Object.entries(who)) assert.equal(line[name], value, JSON.stringify(line));
  assert.ok(passed >= 3, `passed ${passed} times`);
  assert.ok(told.length < passed, `${told.length} lines for ${passed} times`);
}

describe('the log has a sampled line for', () => {
  test('--connections-per-client', async (t) => {
    const { token, id } = await shared.it.createClient();
    const first = await shared.it.clientSocket(t, token).connected();
    await first.next('client_connected', kPatience);

    await isTold('--connections-per-client', { client: id }, async () => {
      await times(kTimes, async () => {
        const other = shared.it.clientSocket(t, token, { transports: ['websocket'] });
        assert.equal(await other.disconnects.next('the end', kPatience), 'transport close');
      });
      return kTimes;
    });

    assert.ok(await metric(shared.it, 'togglecast_realtime_refusals_total', 'code="unavailable"') >= kTimes);
    assert.ok((await first.ask('config_check', {})).up_to_date, 'and the one that is in stays');
  });

  test('--announcement-rate', async (t) => {
    const admin = await shared.it.adminSocket(t).connected();
    await admin.next('admin_connected', kPatience);

    await isTold('--announcement-rate', { admin: kOwner }, async () => {
      const answers = await times(kTimes, () => admin.ask('broadcast_announcement', { title: 'News', message: 'None' }));
      return answers.filter(({ error }) => error?.code === 'rate_limited').length;
    });
  });

  test('--full-state-rate', async (t) => {
    const { token, id } = await shared.it.createClient();
    const client = await shared.it.clientSocket(t, token).connected();
    await client.next('client_connected', kPatience);

    await isTold('--full-state-rate', { client: id }, async () => {
      const answers = await times(kTimes, () => client.ask('client_connect', { token }));
      const refused = answers.filter(({ error }) => error?.code === 'rate_limited');
      for (const { error } of refused) assert.match(error.message, /--full-state-rate/);
      return refused.length;
    });
  });

  test('--message-queue', async (t) => {
    const overflows = () => metric(shared.it, 'togglecast_realtime_overflows_total');
    const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'Large' });
    const readers = await times(4, async () => {
      const socket = await EngineSocket.open(shared.it.port, kPath);
      t.after(() => socket.drop());
      socket.send(`40/admin,{"token":"${shared.it.admin}"}`);
      while (!(await socket.packet()).startsWith('42/admin,["admin_connected"'));
      socket.socket.tcp.socket.pause();
      return socket;
    });

    await isTold('--message-queue', { admin: kOwner }, async () => {
      let n = 0;
      await until(async () => {
        await shared.it.call('PATCH', `/api/v1/platforms/${id}`, { config: { big: `${++n}${'x'.repeat(30_000)}` } });  // of which the feed tells
        return (await overflows()) === readers.length;
      }, 'all of them closed', kPatience);
      return readers.length;
    });
  });
});
