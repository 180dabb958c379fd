// Floods with real sockets: whoever sends too much is refused, counted and told when to come back, while a well-behaved
// client's questions are answered and changes reach it; afterwards the server has its memory and descriptors back.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { certificate } from '../support/certificate.mjs';
import { until, within } from '../support/deadline.mjs';
import { EngineSocket, engineTarget, PollingSession } from '../support/engine.mjs';
import { HttpConnection, request, requestBytes } from '../support/http.mjs';
import { metric, openDescriptors, residentMebibytes } from '../support/hostile.mjs';
import { dataFolder, kPassword, ownKey, Product, product, program } from '../support/product.mjs';
import { freePort, sharedByTests } from '../support/server.mjs';
import { Tcp } from '../support/tcp.mjs';
import { frame, kText, RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const kPath = '/socket.io/';
const kPause = 50;
const kLong = 120_000;  // deadline of what thousands of sockets do on a busy machine
const env = { TOGGLECAST_OWNER_PASSWORD: kPassword };
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));

/** Runs `work` for each of `count` numbers, so many of them at the same time. */
async function inPool(count, width, work) {
  let next = 0;
  await Promise.all(times(width, async () => {
    while (next < count) await work(next++);
  }));
}

/** From this address, as the proxy in front says. */
const from = (address, headers = {}) => ({ 'X-Forwarded-For': address, ...headers });

/** A socket of a new client, logged in, from an address of its own: 203.0.113.n. Attacks on addresses come from 192.0.2.n. */
async function loggedIn(server, token, address) {
  const socket = await EngineSocket.open(server.port, kPath, { headers: from(address) });
  socket.send(`40/client,{"token":"${token}"}`);
  assert.match(await socket.packet(kLong), /^40\/client,/);
  assert.match(await socket.packet(kLong), /^42\/client,\["client_connected"/);
  return socket;
}

/** A stock client with a feature of its own: its question is answered, and a change of the feature reaches it. */
async function wellBehaved(t, server) {
  const feature = await server.call('POST', '/api/v1/features', { key: ownKey('flood'), name: 'Flood' });
  const pack = await server.call('POST', '/api/v1/packages', { key: ownKey('package'), name: 'Pack', features: [{ feature_id: feature.id }] });
  const made = await server.createClient();
  await server.call('PATCH', `/api/v1/clients/${made.id}`, { package_id: pack.id });
  const client = await server.clientSocket(t, made.token, { transports: ['websocket'], extraHeaders: from('198.51.100.7') }).connected();
  let enabled = true;
  return async function isServed() {
    const answer = await client.ask('feature_check', { feature: feature.key });
    assert.equal(answer.key, feature.key, JSON.stringify(answer));
    enabled = !enabled;
    const toggled = await server.request('POST', `/api/v1/features/${feature.id}/toggle`, { enabled });
    assert.equal(toggled.status, 200, toggled.text);
    for (;;) {
      const [update] = await client.next('feature_update');
      if (update.revision >= toggled.revision) return assert.equal(update.data.enabled, enabled);
    }
  };
}

/** `attack` runs while a well-behaved client is served again and again, and once more after it. */
async function whileServed(t, server, attack) {
  const isServed = await wellBehaved(t, server);
  await isServed();
  const descriptors = openDescriptors(server.process);
  const memory = residentMebibytes(server.process);
  let over = false;
  let rounds = 0;
  const serving = (async () => {
    while (!over) {
      await isServed();
      rounds += 1;
      await new Promise((next) => setTimeout(next, kPause));  // well-behaved: below the rate of events
    }
  })();
  serving.catch(() => {});
  try {
    await attack();
  } finally {
    over = true;
    await serving;
  }
  await isServed();
  assert.ok(rounds > 0, 'the client was served during the attack');
  await until(() => openDescriptors(server.process) <= descriptors + 4, `${descriptors} open descriptors again`, kLong);
  await until(() => residentMebibytes(server.process) < memory + 48, `${memory.toFixed(0)} MiB again`, kLong);
}

async function counted(server, name, label, attack) {
  const before = await metric(server, name, label);
  await attack();
  await until(async () => (await metric(server, name, label)) > before, `${name} with ${label} to count it`);
}

const logged = (server, limit) => until(
  () => server.process.stderr.split('\n').some((line) => line.includes('limit passed') && line.includes(limit)), `a log line of ${limit}`);

describe('with the limits as they are', () => {
  const shared = product({ exempt: false, env, args: ['--write-rate', '1000', '--write-burst', '1000'] });

  test('2,000 clients of one address that reload at once all get in, over both transports', async () => {
    const { token } = await shared.it.createClient();
    const open = [];
    const connect = `40/client,{"token":"${token}"}`;
    await inPool(2_000, 250, async (n) => {
      if (n % 2 === 0) {
        const socket = await EngineSocket.open(shared.it.port, kPath);
        open.push(socket);
        socket.send(connect);
        assert.match(await socket.packet(kLong), /^40\/client,/);
        assert.match(await socket.packet(kLong), /^42\/client,\["client_connected"/);
      } else {
        const session = await PollingSession.open(shared.it.port, kPath);
        assert.equal((await session.post(connect)).status, 200);
        assert.match(await session.packet(), /^40\/client,/);
        assert.match(await session.packet(), /^42\/client,\["client_connected"/);
      }
    });
    assert.equal(await metric(shared.it, 'togglecast_connections_limited_total'), 0);
    assert.equal(await metric(shared.it, 'togglecast_realtime_logins_total', 'namespace="/client"'), 2_000);
    for (const socket of open) socket.drop();
  });
});

describe('while a well-behaved client is served', () => {
  const shared = product({
    exempt: false,
    env,
    args: ['--trusted-proxy', '127.0.0.0/8', '--trusted-proxy', '::1/128', '--connection-rate', '5', '--connection-burst', '200',
      '--cors-origin', 'https://app.example', '--request-timeout', '5', '--write-rate', '1000', '--write-burst', '1000'],
  });

  test('a connect storm: 429 with Retry-After, which a page may read, for the address that makes it', (t) => whileServed(t, shared.it, () =>
    counted(shared.it, 'togglecast_connections_limited_total', 'limit="rate"', async () => {
      const refusals = [];
      await inPool(1_000, 100, async (n) => {
        const headers = from('192.0.2.9', { Origin: 'https://app.example' });
        const asked = n % 2 === 0
          ? await RawWebSocket.handshake(shared.it.port, engineTarget(kPath, 'websocket'), { headers: upgradeHeaders(headers) })
          : { response: await request(shared.it.port, engineTarget(kPath, 'polling'), { headers }) };
        asked.connection?.drop();
        if (asked.response.status === 429) refusals.push(asked.response);
        else assert.ok([101, 200].includes(asked.response.status), asked.response.body);
      });
      assert.ok(refusals.length > 100, `${refusals.length} of 1,000 were refused`);
      for (const { headers } of refusals) assert.ok(Number(headers['retry-after']) >= 1, JSON.stringify(headers));
      const readable = refusals.filter(({ headers }) => headers['content-type'] === 'application/json');
      assert.ok(readable.length > 0, 'some were asked over polling');
      for (const { headers } of readable) {
        assert.equal(headers['access-control-allow-origin'], 'https://app.example');
        assert.match(headers['access-control-expose-headers'], /Retry-After/);
      }
      const other = await EngineSocket.open(shared.it.port, kPath, { headers: from('192.0.2.10') });
      other.drop();
    })));

  test('events of 50 connections: rate_limited with retry_after_ms, by acknowledgement and by reply event', (t) => whileServed(t, shared.it, () =>
    counted(shared.it, 'togglecast_realtime_events_limited_total', '', async () => {
      const { token } = await shared.it.createClient();
      await inPool(50, 50, async (n) => {
        const socket = await loggedIn(shared.it, token, `203.0.113.${n}`);
        for (let i = 0; i < 500; i++) socket.send(i % 2 === 0 ? `42/client,${i}["config_check",{}]` : '42/client,["config_check",{}]');
        const refused = { acknowledged: 0, replied: 0 };
        for (let answers = 0; answers < 500;) {
          const packet = await socket.packet(kLong);
          const kind = packet.startsWith('43/client,') ? 'acknowledged' : packet.startsWith('42/client,["config_status",') ? 'replied' : null;
          if (!kind) continue;
          answers += 1;
          if (!packet.includes('rate_limited')) continue;
          refused[kind] += 1;
          const [, wait] = /"retry_after_ms":(\d+)/.exec(packet) ?? [];
          assert.ok(Number(wait) >= 1, packet);
        }
        socket.drop();
        if (n === 0) assert.ok(refused.acknowledged > 0 && refused.replied > 0, JSON.stringify(refused));
      });
      await logged(shared.it, '--event-rate');
    })));

  test('slow senders of request lines, headers, bodies and polling posts: 408, and their connections are closed', (t) => whileServed(t, shared.it, () =>
    counted(shared.it, 'togglecast_http_malformed_total', 'status="408"', async () => {
      const session = await PollingSession.open(shared.it.port, kPath, { headers: from('192.0.2.20') });
      const beginnings = [
        'GET /api/v1/platforms HT',
        'GET /api/v1/platforms HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
        `GET ${engineTarget(kPath, 'websocket')} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n`,
        requestBytes('/api/v1/auth/login', { method: 'POST', headers: { 'Content-Length': '60', 'Content-Type': 'application/json' }, body: '{"user' }),
        requestBytes(session.target, { method: 'POST', headers: { 'Content-Length': '1000' }, body: '4ab' }),
      ];
      const connections = await Promise.all(times(200, async (n) => {
        const connection = await HttpConnection.open(shared.it.port);
        connection.write(beginnings[n % beginnings.length]);
        return connection;
      }));
      const dripping = setInterval(() => connections.forEach((connection) => connection.write('a')), 1_000);
      try {
        for (const connection of connections) await within(connection.closed, 'the end of a slow sender', kLong);
      } finally {
        clearInterval(dripping);
        connections.forEach((connection) => connection.drop());
      }
    })));

  test('huge frames: 1009 on the header, and no memory for what was announced', (t) => whileServed(t, shared.it, () =>
    counted(shared.it, 'togglecast_limits_passed_total', 'limit="max_payload"', async () => {
      const { token } = await shared.it.createClient();
      await inPool(50, 50, async (n) => {
        const socket = await loggedIn(shared.it, token, `203.0.113.${n}`);
        socket.socket.write(Buffer.concat([frame(kText, '4', { declared: 2n ** 40n }), Buffer.alloc(256 * 1024)]));
        const code = await socket.closeCode(kLong);
        assert.ok([1009, 1006].includes(code), `closed with ${code}`);  // the reset may overtake the close frame
      });
      await logged(shared.it, '--max-payload');
    })));

  test('namespaces without end, and acknowledgements that nobody asked for: closed with 1013', (t) => whileServed(t, shared.it, () =>
    counted(shared.it, 'togglecast_limits_passed_total', 'limit="packet_rate"', async () => {
      const { token } = await shared.it.createClient();
      await inPool(50, 25, async (n) => {
        const socket = await loggedIn(shared.it, token, `203.0.113.${n}`);
        for (let i = 0; i < 2_000; i++) socket.send(n % 2 === 0 ? `40/n${i},` : `43/client,${i}[]`);
        const code = await socket.closeCode(kLong);
        assert.ok([1013, 1006].includes(code), `closed with ${code}`);
      });
    })));
});

describe('over TLS', () => {
  const shared = sharedByTests(async () => {
    const data = await dataFolder();
    const files = await certificate(data.folder, 'floods');
    const [port, plain] = [await freePort(), await freePort()];
    const process = program(['serve', '--port', String(port), '--data', path.join(data.folder, 'data'), '--exempt-loopback', '--request-timeout', '5',
      '--tls-certificate', files.certificate, '--tls-key', files.key, '--metrics-listen', `127.0.0.1:${plain}`], { env });
    await process.says('is running');
    return { process, port, metrics: async () => (await request(plain, '/metrics')).body, remove: data.remove };
  }, ({ process, remove }) => process.end('SIGTERM').finally(remove));

  test('handshakes that never end are closed, and others are served meanwhile', async () => {
    const before = openDescriptors(shared().process);
    await counted(shared(), 'togglecast_tls_handshake_failures_total', 'reason="timeout"', async () => {
      // The beginning of a ClientHello of 512 bytes, of which no more comes.
      const hello = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
      const slow = await Promise.all(times(200, async (n) => {
        const tcp = await Tcp.connect(shared().port);
        if (n % 2 === 0) tcp.write(hello);
        return tcp;
      }));
      const { connect } = await import('node:tls');
      const served = await within(new Promise((resolve, reject) => {
        const socket = connect({ port: shared().port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
          socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
        });
        let text = '';
        socket.on('data', (bytes) => (text += bytes)).on('end', () => resolve(text)).on('error', reject);
      }), 'an answer over TLS', kLong);
      assert.match(served, /^HTTP\/1\.1 200 /);
      for (const tcp of slow) await within(tcp.closed, 'the end of a handshake', kLong);
      slow.forEach((tcp) => tcp.drop());
    });
    await until(() => openDescriptors(shared().process) <= before + 2, 'its descriptors again', kLong);
  });
});

describe('100 admins at their limits', () => {
  // They are made before the limits hold for those who make them. No connection ends as idle: a fetch whose event loop was late
  // for that would fail with "other side closed".
  const kNoIdleEnd = ['--keep-alive-timeout', '3600'];
  const shared = sharedByTests(async () => {
    const data = await dataFolder();
    const first = await Product.start(data.folder, { env, args: [...kNoIdleEnd, '--write-rate', '1000', '--write-burst', '1000'] });
    await first.login();
    const admins = await manyAdmins(first, 100);
    await first.end('SIGTERM');
    const server = await Product.start(data.folder, {
      env, args: [...kNoIdleEnd, '--write-rate', '1', '--write-burst', '5', '--read-rate', '2', '--read-burst', '20'],
    });
    await server.login();
    return { server, admins, remove: data.remove };
  }, ({ server, remove }) => server.end('SIGTERM').finally(remove));

  test('each is limited by itself, reads and writes, and the others and the server stay well', async (t) => {
    const { server, admins } = shared();
    const { token } = await server.createClient();
    const client = await server.clientSocket(t, token).connected();
    const call = (token, method, target, body) => server.requestOnce(method, target, body, { token });
    const limited = { reads: 0, writes: 0 };
    await inPool(100, 20, async (n) => {
      const admin = admins[n];
      const platform = { key: `p-${n}`, name: 'Of its own' };
      assert.equal((await call(admin, 'POST', '/api/v1/platforms', platform)).status, 201, 'its first write, whatever the others did');
      assert.equal((await call(admin, 'GET', '/api/v1/platforms?limit=1')).status, 200, 'its first read');
      const answers = await Promise.all([
        ...times(15, () => call(admin, 'POST', '/api/v1/platforms', platform)),
        ...times(20, () => call(admin, 'GET', '/api/v1/platforms?limit=1')),
      ]);
      answers.forEach((answer, at) => {
        if (answer.status !== 429) return assert.ok([200, 409].includes(answer.status), answer.text);
        limited[at < 15 ? 'writes' : 'reads'] += 1;
        assert.equal(answer.body.error.code, 'rate_limited');
        assert.ok(Number(answer.headers.get('retry-after')) >= 1);
      });
    });
    assert.ok(limited.writes >= 100 && limited.reads >= 100, JSON.stringify(limited));
    await until(async () => (await metric(server, 'togglecast_http_writes_limited_total')) >= limited.writes, 'the counter of writes');
    await logged(server, '--write-rate');
    assert.ok((await client.ask('heartbeat', {})).server_time, 'clients are served');
    assert.equal((await server.request('GET', '/api/v1/platforms?limit=1')).status, 200, 'and so is the owner');
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  });
});

/** Tokens of so many editors. */
async function manyAdmins(server, count) {
  const tokens = [];
  await inPool(count, 4, async (n) => {
    const admin = { username: `editor-${n}`, password: `${kPassword} ${n}` };
    await server.call('POST', '/api/v1/admins', { ...admin, role: 'editor' });
    tokens.push((await server.call('POST', '/api/v1/auth/login', admin, { token: null })).token);
  });
  return tokens;
}
