// Several nodes on one PostgreSQL and one Redis, a balancer before them as deploy/ has it, and everything that can break
// between them. The balancer and each node's ways to the two servers are proxies of ours, so that they can be cut.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { until } from '../deadline.mjs';
import { Postgres } from '../postgres.mjs';
import { Product } from '../product.mjs';
import { Proxy } from '../proxy.mjs';
import { Redis } from '../redis.mjs';
import { becomeCurrent, freshView, Mortal } from './world.mjs';

const kPatience = 240_000; // on a machine with much else to do
const kDisk = '256m';
const kLook = 200; // ms between two looks of the balancer at its nodes

/** One node: a server that can be killed, frozen, and cut off. */
class Node extends Mortal {
  constructor(...args) {
    super(...args);
    this.tag = '';
    this.ways = {}; // to `postgres` and `redis`
  }

  /** A node waits for a database that is away. */
  async startReady() {
    this.start();
    if (!(await this.ready())) throw new Error(`${this.tag} ended:\n${this.process.output}`);
  }

  freeze() {
    this.process.child.kill('SIGSTOP');
    return () => this.process.child.kill('SIGCONT');
  }

  /** Nothing passes to or from these servers any more; the answer joins them again. */
  cutOff(...names) {
    const releases = names.map((name) => {
      const way = this.ways[name];
      way.refusing = true;
      const flow = way.stall(); // a cut cable: no reset, no answer
      return () => {
        way.refusing = false;
        way.cut();
        flow();
      };
    });
    return () => releases.forEach((release) => release());
  }
}

/** Sends the requests of a session to the node that its id names, all else to ready nodes in turn, or to any. */
class Balancer {
  static async start(t, nodes) {
    const balancer = new Balancer(nodes);
    balancer.proxy = await Proxy.start(t, 0);
    balancer.proxy.aim = (head) => balancer.#aim(head);
    const look = setInterval(() => balancer.#look(), kLook);
    t.after(() => clearInterval(look));
    return balancer;
  }

  constructor(nodes) {
    this.nodes = nodes;
    this.ready = new Set();
    this.turn = 0;
  }

  get port() {
    return this.proxy.port;
  }

  get url() {
    return this.proxy.url;
  }

  #look() {
    for (const node of this.nodes) {
      fetch(`${node.url}/readyz`, { signal: AbortSignal.timeout(5 * kLook) }).then(async (answer) => {
        await answer.arrayBuffer();
        if (answer.ok) this.ready.add(node);
        else this.ready.delete(node);
      }, () => this.ready.delete(node));
    }
  }

  #aim(head) {
    const tag = /[?&]sid=(..)/.exec(head.slice(0, head.indexOf('\r\n')))?.[1];
    const own = this.nodes.find((node) => node.tag === tag);
    if (own?.process.running) return own.port;
    const ready = this.nodes.filter((node) => this.ready.has(node) && node.process.running);
    const all = ready.length > 0 ? ready : this.nodes.filter((node) => node.process?.running);
    return all[this.turn++ % all.length]?.port;
  }
}

export class Cluster {
  /** Starts both servers and `count` nodes, and waits until these are ready. `t.after` ends everything. */
  static async start(t, { count = 3, args = [], postgres = {} } = {}) {
    const cluster = new Cluster();
    cluster.folder = await mkdtemp(path.join(os.tmpdir(), 'togglecast-cluster-'));
    t.after(() => cluster.#end());
    cluster.postgres = await Postgres.onDisk(kDisk, postgres).catch((error) => {
      cluster.noDisk = error;
      return Postgres.notStarted(postgres);
    });
    await cluster.postgres.begin();
    cluster.redis = await Redis.start();
    for (let n = 0; n < count; n++) cluster.nodes.push(await cluster.#node(t, n, args));
    cluster.front = await Balancer.start(t, cluster.nodes);
    await Promise.all(cluster.nodes.map((node) => node.startReady()));
    return cluster;
  }

  nodes = [];
  noDisk = undefined; // why PostgreSQL has no disk that can be filled

  async #node(t, n, args) {
    const postgres = await Proxy.start(t, `${this.postgres.folder}/.s.PGSQL.5432`);
    const redis = await Proxy.start(t, this.redis.port);
    const node = await Node.on(path.join(this.folder, `n${n + 1}`), [
      '--node-tag', `n${n + 1}`,
      '--store', `postgresql://togglecast@127.0.0.1:${postgres.port}/togglecast?sslmode=disable`,
      '--redis', `redis://127.0.0.1:${redis.port}`,
      ...args,
    ]);
    node.tag = `n${n + 1}`;
    node.ways = { postgres, redis };
    return node;
  }

  async #end() {
    await Promise.all(this.nodes.map(async (node) => {
      if (node.process?.running) node.process.child.kill('SIGCONT');
      await node.kill();
    }));
    await this.redis?.stop();
    await this.postgres?.remove();
    await rm(this.folder, { recursive: true, force: true });
  }

  get log() {
    return this.nodes.map((node) => `=== ${node.tag}\n${node.log}`).join('\n');
  }

  /** Every node runs and is ready. */
  async healthy() {
    for (const node of this.nodes) {
      if (!node.process.running) throw new Error(`${node.tag} ended:\n${node.process.output.slice(-3000)}`);
      await until(() => fetch(`${node.url}/readyz`).then((answer) => answer.ok, () => false), `a ready ${node.tag}`, kPatience);
    }
  }

  /** The revision of each node. */
  #heads({ admin }) {
    return Promise.all(this.nodes.map(async (node) => {
      const { revision } = await Object.assign(new Product(node.port), { admin }).request('GET', '/api/v1/platforms?limit=1');
      return revision;
    }));
  }

  /** Every node has what the world is made of. */
  async has(world) {
    await until(async () => (await this.#heads(world)).every((head) => head >= world.began), `revision ${world.began} on every node`, kPatience);
  }

  /**
   * When nobody writes: every node has the same head, shows each tenant the same view, and every copy is that view. The
   * epoch is `epoch`.
   */
  async assertOneState(world, epoch) {
    await this.healthy();
    await until(async () => new Set(await this.#heads(world)).size === 1, 'the same revision on every node', kPatience);
    for (const tenant of world.tenants) {
      const [first, ...others] = await Promise.all(this.nodes.map((node) => freshView(node.url, tenant)));
      assert.equal(first.epoch, epoch, 'the epoch');
      for (const other of others)
        for (const part of ['client', 'package', 'platforms', 'features', 'revision', 'epoch'])
          assert.deepEqual(other[part], first[part], `${part} of ${tenant.name} on two nodes`);
      const copies = world.fleet.members.filter((member) => member.tenant === tenant).map(({ copy }) => copy);
      await becomeCurrent(copies, first, tenant.name, () => world.assertNoProblem());
    }
    await world.assertAdminsCorrect();
    world.assertNoProblem();
    await world.assertLogExact();
  }
}
