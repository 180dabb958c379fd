// How far a change has come with each connection: sent, received, applied; superseded, gone and offline; laggards by
// name; told to admins, and exported.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { dataFolder, ownKey, Product, product } from '../support/product.mjs';
import { frame, kPong, RawWebSocket } from '../support/websocket.mjs';

const kRates = ['--write-rate', '1000', '--write-burst', '1000', '--event-rate', '1000', '--event-burst', '1000'];
const shared = product({ args: kRates });
const brisk = product({ args: [...kRates, '--ping-interval', '1'] });

/** Two packages, `pro` with the feature `video` and `free` without. */
async function catalogue(server) {
  const post = (kind, body) => server.call('POST', `/api/v1/${kind}`, { key: ownKey(kind), name: 'Made for a test', ...body });
  const chat = await post('features');
  const video = await post('features');
  const pro = await post('packages', { features: [{ feature_id: chat.id }, { feature_id: video.id }] });
  const free = await post('packages', { features: [{ feature_id: chat.id }] });
  const tenant = async (pack, name = 'Tenant') => {
    const made = await post('clients', { package_id: pack.id, name });
    return { ...made, token: (await server.issueToken(made.id)).token };
  };
  /** Changes what `pro` sees; answers the revision. */
  let changes = 0;
  const change = async (query = '') => {
    await server.call('PATCH', `/api/v1/features/${video.id}${query}`, { name: `Video ${++changes}` });
    return server.revision;
  };
  return { server, chat, video, pro, free, tenant, change };
}

async function joined(t, server, token, options) {
  const socket = await server.clientSocket(t, token, options).connected();
  await socket.next('client_connected');
  return socket;
}

/** A client that reads no more than it is told to, and answers nothing by itself. */
async function rawClient(t, server, token) {
  const socket = await RawWebSocket.open(server.port, '/socket.io/?EIO=4&transport=websocket');
  t.after(() => socket.drop());
  socket.send(`40/client,${JSON.stringify({ token })}`);
  let sid;
  for (;;) {
    const message = await socket.message();
    if (message.startsWith('40/client,')) ({ sid } = JSON.parse(message.slice('40/client,'.length)));
    if (message.includes('client_connected')) return Object.assign(socket, { sid });
  }
}

const rollout = (server, revision, query = '') => server.call('GET', `/api/v1/changes/${revision}/rollout${query}`);

describe('the newest changes', () => {
  test('are listed with what each was, how far it has come, and laggards by name', async (t) => {
    const { server, pro, tenant, change } = await catalogue(shared.it);
    const slow = await tenant(pro, 'Slow reader');
    await rawClient(t, server, slow.token);  // it answers nothing
    const quick = await tenant(pro, 'Quick reader');
    await joined(t, server, quick.token);
    const revision = await change('?confirm=true');

    let newest;
    await until(async () => {
      const { items } = await server.call('GET', '/api/v1/rollouts?limit=3');
      newest = items.find((one) => one.change.revision === revision);
      return newest?.rollout.stages.received.connections === 1;
    }, 'the answer of one of two');
    assert.match(newest.change.summary, /Video/);
    assert.equal(newest.change.actor.name, 'owner');
    assert.equal(newest.rollout.concerned, 2);
    assert.equal(newest.rollout.open, true);
    assert.deepEqual(newest.rollout.laggards.map((one) => one.client_name), ['Slow reader']);
    assert.equal(newest.rollout.laggards_total, 1);
    assert.ok(newest.rollout.stages.received.p99_ms >= 0);

    const older = await server.call('GET', `/api/v1/rollouts?limit=1&before=${revision}`);
    assert.ok(older.items[0].change.revision < revision);
    assert.ok(older.next <= older.items[0].change.revision);
  });
});

/** The rollout, once it fits. */
async function rolloutWhere(server, revision, fits, what, query) {
  let seen;
  try {
    await until(async () => fits((seen = await rollout(server, revision, query))), what);
  } catch (error) {
    throw new Error(`${error.message}: ${JSON.stringify(seen)}`);
  }
  return seen;
}
const received = (count) => ({ stages }) => stages.received.connections === count;

describe('a rollout', () => {
  test('counts the connections that the change concerns, and how long they took', async (t) => {
    const it = await catalogue(shared.it);
    const ways = [{ transports: ['websocket'] }, { transports: ['polling'] }, { version: '3.x' }];
    const sockets = [];
    for (let i = 0; i < 20; ++i) {
      const tenant = await it.tenant(i % 2 ? it.pro : it.free);
      sockets.push(await joined(t, it.server, tenant.token, ways[i % ways.length]));
    }
    await it.tenant(it.pro);  // it stays away

    const revision = await it.change('?confirm=true');
    const seen = await rolloutWhere(it.server, revision, (one) => received(10)(one) && one.offline_clients !== null, 'ten receipts');

    assert.equal(seen.revision, revision);
    assert.equal(seen.environment, 'production');
    assert.deepEqual([seen.concerned, seen.superseded, seen.gone, seen.open], [10, 0, 0, true]);
    assert.equal(seen.offline_clients, 1);
    for (const stage of ['sent', 'received']) {
      const { connections, of, p50_ms, p99_ms, last_ms } = seen.stages[stage];
      assert.deepEqual([connections, of], [10, 10]);
      assert.ok(0 <= p50_ms && p50_ms <= p99_ms && p99_ms <= last_ms, JSON.stringify(seen.stages));
    }
    assert.ok(seen.stages.sent.last_ms <= seen.stages.received.last_ms);
    assert.deepEqual([seen.stages.applied.connections, seen.stages.applied.of, seen.stages.applied.p50_ms], [0, 10, null]);
    assert.deepEqual([seen.laggards, seen.laggards_total], [[], 0]);

    sockets.forEach((socket, i) => i % 2 && socket.emit('config_ack', { revision }));
    const end = await rolloutWhere(it.server, revision, ({ open }) => !open, 'the end');
    assert.deepEqual([end.stages.applied.connections, end.stages.applied.of], [10, 10]);
  });

  test('a change that concerns nobody is over at once', async () => {
    const it = await catalogue(shared.it);
    const revision = await it.change();
    const seen = await rolloutWhere(it.server, revision, ({ open }) => !open, 'the end');
    assert.deepEqual([seen.concerned, seen.stages.sent.of, seen.stages.sent.p50_ms], [0, 0, null]);
  });

  test('a usual heartbeat proves it, too', async (t) => {
    const it = await catalogue(brisk.it);
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']])
      await joined(t, it.server, (await it.tenant(it.pro)).token, { transports });
    const revision = await it.change();
    const seen = await rolloutWhere(it.server, revision, received(3), 'three receipts');
    assert.deepEqual([seen.concerned, seen.stages.received.of], [3, 3]);
  });

  test('a client that does not answer becomes a laggard, by name and in pages', async (t) => {
    const it = await catalogue(shared.it);
    const silent = await it.tenant(it.pro, 'Silent');
    const raws = [];
    for (let i = 0; i < 3; ++i) raws.push(await rawClient(t, it.server, silent.token));
    await joined(t, it.server, (await it.tenant(it.pro)).token);

    const revision = await it.change('?confirm=true');
    const seen = await rolloutWhere(it.server, revision, received(1), 'the receipt of the other', '?limit=2');

    assert.equal(seen.laggards_total, 3);
    assert.equal(seen.laggards.length, 2);
    const next = await rollout(it.server, revision, `?limit=2&cursor=${encodeURIComponent(seen.next_cursor)}`);
    assert.equal(next.next_cursor, undefined);
    const all = [...seen.laggards, ...next.laggards];
    assert.deepEqual(all.map(({ connection }) => connection).sort(), raws.map(({ sid }) => sid).sort());
    for (const one of all) {
      assert.deepEqual([one.client_id, one.client_key, one.client_name, one.stage, one.transport],
        [silent.id, silent.key, 'Silent', 'sent', 'websocket']);
      assert.ok(Date.parse(one.since) >= Date.parse(seen.committed_at));
      assert.ok(one.waited_ms >= 0);
    }
    const bad = await it.server.request('GET', `/api/v1/changes/${revision}/rollout?cursor=x`);
    assert.equal(bad.status, 400);
  });

  test('a pong of the WebSocket protocol proves nothing; one of Engine.IO does', async (t) => {
    const it = await catalogue(shared.it);
    const raw = await rawClient(t, it.server, (await it.tenant(it.pro)).token);
    const revision = await it.change('?confirm=true');
    const heard = [await raw.message(), await raw.message()];
    assert.match(heard[0], /feature_update/);
    assert.equal(heard[1], '2', 'the ping follows the change');

    raw.write(frame(kPong, 'anything'));
    raw.send('42/client,1["heartbeat",{}]');  // answered: the pong before it has been read
    while (!(await raw.message()).startsWith('43/client,1['));
    assert.equal((await rollout(it.server, revision)).stages.received.connections, 0);

    raw.send('3');
    await rolloutWhere(it.server, revision, received(1), 'the receipt');
  });

  test('while a ping is unanswered, another one follows its pong', async (t) => {
    const it = await catalogue(shared.it);
    const raw = await rawClient(t, it.server, (await it.tenant(it.pro)).token);
    await it.change('?confirm=true');
    while ((await raw.message()) !== '2');
    const revision = await it.change('?confirm=true');
    assert.match(await raw.message(), /feature_update/);

    raw.send('3');  // of the first ping, which left before the second change
    assert.equal(await raw.message(), '2');
    assert.equal((await rollout(it.server, revision)).stages.received.connections, 0);
    raw.send('3');
    await rolloutWhere(it.server, revision, received(1), 'the receipt');
  });

  test('a newer change supersedes the one before', async (t) => {
    const it = await catalogue(shared.it);
    await rawClient(t, it.server, (await it.tenant(it.pro)).token);
    const first = await it.change();
    const second = await it.change();

    await rolloutWhere(it.server, second, ({ stages }) => stages.sent.connections === 1, 'the second change');
    const seen = await rollout(it.server, first);
    assert.deepEqual([seen.concerned, seen.superseded, seen.stages.received.of, seen.open], [1, 1, 0, false]);
    assert.equal((await rollout(it.server, second)).superseded, 0);
  });

  test('a client that leaves is gone', async (t) => {
    const it = await catalogue(shared.it);
    const raw = await rawClient(t, it.server, (await it.tenant(it.pro)).token);
    const revision = await it.change();
    await rolloutWhere(it.server, revision, ({ stages }) => stages.sent.connections === 1, 'the change');

    raw.drop();
    const seen = await rolloutWhere(it.server, revision, ({ gone }) => gone === 1, 'the departure');
    assert.deepEqual([seen.concerned, seen.stages.received.of, seen.stages.sent.of], [1, 0, 1]);
  });

  test('a session that comes back and is sent the change is counted apart, as resumed', async (t) => {
    const it = await catalogue(shared.it);
    const socket = await joined(t, it.server, (await it.tenant(it.pro)).token, { transports: ['websocket'] });
    socket.socket.io.engine.close();
    await socket.disconnects.next('the cut');
    const revision = await it.change();

    socket.socket.connect();
    await socket.next('client_resumed');
    await socket.next('feature_update');

    const seen = await rolloutWhere(it.server, revision, ({ resumed }) => resumed === 1, 'the session that is back');
    assert.equal(seen.concerned, seen.gone, 'one that was still counted when the change came');
    assert.equal(seen.open, false);
    const { body } = await it.server.request('GET', '/api/v1/activity?limit=1');
    assert.equal(body.items[0].rollout.resumed, 1);
  });

  test('is told to admins who follow the entity or the change', async (t) => {
    const it = await catalogue(shared.it);
    const receiver = await joined(t, it.server, (await it.tenant(it.pro)).token);
    const admin = await it.server.adminSocket(t).connected();
    const about = { entity_type: 'feature', entity_id: it.video.id };
    assert.equal((await admin.ask('subscribe_entity_updates', about)).error, undefined);

    const revision = await it.change();
    const follower = await it.server.adminSocket(t).connected();
    const change = { entity_type: 'change', entity_id: revision };
    const subscribed = await follower.ask('subscribe_entity_updates', change);
    assert.deepEqual([subscribed.entity_type, subscribed.entity_id], ['change', revision]);
    assert.equal(subscribed.data.concerned, 1);
    await receiver.next('feature_update');
    receiver.emit('config_ack', { revision });
    for (const [socket, subject] of [[admin, about], [follower, change]]) {
      let progress;
      do [progress] = await socket.next('rollout_progress');
      while (!progress.done);
      assert.deepEqual([progress.entity_type, progress.entity_id, progress.revision], [subject.entity_type, subject.entity_id, revision]);
      assert.deepEqual([progress.concerned, progress.sent, progress.received, progress.applied], [1, 1, 1, 1]);
    }
    assert.deepEqual(await follower.ask('unsubscribe_entity_updates', change), change);
    const refused = await follower.ask('subscribe_entity_updates', { entity_type: 'change', entity_id: 9_007_199_254_740_991 });
    assert.equal(refused.error.code, 'not_found');
  });

  test('stands in the dashboard and in the activity', async (t) => {
    const it = await catalogue(shared.it);
    const raw = await rawClient(t, it.server, (await it.tenant(it.pro)).token);
    const revision = await it.change();
    // Clients that are away are counted beside all else, once.
    await rolloutWhere(it.server, revision, ({ stages, offline_clients: offline }) => stages.sent.connections === 1 && offline !== null, 'the change');
    const admin = await it.server.adminSocket(t).connected();
    const of = (entries) => entries.find((entry) => entry.revision === revision).rollout;

    const board = await admin.ask('request_dashboard_update');
    const feed = await admin.ask('request_activity_feed', { limit: 5 });
    const before = await it.server.request('GET', '/api/v1/activity?limit=5');
    for (const seen of [of(board.changes), of(feed.items), of(before.body.items)])
      assert.deepEqual([seen.concerned, seen.sent, seen.received, seen.superseded, seen.gone, seen.open], [1, 1, 0, 0, 0, true]);

    const again = () => it.server.request('GET', '/api/v1/activity?limit=5', undefined,
      { headers: { 'If-None-Match': before.headers.get('etag') } });
    assert.equal((await again()).status, 304);
    raw.send(`42/client,["config_ack",{"revision":${revision}}]`);
    await rolloutWhere(it.server, revision, ({ stages }) => stages.applied.connections === 1, 'the receipt');
    assert.equal((await again()).status, 200, 'the rollout went on');
  });

  test('is exported as JSON and as CSV that no spreadsheet runs', async (t) => {
    const it = await catalogue(shared.it);
    const tenant = await it.tenant(it.pro, '=HYPERLINK("http://evil.example","click, me")');
    const raw = await rawClient(t, it.server, tenant.token);
    const revision = await it.change();
    await rolloutWhere(it.server, revision, ({ stages }) => stages.sent.connections === 1, 'the change');

    const target = `/api/v1/changes/${revision}/rollout`;
    const answers = [
      await it.server.request('GET', `${target}?format=csv`),
      await it.server.request('GET', target, undefined, { headers: { Accept: 'text/csv' } }),
    ];
    for (const { status, headers, text } of answers) {
      assert.equal(status, 200);
      assert.match(headers.get('content-type'), /^text\/csv/);
      assert.equal(headers.get('content-disposition'), `attachment; filename="rollout-${revision}.csv"`);
      const lines = text.split('\r\n');
      assert.match(lines[0], /^environment,revision,epoch,committed_at,row,stage,connections,of,/);
      assert.match(lines[1], new RegExp(`^production,${revision},\\d+,[^,]+,stage,sent,1,1,0,0,\\d+,\\d+,\\d+,,`));
      const laggard = lines.find((line) => line.includes(',laggard,sent,'));
      const sid = raw.sid.startsWith('-') ? `"'${raw.sid}"` : raw.sid; // one in 64 begins like a formula
      assert.ok(laggard.includes(`,${tenant.id},${tenant.key},"'=HYPERLINK(""http://evil.example"",""click, me"")",${sid},websocket,`), laggard);
      assert.equal(lines.at(-1), '');
    }
    assert.equal((await it.server.request('GET', `${target}?format=xml`)).status, 400);
  });

  test('names the revision and its epoch, or says why there is none', async () => {
    const it = await catalogue(shared.it);
    const revision = await it.change();
    const { epoch } = await rollout(it.server, revision);
    const status = async (of, query = '') => (await it.server.request('GET', `/api/v1/changes/${of}/rollout${query}`)).status;

    assert.equal(await status(revision, `?epoch=${epoch}`), 200);
    assert.equal(await status(`${epoch}.${revision}`), 200);
    assert.equal(await status(revision, `?epoch=${epoch + 1}`), 409);
    assert.equal(await status(`${epoch + 1}.${revision}`), 409);
    assert.equal(await status(revision + 1_000), 404);
    assert.equal(await status('newest'), 404);
    assert.equal(await status(revision, '?stage=lost'), 400);
    const { actor } = (await it.server.call('GET', '/api/v1/activity?limit=1')).items[0];
    assert.equal(actor.confirm, undefined);
    const refused = await it.server.request('POST', '/api/v1/auth/password?confirm=true', {});
    assert.match(refused.text, /no parameter 'confirm'/);
  });

  test('is not kept over a restart, and the answer says so', async () => {
    const data = await dataFolder();
    let server = await Product.start(data.folder);
    try {
      await server.login();
      await server.createPlatform({ key: 'web', name: 'Web' });
      const { revision } = server;
      assert.equal((await rollout(server, revision)).concerned, 0);
      await server.end('SIGTERM');
      server = await Product.start(data.folder);
      await server.login();

      const answer = await server.request('GET', `/api/v1/changes/${revision}/rollout`);
      assert.equal(answer.status, 404);
      assert.match(answer.body.error.message, /no longer kept: the server keeps those of the last 1000 changes/);
    } finally {
      await server.end('SIGTERM');
      await data.remove();
    }
  });
});
