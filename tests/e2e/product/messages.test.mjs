// Messages that a stock client may send again, and messages that wait for clients and are acknowledged.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { Client } from '../support/clients.mjs';
import { dataFolder, Product, product } from '../support/product.mjs';
import { Proxy } from '../support/proxy.mjs';
import { conversation } from '../support/python.mjs';

const shared = product();

describe('events that a stock client sends again by itself', () => {
  // The client emits with `retries` and `ackTimeout` while its bytes are held back, until it has sent the event twice.
  async function sentAgain(t, nsp, token, event, argument) {
    const proxy = await Proxy.start(t, shared.it.port);
    const client = new Client(proxy.url, { path: '/socket.io/', nsp, auth: { token }, transports: ['websocket'], retries: 50, ackTimeout: 300 });
    t.after(() => client.close());
    await client.connected();
    let sent = 0;
    client.socket.io.engine.on('packetCreate', ({ data }) => (sent += typeof data === 'string' && data.includes(event) ? 1 : 0));
    const release = proxy.stall();
    const answer = client.socket.emitWithAck(event, argument);
    await until(() => sent >= 2, 'a second attempt');
    release();
    return answer;
  }

  test('an announcement with an idempotency_key is made once, whether it comes again by event or over HTTP', async (t) => {
    const made = await shared.it.createClient();
    const receiver = await shared.it.clientSocket(t, made.token).connected();
    await receiver.next('client_connected');
    const body = { title: 'Once', message: 'only', audience: { client: made.id } };

    const answer = await sentAgain(t, '/admin', shared.it.admin, 'broadcast_announcement', { ...body, idempotency_key: 'once' });
    assert.equal(answer.recipients, 1, JSON.stringify(answer));
    const over = await shared.it.request('POST', '/api/v1/broadcasts/broadcast_announcement', body, { headers: { 'Idempotency-Key': 'once' } });
    assert.deepEqual(over.body, { id: answer.id, connections: 1 });
    assert.equal(over.headers.get('idempotency-replayed'), 'true');
    const last = await shared.it.call('POST', '/api/v1/broadcasts/broadcast_announcement', body);

    assert.equal((await receiver.next('announcement'))[0].id, answer.id);
    assert.equal((await receiver.next('announcement'))[0].id, last.id, 'nothing in between');
  });

  test('a report of metrics with an idempotency_key counts once', async (t) => {
    const { id, token } = await shared.it.createClient();
    const answer = await sentAgain(t, '/client', token, 'report_metrics', { metrics: [{ name: 'counted-once', value: 1 }], idempotency_key: 'once' });
    assert.deepEqual(answer, { accepted: 1, dropped: 0 });

    const admin = await shared.it.adminSocket(t).connected();
    const { client_metrics: metrics } = await admin.ask('request_dashboard_update');
    const { by_client: clients } = metrics.find(({ name }) => name === 'counted-once');
    assert.deepEqual(clients.map(({ client_id, count }) => [client_id, count]), [[id, 1]]);
  });
});

describe('messages that wait for their acknowledgement', () => {
  const notify = (client, more) => shared.it.call('POST', '/api/v1/broadcasts/send_client_notification', { client_id: client, title: 'Read this', message: 'please', ack: 'client', ...more });
  const read = (id, query = '') => shared.it.call('GET', `/api/v1/messages/${id}${query}`);
  const acknowledged = (id, by = 1) => until(async () => (await read(id)).counts.acknowledged === by, `${by} acknowledgements of ${id}`);

  /** A stock client that keeps what comes; with `answers`, its handlers call back. */
  async function joined(t, token, { answers = true, ...options } = {}) {
    const client = shared.it.clientSocket(t, token, options);
    client.got = [];
    for (const event of ['announcement', 'client_notification']) {
      client.socket.on(event, (payload, ack) => {
        client.got.push(payload.id);
        if (answers) ack?.();
      });
    }
    await client.connected();
    await client.next('client_connected');
    return client;
  }
  const gets = (client, id) => until(() => client.got.includes(id), `message ${id}`);

  test('a client that was away gets it when it comes, with the same id, until it has acknowledged it', async (t) => {
    const made = await shared.it.createClient();
    const { id, connections } = await notify(made.id);
    assert.equal(connections, 0);
    assert.deepEqual((await read(id)).counts, { addressed: 0, audience: 1, delivered: 0, acknowledged: 0 });
    const list = await shared.it.call('GET', '/api/v1/messages?state=undelivered&limit=100');
    assert.ok(list.items.some((one) => one.id === id));

    const silent = await joined(t, made.token, { answers: false });
    await gets(silent, id);
    await until(async () => (await read(id)).counts.delivered === 1, 'the delivery');
    assert.equal((await read(id)).open.length, 1);
    silent.close();
    const client = await joined(t, made.token);
    await gets(client, id);
    await acknowledged(id);

    const message = await read(id);
    assert.equal(message.state, 'acknowledged');
    assert.equal(message.title, 'Read this');
    assert.deepEqual(message.receivers.map(({ kind, id: whose, in_audience: there }) => [kind, whose, there]), [['client', made.id, true]]);
    const later = await joined(t, made.token);
    await later.ask('heartbeat', {});
    assert.deepEqual(later.got, []);
  });

  test('a handler without a callback sends message_ack', async (t) => {
    const made = await shared.it.createClient();
    const client = await joined(t, made.token, { answers: false });
    const { id } = await notify(made.id);
    await gets(client, id);

    assert.deepEqual(await client.ask('message_ack', { id }), { id });
    assert.equal((await read(id)).counts.acknowledged, 1, 'the answer comes when it is written');
    client.emit('message_ack', { id });
    assert.deepEqual((await client.next('message_acknowledged'))[0], { id });
    assert.equal((await client.ask('message_ack', { id: 'none' })).error.code, 'not_found');
  });

  test('python-socketio acknowledges by returning from its handler', async () => {
    const made = await shared.it.createClient();
    const python = conversation('events.py', [shared.it.url, made.token, '/client', 'websocket']);
    await python.ask({ wait: 'client_connected' });
    const { id } = await notify(made.id);

    assert.equal((await python.ask({ wait: 'client_notification' })).id, id);
    await acknowledged(id);
    await python.end();
  });

  test('one of two connections acknowledges for both, or each has to', async (t) => {
    const made = await shared.it.createClient();
    const one = await joined(t, made.token);
    const two = await joined(t, made.token, { answers: false });
    const any = await notify(made.id);
    await acknowledged(any.id);
    await until(async () => (await read(any.id)).open.length === 0, 'no open delivery');

    const each = await notify(made.id, { ack: 'connection', retry: 5 });
    await gets(one, each.id);
    await until(() => two.got.filter((id) => id === each.id).length >= 2, 'a repetition');
    assert.equal(one.got.filter((id) => id === each.id).length, 1);
    assert.deepEqual((await read(each.id)).open.map(({ connection }) => connection), [two.id]);
    assert.equal((await two.ask('message_ack', { id: each.id })).id, each.id);
    const { receivers: [receiver] } = await read(each.id);
    assert.deepEqual(receiver.connections.map(({ id }) => id).sort(), [one.id, two.id].sort());
  });

  test('it ends when it expires or is withdrawn', async (t) => {
    const made = await shared.it.createClient();
    const short = await notify(made.id, { ttl: 1 });
    const withdrawn = await notify(made.id);
    await shared.it.call('DELETE', `/api/v1/messages/${withdrawn.id}`);
    await until(async () => (await read(short.id)).state === 'expired', 'the end');
    assert.equal((await read(withdrawn.id)).state, 'withdrawn');

    const client = await joined(t, made.token);
    await client.ask('heartbeat', {});
    assert.deepEqual(client.got, []);
    assert.equal((await shared.it.request('DELETE', '/api/v1/messages/none')).status, 404);
    assert.equal((await shared.it.request('GET', '/api/v1/messages?state=lost')).status, 400);
  });

  test('an announcement to a package reaches a client that moves in later', async (t) => {
    const pack = await shared.it.call('POST', '/api/v1/packages', { key: 'moved-into', name: 'P', price: { amount: 1, currency: 'EUR' } });
    const made = await shared.it.createClient();
    const client = await joined(t, made.token);
    const { id } = await shared.it.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 't', message: 'm', ack: 'client', audience: { package: pack.id } });
    await shared.it.call('PATCH', `/api/v1/clients/${made.id}`, { package_id: pack.id });

    await gets(client, id);
    await acknowledged(id);
  });
});

test('kill -9 loses neither a message that was accepted, nor its key, nor an acknowledgement that was confirmed', async (t) => {
  const data = await dataFolder();
  t.after(data.remove);
  let server = await Product.start(data.folder);
  t.after(() => server.end('SIGKILL'));
  await server.login();
  const one = await server.createClient();
  const two = await server.createClient();
  const body = { title: 't', message: 'm', ack: 'client', audience: 'clients' };
  const once = { headers: { 'Idempotency-Key': 'once' } };
  const { id } = await server.call('POST', '/api/v1/broadcasts/broadcast_announcement', body, once);
  const client = server.clientSocket(t, one.token);
  await client.connected();
  assert.equal((await client.next('announcement'))[0].id, id);
  assert.deepEqual(await client.ask('message_ack', { id }), { id });
  client.close();

  await server.end('SIGKILL');
  server = await Product.start(data.folder);
  await server.login();

  assert.equal((await server.call('GET', `/api/v1/messages/${id}`)).counts.acknowledged, 1);
  const again = await server.request('POST', '/api/v1/broadcasts/broadcast_announcement', body, once);
  assert.equal(again.body.id, id);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  const other = await server.clientSocket(t, two.token).connected();
  assert.equal((await other.next('announcement'))[0].id, id);
  const first = await server.clientSocket(t, one.token).connected();
  await first.next('client_connected');
  await first.ask('heartbeat', {});
  assert.equal(first.unread('announcement'), 0);
});
