// Every event of both namespaces as the stock JavaScript client sees it: answered by ack and by reply event, refused
// in the same place, and what the server sends by itself.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWay } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { kOffset, kOwner, kTimestamp, ownKey, product } from '../support/product.mjs';

const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000'], env: { TOGGLECAST_OWNER_PASSWORD: 'correct horse battery staple' } });
const kUnknown = 9_007_199_254_740_991;

const greetings = { '/admin': 'admin_connected', '/client': 'client_connected' };

async function joined(t, nsp, auth, options) {
  const socket = await shared.it.socket(t, nsp, auth, options).connected();
  await socket.next(greetings[nsp]);
  return socket;
}
const admin = (t, options) => joined(t, '/admin', { token: shared.it.admin }, options);
async function client(t, options, auth = {}) {
  const made = await shared.it.createClient();
  const socket = await joined(t, '/client', { token: made.token, ...auth }, options);
  return Object.assign(socket, { made });
}
const send = (name, body) => shared.it.call('POST', `/api/v1/broadcasts/${name}`, body);

/** Announces, as soon as the limit on announcements allows. */
async function announce(socket, body) {
  let answer;
  await until(async () => (answer = await socket.ask('broadcast_announcement', body)).error?.code !== 'rate_limited', 'an announcement');
  return answer;
}

/** Asks once through an ack and once for the reply event: both answers. */
async function bothWays(socket, event, reply, ...args) {
  const acked = await socket.ask(event, ...args);
  socket.emit(event, ...args);
  const [replied, ...more] = await socket.next(reply);
  // A full state has the offset behind it; an acknowledged one is between two config_status that do.
  const offsets = ['client_connected', 'config_status'].includes(reply) && more.length > 0 ? 1 : 0;
  assert.equal(more.length, offsets, 'a reply is one object');
  if (offsets) assert.match(more[0], kOffset);
  return [acked, replied];
}

/** Both ways refused with this code; answers the first field that is named. */
async function refused(socket, event, reply, code, ...args) {
  const [acked, replied] = await bothWays(socket, event, reply, ...args);
  assert.equal(acked.error?.code, code, `${event} ${JSON.stringify(args).slice(0, 100)}: ${JSON.stringify(acked).slice(0, 200)}`);
  assert.deepEqual(replied, acked);
  assert.equal(typeof acked.error.message, 'string');
  return acked.error.details?.[0].pointer;
}

/** The next `event` whose payload fits. */
async function where(socket, event, fits) {
  for (;;) {
    const [payload] = await socket.next(event);
    if (fits(payload)) return payload;
  }
}

eachWay((way, options) => {
  describe(way, () => {
    test('an admin gets every answer by ack and by reply event', async (t) => {
      const platform = await shared.it.createPlatform({ key: ownKey(), name: 'asked about' });
      const socket = await admin(t, options);
      const about = { entity_type: 'platform', entity_id: platform.id };
      for (const [event, reply, arg, check] of [
        ['admin_connect', 'admin_connected', { token: shared.it.admin }, (it) => assert.equal(it.admin.username, kOwner)],
        ['request_dashboard_update', 'dashboard_update', undefined, (it) => {
          assert.ok(it.counts.platforms.total >= 1);
          assert.ok(it.connections.admins >= 1);
          assert.ok(it.rates.events.per_second >= 0);
          assert.ok(it.changes[0].rollout.connections >= 0);
        }],
        ['request_activity_feed', 'activity_feed', { limit: 1 }, (it) => assert.equal(it.items.length, 1)],
        ['subscribe_entity_updates', 'entity_subscribed', about, (it) => assert.equal(it.data.name, 'asked about')],
        ['unsubscribe_entity_updates', 'entity_unsubscribed', about, (it) => assert.deepEqual(it, about)],
        ['request_system_metrics', 'system_metrics', undefined, (it) => {
          assert.ok(it.process.resident_bytes > 0);
          assert.equal(it.store.status, 'ok');
          assert.deepEqual(it.bus, { kind: 'local', status: 'ok' });
          assert.ok(it.lag.length >= 1);
        }],
      ]) {
        const args = arg === undefined ? [] : [arg];
        for (const answer of await bothWays(socket, event, reply, ...args)) {
          assert.equal(answer.error, undefined, JSON.stringify(answer));
          check(answer);
        }
      }
    });

    test('a client gets every answer by ack and by reply event', async (t) => {
      const socket = await client(t, options);
      const { revision } = await socket.ask('heartbeat', {});
      for (const [event, reply, arg, check] of [
        ['client_connect', 'client_connected', { token: socket.made.token }, (it) => assert.equal(it.client.id, socket.made.id)],
        ['config_check', 'config_status', { revision }, (it) => assert.ok(Number.isSafeInteger(it.revision))],
        ['report_metrics', 'metrics_accepted', { metrics: [{ name: 'a', value: 1, labels: { page: 'home' }, at: new Date().toISOString() }] }, (it) => assert.deepEqual(it, { accepted: 1, dropped: 0 })],
        ['heartbeat', 'heartbeat_ack', { revision }, (it) => assert.match(it.server_time, kTimestamp)],
      ]) {
        for (const answer of await bothWays(socket, event, reply, arg)) {
          assert.equal(answer.error, undefined, JSON.stringify(answer));
          check(answer);
        }
      }
      socket.emit('config_ack', { revision });
      assert.equal((await socket.ask('heartbeat')).error, undefined, 'nothing answers config_ack, and nothing breaks');
    });

    test('what the server sends by itself arrives at the stock client as one object', async (t) => {
      const receiver = await client(t, options);
      const socket = await admin(t, options);
      const sent = await announce(socket, { title: 'News', message: 'for one', level: 'success', audience: { client: receiver.made.id } });
      assert.equal(sent.recipients, 1, JSON.stringify(sent));
      const [announcement, ...more] = await receiver.next('announcement');
      assert.deepEqual(more, []);
      assert.deepEqual({ ...announcement, timestamp: undefined }, { id: sent.id, title: 'News', message: 'for one', level: 'success', timestamp: undefined });
      assert.match(announcement.timestamp, kTimestamp);

      const notified = await send('send_client_notification', { client_id: receiver.made.id, title: 'You', message: 'alone', data: { a: [1] } });
      assert.equal(notified.connections, 1);
      const [notification] = await receiver.next('client_notification');
      assert.deepEqual([notification.id, notification.data], [notified.id, { a: [1] }]);

      const told = await send('send_admin_notification', { title: 'Admins', message: 'only' });
      assert.equal((await where(socket, 'admin_notification', ({ id }) => id === told.id)).level, 'info');

      const platform = await shared.it.createPlatform({ key: ownKey(), name: 'active' });
      const entry = await where(socket, 'activity', (it) => it.changes.some(({ entity_id: id }) => id === platform.id));
      assert.equal(entry.actor.name, kOwner);
      assert.equal(receiver.unread('activity') + receiver.unread('admin_notification'), 0);
    });
  });
});

describe('wrong requests of an admin', () => {
  test('name the field', async (t) => {
    const socket = await admin(t);
    for (const [event, reply, body, pointer] of [
      ['request_activity_feed', 'activity_feed', { limit: 1e9 }, '/limit'],
      ['request_activity_feed', 'activity_feed', { before: 'now' }, '/before'],
      ['request_activity_feed', 'activity_feed', { entity_type: {} }, '/entity_type'],
      ['subscribe_entity_updates', 'entity_subscribed', { entity_type: 'platform', entity_id: -1 }, '/entity_id'],
      ['unsubscribe_entity_updates', 'entity_unsubscribed', { entity_type: 7, entity_id: 1 }, '/entity_type'],
      ['broadcast_announcement', 'announcement_sent', { title: 't'.repeat(10_000), message: 'm' }, '/title'],
      ['broadcast_announcement', 'announcement_sent', { title: 't', message: 'm'.repeat(10_000) }, '/message'],
      ['broadcast_announcement', 'announcement_sent', { title: 't', message: 'm', audience: { tenant: 1 } }, '/audience'],
      ['admin_connect', 'admin_connected', { token: 7 }, '/token'],
    ]) assert.equal(await refused(socket, event, reply, 'invalid_argument', body), pointer);
  });

  test('of no object at all are refused', async (t) => {
    const socket = await admin(t);
    for (const [event, reply] of [['request_activity_feed', 'activity_feed'], ['broadcast_announcement', 'announcement_sent'], ['subscribe_entity_updates', 'entity_subscribed'], ['request_dashboard_update', 'dashboard_update'], ['request_system_metrics', 'system_metrics']]) {
      for (const wrong of [7, 'text', true, [1, 2]]) await refused(socket, event, reply, 'invalid_argument', wrong);
    }
  });

  test('about what is not there are not found', async (t) => {
    const socket = await admin(t);
    await refused(socket, 'subscribe_entity_updates', 'entity_subscribed', 'not_found', { entity_type: 'platform', entity_id: kUnknown });
    await refused(socket, 'broadcast_announcement', 'announcement_sent', 'not_found', { title: 't', message: 'm', audience: { client: kUnknown } });
    const feed = await socket.ask('request_activity_feed', { entity_type: 'platform', entity_id: kUnknown });
    assert.deepEqual(feed.items, []);
    assert.equal((await socket.ask('no_such_event', {})).error.code, 'not_found');
  });
});

describe('wrong requests of a client', () => {
  test('name the field', async (t) => {
    const socket = await client(t);
    const metric = (metric) => ({ metrics: [{ name: 'a', value: 1 }, metric] });
    for (const [event, reply, body, pointer] of [
      ['client_connect', 'client_connected', { context: 'x' }, '/context'],
      ['client_connect', 'client_connected', { context: { a: { b: { c: { d: { e: {} } } } } } }, '/context'],
      ['client_connect', 'client_connected', { context: { a: 'x'.repeat(5_000) } }, '/context'],
      ['client_connect', 'client_connected', { token: {} }, '/token'],
      ['config_check', 'config_status', { revision: '7' }, '/revision'],
      ['heartbeat', 'heartbeat_ack', { revision: -1 }, '/revision'],
      ['heartbeat', 'heartbeat_ack', { revision: 1.5 }, '/revision'],
      ['report_metrics', 'metrics_accepted', {}, '/metrics'],
      ['report_metrics', 'metrics_accepted', { metrics: 'many' }, '/metrics'],
      ['report_metrics', 'metrics_accepted', { metrics: Array(200).fill({ name: 'a', value: 1 }) }, '/metrics'],
      ['report_metrics', 'metrics_accepted', metric({ name: 'x'.repeat(65), value: 1 }), '/metrics/1/name'],
      ['report_metrics', 'metrics_accepted', metric({ name: 'a', value: null }), '/metrics/1/value'],
      ['report_metrics', 'metrics_accepted', metric({ name: 'a', value: 1e300 }), '/metrics/1/value'],
      ['report_metrics', 'metrics_accepted', metric({ name: 'a', value: 1, labels: { a: { b: 1 } } }), '/metrics/1/labels'],
      ['report_metrics', 'metrics_accepted', metric({ name: 'a', value: 1, at: '2099-01-01T00:00:00Z' }), '/metrics/1/at'],
    ]) assert.equal(await refused(socket, event, reply, 'invalid_argument', body), pointer);
    assert.equal((await socket.ask('config_ack', { revision: [] })).error.details[0].pointer, '/revision');
  });

  test('for what admins may do are not found', async (t) => {
    const socket = await client(t);
    for (const event of ['broadcast_announcement', 'request_dashboard_update', 'subscribe_entity_updates', 'admin_connect'])
      assert.equal((await socket.ask(event, {})).error.code, 'not_found', event);
  });

  test('with a message of more than 64 KiB end the connection, and no other', async (t) => {
    const loud = await client(t, { transports: ['websocket'] });
    const quiet = await client(t);
    loud.emit('report_metrics', { metrics: [], padding: 'x'.repeat(70_000) });
    await loud.disconnects.next('disconnect');

    assert.equal((await quiet.ask('heartbeat', {})).error, undefined);
  });
});

describe('a context', () => {
  test('that is too large or no object is dropped at connect, with a warning', async (t) => {
    const { token } = await shared.it.createClient();
    for (const context of ['text', [1], { a: 'x'.repeat(5_000) }, { a: { b: { c: { d: { e: {} } } } } }]) {
      const client = await shared.it.socket(t, '/client', { token, context }).connected();
      const [view] = await client.next('client_connected');
      assert.equal(view.warnings[0].pointer, '/context');
    }
  });

  test('may come at connect and change while the connection lives', async (t) => {
    const socket = await client(t, {}, { context: { region: 'de' } });
    const view = await socket.ask('client_connect', { context: { region: 'fr' } });

    assert.equal(view.client.id, socket.made.id);
    assert.ok(Array.isArray(view.features));
  });
});

describe('a flood', () => {
  test('is refused beyond its burst, and leaves others alone', async (t) => {
    const loud = await client(t, { transports: ['websocket'] });
    const quiet = await client(t);
    for (let n = 0; n < 400; n++) loud.emit('config_check', {});
    const answers = await loud.take('config_status', 400);

    assert.ok(answers.some(([answer]) => answer.error?.code === 'rate_limited'));
    assert.ok(answers.filter(([answer]) => answer.error === undefined).length >= 199, 'the burst without the CONNECT');
    assert.equal((await quiet.ask('config_check', {})).error, undefined);
  });

  test('of announcements is refused beyond five', async (t) => {
    const socket = await admin(t);
    const outcomes = [];
    for (let n = 0; n < 12; n++) outcomes.push((await socket.ask('broadcast_announcement', { title: 't', message: `flood ${n}`, audience: 'admins' })).error?.code);

    assert.ok(outcomes.includes('rate_limited'), outcomes.join());
  });
});

describe('those who watch an entity', () => {
  test('see each other, and how far a change has come', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'watched' });
    const receiver = await client(t);
    const socket = await admin(t);
    const about = { entity_type: 'platform', entity_id: platform.id };
    await socket.ask('subscribe_entity_updates', about);
    const [presence] = await socket.next('entity_presence');
    assert.deepEqual(presence.viewers.map(({ username }) => username), [kOwner]);

    await shared.it.toggle(platform.id, false);
    const { revision } = shared.it;
    await where(receiver, 'platform_update', (it) => it.revision === revision);
    receiver.emit('config_ack', { revision });
    const progress = await where(socket, 'rollout_progress', (it) => it.revision === revision && it.acknowledged >= 1);
    assert.ok(progress.told >= 1 && progress.connections >= 1);
    assert.deepEqual([progress.entity_type, progress.entity_id], ['platform', platform.id]);
  });
});

describe('POST /api/v1/broadcasts', () => {
  test('sends a platform once more, as each may see it', async (t) => {
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'again', description: 'for admins' });
    const receiver = await client(t);
    const socket = await admin(t);
    const answer = await send('broadcast_platform_update', { platform_id: platform.id });
    const forClient = await where(receiver, 'platform_update', (it) => it.platform_id === platform.id);
    const forAdmin = await where(socket, 'platform_update', (it) => it.platform_id === platform.id);

    assert.ok(answer.connections >= 2);
    assert.deepEqual([forClient.type, forClient.revision, forClient.data.name], ['update', answer.revision, 'again']);
    assert.equal(forClient.data.description, undefined);
    assert.equal(forAdmin.data.description, 'for admins');
  });

  test('syncs one client', async (t) => {
    const receiver = await client(t);
    const other = await client(t);
    const answer = await send('broadcast_config_sync', { reason: 'test', audience: `client:${receiver.made.id}` });
    const [sync] = await receiver.next('config_sync');

    assert.equal(answer.connections, 1);
    assert.equal(sync.reason, 'test');
    assert.equal(sync.snapshot.client.id, receiver.made.id);
    assert.equal(other.unread('config_sync'), 0);
  });

  test('tells the status of the system, also to those who come later, until it is well again', async (t) => {
    const before = await client(t);
    t.after(() => send('broadcast_system_status', { status: 'ok' }));
    await send('broadcast_system_status', { status: 'maintenance', message: 'Back at noon', components: { api: 'degraded' } });
    const later = await client(t);
    for (const socket of [before, later]) {
      const [status, ...more] = await socket.next('system_status');
      assert.deepEqual(more, []);
      assert.deepEqual([status.status, status.message, status.components], ['maintenance', 'Back at noon', { api: 'degraded' }]);
      assert.match(status.timestamp, kTimestamp);
    }
    const socket = await admin(t);
    assert.equal((await socket.next('system_status'))[0].status, 'maintenance');
    assert.equal((await socket.ask('request_dashboard_update')).system_status.status, 'maintenance');
    await send('broadcast_system_status', { status: 'ok' });
    assert.equal((await before.next('system_status'))[0].status, 'ok');
  });

  test('refuses what is wrong, by name', async () => {
    const post = (name, body, options) => shared.it.request('POST', `/api/v1/broadcasts/${name}`, body, options);
    const unknown = await post('broadcast_everything', {});
    assert.equal(unknown.status, 404);
    assert.match(unknown.text, /broadcast_platform_update.*broadcast_system_status/);
    for (const [name, body, pointer] of [
      ['broadcast_platform_update', {}, '/platform_id'],
      ['broadcast_platform_update', { platform_id: '7' }, '/platform_id'],
      ['broadcast_platform_update', { platform_id: 7, data: {} }, '/data'],
      ['broadcast_config_sync', { audience: 'admins' }, '/audience'],
      ['send_admin_notification', { title: 't' }, '/message'],
      ['send_client_notification', { title: 't', message: 'm' }, '/client_id'],
      ['broadcast_system_status', { status: 'bad' }, '/status'],
    ]) {
      const answer = await post(name, body);
      assert.equal(answer.status, 400, `${name}: ${answer.text}`);
      assert.equal(answer.body.errors[0].pointer, pointer);
    }
    assert.equal((await post('broadcast_platform_update', { platform_id: kUnknown })).status, 404);
    assert.equal((await post('send_client_notification', { client_id: kUnknown, title: 't', message: 'm' })).status, 404);
    assert.equal((await post('broadcast_config_sync', {}, { token: null })).status, 401);
    const { token } = await shared.it.createClient();
    assert.equal((await post('broadcast_config_sync', {}, { token })).status, 403);
  });
});

describe('metrics that clients report', () => {
  test('stand on the dashboard', async (t) => {
    const receiver = await client(t);
    const socket = await admin(t);
    await receiver.ask('report_metrics', { metrics: Array(100).fill({ name: 'checkout.ms', value: 5, labels: { step: 'pay' } }) });
    await until(async () => {
      const board = await socket.ask('request_dashboard_update');
      const metric = board.client_metrics.find(({ name }) => name === 'checkout.ms');
      return metric?.count >= 100 && metric.by_client.some((one) => one.client_id === receiver.made.id && one.labels.step === 'pay');
    }, 'the metric');
  });
});
