// Messages that a stock client may send again, and messages that wait for clients and are acknowledged.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { Client } from '../support/clients.mjs';
import { product } from '../support/product.mjs';
import { Proxy } from '../support/proxy.mjs';

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
