// 100 API keys at their limits of writes and reads at once: each request that is too much is refused with 429 and the time to
// wait, none loses its connection, after that time the next one passes; an admin and a client are served all the while.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { until, within } from '../support/deadline.mjs';
import { metric } from '../support/hostile.mjs';
import { dataFolder, ownKey, Product } from '../support/product.mjs';
import { sharedByTests } from '../support/server.mjs';

const kKeys = 100;
const kAtOnce = 20;
const kRefusals = 5;
const kPatience = 240_000;
const kPause = 1_100;
// Longer than this test: a client whose event loop was late cannot use a connection that the server has just closed as idle.
// So each connection that ends is a fault.
const kNoIdleEnd = ['--keep-alive-timeout', '3600'];
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));

/** A machine with a key and connections of its own, over which nothing is tried twice. */
class Machine {
  constructor(server, { id, key, platform }) {
    Object.assign(this, { server, id, key, platform });
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
  }

  request(method, target) {
    const headers = { Authorization: `Bearer ${this.key}` };
    const answered = new Promise((resolve, reject) => {
      const asked = http.request({ host: 'localhost', port: this.server.port, method, path: target, headers, agent: this.agent }, (response) => {
        const pieces = [];
        response.on('data', (piece) => pieces.push(piece)).on('error', reject).on('end', () => {
          const text = Buffer.concat(pieces).toString();
          resolve({ status: response.statusCode, headers: response.headers, text, body: text ? JSON.parse(text) : undefined });
        });
      });
      asked.on('error', (error) => reject(new Error(`${method} ${target} of key ${this.id}: ${error.message}${asked.reusedSocket ? ' on a connection that was used before' : ''}`, { cause: error })));
      asked.end();
    });
    return within(answered, `an answer to ${method} ${target}`, kPatience);
  }

  write() {
    return this.request('POST', `/api/v1/platforms/${this.platform}/toggle`);
  }

  read() {
    return this.request('GET', '/api/v1/platforms?limit=1');
  }
}

/** 100 keys of a server whose limits are low, made before they were. */
const shared = sharedByTests(async () => {
  const data = await dataFolder();
  const first = await Product.start(data.folder, { args: [...kNoIdleEnd, '--write-rate', '1000', '--write-burst', '1000'] });
  await first.login();
  const keys = [];
  for (const n of times(kKeys, (at) => at)) {
    const key = await first.call('POST', '/api/v1/api-keys', { name: `machine ${n}`, scopes: ['read', 'write:platforms'] });
    keys.push({ ...key, platform: (await first.createPlatform({ key: ownKey(), name: 'Of a machine' })).id });
  }
  const platform = await first.createPlatform({ key: ownKey(), name: 'Of the admin' });
  const { token } = await first.createClient();
  await first.end('SIGTERM');
  const server = await Product.start(data.folder, { args: [...kNoIdleEnd, '--write-rate', '1', '--write-burst', '10', '--read-rate', '2', '--read-burst', '40'] });
  await server.login();
  return { server, machines: keys.map((key) => new Machine(server, key)), platform, token, remove: data.remove };
}, ({ server, machines, remove }) => {
  machines.forEach(({ agent }) => agent.destroy());
  return server.end('SIGTERM').finally(remove);
});

/** How many of these answers were refusals. Each of those says so properly; the others passed. */
function refusals(answers, passed) {
  const refused = answers.filter(({ status }) => status !== passed);
  for (const { status, headers, body, text } of refused) {
    assert.equal(status, 429, text);
    assert.equal(body.code, 'rate_limited', text);
    assert.match(headers['retry-after'], /^[1-9]\d*$/);
    assert.equal(headers.connection, 'keep-alive');
  }
  return refused.length;
}

/** An admin and a client below their limits: everything is answered, and changes come. */
async function wellBehaved(t) {
  const { server, platform, token } = shared();
  const admin = await server.adminSocket(t).connected();
  await admin.next('admin_connected', kPatience);
  const client = await server.clientSocket(t, token).connected();
  await client.next('client_connected', kPatience);
  return async () => {
    assert.ok((await client.ask('heartbeat', {})).server_time);
    const read = await server.requestOnce('GET', `/api/v1/platforms/${platform.id}`);
    assert.equal(read.status, 200, read.text);
    const written = await server.requestOnce('POST', `/api/v1/platforms/${platform.id}/toggle`);
    assert.equal(written.status, 200, written.text);
    let update;
    do [update] = await admin.next('platform_update', kPatience);
    while (update.revision < written.revision);
    assert.equal(admin.disconnects.size + client.disconnects.size, 0);
  };
}

test('100 API keys at their limits: each is refused by itself, told when to come back, and served then', async (t) => {
  const { server, machines } = shared();
  const isServed = await wellBehaved(t);
  const limited = (kind) => metric(server, `togglecast_http_${kind}_limited_total`);
  const before = { writes: await limited('writes'), reads: await limited('reads') };
  let over = false;
  let rounds = 0;
  const serving = (async () => {
    while (!over) {
      await isServed();
      rounds += 1;
      await new Promise((next) => setTimeout(next, kPause));  // below the rate of writes
    }
  })();
  serving.catch(() => {});

  const sums = { writes: 0, reads: 0 };
  await Promise.all(machines.map(async (machine) => {
    const one = { writes: [() => machine.write(), 200], reads: [() => machine.read(), 200] };
    await Promise.all(Object.entries(one).map(async ([kind, [ask, passed]]) => {
      const first = await ask();
      assert.equal(first.status, passed, `its first one of ${kind}, whatever the others did: ${first.text}`);
      let refused = 0;
      while (refused < kRefusals) refused += refusals(await Promise.all(times(kAtOnce, ask)), passed);
      sums[kind] += refused;
    }));
  }));

  over = true;
  await serving;
  assert.ok(rounds > 0, 'others were served meanwhile');
  for (const kind of ['writes', 'reads']) assert.equal(await limited(kind) - before[kind], sums[kind], `the counter of ${kind}`);
  for (const option of ['--write-rate', '--read-rate']) {
    await until(() => server.process.stderr.split('\n').some((line) => line.includes('limit passed') && line.includes(option) && /machine \d/.test(line)),
      `a log line of ${option} that names a key`, kPatience);
  }
  await Promise.all(machines.flatMap((machine) => [[() => machine.write(), 200], [() => machine.read(), 200]].map(async ([ask, passed]) => {
    const told = await ask();
    if (told.status === passed) return;
    assert.equal(told.status, 429, told.text);
    const then = performance.now() + 1000 * Number(told.headers['retry-after']);
    await until(() => performance.now() >= then, 'the time that the refusal told', kPatience);
    const again = await ask();
    assert.equal(again.status, passed, `after the time of ${told.headers['retry-after']} s: ${again.text}`);
  })));
  await isServed();
});
