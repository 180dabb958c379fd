// Engine.IO sessions by hand, over polling and over WebSocket.
import assert from 'node:assert/strict';
import { HttpConnection, request, requestBytes } from './http.mjs';
import { RawWebSocket, upgradeHeaders } from './websocket.mjs';

const kSeparator = '\x1e';

export const engineTarget = (path, transport, extra = '') => `${path}?EIO=4&transport=${transport}${extra}`;

export class PollingSession {
  static async open(port, path = '/engine.io/', options = {}) {
    const response = await request(port, engineTarget(path, 'polling', options.query), options);
    assert.equal(response.status, 200, response.body);
    assert.equal(response.body[0], '0');
    return new PollingSession(port, path, JSON.parse(response.body.slice(1)), response);
  }

  constructor(port, path, open, response) {
    this.port = port;
    this.open = open;
    this.response = response;
    this.sid = open.sid;
    this.path = path;
    this.target = engineTarget(path, 'polling', `&sid=${open.sid}`);
    this.pending = [];
  }

  poll(options) {
    return request(this.port, this.target, options);
  }

  /** A GET that the server holds open; `answer` is its response. */
  async waitingPoll() {
    const connection = await HttpConnection.open(this.port);
    // Behind a request that is refused, in one write: who has that answer knows that the server has the poll.
    connection.write(Buffer.concat([requestBytes(this.target, { method: 'PUT' }), requestBytes(this.target)]));
    await connection.response();
    const answer = connection.response();
    answer.catch(() => {});
    return { connection, answer };
  }

  /** A POST whose body ends too early, and which the server is reading. */
  async unfinishedPost() {
    const connection = await HttpConnection.open(this.port);
    // Behind a request that is refused, in one write: as above.
    connection.write(Buffer.concat([requestBytes(this.target, { method: 'PUT' }),
      requestBytes(this.target, { method: 'POST', headers: { 'Content-Length': '10' }, body: '4ab' })]));
    await connection.response();
    return connection;
  }

  post(body, options) {
    return request(this.port, this.target, { method: 'POST', body, ...options });
  }

  /** Polls no more, and answers no ping. */
  abandon() {
    this.abandoned = true;
  }

  /** The next packet that is not a ping; pings are answered. */
  async packet() {
    while (this.pending.length === 0) {
      if (this.abandoned) throw new Error('abandoned');
      const response = await this.poll();
      assert.equal(response.status, 200, `poll answered ${response.status} ${response.body}`);
      for (const packet of response.body.split(kSeparator)) {
        if (packet !== '2') this.pending.push(packet);
        else if (!this.abandoned) await this.post('3');
      }
    }
    return this.pending.shift();
  }

  async packets(count) {
    const all = [];
    while (all.length < count) all.push(await this.packet());
    return all;
  }

  /** Sends a packet and polls for what it brings: the session lives. */
  async assertAlive(packet = '4still here', expected = packet) {
    const posted = await this.post(packet);
    assert.equal(posted.status, 200, 'the session lives');
    assert.equal(await this.packet(), expected);
  }

  /** The server has closed the session while no poll waited: the next poll brings the close packet. */
  async assertClosedByServer() {
    const response = await this.poll();
    assert.equal(response.status, 200, response.body);
    assert.equal(response.body, '1');
    await this.assertGone();
  }

  async assertGone() {
    const response = await this.poll();
    assert.equal(response.status, 400, `a poll brings ${response.body}`);
    assert.deepEqual(JSON.parse(response.body), { code: 1, message: 'Session ID unknown' });
  }

  /** A WebSocket for this session's upgrade. */
  upgrade(options) {
    return RawWebSocket.open(this.port, engineTarget(this.path, 'websocket', `&sid=${this.sid}`), options);
  }
}

/** An Engine.IO session that starts on a WebSocket. */
export class EngineSocket {
  static async open(port, path = '/engine.io/', { query = '', headers = {}, tail } = {}) {
    const socket = await RawWebSocket.open(port, engineTarget(path, 'websocket', query), {
      headers: upgradeHeaders(headers),
      tail,
    });
    const first = await socket.message();
    assert.equal(first[0], '0');
    return new EngineSocket(port, path, socket, JSON.parse(first.slice(1)));
  }

  constructor(port, path, socket, open) {
    this.port = port;
    this.path = path;
    this.socket = socket;
    this.open = open;
    this.sid = open.sid;
  }

  send(data) {
    this.socket.send(data);
  }

  /** The next packet that is not a ping; pings are answered. */
  async packet(ms) {
    for (;;) {
      const message = await this.socket.message(ms);
      if (message !== '2') return message;
      this.send('3');
    }
  }

  closeCode(ms) {
    return this.socket.closeCode(ms);
  }

  drop() {
    this.socket.drop();
  }
}

/** A Socket.IO connection on a WebSocket, joined to `nsp`; the greeting event is read. */
export async function joinedSocket(port, { path = '/opts/', nsp = '', auth = '' } = {}) {
  const socket = await EngineSocket.open(port, path);
  const prefix = nsp ? `${nsp},` : '';
  socket.send(`40${prefix}${auth}`);
  const connected = await socket.packet();
  assert.ok(connected.startsWith(`40${prefix}{"sid":"`), connected);
  assert.equal(await socket.packet(), `42${prefix}["auth",${auth || '{}'}]`);
  socket.id = JSON.parse(connected.slice(2 + prefix.length)).sid;
  return socket;
}

/** The same over polling. */
export async function joinedPolling(port, { path = '/opts/' } = {}) {
  const session = await PollingSession.open(port, path);
  await session.post('40');
  const connected = await session.packet();
  assert.match(connected, /^40\{"sid":"/);
  assert.equal(await session.packet(), '42["auth",{}]');
  return session;
}
