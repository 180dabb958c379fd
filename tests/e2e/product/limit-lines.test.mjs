// A limit that is passed has a line in the log: at once, with its option and the client or admin, and not one for each time.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { HttpConnection } from '../support/http.mjs';
import { metric } from '../support/hostile.mjs';
import { kOwner, ownKey, product } from '../support/product.mjs';

const kPatience = 120_000;
const kTimes = 30;
const kPath = '/socket.io/';
const shared = product({
  args: ['--connections-per-client', '1', '--announcement-rate', '1', '--announcement-burst', '1', '--full-state-rate', '1', '--full-state-burst', '1',
    '--message-queue', '65536', '--reader-patience', '1', '--login-payload', '8192', '--evaluation-rate', '1', '--evaluation-burst', '10', '--event-rate', '10000', '--event-burst', '10000', '--write-rate', '1000', '--write-burst', '1000'],
});
const times = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));
const lines = (limit, it = shared.it) => it.process.stderr.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  .filter((line) => line.message === 'limit passed' && line.limit === limit);

/** `attack` answers how often it passed the limit. The first line says `times: 1`; there are fewer lines than times. */
async function isTold(limit, who, attack, it = shared.it) {
  assert.deepEqual(lines(limit, it), [], 'no line without a reason');
  const passed = await attack();
  const told = await until(() => lines(limit, it).length > 0 && lines(limit, it), `a line of ${limit}`, kPatience);
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

  test('--evaluation-rate', async () => {
    const { token, id } = await shared.it.createClient();
    const evaluate = () => shared.it.requestOnce('POST', '/ofrep/v1/evaluate/flags', {}, { token });

    let refused;
    await isTold('--evaluation-rate', { reader: `client ${id} production loopback` }, async () => {
      const answers = await times(kTimes, evaluate);
      refused = answers.filter(({ status }) => status === 429).length;
      return refused;
    });

    assert.equal(await metric(shared.it, 'togglecast_http_evaluations_limited_total'), refused);
  });

  test('--login-payload', async () => {
    const kBody = '4'.repeat(8193);
    const passed = () => metric(shared.it, 'togglecast_limits_passed_total', 'limit="untrusted_payload"');
    const before = await passed();

    await isTold('--login-payload', { what: 'untrusted_payload' }, async () => {
      await times(kTimes, async () => {
        const socket = await EngineSocket.open(shared.it.port, kPath);
        socket.send(kBody);
        assert.equal(await socket.closeCode(), 1009);
      });
      await times(kTimes, async () => {
        const session = await PollingSession.open(shared.it.port, kPath);
        assert.equal((await session.post(kBody)).status, 413);
      });
      return 2 * kTimes;
    });

    assert.equal(await passed(), before + 2 * kTimes);
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

describe('with a --message-queue that is never full, the log has a line for', () => {
  const slow = product({ args: ['--slow-poll-backlog', '65536', '--message-queue', '4194304', '--reader-patience', '1',
    '--write-rate', '1000', '--write-burst', '1000'] });

  test('--slow-poll-backlog', async () => {
    const ended = () => metric(slow.it, 'togglecast_limits_passed_total', 'limit="polling_backlog"');
    const { token, id } = await slow.it.createClient();
    const join = `40/client,${JSON.stringify({ token })}`;
    const polls = async () => {
      const session = await PollingSession.open(slow.it.port, kPath);
      await session.post(join);
      while (!(await session.packet()).startsWith('42/client,["client_connected"'));
      return session;
    };
    const silent = await times(4, polls);
    const reader = await polls();
    let read = 0;
    const notify = () => slow.it.call('POST', '/api/v1/broadcasts/send_client_notification', { client_id: id, title: 'News', message: 'x'.repeat(1_000) });

    await isTold('--slow-poll-backlog, --reader-backlog', {}, async () => {
      await until(async () => {
        await notify();
        for (let packet = ''; !packet.startsWith('42/client,["client_notification"'); read += packet.length) packet = await reader.packet();
        return (await ended()) === silent.length;
      }, 'the end of all who poll no more', kPatience);
      return silent.length;
    }, slow.it);

    for (const session of silent) await session.assertGone();
    assert.ok(read > 60_000, 'the one that polls takes as much, and stays');
  });
});

describe('the bytes of assets have a line for', () => {
  const kBytes = 100_000;
  const fromHttp = product({ args: ['--asset-rate', '1024', '--asset-burst', String(16 << 20), '--read-rate', '100000', '--read-burst', '100000'] });
  const fromSockets = product({ args: ['--asset-rate', '1024', '--asset-burst', String(16 << 20), '--event-rate', '10000', '--event-burst', '10000'] });
  const kMost = Math.ceil((16 << 20) / kBytes) + kTimes;  // asks, of which the last ones are too many

  /** A client that may read an asset of `kBytes`, and the hash of the asset. */
  async function reader(it) {
    const { id } = await it.createPlatform({ key: ownKey(), name: 'Web' });
    const { assets } = await it.call('PUT', `/api/v1/platforms/${id}/assets/logo`, Buffer.alloc(kBytes, 'a'), { headers: { 'Content-Type': 'image/png' } });
    return { ...(await it.createClient()), sha256: assets.logo.sha256 };
  }

  test('--asset-rate over HTTP', async () => {
    const { token, id, sha256 } = await reader(fromHttp.it);

    let refused;
    await isTold('--asset-rate', { reader: `client ${id} production loopback` }, async () => {
      const answers = await times(kMost, () => fromHttp.it.requestOnce('GET', `/api/v1/assets/${sha256}`, undefined, { token }));
      refused = answers.filter(({ status }) => status === 429).length;
      return refused;
    }, fromHttp.it);

    assert.equal(await metric(fromHttp.it, 'togglecast_http_assets_limited_total'), refused);
  });

  test('--asset-rate over Socket.IO', async (t) => {
    const { token, id, sha256 } = await reader(fromSockets.it);
    const client = await fromSockets.it.clientSocket(t, token, { transports: ['websocket'] }).connected();
    await client.next('client_connected', kPatience);

    let refused;
    await isTold('--asset-rate', { client: id }, async () => {
      const answers = await times(kMost, () => client.ask('asset_get', { sha256 }));
      refused = answers.filter(({ error }) => error?.code === 'rate_limited').length;
      return refused;
    }, fromSockets.it);

    assert.equal(await metric(fromSockets.it, 'togglecast_realtime_assets_limited_total'), refused);
  });
});

describe('clients that take nothing for too long', () => {
  const kReaders = 6;
  const quick = product({ args: ['--stall-timeout', '1', '--write-rate', '1000', '--write-burst', '1000', '--read-rate', '100000', '--read-burst', '100000'] });
  const stalled = () => metric(quick.it, 'togglecast_stalled_streams_total');

  test('have a line for --stall-timeout', async (t) => {
    for (let n = 0; n < 210; n++) await quick.it.createPlatform({ key: ownKey(), name: 'Large', config: { big: 'x'.repeat(30_000) } });
    const { token } = await quick.it.createClient();
    const before = await stalled();

    await isTold('--stall-timeout, --reader-backlog, --queued-bytes', { what: 'stalled' }, async () => {
      const sockets = await times(kReaders, () => EngineSocket.open(quick.it.port, kPath));
      t.after(() => sockets.forEach((socket) => socket.drop()));
      for (const socket of sockets) {
        socket.send(`40/client,${JSON.stringify({ token })}`);
        socket.socket.tcp.socket.pause();
      }
      await until(async () => (await stalled()) === before + kReaders, 'the end of all who take nothing', kPatience);
      return kReaders;
    }, quick.it);
  });

  test('have one, too, when they leave an answer over HTTP', async (t) => {
    const before = await stalled();
    const readers = await times(kReaders, () => HttpConnection.open(quick.it.port));
    t.after(() => readers.forEach((reader) => reader.drop()));
    await isTold('--stall-timeout', { what: 'answer' }, async () => {
      for (const reader of readers) {
        reader.send('/api/v1/state', { headers: { Authorization: `Bearer ${quick.it.admin}` } });
        reader.tcp.socket.pause();
      }
      await until(async () => (await stalled()) === before + kReaders, 'the end of all who take nothing', kPatience);
      return kReaders;
    }, quick.it);
  });
});
