// A rolling restart: the nodes of a cluster in turn, under writes and clients.
import assert from 'node:assert/strict';
import { until } from '../deadline.mjs';

const kPatience = 240_000;

/** Restarts each node once. Every client comes back by a resume: no full state is sent, and no write fails that a retry does not heal. */
export async function restartInTurn(cluster, world, epoch) {
  world.calm = true;
  await until(() => world.fleet.copies.every(({ began }) => began), 'connected clients', kPatience);
  const states = new Map(world.fleet.copies.map((copy) => [copy, copy.states]));
  const resumes = world.fleet.copies.reduce((sum, copy) => sum + copy.resumes, 0);
  for (const node of cluster.nodes) {
    assert.deepEqual(await node.process.end('SIGTERM', kPatience), { code: 0, signal: null });
    await node.startReady();
    const enough = world.writes + 10;
    await until(() => world.writes >= enough, 'writes', kPatience);
  }
  await world.quiet();
  await cluster.assertOneState(world, epoch);
  for (const [copy, before] of states) assert.equal(copy.states, before, copy.name);
  assert.ok(world.fleet.copies.reduce((sum, copy) => sum + copy.resumes, 0) > resumes, 'clients came back');
  world.forgetLog();
  world.calm = false;
  world.go();
}
