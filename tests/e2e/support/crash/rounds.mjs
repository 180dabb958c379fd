// One life of the server after the other, each ended by SIGKILL, at a named fail point or at a random moment; a few by
// SIGTERM.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { until } from '../deadline.mjs';
import { crashingBinary } from './world.mjs';

const kPatience = 240_000;
// How often a place may be passed before the kill: some are passed by every write, some by every receiver.
const kMostPassings = { mid_push: 300, between_connections: 300, mid_pruning: 1, message_committed: 4, receipts_committed: 4 };
const kUsualPassings = 12;
// Changes that a key still remembers are never removed: what goes is the catalogue's beginning, and it never has gone yet
// when the server is killed on the way.
const kSettings = { mid_pruning: ['--keep-changes', '5', '--keep-days', '0', '--ring-bytes', '0'] };

/** The names that the program knows. */
export function failPoints() {
  const { stdout, status } = spawnSync(crashingBinary, [], { env: { TOGGLECAST_FAIL_POINT: 'list' }, encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout.trim().split('\n');
}

const kDrain = ['--drain', '1'];

function othersOf(random, n) {
  if (n % 5 === 0) return { atStart: true };
  return n % 5 === 1 ? { term: true, progress: random.below(400) } : { progress: random.below(800) };
}

/** `kills` rounds: each name `atPoints` times, all others at random moments. */
export function plan(random, names, kills, atPoints) {
  const points = names.flatMap((name) => Array.from({ length: atPoints }, () => ({ point: name, nth: 1 + random.below(kMostPassings[name] ?? kUsualPassings) })));
  const others = Array.from({ length: Math.max(0, kills - points.length) }, (_, n) => othersOf(random, n));
  return random.shuffled([...points, ...others]).slice(0, Math.max(kills, points.length));
}

/** Starts the server and kills it as `round` says. */
export async function live(world, round) {
  const { server } = world;
  if (round.point) {
    server.start(`${round.point}:${round.nth}`, kSettings[round.point]);
    const { code, signal } = await until(async () => !server.process.running && server.process.exited, `the death at ${round.point}:${round.nth}`, kPatience);
    assert.deepEqual([code, signal], [null, 'SIGKILL'], server.log);
    assert.match(server.process.stderr, /killed at the fail point/);
    return;
  }
  server.start(undefined, round.term ? kDrain : []);
  if (round.atStart) {
    await until(() => !server.process.running || server.process.output !== '', 'the first line of the log', kPatience);
  } else {
    if (!(await server.ready())) throw new Error(`the server ended:\n${server.log}`);
    const enough = world.progress + round.progress;
    await until(() => !server.process.running || world.progress >= enough, 'progress', kPatience);
  }
  if (round.term) {
    assert.deepEqual(await server.process.end('SIGTERM', kPatience), { code: 0, signal: null }, server.log);
    return;
  }
  assert.deepEqual(await server.kill(), { code: null, signal: 'SIGKILL' }, server.log);
}

/** All rounds, with a look at everything after every `every`th of them and at the end. */
export async function crashAgainAndAgain(world, rounds, every, say = () => {}) {
  const died = new Map();
  for (const [n, round] of rounds.entries()) {
    await live(world, round);
    const name = round.point ?? (round.term ? 'SIGTERM' : 'random');
    died.set(name, (died.get(name) ?? 0) + 1);
    world.assertNoProblem();
    if ((n + 1) % every !== 0 && n + 1 < rounds.length) continue;
    await world.server.startReady();
    await world.quiet();
    await world.assertCopiesCorrect();
    await world.assertMessagesKept();
    await world.assertRolloutLands();
    await world.assertLogWhole();
    say(`${n + 1} kills, ${world.writes} writes, ${world.fleet.events} events`);
    if (n + 1 < rounds.length) await goOn(world);
  }
  await world.assertLogExact();
  return died;
}

/** After a look at a quiet world: writes again, and no server. */
export async function goOn(world) {
  world.go();
  await world.server.kill();
}
