// Times and headers that an operator sets: each option of the command line reaches the part that it is for.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until, within } from '../support/deadline.mjs';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { metric } from '../support/hostile.mjs';
import { HttpConnection, request } from '../support/http.mjs';
import { ownKey, product } from '../support/product.mjs';
import { sharedByTests } from '../support/server.mjs';
import { Stream } from '../support/streams.mjs';

const kPath = '/socket.io/';
const kRates = ['--write-rate', '1000', '--write-burst', '1000'];

const join = (token) => `40/client,${JSON.stringify({ token })}`;
async function assertJoined(connection) {
  assert.match(await connection.packet(), /^40\/client,/);
  assert.match(await connection.packet(), /^42\/client,\["client_connected"/);
}

/** The next packet that begins with `begins`. */
async function packet(connection, begins) {
  for (;;) {
    const next = await connection.packet();
    if (next.startsWith(begins)) return next;
  }
}

// A connection that is idle for 12 seconds is the clock here: that is longer than the default of most other times. What would
// have ended by default has another time then, and what has ended by then would not have ended by default.
describe('when a connection was idle for its --keep-alive-timeout,', () => {
  const shared = product({ args: [...kRates, '--keep-alive-timeout', '12', '--upgrade-timeout', '3600', '--reader-patience', '3600',
    '--slow-poll-backlog', '65536', '--message-queue', '65536', '--min-revision-wait', '60', '--connect-timeout', '4', '--close-grace', '1'] });
  const notify = (client, n) => shared.it.call('POST', '/api/v1/broadcasts/send_client_notification',
    { client_id: client, title: `${n}`, message: 'x'.repeat(4_000) });
  const closed = () => metric(shared.it, 'togglecast_limits_passed_total', 'limit="connect_timeout"');

  async function poller() {
    const { id, token } = await shared.it.createClient();
    const session = await PollingSession.open(shared.it.port, kPath);
    await session.post(join(token));
    await assertJoined(session);
    return { id, session };
  }

  const begun = sharedByTests(async () => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'n' });
    const upgrading = await poller();
    const slow = await poller();
    const closedBefore = await closed();
    const empty = await PollingSession.open(shared.it.port, kPath);
    const probe = await upgrading.session.upgrade();
    probe.send('2probe');
    assert.equal(await probe.message(), '3probe');
    await notify(slow.id, 0);
    const ahead = shared.it.requestOnce('GET', '/api/v1/platforms', undefined,
      { headers: { 'Togglecast-Min-Revision': `1.${shared.it.revision + 1}` } });
    ahead.catch(() => {});
    const idle = await HttpConnection.open(shared.it.port);
    idle.send('/healthz');
    const announced = (await idle.response()).headers['keep-alive'];
    await within(idle.closed, 'the end of the idle connection');
    return { platform, slow, empty, closedBefore, probe, ahead, announced };
  }, ({ probe }) => probe.drop());

  test('which it was told,', () => assert.equal(begun().announced, 'timeout=12'));

  test('--close-grace has forgotten a session that --connect-timeout closed', async () => {
    const { empty, closedBefore } = begun();
    assert.ok((await closed()) > closedBefore);
    await empty.assertGone();
  });

  test('--upgrade-timeout still lets a session move', async () => {
    const { probe } = begun();
    probe.send('5');
    const socket = new EngineSocket(shared.it.port, kPath, probe, {});
    socket.send('42/client,1["heartbeat",{}]');
    await packet(socket, '43/client,1[{"server_time":');
  });

  test('--reader-patience still lets more wait than --slow-poll-backlog and --message-queue', async () => {
    const { id, session } = begun().slow;
    for (let n = 1; n <= 20; n++) await notify(id, n);
    for (let n = 0; n <= 20; n++) assert.ok((await packet(session, '42/client,["client_notification"')).includes(`"title":"${n}"`));
  });

  test('--min-revision-wait still waits for the revision', async () => {
    const { platform, ahead } = begun();
    await shared.it.toggle(platform.id, false);
    const waited = await ahead;
    assert.equal(waited.status, 200, waited.text);
    assert.equal(waited.revision, shared.it.revision);
  });
});

describe('a time that was set shorter holds:', () => {
  const shared = product({ args: [...kRates, '--event-rate', '1000', '--event-burst', '1000', '--idempotency-age', '1', '--rollout-patience', '1',
    '--stream-heartbeat', '1'] });
  const kSoon = 20_000;  // less than the defaults

  test('--idempotency-age, for changes', async () => {
    const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'n' });
    const toggle = () => shared.it.request('POST', `/api/v1/platforms/${id}/toggle`, undefined, { headers: { 'Idempotency-Key': `of-${id}` } });
    const first = await toggle();
    await until(async () => (await toggle()).revision > first.revision, 'the same key makes another change', kSoon);
  });

  test('--idempotency-age, for broadcasts', async () => {
    const { id } = await shared.it.createClient();
    const body = { client_id: id, title: 'Again', message: 'and again' };
    const notify = () => shared.it.request('POST', '/api/v1/broadcasts/send_client_notification', body, { headers: { 'Idempotency-Key': `of-${id}` } });
    const first = (await notify()).body.id;
    await until(async () => (await notify()).body.id !== first, 'the same key sends again', kSoon);
  });

  test('--idempotency-age, for reports of metrics', async (t) => {
    const { token } = await shared.it.createClient();
    const client = await shared.it.clientSocket(t, token).connected();
    const admin = await shared.it.adminSocket(t).connected();
    await until(async () => {
      const report = { metrics: [{ name: 'counted-again', value: 1 }], idempotency_key: 'same' };
      assert.deepEqual(await client.ask('report_metrics', report), { accepted: 1, dropped: 0 });
      const { client_metrics: metrics } = await admin.ask('request_dashboard_update');
      return metrics.find(({ name }) => name === 'counted-again')?.by_client[0].count > 1;
    }, 'the same key counts again', kSoon);
  });

  test('--stream-heartbeat, in a stream and in the notices of OFREP', async (t) => {
    const { token } = await shared.it.createClient();
    const headers = { Authorization: `Bearer ${token}` };
    const { body } = await shared.it.request('POST', '/ofrep/v1/evaluate/flags', { context: {} }, { token });
    const notices = new URL(body.eventStreams[0].endpoint.requestUri, shared.it.url).href;
    for (const stream of [new Stream(t, `${shared.it.url}/api/v1/stream`, { headers }), new Stream(t, notices)]) {
      await stream.next('what a stream begins with');
      await until(() => stream.text.split('\n').filter((line) => line.startsWith(':')).length >= 2, 'two comments', kSoon);
    }
  });

  test('--rollout-patience', async () => {
    const { token } = await shared.it.createClient();
    const socket = await EngineSocket.open(shared.it.port, kPath);
    socket.send(join(token));
    await assertJoined(socket);
    await shared.it.createPlatform({ key: ownKey(), name: 'n' });
    const { revision } = shared.it;
    const rollout = () => shared.it.call('GET', `/api/v1/changes/${revision}/rollout`);
    const over = await until(() => rollout().then((one) => !one.open && one), 'the end of the rollout', kSoon);
    assert.equal(over.stages.applied.of - over.stages.applied.connections, 1, 'and not because all have applied it');
    socket.drop();
  });
});

const page = product({ args: ['--cors-origin', 'https://app.example', '--cors-header', 'X-Shop', '--cors-header', 'X-Cart', '--cors-max-age', '77'] });

test('--cors-header and --cors-max-age are in the answer to a preflight', async () => {
  const ask = (target) => request(page.it.port, target, { method: 'OPTIONS', headers: { Origin: 'https://app.example',
    'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-shop,x-cart,x-other' } });

  const api = await ask('/api/v1/platforms');
  assert.equal(api.headers['access-control-max-age'], '77');
  const allowed = api.headers['access-control-allow-headers'].toLowerCase().split(/, */);
  assert.deepEqual(['x-shop', 'x-cart', 'x-other', 'authorization'].map((name) => allowed.includes(name)), [true, true, false, true]);
  const socket = await ask('/socket.io/?EIO=4&transport=polling');
  assert.equal(socket.headers['access-control-max-age'], '77');
});
