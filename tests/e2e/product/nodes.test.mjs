// Two nodes on one PostgreSQL, with a real Redis between them: who is there, what reaches the connections of the other
// one, and what remains without Redis.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { ownKey } from '../support/product.mjs';
import { Redis } from '../support/redis.mjs';
import { complete, joined, live, readCluster as read, twoNodes } from '../support/two-nodes.mjs';

const kPatience = 60_000;
const servers = twoNodes();
const cluster = (t, redis) => servers.start(t, { redis });
const stateOf = async (node, name) => (await read(node)).nodes.find((one) => one.name === name)?.state;
const announce = (node, title) => node.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title, message: 'm' });

describe('two nodes with Redis', () => {
  test('know each other and the connections of a client', async (t) => {
    const [a, b] = await cluster(t);
    const { client, token } = await a.createClient();
    const here = await joined(t, a, token);
    const there = await joined(t, b, token);

    const found = await complete(() => a.call('GET', `/api/v1/clients/${client.id}/connections`));
    assert.equal(found.connections, 2);
    assert.deepEqual(found.nodes.map(({ name, connections }) => [name, connections]), [['a', 1], ['b', 1]]);
    assert.deepEqual(found.missing, []);
    await until(async () => (await read(b)).connections.production.clients === 2, 'the sum', kPatience);
    const seen = await read(a);
    assert.equal(seen.bus.kind, 'redis');
    assert.deepEqual(seen.nodes.map((one) => [one.name, one.self, one.state]), [['a', true, 'live'], ['b', false, 'live']]);

    const sent = await complete(() => announce(a, 'to all'));
    assert.equal(sent.connections, 2);
    assert.deepEqual(sent.nodes, { counted: 2, missing: [] });
    assert.equal((await there.next('announcement', kPatience))[0].title, 'to all');
    assert.equal((await here.next('announcement', kPatience))[0].title, 'to all');
  });

  test('add up how far a change has come', async (t) => {
    const [a, b] = await cluster(t);
    const { token } = await a.createClient();
    await joined(t, a, token);
    await joined(t, b, token);

    await a.createPlatform({ key: ownKey(), name: 'web' });

    const target = `/api/v1/changes/${a.revision}/rollout`;
    await until(async () => (await a.call('GET', target)).stages.sent.connections === 2, 'both connections', kPatience);
    const rollout = await until(async () => {
      const found = await b.call('GET', target);
      return found.nodes.every(({ state }) => state === 'counted') && found;
    }, 'the numbers of both nodes', kPatience);
    assert.deepEqual(rollout.nodes.map(({ name, state, concerned }) => [name, state, concerned]), [['b', 'counted', 1], ['a', 'counted', 1]]);
    assert.deepEqual(rollout.laggards.map((one) => one.node).sort(), ['a', 'b']);
  });

  test('show the last hour of both, and list and end the connections of each other', async (t) => {
    const [a, b] = await cluster(t);
    const { client, token } = await a.createClient();
    await joined(t, a, token);
    await joined(t, b, token);

    let history;
    const sockets = () => history.series.findIndex(({ name, of }) => name === 'connections' && of === '/client');
    await until(async () => {
      history = await a.call('GET', '/api/v1/dashboard/history');
      return history.total[sockets()].at(-1) === 2;
    }, 'the sum of both', kPatience);
    assert.deepEqual(history.nodes.map(({ name }) => name), ['a', 'b']);
    assert.deepEqual(history.nodes.map(({ values }) => values[sockets()].at(-1)), [1, 1]);
    const admin = await b.adminSocket(t).connected();
    await admin.next('admin_connected', kPatience);
    await admin.ask('subscribe_dashboard', {});
    await until(async () => {
      const [tick] = await admin.next('dashboard_tick', kPatience);
      return tick.nodes.map(({ name }) => name).join() === 'b,a' && tick.total[sockets()].at(-1) === 2;
    }, 'a tick of both', kPatience);

    const list = (query = '') => a.call('GET', `/api/v1/connections?client=${client.key}${query}`);
    const all = await complete(list);
    assert.deepEqual(all.items.map(({ node }) => node.name).sort(), ['a', 'b']);
    assert.equal((await complete(() => list('&limit=1'))).total, 2);
    const { items: [there] } = await complete(() => list('&node=b'));
    assert.equal(there.node.name, 'b');
    const { status, body } = await a.request('DELETE', `/api/v1/connections/${there.id}`);
    assert.ok(status === 204 || body.code === 'unavailable', `${status}`); // the other node was not heard in time, and has ended it
    await until(async () => (await complete(list)).items.every(({ id }) => id !== there.id), 'the end of it', kPatience);
  });

  test('notice that one was killed, and that another one took leave', async (t) => {
    const [a, b] = await cluster(t);
    await b.end('SIGKILL');
    await until(async () => (await stateOf(a, 'b')) === 'gone', 'a node that is gone', kPatience);
    assert.equal((await read(a)).live, 1);
    assert.equal((await announce(a, 'alone')).nodes, undefined);

    const [c, d] = await cluster(t);
    await d.end('SIGTERM');
    await until(async () => (await stateOf(c, 'b')) === 'left', 'a node that left', kPatience);
  });

  test('serve on without Redis, each for itself, and find each other again', async (t) => {
    const redis = await Redis.start();
    t.after(() => redis.stop());
    const [a, b] = await cluster(t, redis);
    const { token } = await a.createClient();
    const there = await joined(t, b, token);

    await redis.kill();
    await until(async () => (await read(a)).bus.status === 'connecting', 'a bus that is away', kPatience);
    await live(a, 1);
    assert.equal((await announce(a, 'lost')).connections, 0);

    assert.ok(await redis.restart());
    await live(a, 2);
    await live(b, 2);
    assert.equal((await complete(() => announce(a, 'back'))).connections, 1);
    assert.equal((await there.next('announcement', kPatience))[0].title, 'back');
  });
});
