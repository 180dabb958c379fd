// The files of deploy/ while the store is away for all nodes or for one: a node that is not ready serves from memory, and no
// client loses its connection.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Balancer } from '../support/balancers.mjs';
import { Client } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, ownKey, Product } from '../support/product.mjs';
import { Proxy } from '../support/proxy.mjs';
import { sharedByTests } from '../support/server.mjs';

const kTags = ['n1', 'n2', 'n3'];
const kPatience = 120_000; // on a machine with much else to do
const kTransports = [['websocket'], ['polling'], ['polling', 'websocket']];

/** Three nodes on one PostgreSQL, which know the same client, by its `token`, and the same `platform`. The first comes to it by `line`. */
async function startNodes() {
  const postgres = await Postgres.start();
  const line = await Proxy.start({ after() {} }, path.join(postgres.folder, '.s.PGSQL.5432'));
  const throughLine = `postgresql://togglecast@127.0.0.1:${line.port}/togglecast?connect_timeout=30&sslmode=disable&gssencmode=disable`;
  const folders = [];
  const nodes = [];
  for (const tag of kTags) {
    const data = await dataFolder();
    folders.push(data);
    nodes.push(await Product.start(data.folder, { args: ['--store', nodes.length === 0 ? throughLine : postgres.url, '--node-tag', tag, '--trusted-proxy', '127.0.0.1'] }));
  }
  await nodes[0].login();
  const { token } = await nodes[0].createClient();
  const platform = await nodes[0].createPlatform({ key: ownKey(), name: 'web' });
  const { admin } = nodes[0];
  for (const node of nodes) await until(async () => (await Object.assign(node, { admin }).platforms()).length === 1, 'the platform on each node', kPatience);
  return {
    postgres, line, nodes, token, platform, admin,
    ready: async (status) => {
      for (const { url } of nodes) await until(async () => (await fetch(`${url}/readyz`)).status === status, `nodes with ${status} at /readyz`, kPatience);
    },
    async end() {
      await Promise.all(nodes.map((node) => node.end('SIGKILL')));
      line.close();
      await postgres.remove();
      for (const data of folders) await data.remove();
    },
  };
}

const shared = sharedByTests(startNodes, (started) => started.end());

/** A stock client through the balancer, with its first state. */
async function joined(t, balancer, transports) {
  const client = new Client(balancer.url, { path: '/socket.io/', nsp: '/client', auth: { token: shared().token }, ca: balancer.ca, transports });
  t.after(() => client.close());
  await client.connected();
  const [state] = await client.next('client_connected', kPatience);
  return Object.assign(client, { state });
}

/** What the balancer says when it has seen that no node is ready, and that one is again. */
const kNoticed = { haproxy: ['backend togglecast_ready has no server available', /Server togglecast_ready\/n\d is UP/] };

describe('while the store is away for all nodes', () => {
  for (const kind of ['nginx', 'haproxy']) {
    test(`${kind} takes none out: connections stay, new ones and reads are served, and changes are refused`, async (t) => {
      const { nodes, postgres, platform, admin, ready } = shared();
      const balancer = await Balancer.start(kind, nodes.map(({ port }) => port));
      t.after(() => balancer.end());
      const call = (method, target, body) => balancer.request(target, {
        method, body: body && JSON.stringify(body), headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      });
      const toggle = (enabled) => call('POST', `/api/v1/platforms/${platform.id}/toggle`, { enabled });
      const clients = await Promise.all([...kTransports, ...kTransports].map((transports) => joined(t, balancer, transports)));
      const before = clients[0].state.platforms[0].enabled;
      t.after(() => postgres.process.running || postgres.begin());

      await postgres.end('SIGKILL');
      await ready(503);
      if (kNoticed[kind]) await balancer.process.says(kNoticed[kind][0], kPatience);
      for (let n = 0; n < 6; n++) {
        assert.equal((await balancer.request('/healthz')).status, 200);
        assert.equal((await call('GET', '/api/v1/platforms')).status, 200);
        const refused = await toggle(!before);
        assert.deepEqual([refused.status, JSON.parse(refused.body).code], [503, 'unavailable'], refused.body);
        assert.ok(Number(refused.headers['retry-after']) >= 1);
      }
      const late = await Promise.all(kTransports.map((transports) => joined(t, balancer, transports)));
      for (const { state } of late) assert.equal(state.platforms[0].enabled, before);
      for (const client of [...clients, ...late]) assert.equal((await client.ask('config_check', {})).up_to_date, true, 'its requests find its node');

      await postgres.begin();
      await ready(200);
      if (kNoticed[kind]) await until(() => kNoticed[kind][1].test(balancer.process.output), 'a balancer that sees ready nodes', kPatience);
      assert.equal((await toggle(!before)).status, 200);
      for (const client of [...clients, ...late]) {
        const [update] = await client.next('platform_update', kPatience);
        assert.equal(update.data.enabled, !before);
        assert.equal(client.disconnects.size, 0, `a connection ended: ${client.lastEnd}`);
      }
    });
  }
});

/** What HAProxy says when the first node alone is not ready, and when it is again. */
const kFirst = ['Server togglecast_ready/n1 is DOWN', 'Server togglecast_ready/n1 is UP'];

describe('while the store is away for one node', () => {
  for (const kind of ['nginx', 'haproxy']) {
    test(`${kind} leaves its sessions with it`, async (t) => {
      const { nodes, line, admin } = shared();
      const balancer = await Balancer.start(kind, nodes.map(({ port }) => port));
      t.after(() => balancer.end());
      const notices = async (text) => kind === 'haproxy' && balancer.process.says(text, kPatience);
      const isOnFirst = ({ socket }) => socket.io.engine.id.startsWith('n1');
      const isReady = (status) => until(async () => (await fetch(`${nodes[0].url}/readyz`)).status === status, `the first node with ${status}`, kPatience);
      const clients = [];
      for (const transports of [...kTransports].reverse()) { // a WebSocket last: least_conn of nginx then prefers the others
        do {
          assert.ok(clients.length < 60, 'new sessions begin on each node');
          clients.push(await joined(t, balancer, transports));
        } while (!isOnFirst(clients.at(-1)));
      }

      line.refusing = true;
      line.cut();
      await isReady(503);
      await notices(kFirst[0]);
      const late = await Promise.all([...kTransports, ...kTransports].map((transports) => joined(t, balancer, transports)));
      if (kind === 'haproxy') assert.deepEqual(late.filter(isOnFirst), [], 'new ones begin on a ready node');
      for (const client of [...clients, ...late]) assert.equal((await client.ask('config_check', {})).up_to_date, true, 'its requests find its node');
      const read = await balancer.request('/api/v1/platforms', { headers: { Authorization: `Bearer ${admin}` } });
      assert.equal(read.status, 200, read.body);

      line.refusing = false;
      await isReady(200);
      await notices(kFirst[1]);
      for (const client of [...clients, ...late]) {
        assert.equal((await client.ask('config_check', {})).up_to_date, true);
        assert.equal(client.disconnects.size, 0, `a connection ended: ${client.lastEnd}`);
      }
    });
  }
});
