// What the crash tests run in: a catalogue with tenants, a server that is killed and started again, writers and a fleet
// of clients, and the invariants that hold whenever it is quiet.
import assert from 'node:assert/strict';
import path from 'node:path';
import { until, within } from '../deadline.mjs';
import { Client } from '../clients.mjs';
import { dataFolder, kPassword, Product, program } from '../product.mjs';
import { freePort, togglecastBinary } from '../server.mjs';
import { Fleet } from './fleet.mjs';
import { Messenger } from './messenger.mjs';
import { Writer } from './writers.mjs';

const kPatience = 240_000; // on a machine with much else to do
const kUnlimited = ['--write-rate', '1000000', '--write-burst', '1000000', '--read-rate', '1000000', '--read-burst', '1000000', '--announcement-rate', '1000000', '--announcement-burst', '1000000'];
// The stock client notices only by the heartbeat when a crash catches it between pausing its polls and its upgrade.
const kHeartbeat = ['--ping-interval', '2', '--ping-timeout', '8'];
const kKeptLives = 3;

export const crashingBinary = path.join(path.dirname(togglecastBinary), 'togglecast-fail-points');
const inTurn = async (list, make) => {
  const made = [];
  for (const one of list) made.push(await make(one));
  return made;
};
const count = (length) => Array.from({ length }, (_, n) => n);

/** A server that is killed and started again on the same port and data. */
export class Mortal {
  constructor(data, port, args = []) {
    Object.assign(this, { data, port, args });
    this.url = `http://localhost:${port}`;
    this.lives = [];
  }

  static async on(data, args) {
    return new this(data, await freePort(), args);
  }

  /** Starts it; with a fail point, `<name>:<nth>`, it dies there. `more` are further arguments. */
  start(failPoint, more = []) {
    const env = { TOGGLECAST_OWNER_PASSWORD: kPassword, ...(failPoint ? { TOGGLECAST_FAIL_POINT: failPoint } : {}) };
    const args = ['serve', '--port', String(this.port), '--data', this.data, '--exempt-loopback', '--admin-token-lifetime', '86400', ...kUnlimited, ...kHeartbeat, ...this.args, ...more];
    this.process = program(args, { env, binary: crashingBinary });
    this.lives.push(this.process);
    if (this.lives.length > kKeptLives) this.lives.shift();
  }

  /** Waits until it is ready; false when it dies before. */
  async ready() {
    await until(async () => !this.process.running || fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false), 'a ready server', kPatience);
    return this.process.running;
  }

  async startReady() {
    this.start();
    if (!(await this.ready())) throw new Error(`the server ended:\n${this.process.output}`);
  }

  async kill() {
    return this.process.end('SIGKILL', kPatience);
  }

  /** What its last lives said. */
  get log() {
    return this.lives.map(({ pid, output }) => `--- process ${pid}\n${output.slice(-3000)}`).join('\n');
  }
}

/** The view of a connection that has just been made. */
export async function freshView(url, tenant) {
  const client = new Client(url, { path: '/socket.io/', nsp: '/client', auth: tenant.auth, transports: ['websocket'] });
  try {
    await client.connected();
    const [view] = await client.next('client_connected', kPatience);
    const sorted = (list) => list.toSorted((a, b) => a.id - b.id);
    return { ...view, platforms: sorted(view.platforms), features: sorted(view.features) };
  } finally {
    client.close();
  }
}

/** Waits until each copy is `fresh`. `check` is called meanwhile, and may throw. */
export async function becomeCurrent(copies, fresh, name, check) {
  let late = copies;
  await until(() => {
    check();
    late = late.filter((copy) => copy.difference(fresh) !== '');
    return late.length === 0;
  }, `current copies of ${name}`, kPatience).catch((error) => {
    const told = late.slice(0, 3).map((copy) => `  ${copy.name}: ${copy.difference(fresh)}\n${copy.history.map((line) => `      ${line}`).join('\n')}`);
    throw new Error(`${error.message}; ${late.length} are not\n${told.join('\n')}`);
  });
}

export class World {
  /**
   * Makes the catalogue on a server that is ready, then the writers and the fleet. These reach it through `front`, which
   * may be a proxy. `kinds`: of what the fleet is made. `settled(world)` is awaited before these begin.
   */
  static async make(server, random, { writers = 4, clients = 200, front = server, messages = false, kinds, settled = () => {} } = {}) {
    const world = new World(server, random, front);
    const product = new Product(server.port, server.data);
    await product.login();
    world.product = product;
    world.admin = product.admin;
    const create = (kind, key, body = {}) => product.call('POST', `/api/v1/${kind}`, { key, name: key, ...body });
    const shared = await create('segments', 'gold', { rule: { '==': [{ var: 'client.tier' }, 'gold'] } });
    const owners = await inTurn(count(writers), async (w) => {
      const platforms = await inTurn(count(2), (n) => create('platforms', `p${w}-${n}`));
      const features = await inTurn(count(3), (n) => create('features', `f${w}-${n}`, n === 0 ? { targeting: { if: [{ $ref: shared.key }, 'on', 'off'] } } : {}));
      const packages = await inTurn(count(2), (n) => create('packages', `k${w}-${n}`, { features: [{ feature_id: features[n].id }] }));
      const segments = [await create('segments', `s${w}`, { rule: { '==': [{ var: 'client.tier' }, 'silver'] } })];
      await product.call('PATCH', `/api/v1/features/${features[2].id}`, { targeting: { if: [{ $ref: `s${w}` }, 'on', 'off'] } });
      const tenants = await inTurn(count(4), async (n) => {
        const key = `c${w}-${n}`;
        const client = await create('clients', key, { package_id: packages[n % 2].id, attributes: { tier: 'gold' }, visible_attributes: ['tier', 'shown'] });
        const { token } = await product.issueToken(client.id);
        const auth = n === 3 ? { token, context: { beta: true } } : { token };
        return { ...client, name: key, auth };
      });
      return { platforms, features, packages, segments, tenants };
    });
    world.tenants = owners.flatMap(({ tenants }) => tenants);
    await product.call('GET', '/api/v1/platforms?limit=1');
    world.began = product.revision;
    await settled(world);
    world.writers = owners.map((owned, w) => new Writer(world, `w${w}`, owned, random.child(), world.problem));
    if (messages) world.messenger = new Messenger(world, world.tenants, random.child(), world.problem);
    world.fleet = new Fleet(world, world.tenants, clients, world.admin, random.child(), world.problem, world.messenger, kinds);
    return world;
  }

  constructor(server, random, front) {
    Object.assign(this, { server, random, port: front.port, url: front.url });
    this.problems = [];
    this.problem = (text) => this.problems.push(text);
    this.writes = 0;
    this.calm = false; // clients stay connected while all else goes on
    this.onWrite = () => {
      this.writes += 1;
      if (!this.calm && this.random.below(3) === 0) this.fleet.stir();
    };
  }

  /** All that write. */
  get busy() {
    return [...(this.writers ?? []), ...(this.messenger ? [this.messenger] : [])];
  }

  start() {
    for (const one of this.busy) one.start();
  }

  assertNoProblem() {
    assert.deepEqual(this.problems.slice(0, 5), [], `${this.problems.length} problems`);
  }

  /** Everything that has happened, writes, events and connections: what a random kill waits for. */
  get progress() {
    return this.writes + this.fleet.events;
  }

  /** Nobody writes until `go`. */
  async quiet() {
    await within(Promise.all(this.busy.map((one) => one.pause())), 'answers to all writes', kPatience);
  }

  go() {
    for (const one of this.busy) one.go();
  }

  /** When it is quiet: every copy becomes what a new connection is told, and what REST answers. */
  async assertCopiesCorrect() {
    for (const tenant of this.tenants) {
      const fresh = await freshView(this.server.url, tenant);
      await this.#assertAsRestSays(tenant, fresh);
      const copies = this.fleet.members.filter((member) => member.tenant === tenant).map(({ copy }) => copy);
      await becomeCurrent(copies, fresh, tenant.name, () => this.assertNoProblem());
    }
    await this.assertAdminsCorrect();
    this.assertNoProblem();
  }

  /** Pages of admins that have resumed ever since their last state are current; the others read the state now. */
  async assertAdminsCorrect() {
    const { state, revision } = await this.product.call('GET', '/api/v1/state');
    const copies = this.fleet.admins.map(({ copy }) => copy);
    await until(() => copies.every((copy) => copy.began && copy.revision === revision), `admins that are told revision ${revision}`, kPatience).catch((error) => {
      throw new Error(`${error.message}\n${copies.map((copy) => `${copy.name} ${copy.began} ${copy.revision}`).join('\n')}`);
    });
    for (const copy of copies) {
      if (copy.lists) assert.equal(copy.difference(state), '', copy.name);
      else copy.read(state);
    }
  }

  async #assertAsRestSays(tenant, fresh) {
    const context = tenant.auth.context ? `&context=${encodeURIComponent(JSON.stringify(tenant.auth.context))}` : '';
    const { items } = await this.product.call('GET', `/api/v1/clients/${tenant.id}/effective?visible=true${context}`);
    const answers = items.map(({ feature_id: id, key, effective }) => [id, key, effective.enabled, effective.value, effective.variant, effective.rule]);
    const told = fresh.features.map(({ id, key, enabled, value, variant, rule }) => [id, key, enabled, value, variant, rule]);
    assert.deepEqual(told, answers.sort(([a], [b]) => a - b), `what ${tenant.name} is told, and what /effective answers`);
  }

  /** When it is quiet: the messages that were answered for are kept, heard and acknowledged. */
  async assertMessagesKept() {
    await this.messenger?.assertKept(this.product);
  }

  /** When it is quiet: a change arrives at every connection that it concerns, and the rollout says so. */
  async assertRolloutLands() {
    const revision = await this.writers[0].confirmed();
    let last;
    await until(async () => {
      last = await this.product.call('GET', `/api/v1/changes/${revision}/rollout`);
      const { connections, of } = last.stages.received;
      return last.concerned > 0 && connections === of;
    }, `receipts of all connections for revision ${revision}`, kPatience).catch((error) => {
      throw new Error(`${error.message}\n${JSON.stringify(last)}`);
    });
  }

  /** The server has checked its log behind its start, and has found it whole. */
  async assertLogWhole() {
    const broken = await until(async () => /^togglecast_log_chain_broken\{environment="production"\} (\d)$/m.exec(await this.product.metrics()), 'a look at the log', kPatience);
    assert.equal(broken[1], '0', 'the chain of the log is whole');
  }

  /** When it is quiet: each acknowledged write is one row of the log, and there is no other row. */
  async assertLogExact() {
    const rows = new Map();
    let before = '';
    do {
      const page = await this.product.call('GET', `/api/v1/activity?limit=200${before && `&before=${before}`}`);
      for (const entry of page.items) rows.set(entry.revision, entry);
      before = page.next;
    } while (before && before > this.began);
    const written = this.writers.flatMap(({ acknowledged }) => acknowledged).sort((a, b) => a.revision - b.revision);
    const head = Math.max(...rows.keys());
    const epochs = new Set([...rows.values()].map(({ epoch }) => epoch));
    assert.equal(epochs.size, 1, 'one epoch');
    assert.deepEqual(written.map(({ revision }) => revision), count(head - this.began).map((n) => this.began + 1 + n), 'the revisions that were answered are those of the log');
    for (const { type, id, revision, mark, request } of written) {
      const change = rows.get(revision).changes.find((one) => one.entity_type === type && one.entity_id === id);
      assert.ok(change, `revision ${revision} is ${request}`);
      if (mark) assert.equal(change.after?.name, mark, `revision ${revision} is ${request}`);
    }
    const marks = [...rows.values()].filter(({ revision }) => revision > this.began).flatMap(({ changes }) => changes.map(({ after }) => after?.name)).filter(Boolean);
    assert.equal(new Set(marks).size, marks.length, 'no mark twice');
    this.checked = head;
  }

  /** When it is quiet: rows up to `revision` were written by others. */
  skipTo(revision) {
    this.checked = revision;
    this.forgetLog();
  }

  /** What has been checked is not looked at again. */
  forgetLog() {
    this.began = this.checked;
    for (const writer of this.writers) writer.acknowledged = [];
  }

  async end() {
    this.over = true;
    for (const one of this.busy) one.stop();
    this.fleet?.leave();
    await Promise.all(this.busy.map((one) => one.running?.catch(() => {})));
  }
}

/**
 * Makes a server on a folder of its own and a world on it, and calls `work(world, server)`. A failure tells the seed and
 * what the server said. `front(server)` answers what stands before the server; `options` are those of `World.make`.
 */
export async function inWorld(t, { seed, random, front = (server) => server, ...options }, work) {
  const data = await dataFolder();
  const server = await Mortal.on(data.folder);
  let world;
  t.after(async () => {
    await world?.end();
    await server.kill();
    await data.remove();
  });
  try {
    await server.startReady();
    world = await World.make(server, random, { ...options, front: await front(server) });
    await work(world, server);
  } catch (error) {
    error.message += `\nseed ${seed} (TOGGLECAST_CRASH_SEED)\nthe server's last lives:\n${server.log}`;
    throw error;
  }
}
