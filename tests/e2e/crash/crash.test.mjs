// The server is killed again and again, at its named fail points and at random moments, and asked to end now and then,
// under writes and messages that are sent again until they are answered, and 200 clients that come and go. tests/soak does the same for as long as one likes.
// TOGGLECAST_CRASH_SEED  the seed of an earlier run
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashAgainAndAgain, failPoints, plan } from '../support/crash/rounds.mjs';
import { inWorld } from '../support/crash/world.mjs';
import { Random } from '../support/random.mjs';

const kKills = 104;
const kAtEachPoint = 9;
const kLookEvery = 13;
const seed = Number(process.env.TOGGLECAST_CRASH_SEED ?? Date.now() % 1_000_000);

test(`killed ${kKills} times, it loses nothing, doubles nothing, and every client is current`, async (t) => {
  const random = new Random(seed);
  await inWorld(t, { seed, random, messages: true }, async (world, server) => {
    await server.kill();
    world.start();

    const names = failPoints();
    const died = await crashAgainAndAgain(world, plan(random, names, kKills, kAtEachPoint), kLookEvery);

    assert.ok(names.length >= 9);
    for (const name of names) assert.equal(died.get(name), kAtEachPoint, `deaths at ${name}`);
    assert.ok(died.get('SIGTERM') > 0);
    assert.ok(world.messenger.copies > world.messenger.over.length, 'some messages came again');
    assert.ok(world.writers.some(({ acknowledged }) => acknowledged.some(({ replayed }) => replayed)), 'some answers were lost and came again');
  });
});
