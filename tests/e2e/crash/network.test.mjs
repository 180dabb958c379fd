// A bad network between the server and everybody: the same invariants as after crashes, and nothing is left over.
// TOGGLECAST_CRASH_SEED  the seed of an earlier run
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Copy } from '../support/crash/copy.mjs';
import { raw, RawMember } from '../support/crash/fleet.mjs';
import { Unrest } from '../support/crash/unrest.mjs';
import { freshView, inWorld } from '../support/crash/world.mjs';
import { until } from '../support/deadline.mjs';
import { metric, residentMebibytes } from '../support/hostile.mjs';
import { kPassword, product } from '../support/product.mjs';
import { isWebSocket, Proxy } from '../support/proxy.mjs';
import { Random } from '../support/random.mjs';

const kPatience = 240_000;
const seed = Number(process.env.TOGGLECAST_CRASH_SEED ?? Date.now() % 1_000_000);

async function untilNothingIsLeft(server) {
  for (const gauge of ['togglecast_sessions_open', 'togglecast_realtime_connections', 'togglecast_queued_bytes'])
    await until(async () => (await metric(server, gauge)) === 0, `nothing in ${gauge}`, kPatience);
  // those of this process, which asks
  await until(async () => (await metric(server, 'togglecast_streams_open')) <= 8, 'no stream left', kPatience);
}

test('cut, stalled, half-closed, split and merged, clients stay current and no write is doubled', async (t) => {
  const random = new Random(seed);
  let proxy;
  await inWorld(t, { seed, random, clients: 100, front: async (server) => (proxy = await Proxy.start(t, server.port)) }, async (world) => {
    world.start();

    await new Unrest(world, proxy, random).rage(28);
    await world.quiet();
    await world.assertCopiesCorrect();
    await world.assertLogExact();

    await world.end();
    proxy.cut();
    await untilNothingIsLeft(world.product);
  });
});

const shared = product({ args: ['--ping-interval', '1', '--ping-timeout', '2'], env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });

/** Which request of a session's start these first bytes are. */
function kindOf(head) {
  if (isWebSocket(head)) return 'websocket';
  if (head.startsWith('post')) return 'connect';
  return head.includes('sid=') ? 'poll' : 'handshake';
}

test('cut at each byte of its start, a session begins again, and the server has nothing left over', async (t) => {
  const server = shared.it;
  for (let n = 0; n < 3; n++) await server.createPlatform({ key: `p${n}`, name: `p${n}` });
  const created = await server.createClient();
  const tenant = { name: 'tenant', auth: { token: created.token } };
  const fresh = await freshView(server.url, tenant);
  const proxy = await Proxy.start(t, server.port);
  const problems = [];
  const atOnce = { below: () => 0 };
  const join = (n) => {
    const transport = n % 2 === 0 ? 'websocket' : 'polling';
    const member = new RawMember(proxy, tenant, new Copy(`${transport} ${n}`, (text) => problems.push(text)), atOnce, raw[transport]);
    t.after(() => member.leave());
    return member;
  };
  const isRight = ({ copy }) => copy.difference(fresh) === '';

  // How long each request and its answer are.
  proxy.seen = [];
  const first = [join(0), join(1)];
  await until(() => first.every(isRight), 'the first states', kPatience);
  const cuts = {};
  for (const { head, bytes } of proxy.seen) {
    if (head && !cuts[kindOf(head)] && bytes.up > 0) cuts[kindOf(head)] = [...Array(bytes.up).keys()].map((up) => ({ up })).concat([...Array(bytes.down).keys()].map((down) => ({ down })));
  }
  proxy.seen = undefined;
  first.forEach((member) => member.leave());
  assert.deepEqual(Object.keys(cuts).sort(), ['connect', 'handshake', 'poll', 'websocket']);
  const all = Object.values(cuts).reduce((sum, { length }) => sum + length, 0);
  assert.ok(all > 1500, `${all} places to cut at`);

  proxy.limits = (head) => cuts[kindOf(head)].pop() ?? {};
  const members = Array.from({ length: 40 }, (_, n) => join(n));
  const left = () => Object.values(cuts).some(({ length }) => length > 0);
  let before;
  await until(() => {
    assert.deepEqual(problems.slice(0, 3), []);
    for (const member of members) {
      if (!member.copy.began) continue;
      assert.equal(member.copy.difference(fresh), '', member.copy.name);
      member.stumble();
    }
    const half = Object.values(cuts).reduce((sum, { length }) => sum + length, 0) < all / 2;
    if (half) before ??= residentMebibytes(server.process);
    return !left();
  }, 'a cut at each byte', kPatience);

  await until(() => members.every(isRight), 'all current', kPatience);
  assert.deepEqual(problems, []);
  members.forEach((member) => member.leave());
  proxy.cut();
  await untilNothingIsLeft(server);
  const grown = residentMebibytes(server.process) - before;
  assert.ok(grown < 40, // 16 may be idle in the heap, and were perhaps given back just before (net::MemoryTrim)
    `the server grew by ${grown.toFixed(1)} MiB in the second half`);
});
