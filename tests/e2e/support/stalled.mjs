// Clients that stop reading while much is changed: what they cost, and what they have in the end.
import assert from 'node:assert/strict';
import { Copy } from './crash/copy.mjs';
import { raw, RawMember } from './crash/fleet.mjs';
import { becomeCurrent, freshView } from './crash/world.mjs';
import { until, within } from './deadline.mjs';
import { metric, residentMebibytes } from './hostile.mjs';
import { dataFolder, Product } from './product.mjs';

const kPatience = 240_000;
const kConfig = 6_000; // bytes of a platform's configuration
const kPlatforms = 8;
const kWriters = 8;
const kUnlimited = ['--write-rate', '1000000', '--write-burst', '1000000', '--read-rate', '1000000', '--read-burst', '1000000'];
// Much less than changes that wait for each of them would take. 16 may stay idle in the heap of one server and be given back
// by the other (net::MemoryTrim).
const kMostMebibytes = 40;
const kMostQueuedEach = 32 * 1024;

const counted = (product, name) => metric(product, name).catch(() => 0);

/** A server with platforms, and a way to change them as often as one likes. */
class Changing {
  static async start(t, args) {
    const data = await dataFolder();
    const product = await Product.start(data.folder, { args: [...kUnlimited, ...args] });
    t.after(async () => {
      await product.end('SIGKILL');
      await data.remove();
    });
    await product.login();
    const platforms = [];
    for (let n = 0; n < kPlatforms; n++) platforms.push(await product.createPlatform({ key: `p${n}`, name: `p${n}`, config: { big: 'x'.repeat(kConfig) } }));
    return new Changing(product, platforms);
  }

  constructor(product, platforms) {
    Object.assign(this, { product, platforms, changes: 0 });
  }

  /** So many changes; `look` is called now and then. */
  async change(count, look = () => {}) {
    const end = this.changes + count;
    const write = async () => {
      while (this.changes < end) {
        const n = this.changes++;
        const { id } = this.platforms[n % kPlatforms];
        await this.product.call('PATCH', `/api/v1/platforms/${id}`, { config: { big: `${n} ${'x'.repeat(kConfig)}` } });
        if (n % Math.ceil(count / 8) === 0) await look();
      }
    };
    await within(Promise.all(Array.from({ length: kWriters }, write)), `${count} changes`, 5 * kPatience);
  }

  /** By how much the process grows in so many changes, after the first quarter, which fills what is kept anyway. */
  async growth(count, look) {
    await this.change(Math.ceil(count / 4), look);
    const before = residentMebibytes(this.product.process);
    await this.change(count - Math.ceil(count / 4), look);
    return residentMebibytes(this.product.process) - before;
  }
}

/** `clients` of both transports, each with a copy and the whole state. */
async function readers(product, clients, problem) {
  const created = await product.createClient('tenant');
  const tenant = { name: 'tenant', auth: { token: created.token } };
  const random = { below: (end) => Math.floor(end / 2) };
  const members = Array.from({ length: clients }, (_, n) => {
    const transport = n % 4 === 0 ? 'polling' : 'websocket';
    return new RawMember(product, tenant, new Copy(`${transport} ${n}`, problem), random, raw[transport]);
  });
  await until(() => members.every(({ copy }) => copy.states > 0), 'all first states', kPatience);
  return { tenant, members };
}

/**
 * `clients` stop reading, `changes` are made, they read again. Fails when the memory is not flat, compared with a server
 * that has no such clients, or when a copy is not current in the end. With `giveUp` the server closes them meanwhile.
 */
export async function stallWhileChanging(t, { clients, changes, giveUp }) {
  const ring = ['--ring-bytes', String(16 << 20)];
  const alone = await Changing.start(t, ring);
  const usual = await alone.growth(changes);
  await alone.product.end('SIGTERM');

  // A client that is not to be given up is not missed, either.
  const patient = ['--stall-timeout', giveUp ? '1' : '3600', '--ping-interval', giveUp ? '2' : '3600', '--ping-timeout', giveUp ? '2' : '3600'];
  const server = await Changing.start(t, [...ring, ...patient]);
  const { product } = server;
  const problems = [];
  const { tenant, members } = await readers(product, clients, (text) => problems.push(text));
  t.after(() => members.forEach((member) => member.leave()));
  const check = () => assert.deepEqual(problems.slice(0, 3), []);

  for (const member of members) member.stall();
  let mostQueued = 0;
  const grown = await server.growth(changes, async () => {
    mostQueued = Math.max(mostQueued, await counted(product, 'togglecast_queued_bytes'));
  });
  check();
  const growth = `${grown.toFixed(1)} MiB with ${clients} clients that take nothing, ${usual.toFixed(1)} without`;
  assert.ok(grown - usual < kMostMebibytes, growth);
  assert.ok(mostQueued < clients * kMostQueuedEach, `${mostQueued} bytes waited for ${clients} clients`);
  if (giveUp) {
    // On a slow machine the kernel takes all changes until a heartbeat is missed.
    const givenUp = async () => (await counted(product, 'togglecast_stalled_streams_total')) + (await metric(product, 'togglecast_sessions_closed_total', 'timeout'));
    await until(async () => (await givenUp()) > 0, 'connections given up', kPatience);
    await until(async () => (await metric(product, 'togglecast_realtime_connections')) === 0, 'no connection left', kPatience);
  } else {
    assert.ok((await metric(product, 'togglecast_push_deferred_total')) >= clients, 'each of them was found busy');
    assert.equal(await counted(product, 'togglecast_stalled_streams_total'), 0);
  }

  for (const member of members) member.flow();
  await server.change(8);
  await becomeCurrent(members.map(({ copy }) => copy), await freshView(product.url, tenant), tenant.name, check);
  for (const { copy, connections } of members) assert.equal(connections > 1, Boolean(giveUp), `${copy.name} had ${connections} connections`);
  return { growth, mostQueued };
}
