// Clients that lost their connection come back where they were: stock clients after kill -9, raw ones after a cut at any
// byte, over polling and over WebSocket.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWay } from '../support/clients.mjs';
import { until, within } from '../support/deadline.mjs';
import { PollingSession } from '../support/engine.mjs';
import { dataFolder, ownKey, Product, product } from '../support/product.mjs';
import { isWebSocket, Proxy } from '../support/proxy.mjs';
import { conversation } from '../support/python.mjs';

const shared = product();
const kReconnecting = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 300, randomizationFactor: 0.5 };
const kTagged = /^\d+\.\d+\.[0-9a-f]{16}\.[A-Za-z0-9_-]{8}$/;

/** What a page holds: it applies each push when its last event has come. */
class Page {
  constructor(client, nsp = '/client') {
    this.client = client;
    this.states = []; // {event, recovered, payload} for each connection
    this.platforms = new Map();
    let pushing = [];
    const { socket } = client;
    socket.on('disconnect', () => (pushing = []));
    const begin = (event) => (payload, offset) => {
      this.states.push({ event, recovered: Boolean(socket.recovered), payload, offset });
      if (payload.platforms) this.platforms = new Map(payload.platforms.map((one) => [one.id, one]));
    };
    for (const event of nsp === '/admin' ? ['admin_connected', 'admin_resumed'] : ['client_connected', 'client_resumed']) {
      socket.on(event, begin(event));
    }
    socket.on('platform_update', ({ platform_id: id, data, more }) => {
      pushing.push([id, data]);
      if (more) return;
      for (const [of, is] of pushing) {
        if (is) this.platforms.set(of, is);
        else this.platforms.delete(of);
      }
      pushing = [];
    });
  }

  get last() {
    return this.states.at(-1);
  }

  async begun(count) {
    await until(() => this.states.length >= count, `the beginning of connection ${count}`, 60_000);
    assert.equal(this.last.recovered, this.last.event.endsWith('_resumed'), 'both tell the same');
    return this.last;
  }
}

async function startOn(t) {
  const data = await dataFolder();
  const servers = [];
  t.after(async () => {
    await Promise.all(servers.filter((one) => one.process.running).map((one) => one.end('SIGKILL')));
    await data.remove();
  });
  return async (options) => {
    const server = await Product.start(data.folder, options);
    servers.push(server);
    return server;
  };
}

describe('after kill -9 on the same port', () => {
  test('stock clients and admins resume, and have what was written meanwhile', async (t) => {
    const start = await startOn(t);
    const first = await start();
    await first.login();
    const { token } = await first.createClient();
    const platform = await first.createPlatform({ key: ownKey(), name: 'kept' });
    const client = new Page(first.clientSocket(t, token, kReconnecting));
    const admin = new Page(first.adminSocket(t, kReconnecting), '/admin');
    const { offset } = await client.begun(1);
    assert.match(offset, kTagged);
    await admin.begun(1);
    await first.end('SIGKILL');

    const second = await start({ port: first.port });
    second.admin = first.admin;
    const resumed = await client.begun(2);
    assert.equal(resumed.event, 'client_resumed');
    assert.match(resumed.offset, kTagged);
    assert.deepEqual(Object.keys(resumed.payload).sort(), ['epoch', 'revision', 'server_time']);
    assert.equal((await admin.begun(2)).event, 'admin_resumed');
    await second.toggle(platform.id, false);
    await until(() => client.platforms.get(platform.id)?.enabled === false, 'the switch');
    await second.end('SIGKILL');

    // Written while they cannot come back: the listener of the third is their address.
    const third = await start();
    third.admin = first.admin;
    const added = await third.createPlatform({ key: ownKey(), name: 'added meanwhile' });
    await third.call('DELETE', `/api/v1/platforms/${platform.id}`);
    await third.end('SIGKILL');
    const fourth = await start({ port: first.port });
    assert.equal((await client.begun(3)).event, 'client_resumed');
    assert.equal((await admin.begun(3)).event, 'admin_resumed');
    await until(() => client.platforms.has(added.id) && !client.platforms.has(platform.id), 'what it missed');
    fourth.admin = first.admin;
    assert.match(await fourth.metrics(), /togglecast_realtime_resumes_total\{namespace="\/client",result="updated"\} 1\n/);
  });
});

eachWay((way, options) => {
  test(`${way}: a connection that is cut is resumed`, async (t) => {
    const proxy = await Proxy.start(t, shared.it.port);
    const { token } = await shared.it.createClient();
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'seen' });
    const through = Object.create(shared.it, { url: { value: proxy.url } });
    const page = new Page(through.clientSocket(t, token, { ...options, ...kReconnecting }));
    await page.begun(1);
    // Version 3 does not know of sessions: it gets the full state each time.
    const event = options.version === '3.x' ? 'client_connected' : 'client_resumed';
    for (let round = 2; round < 5; round++) {
      proxy.refusing = true;
      proxy.cut();
      await shared.it.toggle(platform.id, round % 2 === 0);
      proxy.refusing = false;
      assert.equal((await page.begun(round)).event, event);
      await until(() => page.platforms.get(platform.id).enabled === (round % 2 === 0), 'the switch while it was away');
    }
  });
});

test('a cut at many places of the beginning loses nothing, and "recovered" is always true to what came', async (t) => {
  const proxy = await Proxy.start(t, shared.it.port);
  const { token } = await shared.it.createClient();
  const platform = await shared.it.createPlatform({ key: ownKey(), name: 'seen' });
  const through = Object.create(shared.it, { url: { value: proxy.url } });
  const page = new Page(through.clientSocket(t, token, { ...kReconnecting, reconnectionDelay: 1, reconnectionDelayMax: 5, transports: ['websocket'] }));
  await page.begun(1);
  // How much the server sends until the page has been told everything.
  const length = async () => {
    const before = page.states.length;
    proxy.cut();
    await page.begun(before + 1);
    return [...proxy.links].find(({ head }) => isWebSocket(head)).bytes.down;
  };
  const whole = (await length()) + 300; // with a push behind it
  let enabled = true;
  // Each single byte: tests/component/realtime/resume_test.cpp.
  for (let cutAt = 1; cutAt <= whole; cutAt += 61) {
    enabled = !enabled;
    proxy.refusing = true;
    proxy.cut();
    await shared.it.toggle(platform.id, enabled);
    let cuts = 0;
    proxy.limits = (head) => (isWebSocket(head) && cuts++ === 0 ? { down: cutAt } : {});
    proxy.refusing = false;
    await until(() => page.platforms.get(platform.id)?.enabled === enabled && (cuts > 1 || page.client.socket.connected), `the switch after a cut at byte ${cutAt}`, 60_000);
    assert.equal(page.last.recovered, page.last.event === 'client_resumed', `cut at byte ${cutAt}`);
  }
  for (const one of page.states.slice(1)) assert.equal(one.recovered, one.event === 'client_resumed');
});

test('over polling by hand: the answer to CONNECT, what was missed, and where it stands', async () => {
  const { token } = await shared.it.createClient();
  const platform = await shared.it.createPlatform({ key: ownKey(), name: 'seen' });
  const join = async (auth) => {
    const session = await PollingSession.open(shared.it.port, '/socket.io/');
    await session.post(`40/client,${JSON.stringify({ token, ...auth })}`);
    const connect = await session.packet();
    assert.match(connect, /^40\/client,/);
    return { session, pid: JSON.parse(connect.slice('40/client,'.length)).pid };
  };
  const event = async (session) => JSON.parse((await session.packet()).slice('42/client,'.length));
  const first = await join({});
  assert.match(first.pid, /^[A-Za-z0-9_-]{22}$/);
  const [name, state, offset] = await event(first.session);
  assert.equal(name, 'client_connected');
  await first.session.post('1');
  await shared.it.toggle(platform.id, false);

  const second = await join({ pid: first.pid, offset });
  assert.equal(second.pid, first.pid);
  assert.deepEqual((await event(second.session)).toSpliced(1, 1), ['client_resumed', offset]);
  const [update, payload, next] = await event(second.session);
  assert.equal(update, 'platform_update');
  assert.deepEqual({ type: payload.type, revision: payload.revision, more: payload.more },
    { type: 'update', revision: shared.it.revision, more: false });
  assert.match(next, kTagged);

  for (const forged of [{ pid: first.pid }, { pid: first.pid, offset: 7 }, { pid: [], offset }, { pid: 'x'.repeat(22), offset },
    { pid: first.pid, offset: `${state.epoch + 1}${offset.slice(1)}` }, { pid: first.pid.slice(1), offset }]) {
    const again = await join(forged);
    assert.notEqual(again.pid, first.pid);
    assert.equal((await event(again.session))[0], 'client_connected', JSON.stringify(forged));
  }
});

test('python-socketio, without offsets, gets its full state each time', async () => {
  const { token } = await shared.it.createClient();
  for (let round = 0; round < 2; round++) {
    const python = conversation('events.py', [shared.it.url, token, '/client', 'websocket']);
    const greeting = await python.ask({ wait: 'client_connected' });
    assert.ok(Array.isArray(greeting.platforms));
    await within(python.end(), 'the end of the client');
  }
});
