// The emitter bridge: programs that are no servers emit to our clients. @socket.io/redis-emitter, and python-socketio's
// RedisManager: Debian's version, which pickles, and the JSON of later ones.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Emitter } from '@socket.io/redis-emitter';
import { createClient } from 'redis';
import { connected } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { dataFolder, Product } from '../support/product.mjs';
import { conversation } from '../support/python.mjs';
import { Redis } from '../support/redis.mjs';
import { Process, sharedByTests, startConformance, togglecastBinary } from '../support/server.mjs';

const house = sharedByTests(
  async () => {
    const redis = await Redis.start();
    const server = await startConformance(['--unhurried', '--emitter-bridge', '/,/custom', '--redis-url', redis.url]);
    await until(async () => (await redis.cli('PUBSUB', 'NUMPAT')) === '4' &&
      (await redis.cli('PUBSUB', 'NUMSUB', 'socketio')).endsWith('1') && (await redis.cli('PUBSUB', 'NUMSUB', 'flask-socketio')).endsWith('1'), 'the bridge', 60_000);
    const client = createClient({ url: redis.url });
    await client.connect();
    return { redis, server, client, python: conversation('emitter.py', [redis.url]) };
  },
  async ({ redis, server, client, python }) => {
    await client.quit();
    await python.end();
    await server.end('SIGTERM');
    await redis.stop();
  },
);
const kPath = { path: '/socket.io/', transports: ['websocket'] };
const join = (t, options) => connected(t, house().server, { ...kPath, ...options });
let marks = 0;

/** What was published before has been delivered when this has. */
async function fence(clients) {
  const mark = `mark ${++marks}`;
  await house().client.publish('socketio', JSON.stringify({ method: 'emit', event: 'mark', data: mark }));
  new Emitter(house().client).emit('mark', mark);
  for (const client of clients) {
    assert.deepEqual(await client.next('mark'), [mark]);
    assert.deepEqual(await client.next('mark'), [mark]);
  }
}

describe('@socket.io/redis-emitter', () => {
  test('emits to everyone, to rooms, except others, in a namespace, with binary parts', async (t) => {
    const [a, b] = [await join(t), await join(t)];
    const custom = await join(t, { nsp: '/custom' });
    await a.ask('join', 'r1');
    await b.ask('join', 'r2');
    const emitter = new Emitter(house().client);

    emitter.emit('hi', 'a', 1, { deep: [Buffer.from([1, 2])] });
    emitter.to('r1').emit('one');
    emitter.to(['r1', 'r2']).except('r1').emit('two');
    emitter.volatile.emit('light');
    emitter.of('/custom').emit('custom', 2);
    await fence([a, b]);

    for (const client of [a, b]) {
      assert.deepEqual(await client.next('hi'), ['a', 1, { deep: [Buffer.from([1, 2])] }]);
      assert.deepEqual(await client.next('light'), []);
    }
    assert.deepEqual([a.unread('one'), a.unread('two'), b.unread('one'), b.unread('two')], [1, 0, 0, 1]);
    assert.deepEqual(await custom.next('custom'), [2]);
    assert.equal(custom.unread('hi'), 0);
  });

  test('lets sockets join and leave, disconnects them, and reaches the handlers of the server', async (t) => {
    const [a, b] = [await join(t), await join(t)];
    await a.ask('join', 'j1');
    const emitter = new Emitter(house().client);

    emitter.in('j1').socketsJoin('j2');
    await until(async () => (await b.ask('fetch', 'j2')).length === 1, 'the join');
    emitter.socketsLeave('j2');
    await until(async () => (await b.ask('fetch', 'j2')).length === 0, 'the leave');
    emitter.serverSideEmit('told', 'by the emitter');
    assert.deepEqual(await b.next('told'), ['by the emitter']);
    emitter.in('j1').disconnectSockets(true);
    await a.disconnects.next('the disconnect');
    assert.equal(b.socket.connected, true);
  });
});

describe("python-socketio's RedisManager", () => {
  test('emits, pickled: values, tuples, bytes, rooms, skip_sid', async (t) => {
    const [a, b] = [await join(t), await join(t)];
    const custom = await join(t, { nsp: '/custom' });
    await a.ask('join', 'p1');
    const { python } = house();
    const emit = (event, data, options) => python.ask({ call: 'emit', args: [event, data], options });

    await emit('dict', { a: 1, 'ä': [true, null, -1, 1e10, 2 ** 40, 1.5, 'text'], long: 'x'.repeat(300) });
    await emit('several', { tuple: [1, 'two', { bytes: [0, 255] }] });
    await emit('bytes', { bytes: Array(300).fill(7) });
    await emit('nothing', null);
    await emit('room', 1, { room: 'p1' });
    await emit('skip', 1, { skip_sid: a.id });
    await emit('custom', 'x', { namespace: '/custom' });
    await emit('admin', 'x', { namespace: '/admin' });
    await fence([a, b]);

    assert.deepEqual(await b.next('dict'),
      [{ a: 1, 'ä': [true, null, -1, 1e10, 2 ** 40, 1.5, 'text'], long: 'x'.repeat(300) }]);
    assert.deepEqual(await b.next('several'), [1, 'two', Buffer.from([0, 255])]);
    assert.deepEqual(await b.next('bytes'), [Buffer.alloc(300, 7)]);
    assert.deepEqual(await b.next('nothing'), []);
    assert.deepEqual([a.unread('room'), b.unread('room'), a.unread('skip'), b.unread('skip')], [1, 0, 0, 1]);
    assert.deepEqual(await custom.next('custom'), ['x']);
  });

  test('of a Flask program emits to everyone and to rooms', async (t) => {
    const [a, b] = [await join(t), await join(t)];
    await a.ask('join', 'f1');
    const flask = conversation('flask_emitter.py', [house().redis.url]);
    t.after(() => flask.end());

    await flask.ask({ args: ['config_updated', { flag: 'x' }] });
    await flask.ask({ args: ['room', 1], options: { to: 'f1' } });

    for (const client of [a, b]) assert.deepEqual(await client.next('config_updated'), [{ flag: 'x' }]);
    assert.deepEqual(await a.next('room'), [1]);
    await fence([a, b]);
    assert.equal(b.unread('room'), 0);
  });

  test('disconnects a client and closes a room', async (t) => {
    const [a, b] = [await join(t), await join(t)];
    await b.ask('join', 'closing');
    const { python } = house();

    await python.ask({ call: 'close_room', args: ['closing'] });
    await until(async () => (await a.ask('fetch', 'closing')).length === 0, 'the closed room');
    await python.ask({ call: 'disconnect', args: [b.id], options: { namespace: '/' } });
    await b.disconnects.next('the disconnect');
  });

  test('emits as JSON, as from 5.14 on: arguments, base64, enter_room, leave_room', async (t) => {
    const [a, b] = [await join(t), await join(t)];
    const tell = (message) => house().client.publish('socketio', JSON.stringify({ host_id: 'h1', namespace: '/', ...message }));
    const emit = (event, data, more) => tell({ method: 'emit', event, binary: false, data, room: null, skip_sid: null, callback: null, ...more });

    await tell({ method: 'enter_room', sid: a.id, room: 'e1' });
    await emit('args', [1, [2], 'three']);
    await emit('bin', [[{ _placeholder: true, num: 0 }, 'x', { b: { _placeholder: true, num: 1 } }], 'AQI=', '/w=='], { binary: true });
    await emit('rooms', [1], { room: ['e1', 'e2'], skip_sid: [b.id] });
    await until(async () => (await b.ask('fetch', 'e1')).length === 1, 'the join');
    await tell({ method: 'leave_room', sid: a.id, room: 'e1' });
    await until(async () => (await b.ask('fetch', 'e1')).length === 0, 'the leave');
    await fence([a, b]);

    assert.deepEqual(await b.next('args'), [1, [2], 'three']);
    assert.deepEqual(await b.next('bin'), [Buffer.from([1, 2]), 'x', { b: Buffer.from([255]) }]);
    assert.deepEqual([a.unread('rooms'), b.unread('rooms')], [1, 0]);
  });

  test('gets the answers of clients back', async (t) => {
    const a = await join(t);
    a.socket.on('ask', (value, answer) => answer(`heard ${value}`, 2));
    const listener = house().client.duplicate();
    await listener.connect();
    t.after(() => listener.quit());
    const answer = new Promise((resolve) => listener.subscribe('socketio', (text) => {
      if (text.includes('"callback","host_id"')) resolve(JSON.parse(text));
    }));

    await house().client.publish('socketio', JSON.stringify({
      method: 'emit', event: 'ask', data: 'x', namespace: '/', room: a.id, callback: [a.id, '/', 7], host_id: 'flask' }));

    assert.deepEqual(await answer,
      { method: 'callback', host_id: 'flask', sid: a.id, namespace: '/', id: 7, args: ['heard x', 2] });
  });

  test('a pickle that could call something is refused and counted, and so is what is malformed', async (t) => {
    const a = await join(t);
    const before = await a.ask('dropped');
    const evil = [
      Buffer.from("cos\nsystem\n(S'true'\ntR."), // protocol 0: os.system('true')
      Buffer.from('\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.', 'latin1'),
      Buffer.from('\x80\x04}\x94(\x8c\x06method', 'latin1'),
      Buffer.from('{"method":"emit","event":5}'),
      Buffer.from('[1]'),
    ];
    for (const message of evil) await house().client.publish('socketio', message);
    await until(async () => (await a.ask('dropped')) === before + evil.length, 'all counted');
    await fence([a]);
  });
});

describe('without --emitter-bridge', () => {
  const kEvent = { method: 'emit', event: 'intruder', data: 1, binary: false, room: null, skip_sid: null, callback: null };

  /** Emits in each way that the bridge takes; answers how many subscribers of this Redis heard it. */
  async function emitInEachWay(redis, namespaces) {
    const client = await createClient({ url: redis.url }).connect();
    let heard = 0;
    for (const namespace of namespaces) {
      new Emitter(client).of(namespace).emit('intruder', 1);
      for (const channel of ['socketio', 'flask-socketio']) heard += await client.publish(channel, JSON.stringify({ ...kEvent, namespace }));
      heard += await client.publish(`socket.io#${namespace}#`, 'a message');
    }
    await client.quit();
    return heard;
  }
  async function ownRedis(t) {
    const redis = await Redis.start();
    t.after(() => redis.stop());
    return redis;
  }

  test('a server with the sharded adapter delivers nothing of what is emitted', async (t) => {
    const redis = await ownRedis(t);
    const server = await startConformance(['--unhurried', '--adapter', 'sharded', '--redis-url', redis.url]);
    t.after(() => server.end('SIGTERM'));
    const a = await connected(t, server, kPath);

    assert.equal(await emitInEachWay(redis, ['/']), 0);
    await a.ask('fetch', 'nobody');
    assert.equal(a.unread('intruder'), 0);
  });

  test('togglecast --redis delivers nothing of what is emitted', async (t) => {
    const redis = await ownRedis(t);
    const data = await dataFolder();
    const product = await Product.start(data.folder, { args: ['--redis', redis.url] });
    t.after(() => product.end('SIGKILL').finally(data.remove));
    await product.login();
    await until(async () => (await product.call('GET', '/healthz/details')).bus.status === 'ready', 'a bus that is ready', 60_000);
    const { token } = await product.createClient();
    const client = await product.clientSocket(t, token).connected();
    const admin = await product.adminSocket(t).connected();
    await client.next('client_connected');

    assert.equal(await emitInEachWay(redis, ['/', '/client', '/admin']), 0);
    await product.createPlatform({ key: 'web', name: 'Web' });
    for (const socket of [client, admin]) {
      await socket.next('platform_update', 60_000);
      assert.equal(socket.unread('intruder'), 0);
    }
  });
});

describe('options', () => {
  const ended = async (program, args) => {
    const process = new Process(program, args);
    const { code } = await process.exited;
    return [code, process.output];
  };
  let conformance;
  before(() => (conformance = house().server.child.spawnfile));

  test('the bridge refuses the namespaces of the product by name', async () => {
    for (const nsp of ['/admin', '/client']) {
      const [code, output] = await ended(conformance,
        ['--port', '0', '--emitter-bridge', `/,${nsp}`, '--redis-url', house().redis.url]);
      assert.equal(code, 2);
      assert.match(output, new RegExp(`does not serve ${nsp}`));
    }
  });

  test('an option that is not known is an error, of both programs', async () => {
    for (const [program, args] of [[conformance, ['--port', '0', '--nonsense']], [conformance, ['--port', '0', 'nonsense']],
      [togglecastBinary, ['serve', '--nonsense']], [togglecastBinary, ['serve', '--adapter', 'redis']]]) {
      const [code, output] = await ended(program, args);
      assert.notEqual(code, 0, output);
      assert.match(output, /nonsense|--adapter/);
    }
  });

  test('an adapter that is not known, and one without Redis, are errors', async () => {
    for (const args of [['--adapter', 'mongo', '--redis-url', house().redis.url], ['--adapter', 'redis'],
      ['--redis-url', house().redis.url], ['--adapter', 'redis', '--redis-url', 'http://x'], ['--adapter']]) {
      const [code, output] = await ended(conformance, ['--port', '0', ...args]);
      assert.equal(code, 2, output);
      assert.match(output, /--adapter|--redis-url/);
    }
  });
});
