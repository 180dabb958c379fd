// Peers that ask and do not read, that join and leave, and that never say who they are: what they hold is bounded,
// and everybody else is served.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';
import { until, within } from '../support/deadline.mjs';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { metric, residentMebibytes } from '../support/hostile.mjs';
import { HttpConnection, request, requestBytes } from '../support/http.mjs';
import { dataFolder, Product, product } from '../support/product.mjs';

const shared = product();
const kPath = '/socket.io/';
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));

describe('a peer that does not read', () => {
  test('and pipelines requests pins a little, on a hundred connections', async () => {
    const before = residentMebibytes(shared.it.process);
    const requests = Buffer.concat(times(400, () => requestBytes('/api/v1/openapi.json')));
    const open = await Promise.all(times(100, () => HttpConnection.open(shared.it.port)));
    for (const connection of open) {
      connection.tcp.socket.pause();
      connection.write(requests);
    }
    // A round trip for each shard, and more: what they would have made by then they have made.
    for (let n = 0; n < 50; n++) assert.equal((await request(shared.it.port, '/healthz')).status, 200);

    const grown = residentMebibytes(shared.it.process) - before;
    assert.ok(grown < 150, `the server grew by ${grown.toFixed(1)} MiB`);
    for (const connection of open) connection.tcp.socket.destroy();
  });

  test('and posts over polling is answered when it polls', async () => {
    const session = await PollingSession.open(shared.it.port, kPath);
    const { token } = await shared.it.createClient();
    assert.equal((await session.post(`40/client,${JSON.stringify({ token })}`)).body, 'ok');
    const body = times(150, (n) => `42/client,${n}["feature_check",{"feature":"${'f'.repeat(60)}"}]`).join('\x1e');
    const posted = session.post(body);
    let answers = 0;
    while (answers < 150) {
      const polled = await session.poll();
      answers += polled.body.split('\x1e').filter((packet) => packet.startsWith('43/client,')).length;
    }
    assert.equal((await posted).body, 'ok');
  });
});

describe('a connection', () => {
  test('that joins and leaves over and over is closed with 1013', async () => {
    const { token } = await shared.it.createClient();
    const counted = () => metric(shared.it.port, 'togglecast_limits_passed_total', 'limit="packet_rate"');
    const before = await counted();
    const socket = await EngineSocket.open(shared.it.port, kPath);
    for (let n = 0; n < 300; n++) {
      socket.send(`40/client,${JSON.stringify({ token })}`);
      socket.send('41/client,');
    }
    let states = 0;
    let code = 0;
    while (code === 0) {
      const { opcode, payload } = await socket.socket.frame();
      if (opcode === 8) code = payload.readUInt16BE(0);
      else if (payload.toString().startsWith('42/client,["client_connected"')) states += 1;
    }
    assert.equal(code, 1013);
    assert.ok(states <= 12, `${states} full states`);
    assert.ok((await counted()) > before);
  });

  const refused = (t, url, options) => within(new Promise((resolve) => {
    const socket = io(url, { reconnection: false, forceNew: true, ...options });
    t.after(() => socket.close());
    socket.once('connect_error', resolve);
  }), 'the refusal');

  test('to a wrong namespace or path is refused with a hint, and logged without its token', async (t) => {
    const error = await refused(t, shared.it.url);
    assert.equal(error.message, 'Invalid namespace');
    assert.match(error.data.message, /\/client/);
    assert.match((await refused(t, `${shared.it.url}/client`, { auth: { apiKey: 'secret' } })).message, /auth\.apiKey.*auth\.token/);
    assert.match((await refused(t, `${shared.it.url}/client`, { query: { token: 'secret' } })).message, /URL.*auth\.token/);
    // Strangers have a few lines a second, all together.
    await until(async () => {
      const path = await request(shared.it.port, '/ws/?EIO=4&transport=polling');
      assert.equal(path.status, 404);
      assert.match(path.body, /Socket\.IO is served at \/socket\.io\//);
      return /no such path: \/ws\//.test(shared.it.process.output);
    }, 'the line in the log');
    assert.ok(!shared.it.process.output.includes('secret'), 'no token in the log');
  });

  test('to a wrong namespace is one line in the log, with its hint', async (t) => {
    // A server of its own, so that no other stranger has taken its lines.
    const data = await dataFolder();
    const server = await Product.start(data.folder);
    t.after(() => server.end('SIGTERM').finally(data.remove));
    for (const nsp of ['/', '/clients']) assert.equal((await refused(t, server.url + nsp)).message, 'Invalid namespace');
    const lines = () => server.process.stderr.split('\n').slice(0, -1).filter((line) => line.includes('CONNECT refused')).map((line) => JSON.parse(line));
    await until(() => lines().some(({ nsp }) => nsp === '/clients'), 'the line of the second refusal');

    const told = lines().map(({ level, message, nsp, hint }) => ({ level, message, nsp, hint }));
    const refusal = { level: 'warn', message: 'CONNECT refused: Invalid namespace' };
    assert.deepEqual(told, [
      { ...refusal, nsp: '/', hint: "io('http://host') joins '/'; use io('http://host/client') or io('http://host/admin')" },
      { ...refusal, nsp: '/clients', hint: 'the namespaces are /client and /admin' },
    ]);
  });
});
