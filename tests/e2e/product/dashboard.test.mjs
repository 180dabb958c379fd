// The live dashboard over real sockets: the last hour in numbers, its ticks, and who is connected.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { kPassword, ownKey, product } from '../support/product.mjs';

const kPatience = 60_000;
const shared = product({ args: ['--ping-interval', '1', '--write-rate', '1000', '--read-rate', '100000'] });

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
