// Connection state recovery, packet by packet.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownNamespace } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { EngineSocket, joinedSocket } from '../support/engine.mjs';
import { conformance } from '../support/server.mjs';

const server = conformance('--recovering'); // which waits 8 seconds for a client that was cut off
const kPath = '/recovery/';

/** A connection to `nsp` by hand: what it was given, and the offset of the last event it saw. */
class Session {
  static async join(nsp, auth) {
    const session = new Session(nsp, await EngineSocket.open(server.port, kPath));
    session.socket.send(`40${nsp},${auth === undefined ? '' : JSON.stringify(auth)}`);
    session.early = [];
    for (;;) {
      const packet = await session.socket.packet();
      assert.doesNotMatch(packet, /^44/);
      if (packet.startsWith('40')) {
        Object.assign(session, JSON.parse(packet.slice(packet.indexOf(',') + 1)));
        return session;
      }
      session.early.push(session.#event(packet));
    }
  }

  constructor(nsp, socket) {
    this.nsp = nsp;
    this.socket = socket;
  }

  #event(packet) {
    assert.ok(packet.startsWith(`42${this.nsp},[`), packet);
    const args = JSON.parse(packet.slice(packet.indexOf('[')));
    this.offset = args.pop();
    assert.equal(typeof this.offset, 'string');
    return args;
  }

  /** The next event's name and arguments, without the offset. */
  async event() {
    return this.#event(await this.socket.packet());
  }

  emit(...args) {
    this.socket.send(`42${this.nsp},${JSON.stringify(args)}`);
  }

  async ask(...args) {
    this.socket.send(`42${this.nsp},77${JSON.stringify(args)}`);
    const packet = await this.socket.packet();
    assert.ok(packet.startsWith(`43${this.nsp},77[`), packet);
    return JSON.parse(packet.slice(packet.indexOf('[')))[0];
  }

  get token() {
    return { pid: this.pid, offset: this.offset };
  }
}

/** A session and a watcher beside it, both greeted. */
async function pair(nsp = ownNamespace()) {
  const watcher = await Session.join(nsp);
  await watcher.event();
  const session = await Session.join(nsp);
  await session.event();
  return { nsp, watcher, session };
}

const gone = (watcher) => until(async () => (await watcher.ask('count')) === 1, 'the count of one');

describe('offsets', () => {
  test('a session has a secret pid, and every plain event a new offset', async () => {
    const { session, watcher } = await pair();
    const offsets = new Set([session.offset]);
    for (let n = 0; n < 20; n++) {
      session.emit('message', n);
      assert.deepEqual(await session.event(), ['message-back', n]);
      offsets.add(session.offset);
    }

    assert.match(session.pid, /^[A-Za-z0-9_-]{16,}$/);
    assert.notEqual(session.pid, session.sid);
    assert.notEqual(session.pid, watcher.pid);
    assert.equal(offsets.size, 21);
  });

  test('a broadcast has one offset for all', async () => {
    const { session, watcher } = await pair();
    session.emit('all', 'same');
    assert.deepEqual(await session.event(), ['all-msg', 'same']);
    assert.deepEqual(await watcher.event(), ['all-msg', 'same']);

    assert.equal(session.offset, watcher.offset);
  });

  test('acks and events that ask for one have none', async () => {
    const { session } = await pair();
    session.emit('ask', 'x');
    const question = await session.socket.packet();
    assert.match(question, /^42\/dyn-\d+,\d+\["question","x"\]$/);

    assert.equal(await session.ask('message-with-ack', 1), 1);
  });

  test('binary events have one too', async () => {
    const { nsp, session } = await pair();
    session.socket.send(`451-${nsp},["message",{"_placeholder":true,"num":0}]`);
    session.socket.send(Buffer.from([1, 2]));
    const text = await session.socket.packet();
    const args = JSON.parse(text.slice(text.indexOf('[')));

    assert.match(text, /^451-/);
    assert.deepEqual(args.slice(0, 2), ['message-back', { _placeholder: true, num: 0 }]);
    assert.equal(typeof args[2], 'string');
    assert.deepEqual(await session.socket.packet(), Buffer.from([1, 2]));
  });

  test('the other mounts have neither pid nor offset', async () => {
    const socket = await joinedSocket(server.port, { path: '/socket.io/' });
    socket.send('40/custom,');

    assert.match(await socket.packet(), /^40\/custom,\{"sid":"[^"]+"\}$/);
    assert.equal(await socket.packet(), '42/custom,["auth",{}]');
    socket.drop();
  });
});

describe('a session that comes back in time', () => {
  test('gets what it missed, in order, and keeps sid, pid, rooms and data', async () => {
    const { nsp, watcher, session } = await pair();
    await session.ask('join', 'r');
    await session.ask('set-data', { name: 'kept' });
    session.socket.drop();
    await gone(watcher);
    watcher.emit('to-room', 'r', 'by room');
    watcher.emit('to-room', session.sid, 'by id');
    watcher.emit('to-room', 'elsewhere', 'not for it');
    watcher.emit('all', 'for everyone');
    assert.deepEqual(await watcher.event(), ['all-msg', 'for everyone']);
    const back = await Session.join(nsp, session.token);
    const missed = [...back.early];
    while (missed.length < 3) missed.push(await back.event());

    assert.deepEqual(missed, [['room-msg', 'by room'], ['room-msg', 'by id'], ['all-msg', 'for everyone']]);
    assert.deepEqual([back.sid, back.pid], [session.sid, session.pid]);
    assert.equal(back.offset, watcher.offset);
    assert.deepEqual((await back.event())[0], 'auth');
    const [found] = await watcher.ask('fetch', 'r');
    assert.equal(found.id, session.sid);
    assert.deepEqual(found.data, { name: 'kept' });
    watcher.emit('to-room', 'r', 'live again');
    assert.deepEqual(await back.event(), ['room-msg', 'live again']);
  });

  test('misses nothing when nothing happened', async () => {
    const { nsp, watcher, session } = await pair();
    session.socket.drop();
    await gone(watcher);
    const back = await Session.join(nsp, session.token);

    assert.deepEqual(back.early, []);
    assert.equal(back.sid, session.sid);
  });

  test('does not get again what it has seen, even if its connection was lost before it said so', async () => {
    const { nsp, watcher, session } = await pair();
    for (let n = 0; n < 5; n++) watcher.emit('to-room', session.sid, n);
    for (let n = 0; n < 3; n++) assert.deepEqual(await session.event(), ['room-msg', n]);
    const seen = session.token;
    for (let n = 3; n < 5; n++) await session.event();
    session.socket.drop();
    await gone(watcher);
    const back = await Session.join(nsp, seen);
    const missed = [...back.early];
    while (missed.length < 2) missed.push(await back.event());

    assert.deepEqual(missed, [['room-msg', 3], ['room-msg', 4]]);
  });

  test('comes back again and again, with the same pid', async () => {
    const { nsp, watcher, session } = await pair();
    let current = session;
    for (let round = 0; round < 3; round++) {
      current.socket.drop();
      await gone(watcher);
      watcher.emit('to-room', session.sid, round);
      await watcher.ask('sid');
      const back = await Session.join(nsp, current.token);
      assert.deepEqual(back.early[0] ?? (await back.event()), ['room-msg', round]);
      assert.deepEqual([back.sid, back.pid], [session.sid, session.pid]);
      assert.deepEqual((await back.event())[0], 'auth');
      current = back;
    }
  });

  test('skips the middlewares', async () => {
    const session = await Session.join('/auth', { token: 'good' });
    await session.event();
    const watcher = await Session.join('/auth', { token: 'good' });
    await watcher.event();
    session.socket.drop();
    await gone(watcher);
    const back = await Session.join('/auth', { ...session.token, token: 'no longer good' });

    assert.equal(back.sid, session.sid);
  });

  test('pid and offset serve once', async () => {
    const { nsp, watcher, session } = await pair();
    session.socket.drop();
    await gone(watcher);
    const first = await Session.join(nsp, session.token);
    const second = await Session.join(nsp, session.token);

    assert.equal(first.sid, session.sid);
    assert.notEqual(second.sid, session.sid);
    assert.notEqual(second.pid, session.pid);
  });
});

describe('a new session is what you get', () => {
  const changes = [
    ['with an unknown pid', (token) => ({ ...token, pid: 'unknown-unknown-pid' })],
    ['with an unknown offset', (token) => ({ ...token, offset: 'unknown' })],
    ['without an offset', ({ pid }) => ({ pid })],
    ['without a pid', ({ offset }) => ({ offset })],
    ['with a number for a pid', (token) => ({ ...token, pid: 7 })],
    ['with an object for a pid', (token) => ({ ...token, pid: { a: 1 } })],
    ['with an array for an offset', (token) => ({ ...token, offset: [token.offset] })],
    ['with a number for an offset', (token) => ({ ...token, offset: 1 })],
    ['with null for both', () => ({ pid: null, offset: null })],
    ['with the pid __proto__', (token) => ({ ...token, pid: '__proto__' })],
  ];
  for (const [name, change] of changes) {
    test(name, async () => {
      const { nsp, watcher, session } = await pair();
      session.socket.drop();
      await gone(watcher);

      await assertNew(await Session.join(nsp, change(session.token)), session);
    });
  }

  test('in another namespace', async () => {
    const { watcher, session } = await pair();
    session.socket.drop();
    await gone(watcher);

    await assertNew(await Session.join(ownNamespace(), session.token), session);
  });

  test('while the old connection is still up', async () => {
    const { nsp, session } = await pair();

    await assertNew(await Session.join(nsp, session.token), session);
    assert.equal(await session.ask('sid'), session.sid);
  });

  test('after leaving on purpose', async () => {
    const { nsp, watcher, session } = await pair();
    session.socket.send(`41${nsp},`);
    await gone(watcher);

    await assertNew(await Session.join(nsp, session.token), session);
  });

  test('after being sent away', async () => {
    const { nsp, watcher, session } = await pair();
    session.emit('disconnect-me');
    assert.equal(await session.socket.packet(), `41${nsp},`);
    await gone(watcher);

    await assertNew(await Session.join(nsp, session.token), session);
  });

  test('after more than maxDisconnectionDuration', async () => {
    const { nsp, watcher, session } = await pair();
    session.socket.drop();
    await gone(watcher);
    const expiry = performance.now() + 8_200;
    await until(async () => (await watcher.ask('sid')) && performance.now() > expiry, 'the expiry', 30_000);

    await assertNew(await Session.join(nsp, session.token), session);
  });

  async function assertNew(fresh, old) {
    assert.deepEqual(fresh.early, []);
    assert.notEqual(fresh.sid, old.sid);
    assert.notEqual(fresh.pid, old.pid);
    assert.equal((await fresh.event())[0], 'auth');
  }
});
