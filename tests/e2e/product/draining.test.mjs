// A stop drains: clients leave one after the other and come back to the next server, and nothing acknowledged is lost.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { kDeadline, until } from '../support/deadline.mjs';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { HttpConnection, request, requestBytes } from '../support/http.mjs';
import { dataFolder, ownKey, Product } from '../support/product.mjs';
import { freePort } from '../support/server.mjs';

const kClean = { code: 0, signal: null };
const kAtOnce = { code: 130, signal: null };
const kBegins = 'draining: no new sessions, and clients are sent away to come back';

async function started(t, args = [], options = {}) {
  const data = options.data ?? (await dataFolder());
  const product = await Product.start(data.folder, { args, ...options });
  t.after(async () => {
    if (product.process.running) await product.end('SIGKILL');
    if (!options.data) await data.remove();
  });
  product.folder = data;
  await product.login();
  return product;
}

const lines = (product, message) => product.process.stderr.split('\n').filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line)).filter((line) => line.message === message);

async function line(product, message) {
  await product.process.says(`"${message}"`);
  return lines(product, message)[0];
}

const retryAfter = (answer) => Number(answer.headers['retry-after']);
function assertTurnedAway(answer) {
  assert.equal(answer.status, 503, answer.body);
  assert.ok(retryAfter(answer) >= 1 && retryAfter(answer) <= 5, answer.headers['retry-after']);
}

/** A stock client that keeps what it is told of platforms, as an application would. */
function mirror(product, t, token, transports) {
  const client = product.clientSocket(t, token, { transports, reconnection: true, reconnectionDelay: 500, reconnectionDelayMax: 2_000, randomizationFactor: 0.5 });
  client.names = new Map();
  client.socket.on('client_connected', ({ platforms }) => {
    client.names = new Map(platforms.map(({ id, name }) => [id, name]));
  });
  client.socket.on('platform_update', ({ type, platform_id: id, data }) => {
    if (type === 'delete') client.names.delete(id);
    else client.names.set(id, data.name);
  });
  return client;
}

describe('fifty stock clients, while an admin keeps writing', () => {
  const kinds = [['websocket'], ['polling'], ['polling', 'websocket']];

  test('all leave, come back to the restarted server, and hear every change', async (t) => {
    const first = await started(t, ['--drain', '4']);
    const { token } = await first.createClient();
    const clients = Array.from({ length: 50 }, (_, i) => mirror(first, t, token, kinds[i % kinds.length]));
    for (const client of clients) {
      await client.connected();
      await client.next('client_connected');
      if (client.socket.io.opts.transports.length === 2) await client.upgraded();
    }
    const acknowledged = new Map();
    const writing = (async () => {
      for (let i = 0; ; i++) {
        const name = `state ${i}`;
        const made = await first.createPlatform({ key: ownKey('drain'), name });
        acknowledged.set(made.id, name);
      }
    })().catch(() => {});
    await until(() => acknowledged.size >= 5, 'some changes before the stop');

    assert.deepEqual(await first.end('SIGTERM', 60_000), kClean);
    await writing;
    const progress = lines(first, 'draining goes on');
    // On a busy machine a client may take more than a second from one poll to the next.
    const end = lines(first, 'drained')[0] ?? lines(first, 'drained; what had not ended in time is closed')[0];
    assert.equal(end.websockets + end.polling, 50, JSON.stringify(end));
    assert.ok(end.websockets >= 33 && end.polling >= 1, JSON.stringify(end));
    assert.ok(progress.some(({ sent_away: gone }) => gone > 0 && gone < 50), 'they leave one after the other');

    const second = await started(t, [], { data: first.folder, port: first.port });
    const there = new Map((await second.platforms()).map(({ id, name }) => [id, name]));
    for (const [id, name] of acknowledged) assert.equal(there.get(id), name);
    await Promise.all(clients.map((client) => client.reconnected()));
    const last = await second.createPlatform({ key: ownKey('drain'), name: 'after the restart' });
    there.set(last.id, last.name);
    for (const client of clients) {
      await until(() => client.names.get(last.id) === last.name, 'the change after the restart');
      assert.deepEqual(new Map([...client.names].sort(([a], [b]) => a - b)), new Map([...there].sort(([a], [b]) => a - b)));
    }
  });
});

describe('--drain-wait', () => {
  test('turns readiness red at once and serves on, until balancers look elsewhere', async (t) => {
    const product = await started(t, ['--drain-wait', '3600']);
    const platform = await product.createPlatform({ key: ownKey(), name: 'n' });
    product.process.child.kill('SIGTERM');
    await line(product, 'draining: /readyz says no, and balancers have time to look elsewhere');

    const ready = await request(product.port, '/readyz');
    assert.equal(ready.status, 503);
    assert.deepEqual(JSON.parse(ready.body), { status: 'draining' });
    assert.equal((await request(product.port, '/healthz')).status, 200);
    const { token } = await product.createClient();
    const client = await product.clientSocket(t, token).connected();
    await client.next('client_connected');
    await product.toggle(platform.id, false);
    await client.next('platform_update');
    const connection = await HttpConnection.open(product.port);
    connection.send('/');
    assert.match((await connection.response()).headers.connection, /close/);
    await connection.closed;

    assert.deepEqual(await product.end('SIGINT'), kAtOnce);
    await product.process.says('a second signal ended the process at once');
  });
});

describe('a second SIGTERM', () => {
  const kSignal = 15;
  /** Sends it and waits until the process has taken it: one that still waits would swallow the next. */
  function send({ process: { child, pid } }) {
    child.kill('SIGTERM');
    const end = performance.now() + kDeadline;
    const waits = () => BigInt(`0x${/^ShdPnd:\s+(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]}`) >> BigInt(kSignal - 1) & 1n;
    while (waits()) assert.ok(performance.now() < end, 'the process takes the signal');
  }

  test('within half a second is part of the first, and a later one ends the server at once', async (t) => {
    let product;
    let late;
    await until(async () => {
      await product?.end('SIGKILL');
      product = await started(t, ['--drain', '3600', '--request-timeout', '1']);
      for (let i = 0; i < 3; i++) await EngineSocket.open(product.port, '/socket.io/');
      late = await HttpConnection.open(product.port);
      late.send('/healthz');
      await late.response();
      const began = performance.now();
      send(product);
      send(product);
      return performance.now() - began < 250;  // else the machine was busy, and the second may have been a later one
    }, 'two signals in a quarter of a second');

    // More than half a second passes until this connection hears that its request took too long.
    late.write('GET /healthz HTTP/1.1\r\nHo');
    assert.equal((await late.response()).status, 408);
    assert.deepEqual(JSON.parse((await request(product.port, '/readyz')).body), { status: 'draining' });
    assert.deepEqual(await product.end('SIGTERM'), kAtOnce);
    assert.equal(lines(product, 'a second signal ended the process at once').length, 1);
  });
});

describe('during the window', () => {
  test('connections that are open are answered and closed; new ones and new sessions are told to come back', async (t) => {
    const metrics = await freePort();
    const product = await started(t, ['--cors-origin', 'https://app.example', '--drain', '3600', '--metrics-listen', `127.0.0.1:${metrics}`]);
    const sockets = await Promise.all(Array.from({ length: 5 }, () => EngineSocket.open(product.port, '/socket.io/')));
    sockets.forEach((socket) => socket.send(`40/admin,${JSON.stringify({ token: product.admin })}`));
    const idle = await HttpConnection.open(product.port);
    idle.send('/healthz');
    await idle.response();
    const handshake = await HttpConnection.open(product.port);
    product.process.child.kill('SIGTERM');
    await line(product, kBegins);

    const authorized = { headers: { Authorization: `Bearer ${product.admin}` } };
    assertTurnedAway(await request(product.port, '/api/v1/platforms', authorized));
    assertTurnedAway(await request(product.port, '/'));
    const page = await request(product.port, '/api/v1/platforms', { headers: { ...authorized.headers, Origin: 'https://app.example' } });
    assertTurnedAway(page);
    assert.equal(page.headers['access-control-allow-origin'], 'https://app.example', 'the page can read it');
    assert.match(page.headers['access-control-expose-headers'], /Retry-After/);
    assert.deepEqual(JSON.parse((await request(product.port, '/readyz')).body), { status: 'draining' });
    assert.equal((await request(product.port, '/healthz')).status, 200);
    idle.send('/api/v1/platforms', authorized);
    const answer = await idle.response();
    assert.equal(answer.status, 200);
    assert.match(answer.headers.connection, /close/);
    await idle.closed;
    handshake.send('/socket.io/?EIO=4&transport=polling');
    assertTurnedAway(await handshake.response());
    assertTurnedAway(await request(product.port, '/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA'));
    assert.equal((await request(metrics, '/readyz')).status, 503);
    assert.match((await request(metrics, '/metrics')).body, /togglecast_sessions_sent_away_total\{transport="websocket"\} \d/);

    assert.deepEqual(await product.end('SIGINT'), kAtOnce);
  });

  test('a write that is under way is finished, answered and kept', async (t) => {
    const product = await started(t, ['--drain', '0']);
    const body = JSON.stringify({ key: ownKey('upload'), name: 'written while the server stops' });
    const bytes = requestBytes('/api/v1/platforms', { method: 'POST', body,
      headers: { Authorization: `Bearer ${product.admin}`, 'Content-Type': 'application/json' } });
    const upload = await HttpConnection.open(product.port);
    upload.write(Buffer.concat([requestBytes('/healthz'), bytes.subarray(0, -5)]));
    await upload.response();
    product.process.child.kill('SIGTERM');
    await line(product, kBegins);
    upload.write(bytes.subarray(-5));

    const answer = await upload.response();
    assert.equal(answer.status, 201, answer.body);
    assert.match(answer.headers.connection, /close/);
    assert.deepEqual(await product.end('SIGTERM'), kClean);
    const next = await started(t, [], { data: product.folder, port: product.port });
    assert.ok((await next.platforms()).some(({ id }) => id === JSON.parse(answer.body).id));
  });

  test('a polling client stays until its turn, and then is told to come back', async (t) => {
    const product = await started(t, ['--drain', '3600']);
    const { token } = await product.createClient();
    const sessions = await Promise.all(Array.from({ length: 5 }, () => PollingSession.open(product.port, '/socket.io/')));
    for (const session of sessions) {
      await session.post(`40/client,${JSON.stringify({ token })}`);
      await session.packets(2);
    }
    product.process.child.kill('SIGTERM');
    await line(product, kBegins);

    for (const session of sessions) {
      await session.post('42/client,7["heartbeat",{}]');
      assert.match(await session.packet(), /^43\/client,7\[\{"server_time"/);
    }
    assert.deepEqual(await product.end('SIGINT'), kAtOnce);
  });

  test('without sessions, the port is closed at once', async (t) => {
    const product = await started(t, ['--drain', '3600']);
    const stuck = await HttpConnection.open(product.port);
    stuck.write(Buffer.concat([requestBytes('/healthz'), requestBytes('/api/v1/auth/login', { method: 'POST',
      headers: { 'Content-Length': '100', 'Content-Type': 'application/json' }, body: '{' })]));
    await stuck.response();
    product.process.child.kill('SIGTERM');
    await line(product, kBegins);

    await until(() => HttpConnection.open(product.port).then((open) => open.drop(), () => true), 'a closed port');
    assert.deepEqual(await product.end('SIGTERM'), kClean);
  });

  test('with --drain 0 all leave at once: 1012 on WebSockets, 503 with Retry-After on polls', async (t) => {
    const product = await started(t, ['--drain', '0']);
    const sockets = await Promise.all(Array.from({ length: 5 }, () => EngineSocket.open(product.port, '/socket.io/')));
    const polling = await PollingSession.open(product.port, '/socket.io/');
    const { answer } = await polling.waitingPoll();
    const ending = product.end('SIGTERM');

    for (const socket of sockets) assert.equal(await socket.closeCode(), 1012);
    assertTurnedAway(await answer);
    assert.deepEqual(await ending, kClean);
    assert.equal(lines(product, 'draining goes on').length, 0);
  });
});

describe('what hangs at the end', () => {
  test('is closed hard and said: a request without its body, a session that never polls', async (t) => {
    const product = await started(t, ['--drain', '0']);
    await PollingSession.open(product.port, '/socket.io/');
    const stuck = await HttpConnection.open(product.port);
    stuck.write(Buffer.concat([requestBytes('/healthz'), requestBytes('/api/v1/auth/login', { method: 'POST',
      headers: { 'Content-Length': '100', 'Content-Type': 'application/json' }, body: '{' })]));
    await stuck.response();

    assert.deepEqual(await product.end('SIGTERM'), kClean);
    const [end] = lines(product, 'drained; what had not ended in time is closed');
    assert.equal(end.level, 'warn');
    assert.equal(end.polling_not_told, 1);
    assert.equal(end.http_connections_cut, 1);
  });
});
