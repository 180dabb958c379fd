// The live dashboard over real sockets: the last hour in numbers, its ticks, and who is connected.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket } from '../support/engine.mjs';
import { kPassword, ownKey, product } from '../support/product.mjs';

const kPatience = 60_000;
const shared = product({ args: ['--ping-interval', '1', '--ping-timeout', '600', '--write-rate', '1000', '--read-rate', '100000'] });

const history = (query = '') => shared.it.call('GET', `/api/v1/dashboard/history${query}`);
const connections = (query = '', options) => shared.it.call('GET', `/api/v1/connections${query}`, undefined, options);
const place = ({ series }, name, of = '') => series.findIndex((one) => one.name === name && one.of === of);

async function joined(t, key, options) {
  const made = await shared.it.createClient(key);
  const socket = await shared.it.socket(t, '/client', { token: made.token, sdk: 'e2e/1.0' }, options).connected();
  await socket.next('client_connected', kPatience);
  return { ...made, socket };
}

async function admin(role) {
  const username = ownKey('admin');
  await shared.it.call('POST', '/api/v1/admins', { username, password: kPassword, role });
  return (await shared.it.call('POST', '/api/v1/auth/login', { username, password: kPassword }, { token: null })).token;
}

describe('the last hour', () => {
  test('shows what happens at this server', async (t) => {
    await joined(t);
    const newest = (answer, name, of) => answer.total[place(answer, name, of)].at(-1);
    let seen;
    await until(async () => {
      seen = await history();
      return seen.times.length > 1 && newest(seen, 'connections', '/client') >= 1 && newest(seen, 'memory') > 0;
    }, 'a sample with a client', kPatience);
    assert.equal(seen.resolution, '1s');
    assert.equal(seen.nodes.length, 1);
    assert.equal(seen.total.length, seen.series.length);
    assert.ok(seen.total.every((values) => values.length === seen.times.length));
    assert.ok(seen.total[place(seen, 'connects')].some((rate) => rate > 0));
    assert.ok(seen.total[place(seen, 'bytes', 'in')].some((rate) => rate > 0));
    assert.equal(newest(seen, 'store_up'), 1);
    assert.equal(newest(seen, 'bus_up'), null, 'there is no bus');
    for (const [i, time] of seen.times.entries()) assert.equal(time, seen.times[0] + i);

    await shared.it.createPlatform({ key: ownKey(), name: 'Written' });
    await until(async () => {
      const answer = await history(`?since=${seen.times.at(-1)}`);
      assert.ok(answer.times.every((time) => time > seen.times.at(-1)));
      return answer.total[place(answer, 'writes')].some((rate) => rate > 0)
        && answer.total[place(answer, 'push_latency', 'received_p99')].some((ms) => ms > 0);
    }, 'a write, and its proof', kPatience);
    assert.equal((await history('?resolution=10s')).resolution, '10s');
  });

  test('is followed by ticks for those that subscribed', async (t) => {
    const socket = await shared.it.adminSocket(t).connected();
    await socket.next('admin_connected', kPatience);
    const { series, resolution } = await socket.ask('subscribe_dashboard', {});
    assert.equal(resolution, '1s');
    assert.deepEqual(series, (await history()).series);

    const [first] = await socket.next('dashboard_tick', kPatience);
    const [second] = await socket.next('dashboard_tick', kPatience);
    assert.ok(second.times[0] > first.times.at(-1));
    assert.equal(second.total.length, series.length);
    const read = await history(`?since=${second.times[0] - 1}`);
    assert.deepEqual(read.total.map((values) => values[0]), second.total.map((values) => values[0]), 'the same numbers');
    assert.equal((await socket.ask('unsubscribe_dashboard', {})).unsubscribed, true);
  });
});

describe('what clients report', () => {
  test('becomes a series by its name', async (t) => {
    const { socket } = await joined(t);
    const { socket: other } = await joined(t);
    await socket.ask('report_metrics', { metrics: [{ name: 'cart', value: 2 }] });
    await other.ask('report_metrics', { metrics: [{ name: 'cart', value: 6, labels: { shop: 'x' } }] });
    let seen;
    await until(async () => {
      seen = await shared.it.call('GET', '/api/v1/dashboard/client-metrics');
      const cart = seen.metrics.find(({ name }) => name === 'cart');
      return cart?.count.reduce((sum, count) => sum + count, 0) === 2;
    }, 'the end of their ten seconds', kPatience);
    const cart = seen.metrics.find(({ name }) => name === 'cart');
    assert.equal(Math.max(...cart.max), 6);
    assert.equal(cart.count.length, seen.times.length);
    assert.ok(seen.times.every((time) => time % 10 === 0));
  });
});

describe('live connections', () => {
  test('are listed with their version, heartbeats and revisions', async (t) => {
    const { id, client } = await joined(t);
    let row;
    await until(async () => {
      [row] = (await connections(`?client=${client.key}`)).items;
      return row.round_trip_ms !== null;
    }, 'an answer to a ping', kPatience);
    assert.ok(row.round_trip_ms >= 0 && Number.isFinite(row.round_trip_ms), `${row.round_trip_ms} ms`);
    assert.ok(Number.isInteger(row.last_seen_ms) && row.last_seen_ms >= 0, `${row.last_seen_ms} ms`);
    assert.equal(row.client.id, id);
    assert.equal(row.sdk, 'e2e/1.0');
    assert.match(row.address, /^(127\.0\.0\.1|::1)$/);
    assert.equal(row.lag, 0);
    assert.ok(Date.parse(row.connected_at) > Date.now() - 3_600_000);
    assert.equal((await connections(`?client=${id}`, { token: await admin('viewer') })).items[0].address, null);
  });

  test('come in pages', async (t) => {
    const prefix = ownKey('page');
    for (const letter of ['c', 'a', 'b']) await joined(t, `${prefix}-${letter}`);
    const keys = [];
    let cursor = '';
    do {
      const page = await connections(`?q=${prefix}&sort=-name&limit=1${cursor}`);
      assert.equal(page.total, 3);
      keys.push(page.items[0].client.key);
      cursor = page.next_cursor ? `&cursor=${page.next_cursor}` : '';
    } while (cursor);
    assert.deepEqual(keys, ['c', 'b', 'a'].map((letter) => `${prefix}-${letter}`));
  });

  test('are sorted by their heartbeats; one that has answered none stands where the least stands', async (t) => {
    const kLate = 400;
    const prefix = ownKey('heartbeat');
    for (const name of ['one', 'two']) await joined(t, `${prefix}-${name}`);
    const raw = async (name) => {
      const { token } = await shared.it.createClient(`${prefix}-${name}`);
      const socket = await EngineSocket.open(shared.it.port, '/socket.io/');
      t.after(() => socket.drop());
      socket.send(`40/client,{"token":"${token}"}`);
      assert.match(await socket.packet(), /^40\/client,/);
      return { pong: () => socket.send('3') };
    };
    await raw('silent');
    const late = await raw('late');
    /** Both orders, each held to what it shows itself; the names in the ascending one. */
    const sorted = async (by) => {
      const [up, down] = [(await connections(`?q=${prefix}&sort=${by}`)).items, (await connections(`?q=${prefix}&sort=-${by}`)).items];
      for (const rows of [up, down.toReversed()]) {
        const values = rows.map((row) => row[by] ?? -1);
        assert.deepEqual(values, values.toSorted((a, b) => a - b), by);
      }
      assert.deepEqual([up.length, down.length], [4, 4]);
      return { up, names: up.map(({ client }) => client.key.slice(prefix.length + 1)) };
    };
    const answerLate = (rows) => {
      if (rows.find(({ client }) => client.key === `${prefix}-late`).unanswered_ms > kLate) late.pong();
    };

    await until(async () => {  // the server pings again a second after each answer
      const { up, names } = await sorted('round_trip_ms');
      answerLate(up);
      return names[0] === 'silent' && up[0].round_trip_ms === null && names[3] === 'late' && up[1].round_trip_ms !== null && up[3].round_trip_ms > kLate;
    }, 'the late one behind those that answer at once', kPatience);
    await until(async () => {
      const { up, names } = await sorted('last_seen_ms');
      return names[0] === 'silent' && up[0].last_seen_ms === null && names[3] === 'late' && up[3].last_seen_ms > 2 * up[2].last_seen_ms;
    }, 'the late one behind those that are heard each second', kPatience);
  });

  test('end when an editor says so, and a stock client comes back', async (t) => {
    const { client, socket } = await joined(t, undefined, { reconnection: true });
    const [row] = (await connections(`?client=${client.key}`)).items;
    assert.equal((await shared.it.request('DELETE', `/api/v1/connections/${row.id}`, undefined, { token: await admin('viewer') })).status, 403);

    const ended = await shared.it.request('DELETE', `/api/v1/connections/${row.id}`, undefined, { token: await admin('editor') });

    assert.equal(ended.status, 204, ended.text);
    await until(async () => {
      const [now] = (await connections(`?client=${client.key}`)).items;
      return now !== undefined && now.id !== row.id;
    }, 'another connection', kPatience);
    await until(() => socket.socket.connected, 'a client that is back', kPatience);
    assert.equal((await shared.it.request('DELETE', `/api/v1/connections/${row.id}`)).status, 404);
  });
});
