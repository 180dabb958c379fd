// Two nodes, `a` and `b`, on one PostgreSQL with a real Redis between them.
import { until } from './deadline.mjs';
import { Postgres } from './postgres.mjs';
import { dataFolder, Product } from './product.mjs';
import { Redis } from './redis.mjs';
import { sharedByTests } from './server.mjs';

const kPatience = 60_000;

export const readCluster = (node) => node.call('GET', '/api/v1/cluster');
/** Waits until the node knows of so many live ones. */
export const live = (node, count) => until(async () => (await readCluster(node)).live === count, `${count} live nodes`, kPatience);

/** Asks until all nodes have answered: they have half a second for it, which a busy machine may need for itself. */
export const complete = (ask) => until(async () => {
  const answer = await ask();
  return (answer.missing ?? answer.nodes?.missing ?? []).length === 0 && answer;
}, 'the answers of all nodes', kPatience);

/** A client's connection that has its first state. */
export async function joined(t, node, token) {
  const socket = await node.clientSocket(t, token).connected();
  await socket.next('client_connected', kPatience);
  return socket;
}

/** The servers of the calling file: `postgres`, `redis`, and `start`. */
export function twoNodes() {
  const shared = sharedByTests(
    async () => ({ postgres: await Postgres.start({ fsync: 'off' }), redis: await Redis.start() }),
    async ({ postgres, redis }) => { await postgres.remove(); await redis.stop(); },
  );
  let clusters = 0;
  return {
    get postgres() {
      return shared().postgres;
    },
    get redis() {
      return shared().redis;
    },
    /**
     * Nodes on a database and under a prefix of their own. `argsOf` has further arguments of each one; `wayOf`, functions
     * that answer another URL of the same database for a node. They know each other, unless `live` says how many nodes each
     * of them knows.
     */
    async start(t, { redis = shared().redis, args = [], argsOf = {}, wayOf = {}, live: known = 2 } = {}) {
      const name = `cluster${++clusters}`;
      const store = await shared().postgres.database(name);
      const nodes = [];
      for (const node of ['a', 'b']) {
        const data = await dataFolder();
        t.after(() => data.remove());
        const own = argsOf[node] ?? [];
        const way = wayOf[node]?.(name) ?? store;
        const product = await Product.start(data.folder,
          { args: ['--store', way, '--redis', redis.url, '--redis-prefix', `${name}:`, '--node-name', node, ...args, ...own] });
        t.after(() => product.end('SIGKILL'));
        await product.login();
        Object.assign(product, { store, prefix: `${name}:` });
        nodes.push(product);
      }
      for (const one of nodes) await live(one, known);
      return nodes;
    },
  };
}
