// The limits of the product, which are narrower than those of the conformance server, and what it counts.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until, within } from '../support/deadline.mjs';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { HttpConnection, request, requestBytes } from '../support/http.mjs';
import { metric, residentMebibytes, withinMemory } from '../support/hostile.mjs';
import { product } from '../support/product.mjs';
import { frame, kPing, kText, RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const shared = product();
const kPath = '/socket.io/';
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));
const figure = (name, label) => metric(shared.it.port, name, label);

/** A stock client with a token keeps asking while `attack` runs, and is answered. */
async function whileServing(t, attack) {
  const { token } = await shared.it.createClient();
  const client = await shared.it.clientSocket(t, token).connected();
  let over = false;
  const ask = () => client.socket.timeout(10_000).emitWithAck('heartbeat', {});
  const serving = (async () => {
    while (!over) assert.ok((await ask()).server_time);
  })();
  serving.catch(() => {});
  try {
    return await attack();
  } finally {
    over = true;
    await serving;
    assert.ok((await ask()).server_time);
  }
}

async function counted(name, label, attack) {
  const before = await figure(name, label);
  await attack();
  await until(async () => (await figure(name, label)) > before, `${name} to count it`);
}

describe('only the offender pays', () => {
  test('for a body of more than 1,024 packets, which is refused with 400', (t) => whileServing(t, () =>
    counted('togglecast_sessions_closed_total', 'parse', async () => {
      const session = await PollingSession.open(shared.it.port, kPath);
      const response = await session.post(times(1_025, () => '3').join('\x1e'));
      assert.equal(response.status, 400);
      assert.match(response.body, /too many packets/);
      await session.assertGone();
      const within1024 = await PollingSession.open(shared.it.port, kPath);
      assert.equal((await within1024.post(times(1_024, () => '3').join('\x1e'))).status, 200);
    })));

  test('for 64 KiB of separators', (t) => whileServing(t, async () => {
    const session = await PollingSession.open(shared.it.port, kPath);
    await session.post('\x1e'.repeat(64 * 1024));
    await session.assertGone();
  }));

  test('for the 65th fragment of a message, which closes with 1008', (t) => whileServing(t, async () => {
    for (const payload of ['', 'x']) {
      const socket = await EngineSocket.open(shared.it.port, kPath);
      const middle = times(64, () => frame(0, payload, { fin: false }));
      socket.socket.write(Buffer.concat([frame(kText, '4', { fin: false }), ...middle]));
      assert.equal(await socket.closeCode(), 1008);
    }
  }));

  test('for a message above 16 KiB before the login, which closes with 1009, and a body, which is refused with 413', (t) => whileServing(t, () =>
    counted('togglecast_http_malformed_total', '', () => counted('togglecast_limits_passed_total', 'limit="untrusted_payload"', async () => {
      const socket = await EngineSocket.open(shared.it.port, kPath);
      socket.send('4'.repeat(16 * 1024 + 1));
      assert.equal(await socket.closeCode(), 1009);
      const session = await PollingSession.open(shared.it.port, kPath);
      const refused = await session.post('4'.repeat(16 * 1024 + 1));
      assert.equal(refused.status, 413);
      assert.match(refused.body, /before its login, .* 16384 bytes at once \(--login-payload\)/);
    }))));

  test('for too many headers, which are refused with 431 and logged', (t) => whileServing(t, () =>
    counted('togglecast_http_malformed_total', '', async () => {
      const headers = { ...Object.fromEntries(times(300, (n) => [`x${n}`, 'y'])), ...upgradeHeaders() };
      const response = await request(shared.it.port, `${kPath}?EIO=4&transport=websocket`, { headers });
      assert.equal(response.status, 431);
      assert.match(response.body, /more than 256 header fields/);
      await until(() => shared.it.process.stderr.includes('more than 256 header fields'), 'a log line');
    })));

  test('for an unknown transport and an unknown id, which are counted apart', (t) => whileServing(t, async () => {
    await counted('togglecast_handshakes_refused_total', 'unknown_transport', () =>
      request(shared.it.port, `${kPath}?EIO=4&transport=none`));
    await counted('togglecast_handshakes_refused_total', 'unknown_sid', () =>
      request(shared.it.port, `${kPath}?EIO=4&transport=polling&sid=none`));
  }));

  test('for JSON nested deeper than 32, a number that no double holds, and a placeholder repeated above ten times', (t) => whileServing(t, async () => {
    const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
    const repeated = times(11, () => '{"_placeholder":true,"num":0}');
    for (const packet of [`40/client,{"token":${deep}}`, `40/client,{"context":${deep}}`,
      '40/client,{"context":{"n":1e400}}', `451-/client,["x",${repeated}]`]) {
      const socket = await EngineSocket.open(shared.it.port, kPath);
      socket.send(packet);
      assert.equal(await socket.closeCode(), 1005);
    }
  }));

  test('for namespaces, of which none but two exist', (t) => whileServing(t, () => withinMemory(shared.it, 40, async () => {
    const socket = await EngineSocket.open(shared.it.port, kPath);
    socket.send('40/client,');
    assert.match(await socket.packet(), /^40\/client,/);
    for (let n = 0; n < 100; n++) socket.send(`40/n${n},`);
    for (let n = 0; n < 100; n++) assert.ok((await socket.packet()).startsWith(`44/n${n},{"message":"Invalid namespace","data":{`));
    const long = `/${'n'.repeat(16_000)}`;
    socket.send(`40${long},`);
    assert.ok((await socket.packet()).startsWith(`44${long},{"message":"Invalid namespace","data":{`));
    for (let n = 0; n < 10_000; n++) socket.send(`40/n${n},`);
    // While the flood is still on its way, the reset of the connection may overtake the close frame.
    const code = await socket.closeCode();
    assert.ok([1013, 1006].includes(code), `closed with ${code}`);
  })));

  test('for pings whose answers nobody reads: the server reads no further', (t) => whileServing(t, async () => {
    const before = residentMebibytes(shared.it.process);
    const socket = await RawWebSocket.open(shared.it.port, `${kPath}?EIO=4&transport=websocket`);
    socket.tcp.socket.pause();
    const gone = new Promise((over) => socket.tcp.socket.once('close', over));
    socket.tcp.socket.on('error', () => {});
    const ping = frame(kPing);
    socket.tcp.socket.write(Buffer.alloc(4_000_000 * ping.length, ping));
    await within(gone, 'the server to end a connection that takes nothing', 90_000);
    const grown = residentMebibytes(shared.it.process) - before;
    assert.ok(grown < 60, `the server grew by ${grown.toFixed(1)} MiB`);
  }));

  test('for events without end, which are refused above their rate', (t) => whileServing(t, () =>
    counted('togglecast_realtime_events_limited_total', '', async () => {
      const { token } = await shared.it.createClient();
      const socket = await EngineSocket.open(shared.it.port, kPath);
      socket.send(`40/client,{"token":"${token}"}`);
      assert.match(await socket.packet(), /^40\/client,/);
      assert.match(await socket.packet(), /^42\/client,\["client_connected"/);
      for (let n = 0; n < 1_000; n++) socket.send(`42/client,${n}["config_check",{}]`);
      let refused = 0;
      for (let answers = 0; answers < 1_000;) {
        const packet = await socket.packet();
        if (!packet.startsWith('43/client,')) continue;
        answers += 1;
        if (packet.includes('rate_limited')) refused += 1;
      }
      assert.ok(refused >= 500, `${refused} of 1,000 were refused`);
      socket.drop();
    })));

  test('for a request that was smuggled, which is not answered', (t) => whileServing(t, async () => {
    const connection = await HttpConnection.open(shared.it.port);
    connection.write(Buffer.concat([
      requestBytes('/api/v1/auth/login', { method: 'POST', headers: { 'Content-Length': '6', 'Transfer-Encoding': 'chunked' }, body: '0\r\n\r\n' }),
      requestBytes('/healthz'),
    ]));
    assert.equal((await connection.response()).status, 400);
    await within(connection.closed, 'the end of the connection');
    assert.equal(connection.tcp.received.length, 0);
  }));
});
