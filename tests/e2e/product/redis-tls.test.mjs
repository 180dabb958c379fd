// rediss:// and --redis-ca-file: two nodes and a Redis that speaks TLS.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { certificate } from '../support/certificate.mjs';
import { until } from '../support/deadline.mjs';
import { Redis } from '../support/redis.mjs';
import { freePort, sharedByTests } from '../support/server.mjs';
import { joined, readCluster, twoNodes } from '../support/two-nodes.mjs';

const kPatience = 60_000;
const servers = twoNodes();
const shared = sharedByTests(async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'togglecast-redis-tls-'));
  const own = await certificate(folder, 'redis');
  const other = await certificate(folder, 'other');
  const port = await freePort();
  const redis = await Redis.start({
    config: ['bind 127.0.0.1 127.0.0.2', `tls-port ${port}`, `tls-cert-file ${own.certificate}`, `tls-key-file ${own.key}`, 'tls-auth-clients no'],
  });
  return { folder, redis, port, own, other };
}, async ({ folder, redis }) => {
  await redis.stop();
  await rm(folder, { recursive: true });
});

/** Two nodes that reach Redis at this host, and trust the authority. `live`: how many nodes each one knows. */
const start = (t, { host = 'localhost', authority, live }) =>
  servers.start(t, { redis: { url: `rediss://${host}:${shared().port}` }, args: ['--redis-ca-file', authority], live });

test('nodes know each other over TLS, and have no plain connection', async (t) => {
  const [a, b] = await start(t, { authority: shared().own.certificate });
  const { token } = await a.createClient();
  await until(async () => (await b.call('GET', '/api/v1/clients')).items.length === 1, 'the client on both nodes', kPatience);
  const client = await joined(t, b, token);

  await a.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 'over TLS', message: 'm' });

  assert.equal((await client.next('announcement', kPatience))[0].title, 'over TLS');
  const connections = (await shared().redis.cli('CLIENT', 'LIST')).split('\n').filter((line) => !/ cmd=client\|list /.test(line));
  assert.ok(connections.length >= 4, 'two of each node');
  for (const line of connections) assert.match(line, new RegExp(` laddr=127\\.0\\.0\\.1:${shared().port} `));
});

for (const [name, options] of [
  ['that another authority vouches for', ({ other }) => ({ authority: other.certificate })],
  ['whose certificate is for another name', ({ own }) => ({ authority: own.certificate, host: '127.0.0.2' })],
]) {
  test(`a Redis ${name} is not spoken to, and the nodes say so and serve`, async (t) => {
    const nodes = await start(t, { ...options(shared()), live: 1 });
    for (const node of nodes) {
      const { bus } = await until(async () => {
        const cluster = await readCluster(node);
        return cluster.bus.problem && cluster;
      }, 'a problem', kPatience);
      assert.equal(bus.status, 'connecting');
      assert.match(bus.problem, /certificate/i);
      assert.equal((await fetch(`${node.url}/readyz`)).status, 200);
    }
  });
}
