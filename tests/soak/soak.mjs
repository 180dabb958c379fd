// Long runs of what tests/e2e/crash does in short. Prints the seed first, a line for each look, and ends with
// `N passed, N failed`. A failure leaves its report in build/soak.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crashAgainAndAgain, failPoints, goOn, plan } from '../e2e/support/crash/rounds.mjs';
import { Unrest } from '../e2e/support/crash/unrest.mjs';
import { Mortal, World } from '../e2e/support/crash/world.mjs';
import { dataFolder } from '../e2e/support/product.mjs';
import { Proxy } from '../e2e/support/proxy.mjs';
import { Random } from '../e2e/support/random.mjs';
import { stallWhileChanging } from '../e2e/support/stalled.mjs';

const kUsage = `usage: tests/soak/run crash|network|stalled [--minutes N] [--kills N] [--clients N] [--changes N] [--seed N]
crash     kills the server until so many kills (1000) or minutes are over
network   a bad network for so many minutes (10)
stalled   clients (100) that take nothing during so many changes (10000)`;
const kKillsPerBatch = 60;
const kAtEachPoint = 4;
const kLookEvery = 20;
const kTroublesPerBatch = 42;
const kReports = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../build/soak');

const numbers = { minutes: { type: 'string' }, kills: { type: 'string' }, clients: { type: 'string' }, changes: { type: 'string' }, seed: { type: 'string' } };
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

async function inWorld(t, random, clients, makeFront, work) {
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
    world = await World.make(server, random, { clients, front: await makeFront(server), messages: true });
    await work(world, server);
  } catch (error) {
    error.message += `\nthe server's last lives:\n${server.log}`;
    throw error;
  }
}

const runs = {
  async crash(t, random, { kills = 1000, minutes = Infinity, clients = 200 }) {
    await inWorld(t, random, clients, (server) => server, async (world, server) => {
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
    await inWorld(t, random, clients, async (server) => (proxy = await Proxy.start(t, server.port)), async (world) => {
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
