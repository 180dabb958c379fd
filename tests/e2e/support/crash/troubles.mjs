// What can happen to a cluster.
import { until } from '../deadline.mjs';

const kEndWrites = 30; // writes between a trouble's end and the look at everything
const kPatience = 240_000; // on a machine with much else to do

/** By name. `begin` answers a function that ends the trouble, if it does not end by itself. */
export const troubles = {
  'a node is killed': {
    async begin({ nodes }, random) {
      const node = random.of(nodes);
      await node.kill();
      return () => node.startReady();
    },
  },
  'Redis is cut off': {
    begin: ({ nodes }) => {
      const joins = nodes.map((node) => node.cutOff('redis'));
      return () => joins.forEach((join) => join());
    },
  },
  'Redis is flushed': {
    begin: ({ redis }) => redis.cli('FLUSHALL'),
  },
  'Redis is restarted, empty': {
    async begin({ redis }) {
      await redis.kill();
      return () => redis.restart();
    },
  },
  'PostgreSQL is stopped': {
    async begin({ postgres }) {
      await postgres.end('SIGINT');
      return () => postgres.begin();
    },
  },
  'PostgreSQL is killed': {
    async begin({ postgres }) {
      await postgres.end('SIGKILL');
      await postgres.begin();
    },
  },
  'a node is cut off both': {
    async begin({ nodes }, random) {
      const node = random.of(nodes);
      const join = node.cutOff('postgres', 'redis');
      // It hears of nothing, so that it takes a statement without an answer to notice.
      await until(async () => (await fetch(`${node.url}/readyz`)).status === 503, 'a node that notices', kPatience);
      return join;
    },
  },
  'a node is frozen': {
    begin: ({ nodes }, random) => random.of(nodes).freeze(),
  },
  // PostgreSQL dies of it when there is no room for its log.
  "the database's disk is full": {
    async begin({ postgres, noDisk }) {
      if (noDisk) throw noDisk;
      const said = postgres.process.output.length;
      await postgres.disk.fill();
      await until(() => postgres.process.output.includes('No space left on device', said), 'a PostgreSQL without room', kPatience);
      return () => postgres.roomAgain();
    },
  },
};

async function pass(ms, done = () => false) {
  const end = performance.now() + ms;
  while (performance.now() < end && !done()) await new Promise((next) => setTimeout(next, 10));
}

/**
 * Lets `trouble` happen for `seconds`, ends it, lets the world go on, and looks at everything. `patience`: until writes
 * are answered again, in ms.
 */
export async function endure(cluster, world, name, { random, seconds, epoch, patience = kPatience }) {
  const trouble = troubles[name];
  const undo = await trouble.begin(cluster, random);
  await pass(1000 * seconds, () => world.problems.length > 0);
  world.assertNoProblem();
  if (typeof undo === 'function') await undo();
  const before = world.writes;
  await pass(patience, () => world.writes >= before + kEndWrites || world.problems.length > 0);
  world.assertNoProblem();
  if (world.writes < before + kEndWrites) throw new Error(`${name}: only ${world.writes - before} writes were answered after it`);
  await world.quiet();
  await cluster.healthy();
  await cluster.assertOneState(world, epoch);
  world.forgetLog();
  world.go();
}
