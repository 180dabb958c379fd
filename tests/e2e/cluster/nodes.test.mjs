// Three nodes on one PostgreSQL and one Redis, under writes and clients, while everything breaks that can. tests/soak has
// the same with thousands of clients and longer troubles.
// TOGGLECAST_CRASH_SEED  the seed of an earlier run
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Cluster } from '../support/crash/cluster.mjs';
import { restartInTurn } from '../support/crash/restarts.mjs';
import { endure, troubles } from '../support/crash/troubles.mjs';
import { freshView, World } from '../support/crash/world.mjs';
import { Product } from '../support/product.mjs';
import { Random } from '../support/random.mjs';
import { sharedByTests } from '../support/server.mjs';

const kClients = 210;
const kSeconds = 3; // of a trouble
const seed = Number(process.env.TOGGLECAST_CRASH_SEED ?? Date.now() % 1_000_000);

class Ends {
  list = [];
  after(end) {
    this.list.push(end);
  }
  async end() {
    for (const end of this.list.reverse()) await end();
  }
}

const shared = sharedByTests(async () => {
  const t = new Ends();
  try {
    const cluster = await Cluster.start(t);
    const random = new Random(seed);
    const world = await World.make(cluster.nodes[0], random, { clients: kClients, front: cluster.front, settled: (made) => cluster.has(made) });
    t.after(() => world.end());
    const { epoch } = await freshView(cluster.nodes[0].url, world.tenants[0]);
    world.start();
    return { cluster, world, random, epoch, end: () => t.end() };
  } catch (error) {
    await t.end();
    throw error;
  }
}, (started) => started.end());

/** A failure tells the seed and what the nodes said. */
async function told(work) {
  const { cluster } = shared();
  try {
    await work(shared());
  } catch (error) {
    error.message += `\nseed ${seed} (TOGGLECAST_CRASH_SEED)\nthe nodes' last lives:\n${cluster.log}`;
    throw error;
  }
}

describe('acknowledged writes are there once, every client and node has the same state, and the epoch stays, when', () => {
  for (const name of Object.keys(troubles))
    test(name, () => told(({ cluster, world, random, epoch }) => endure(cluster, world, name, { random, seconds: kSeconds, epoch })));

  test('the nodes are restarted one after the other, and no client gets a full state', () => told(({ cluster, world, epoch }) => restartInTurn(cluster, world, epoch)));
});

describe('two nodes that write at once', () => {
  const on = (node, admin) => Object.assign(new Product(node.port), { admin });

  test('give contiguous revisions', () => told(async ({ cluster, world }) => {
    await world.quiet();
    const [one, two] = cluster.nodes.map((node) => on(node, world.admin));
    const writes = Array.from({ length: 60 }, (_, n) => n % 2 ? one : two).map(async (node, n) => {
      const { revision } = await node.createPlatform({ key: `both-${n}`, name: `both-${n}` });
      return revision;
    });
    const revisions = (await Promise.all(writes)).sort((a, b) => a - b);
    assert.deepEqual(revisions, revisions.map((_, n) => revisions[0] + n));
    world.skipTo(revisions.at(-1));
    world.go();
  }));

  test('make no cycle of requires', () => told(async ({ cluster, world }) => {
    await world.quiet();
    const [one, two] = cluster.nodes.map((node) => on(node, world.admin));
    for (let n = 0; n < 10; n++) {
      const a = await one.call('POST', '/api/v1/features', { key: `a${n}`, name: 'a' });
      const b = await two.call('POST', '/api/v1/features', { key: `b${n}`, name: 'b' });
      const both = await Promise.all([
        one.request('PATCH', `/api/v1/features/${a.id}`, { requires: [b.id] }),
        two.request('PATCH', `/api/v1/features/${b.id}`, { requires: [a.id] }),
      ]);
      assert.deepEqual(both.map(({ status }) => status < 300).sort(), [false, true], both.map(({ text }) => text).join('\n'));
    }
    const end = await one.createPlatform({ key: 'end', name: 'end' });
    world.skipTo(end.revision);
    world.go();
  }));

  test('leave all nodes and clients at one state', () => told(async ({ cluster, world, epoch }) => {
    await world.quiet();
    await cluster.assertOneState(world, epoch);
  }));
});
