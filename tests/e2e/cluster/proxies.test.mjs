// The files of deploy/ at work: three nodes behind nginx and behind HAProxy. The nodes have copies of one data folder,
// because nothing here needs a shared store.
import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import http2 from 'node:http2';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Balancer } from '../support/balancers.mjs';
import { Client, versions } from '../support/clients.mjs';
import { until, within } from '../support/deadline.mjs';
import { metric } from '../support/hostile.mjs';
import { PollingSession } from '../support/engine.mjs';
import { dataFolder, kOwner, Product } from '../support/product.mjs';
import { Proxy } from '../support/proxy.mjs';
import { sharedByTests } from '../support/server.mjs';
import { upgradeHeaders } from '../support/websocket.mjs';

const kTags = ['n1', 'n2', 'n3'];
const kBehind = ['--trusted-proxy', '127.0.0.1', '--public-url', 'https://flags.example'];
const kReturn = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 500 };
const kLast = 120_000; // on a machine with much else to do
const kPolling = '/socket.io/?EIO=4&transport=polling';
const kOtherNode = 'togglecast_sessions_of_other_nodes_total';

/** Three nodes that know the same client, by its `token`. */
async function startNodes(args = []) {
  const data = await dataFolder();
  const folders = kTags.map((tag) => path.join(data.folder, tag));
  const options = (n) => ({ args: ['--node-tag', kTags[n], ...args] });
  const first = await Product.start(folders[0], options(0));
  await first.login();
  const { token } = await first.createClient('tenant');
  await first.end();
  for (const folder of folders.slice(1)) await cp(folders[0], folder, { recursive: true });
  const nodes = await Promise.all(folders.map((folder, n) => Product.start(folder, { ...options(n), port: n === 0 ? first.port : undefined })));
  return {
    nodes,
    token,
    ports: nodes.map(({ port }) => port),
    restart: async (n) => (nodes[n] = await Product.start(folders[n], { ...options(n), port: nodes[n].port })),
    async end() {
      await Promise.all(nodes.map((node) => node.process.running && node.end('SIGKILL')));
      await data.remove();
    },
  };
}

const cluster = sharedByTests(() => startNodes(kBehind), (started) => started.end());
const sum = async (name) => {
  const values = await Promise.all(cluster().nodes.map((node) => metric(node, name)));
  return values.reduce((all, one) => all + one, 0);
};

/** A stock client through the balancer. `mishaps`: its failed attempts to connect. */
async function joined(t, balancer, options) {
  const client = new Client(balancer.url, { path: '/socket.io/', nsp: '/client', auth: { token: cluster().token }, ca: balancer.ca, ...kReturn, ...options });
  client.mishaps = [];
  client.socket.on('connect_error', (error) => client.mishaps.push(error.message));
  t.after(() => client.close());
  await client.connected();
  await client.next('client_connected');
  return client;
}

/** The tag of the node that has the client. */
const nodeOf = (client) => client.socket.io.engine.id.slice(0, 2);

for (const kind of ['nginx', 'haproxy']) {
  describe(`deploy/${kind}`, () => {
    const shared = sharedByTests(() => Balancer.start(kind, cluster().ports), (balancer) => balancer.end());

    for (const version of Object.keys(versions)) {
      test(`polling clients of ${version} stay with their node, and WebSockets need no such care`, async (t) => {
        const before = await sum(kOtherNode);
        const clients = await Promise.all(['polling', 'polling', 'polling', 'polling', 'polling', 'polling', 'websocket', 'websocket', 'websocket']
          .map((transport) => joined(t, shared(), { version, transports: [transport] })));
        for (const client of clients) {
          const { id } = client.socket.io.engine;
          for (let n = 0; n < 5; n++) assert.equal((await client.ask('config_check', {})).up_to_date, true);
          assert.equal(client.socket.io.engine.id, id, 'the same session');
          assert.deepEqual(client.mishaps, []);
        }

        assert.ok(new Set(clients.map(nodeOf)).size >= 2, `sessions on ${clients.map(nodeOf)}`);
        assert.equal(await sum(kOtherNode), before);
      });
    }

    test('sessions move from polling to WebSocket on their node', async (t) => {
      const before = await sum('togglecast_upgrades_total');
      const clients = await Promise.all(Array.from({ length: 6 }, () => joined(t, shared(), { transports: ['polling', 'websocket'] })));
      for (const client of clients) await client.upgraded();

      // A client has moved before its server hears of it.
      await until(async () => (await sum('togglecast_upgrades_total')) >= before + clients.length, 'all of them moved', kLast);
      for (const client of clients) assert.equal((await client.ask('config_check', {})).up_to_date, true);
    });

    test('the API and HTTP/2 are served', async (t) => {
      const balancer = shared();
      assert.equal((await balancer.request('/api/v1/platforms')).status, 401);
      const session = http2.connect(balancer.url, { ca: balancer.ca });
      t.after(() => session.destroy());
      const stream = session.request({ ':path': '/healthz' });
      const answer = await within(new Promise((resolve, reject) => stream.once('response', resolve).once('error', reject)), 'an answer over HTTP/2');
      stream.resume();
      assert.equal(answer[':status'], 200);
    });

    test('an origin is compared with the address that browsers use', async () => {
      const balancer = shared();
      const host = `flags.example:${balancer.port}`;
      const status = (Origin, how) => balancer.request(kPolling.replace('polling', how), { host, headers: { Origin, ...(how === 'websocket' ? upgradeHeaders() : {}) } });

      for (const [how, good, bad] of [['polling', 200, 403], ['websocket', 101, 400]]) {
        assert.equal((await status(`https://${host}`, how)).status, good);
        for (const origin of [`http://${host}`, 'https://evil.example'])
          assert.equal((await status(origin, how)).status, bad, `${origin} over ${how}`);
      }
      assert.equal((await balancer.request('/', { host: 'evil.example' })).status, 421);
    });

    test('a stop of one node sends its clients to the others, with no failed attempt', async (t) => {
      const { nodes, restart } = cluster();
      const clients = await Promise.all(Array.from({ length: 9 }, (_, n) => joined(t, shared(), { transports: [['websocket'], ['polling'], ['polling', 'websocket']][n % 3] })));
      const leaving = kTags.indexOf(nodeOf(clients[0]));
      const concerned = clients.filter((client) => nodeOf(client) === kTags[leaving]);

      assert.deepEqual(await nodes[leaving].end('SIGTERM', 60_000), { code: 0, signal: null });
      t.after(() => restart(leaving));
      for (const client of concerned) {
        await until(() => client.socket.connected && nodeOf(client) !== kTags[leaving], 'the client on another node', kLast);
        assert.deepEqual(client.mishaps, []);
      }
      for (const client of clients) assert.equal((await client.insist('config_check', {})).up_to_date, true);
    });

    test('clients of a node that is killed are back on the others', async (t) => {
      const { nodes, restart } = cluster();
      const clients = await Promise.all(Array.from({ length: 9 }, (_, n) => joined(t, shared(), { transports: [['websocket'], ['polling'], ['polling', 'websocket']][n % 3] })));
      const dying = kTags.indexOf(nodeOf(clients[1]));

      await nodes[dying].end('SIGKILL');
      t.after(() => restart(dying));
      for (const client of clients) {
        await until(() => client.socket.connected && nodeOf(client) !== kTags[dying], 'the client on another node', kLast);
        assert.equal((await client.insist('config_check', {})).up_to_date, true);
      }
      assert.equal((await shared().request('/healthz')).status, 200);
    });
  });
}

describe('times', () => {
  const kSeconds = { nginx: /^ *proxy_(?:read|send)_timeout (\d+)s;/gm, haproxy: /^ *timeout (?:client|server|tunnel) +(\d+)s/gm };

  for (const kind of ['nginx', 'haproxy']) {
    test(`of ${kind} are longer than a ping and its answer may take`, async (t) => {
      const { ports } = cluster();
      const { open } = await PollingSession.open(ports[0], '/socket.io/');
      const found = [...(await Balancer.file(kind)).matchAll(kSeconds[kind])].map(([, seconds]) => 1000 * seconds);
      assert.ok(found.length >= 2);
      for (const ms of found) assert.ok(ms > open.pingInterval + open.pingTimeout, `${ms} ms`);

      // The same in short: connections on which only pings pass outlive the proxy's patience.
      const data = await dataFolder();
      t.after(data.remove);
      const node = await Product.start(data.folder, { args: [...kBehind, '--ping-interval', '1'] });
      t.after(() => node.end('SIGKILL'));
      await node.login();
      const { token } = await node.createClient();
      const balancer = await Balancer.start(kind, [node.port], { changes: [[/\b90s/g, '10s']] });
      t.after(() => balancer.end());
      const clients = await Promise.all([['polling'], ['websocket']].map((transports) => joined(t, balancer, { transports, auth: { token } })));
      const began = performance.now();
      const pings = clients.map((client) => {
        let count = 0;
        client.socket.io.on('ping', () => (count += 1));
        return () => count;
      });
      await until(() => pings.every((count) => count() >= 14) && performance.now() - began > 13_000, 'pings', kLast);
      for (const client of clients) assert.equal(client.disconnects.size, 0);
    });
  }
});

describe('addresses of clients', () => {
  // What the node is started with, and the changes of the file that go with it.
  const kWays = {
    'nginx, x-forwarded': ['nginx', []],
    'nginx, forwarded': ['nginx', [[/proxy_set_header X-Forwarded-For .*;/g, 'proxy_set_header Forwarded "for=$remote_addr;proto=$scheme";']]],
    'haproxy, x-forwarded': ['haproxy', []],
    'haproxy, proxy': ['haproxy', [[/( server n\d \S+)/g, '$1 send-proxy-v2-ssl check-send-proxy'], [/ *http-request set-header .*\n/g, '']]],
  };

  for (const [name, [kind, changes]] of Object.entries(kWays)) {
    test(`${name}: in the log and in the limits, whatever the client claims`, async (t) => {
      const data = await dataFolder();
      t.after(data.remove);
      const forwarded = name.split(', ')[1];
      const node = await Product.start(data.folder, { args: [...kBehind, '--forwarded', forwarded], exempt: false, ready: forwarded !== 'proxy' });
      t.after(() => node.end('SIGKILL'));
      const balancer = await Balancer.start(kind, [node.port], { changes, announced: true });
      t.after(() => balancer.end());
      const claims = { 'X-Forwarded-For': '203.0.113.1', Forwarded: 'for=203.0.113.1', 'Content-Type': 'application/json' };
      const guess = (from) => balancer.request('/api/v1/auth/login', { method: 'POST', headers: claims, from, body: JSON.stringify({ username: kOwner, password: 'a guess' }) });

      const answers = [];
      await until(async () => answers.push((await guess('192.0.2.2')).status) && answers.at(-1) === 429, 'a slowed guess', kLast);
      assert.deepEqual(new Set(answers), new Set([401, 429]));
      assert.equal((await guess('192.0.2.3')).status, 401);
      await balancer.request('/api/v1/platforms', { from: '192.0.2.4', headers: { ...claims, Authorization: 'Bearer nonsense' } });
      await node.process.says('192.0.2.4');
      assert.ok(!node.process.stderr.includes('203.0.113.1'));
      const own = await balancer.request(kPolling, { host: `flags.example:${balancer.port}`, headers: { Origin: `https://flags.example:${balancer.port}` } });
      assert.equal(own.status, 200, 'the node knows that the client speaks TLS');
    });
  }
});

describe('without sticky sessions', () => {
  // Each new connection goes to the next node, as a balancer does that looks at no request.
  async function unsteady(t) {
    const { ports } = cluster();
    const proxy = await Proxy.start(t, ports[0]);
    let turn = 0;
    proxy.aim = () => ports[proxy.steady ?? turn++ % ports.length];
    return proxy;
  }

  test('a polling request on the wrong node is told the cure', async () => {
    const { nodes, ports } = cluster();
    const before = await sum(kOtherNode);
    const session = await PollingSession.open(ports[0], '/socket.io/');
    const other = new PollingSession(ports[1], '/socket.io/', session.open);

    for (const answer of [await other.poll(), await other.post('40')]) {
      assert.equal(answer.status, 400);
      const { code, message } = JSON.parse(answer.body);
      assert.equal(code, 1);
      assert.match(message, /^Session ID unknown: another node.*sticky sessions.*transports: \['websocket'\].*docs\/deployment\.md, "Sticky sessions"$/);
    }
    assert.equal(await sum(kOtherNode), before + 2);
    await nodes[1].process.says('a request came for a session of another node; this is logged once');
    assert.equal(nodes[1].process.stderr.split('session of another node').length, 2, 'one line');
    assert.equal((await session.post('40')).status, 200, 'the session is unharmed');
  });

  for (const version of Object.keys(versions)) {
    test(`a stock client of ${version} begins again until its requests meet, and a WebSocket works at once`, async (t) => {
      const proxy = await unsteady(t);
      const before = await sum(kOtherNode);
      const options = { version, ...kReturn, path: '/socket.io/', nsp: '/client', auth: { token: cluster().token } };
      const polling = new Client(proxy.url, { ...options, transports: ['polling'] });
      t.after(() => polling.close());
      const refusals = [];
      polling.socket.on('connect_error', (error) => refusals.push(polling.socket.active ?? true));
      await until(async () => (await sum(kOtherNode)) > before + 4, 'requests on wrong nodes', kLast);
      assert.ok(refusals.every(Boolean), 'it goes on by itself');

      const socket = new Client(proxy.url, { ...options, transports: ['websocket'] });
      t.after(() => socket.close());
      await socket.next('client_connected');
      proxy.steady = 0;
      await polling.next('client_connected', kLast);
    });
  }
});
