// Long runs of what tests/e2e/crash does in short. Prints the seed first, a line for each look, and ends with
// `N passed, N failed`. A failure leaves its report in build/soak.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crashAgainAndAgain, failPoints, goOn, plan } from '../e2e/support/crash/rounds.mjs';
import { Cluster } from '../e2e/support/crash/cluster.mjs';
import { restartInTurn } from '../e2e/support/crash/restarts.mjs';
import { endure, troubles } from '../e2e/support/crash/troubles.mjs';
import { Unrest } from '../e2e/support/crash/unrest.mjs';
import { freshView, inWorld, World } from '../e2e/support/crash/world.mjs';
import { Proxy } from '../e2e/support/proxy.mjs';
import { Random } from '../e2e/support/random.mjs';
import { stallWhileChanging } from '../e2e/support/stalled.mjs';

const kUsage = `usage: tests/soak/run crash|network|stalled|cluster [--minutes N] [--kills N] [--clients N] [--changes N] [--rounds N] [--seed N]
crash     kills the server until so many kills (1000) or minutes are over
network   a bad network for so many minutes (10)
stalled   clients (100) that take nothing during so many changes (10000)
cluster   three nodes with so many clients each (1000), PostgreSQL and Redis, and all that can break, so often (1)`;
const kKillsPerBatch = 60;
const kAtEachPoint = 4;
const kLookEvery = 20;
const kTroublesPerBatch = 42;
const kUsualTrouble = 10; // seconds
const kTrouble = { 'PostgreSQL is stopped': 20, 'a node is cut off both': 20 };
const kReports = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../build/soak');

const numbers = { minutes: { type: 'string' }, kills: { type: 'string' }, clients: { type: 'string' }, changes: { type: 'string' }, rounds: { type: 'string' }, seed: { type: 'string' } };
function options() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: numbers });
    const wanted = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)]));
    const wrong = Object.entries(wanted).find(([, number]) => !Number.isSafeInteger(number) || number < 0);
    if (wrong) throw new Error(`--${wrong[0]} needs a whole number`);
    if (positionals.length !== 1 || !(positionals[0] in runs)) throw new Error('what is to be run?');
    return { what: positionals[0], ...wanted };
  } catch (error) {
    console.error(`${error.message}\n${kUsage}`);
    process.exit(2);
  }
}

const began = performance.now();
const minutesGone = () => (performance.now() - began) / 60_000;
const say = (line) => console.log(`${minutesGone().toFixed(1).padStart(6)} min  ${line}`);

/** A test's `after`, for a program. */
class Ends {
  #ends = [];
  after(end) {
    this.#ends.push(end);
  }
  async end() {
    for (const end of this.#ends.reverse()) await end();
  }
}

const runs = {
  async crash(t, random, { kills = 1000, minutes = Infinity, clients = 200 }) {
    await inWorld(t, { seed, random, clients, messages: true }, async (world, server) => {
      await server.kill();
      world.start();
      for (let done = 0; done < kills && minutesGone() < minutes; done += kKillsPerBatch) {
        const rounds = plan(random, failPoints(), Math.min(kKillsPerBatch, kills - done), kAtEachPoint);
        await crashAgainAndAgain(world, rounds, kLookEvery, (line) => say(`${done} + ${line}`));
        world.forgetLog();
        await goOn(world);
      }
    });
  },
  async network(t, random, { minutes = 10, clients = 200 }) {
    let proxy;
    await inWorld(t, { seed, random, clients, messages: true, front: async (server) => (proxy = await Proxy.start(t, server.port)) }, async (world) => {
      world.start();
      do {
        await new Unrest(world, proxy, random).rage(kTroublesPerBatch);
        await world.quiet();
        await world.assertCopiesCorrect();
        await world.assertMessagesKept();
        await world.assertLogExact();
        world.forgetLog();
        say(`${proxy.accepted} connections, ${world.writes} writes, ${world.fleet.events} events`);
        world.go();
      } while (minutesGone() < minutes);
    });
  },
  async cluster(t, random, { rounds = 1, clients = 1000 }) {
    const cluster = await Cluster.start(t);
    if (cluster.noDisk) throw cluster.noDisk;
    let world;
    t.after(() => world?.end());
    try {
      world = await World.make(cluster.nodes[0], random, { clients: 3 * clients, front: cluster.front, settled: (made) => cluster.has(made), kinds: ['raw websocket'] });
      const { epoch } = await freshView(cluster.nodes[0].url, world.tenants[0]);
      world.start();
      say(`three nodes with ${clients} clients each`);
      for (let round = 0; round < rounds; round++) {
        for (const name of random.shuffled(Object.keys(troubles))) {
          await endure(cluster, world, name, { random, seconds: kTrouble[name] ?? kUsualTrouble, epoch });
          say(`${name}: ${world.writes} writes, ${world.fleet.events} events`);
        }
        await restartInTurn(cluster, world, epoch);
        say(`the nodes are restarted in turn: ${world.writes} writes, ${world.fleet.events} events`);
      }
    } catch (error) {
      error.message += `\nthe nodes' last lives:\n${cluster.log}`;
      throw error;
    }
  },
  async stalled(t, random, { clients = 100, changes = 10_000 }) {
    for (const giveUp of [false, true]) {
      const { growth, mostQueued } = await stallWhileChanging(t, { clients, changes, giveUp });
      say(`${giveUp ? 'given up' : 'kept'}: ${growth}; at most ${mostQueued} bytes waited`);
    }
  },
};

const { what, seed = Date.now() % 1_000_000, ...limits } = options();
console.log(`tests/soak/run ${what} --seed ${seed}`);
const t = new Ends();
let failed = 0;
try {
  await runs[what](t, new Random(seed), limits);
} catch (error) {
  failed = 1;
  mkdirSync(kReports, { recursive: true });
  const report = path.join(kReports, `${what}-${seed}.txt`);
  writeFileSync(report, `tests/soak/run ${what} --seed ${seed}\n${error.stack}\n`);
  console.log(`${error.message.split('\n').slice(0, 12).join('\n')}\n…\nthe whole report: ${report}`);
}
await t.end();
console.log(`${1 - failed} passed, ${failed} failed`);
process.exit(failed);
