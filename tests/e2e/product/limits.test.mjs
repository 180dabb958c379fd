// Limits that an operator has set: whether by the command line, a variable or the file, they hold in the running server,
// which says so and counts what passes them.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { until, within } from '../support/deadline.mjs';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { metric } from '../support/hostile.mjs';
import { HttpConnection, request } from '../support/http.mjs';
import { dataFolder, kPassword, ownKey, Product, product, program } from '../support/product.mjs';
import { sharedByTests } from '../support/server.mjs';
import { frame, kText } from '../support/websocket.mjs';

const kPath = '/socket.io/';
const times = (count, make) => Array.from({ length: count }, (_, n) => make(n));
const nested = (levels) => (levels === 0 ? 1 : { a: nested(levels - 1) });

const place = await dataFolder();
after(place.remove);
const file = path.join(place.folder, 'togglecast.toml');
await writeFile(file, 'fragments-per-message = 3\npackets-per-payload = 5\nevent-burst = 1000\n');
const shared = product({
  args: ['--config', file, '--json-depth', '10', '--max-header-size', '2048', '--namespaces-per-connection', '1',
    '--attachments-per-packet', '1', '--announcement-rate', '1', '--announcement-burst', '1'],
  env: { TOGGLECAST_OWNER_PASSWORD: kPassword, TOGGLECAST_EVENT_RATE: '1', TOGGLECAST_EVENT_BURST: '3' },
});

async function counted(name, label, attack, server = shared.it) {
  const before = await metric(server.port, name, label);
  await attack();
  await until(async () => (await metric(server.port, name, label)) > before, `${name} with ${label} to count it`);
}
/** The same of a limit of connections, which also has a line in the log. */
async function passing(limit, attack, server = shared.it) {
  await counted('togglecast_limits_passed_total', `limit="${limit}"`, attack, server);
  const option = `"limit":"--${limit.replaceAll('_', '-')}"`;
  await until(() => server.process.stderr.split('\n').some((line) => line.includes('limit passed') && line.includes(option)), `a log line of ${option}`);
}

/** A socket of a new client, logged in. */
async function loggedIn() {
  const { token } = await shared.it.createClient();
  const socket = await EngineSocket.open(shared.it.port, kPath);
  socket.send(`40/client,{"token":"${token}"}`);
  assert.match(await socket.packet(), /^40\/client,/);
  assert.match(await socket.packet(), /^42\/client,\["client_connected"/);
  return socket;
}

describe('a limit that was set holds:', () => {
  test('events of a connection, the variable before the file', () => counted('togglecast_realtime_events_limited_total', '', async () => {
    const socket = await loggedIn();
    for (let n = 0; n < 20; n++) socket.send(`42/client,${n}["config_check",{}]`);
    const answers = [];
    while (answers.length < 20) {
      const packet = await socket.packet();
      if (packet.startsWith('43/client,')) answers.push(packet);
    }
    for (const answer of answers.slice(0, 2)) assert.doesNotMatch(answer, /rate_limited/);
    const refused = answers.filter((answer) => answer.includes('rate_limited'));
    assert.ok(refused.length >= 10, `${refused.length} of 20 were refused`);
    assert.match(refused[0], /too many events on this connection/);
    socket.drop();
  }));

  test('depth of JSON, in packets and in bodies', () => passing('json_depth', async () => {
    const socket = await EngineSocket.open(shared.it.port, kPath);
    socket.send(`40/client,${JSON.stringify(nested(11))}`);
    await socket.closeCode();
    await until(() => shared.it.process.stderr.includes('nested deeper than 10 levels'), 'a log line');

    const refused = await shared.it.requestOnce('POST', '/api/v1/platforms', { key: ownKey(), name: 'Deep', config: nested(10) });
    assert.equal(refused.status, 413);
    assert.match(refused.body.error.message, /nested deeper than 10 levels/);
    const fine = await shared.it.requestOnce('POST', '/api/v1/platforms', { key: ownKey(), name: 'Fine', config: nested(9) });
    assert.equal(fine.status, 201, fine.text);
  }));

  test('header block', () => counted('togglecast_http_malformed_total', 'status="431"', async () => {
    const large = await request(shared.it.port, '/healthz', { headers: { 'X-Long': 'x'.repeat(2048) } });
    assert.equal(large.status, 431);
    assert.match(large.body, /headers longer than 2048 bytes/);
    assert.equal((await request(shared.it.port, '/healthz', { headers: { 'X-Long': 'x'.repeat(1500) } })).status, 200);
  }));

  test('fragments of a message', () => passing('fragments_per_message', async () => {
    const socket = await EngineSocket.open(shared.it.port, kPath);
    const more = frame(0, 'x', { fin: false });
    socket.socket.write(Buffer.concat([frame(kText, '4', { fin: false }), more, more, more]));
    assert.equal(await socket.closeCode(), 1008);
  }));

  test('packets of a polling body', () => passing('packets_per_payload', async () => {
    const session = await PollingSession.open(shared.it.port, kPath);
    assert.equal((await session.post(times(5, () => '3').join('\x1e'))).status, 200);
    const refused = await session.post(times(6, () => '3').join('\x1e'));
    assert.equal(refused.status, 400);
    assert.match(refused.body, /too many packets/);
  }));

  test('namespaces of a connection', () => passing('namespaces_per_connection', async () => {
    const socket = await loggedIn();
    socket.send('40/admin,');
    assert.equal(await socket.packet(), '44/admin,{"message":"Too many namespaces on this connection"}');
    socket.drop();
  }));

  test('attachments of a packet', () => passing('attachments_per_packet', async () => {
    const socket = await loggedIn();
    socket.send('452-/client,["x"]');
    await socket.closeCode();
    await until(() => shared.it.process.stderr.includes('more than 1 attachments'), 'a log line');
  }));

  test('announcements of an admin, on all connections together', (t) => counted('togglecast_realtime_announcements_limited_total', '', async () => {
    const sockets = times(5, () => shared.it.adminSocket(t));
    for (const socket of sockets) await socket.connected();
    const announce = ({ socket }) => socket.timeout(10_000).emitWithAck('broadcast_announcement', { title: 'News', message: 'None' });
    const answers = await Promise.all(sockets.flatMap((socket) => [announce(socket), announce(socket)]));
    const refused = answers.filter(({ error }) => error?.code === 'rate_limited');
    assert.ok(refused.length >= 1 && refused.length < answers.length, JSON.stringify(answers));
    for (const { error } of refused) assert.match(error.message, /too many announcements/);
  }));
});

describe('a time-out that was set holds:', () => {
  const hasty = sharedByTests(async () => {
    const data = await dataFolder();
    const server = await Product.start(data.folder, { args: ['--request-timeout', '3', '--connect-timeout', '3'] });
    return { server, data };
  }, ({ server, data }) => server.end('SIGTERM').finally(data.remove));

  test('a request', () => counted('togglecast_http_malformed_total', 'status="408"', async () => {
    const connection = await HttpConnection.open(hasty().server.port);
    connection.write('GET /healthz HTTP/1.1\r\nHo');
    assert.equal((await connection.response()).status, 408);
    await within(connection.closed, 'the end of the connection');
  }, hasty().server));

  test('the first CONNECT', () => passing('connect_timeout', async () => {
    const socket = await EngineSocket.open(hasty().server.port, kPath);
    await socket.closeCode();
  }, hasty().server));

  test('the first CONNECT over polling', () => passing('connect_timeout', async () => {
    const session = await PollingSession.open(hasty().server.port, kPath);
    assert.equal(await session.packet(), '1');
  }, hasty().server));

  test('the next CONNECT of a connection that has left everything', async () => {
    const { server } = hasty();
    if (!server.admin) await server.login();
    const connect = `40/client,${JSON.stringify({ token: (await server.createClient()).token })}`;
    const joined = async (connection) => {
      for (const begins of ['40/client,', '42/client,["client_connected"']) assert.ok((await connection.packet()).startsWith(begins));
      return connection;
    };
    const opened = async () => {
      const socket = await EngineSocket.open(server.port, kPath);
      socket.send(connect);
      return joined(socket);
    };
    const stays = await opened();
    const leaves = await opened();
    const polls = await PollingSession.open(server.port, kPath);
    await polls.post(connect);
    await joined(polls);

    await passing('connect_timeout', async () => {
      leaves.send('41/client,');
      assert.equal(await leaves.closeCode(), 1005);
    }, server);
    await passing('connect_timeout', async () => {
      await polls.post('41/client,');
      assert.equal(await polls.packet(), '1');
    }, server);
    stays.send('42/client,7["heartbeat",{}]');
    assert.match(await stays.packet(), /^43\/client,7\[/);
    stays.drop();
  });

  test('the login', async () => {
    const socket = await EngineSocket.open(hasty().server.port, kPath);
    socket.send('40/client,');
    assert.match(await socket.packet(), /^40\/client,/);
    assert.match(await socket.packet(), /^42\/client,\["session_ended",\{"reason":"no_token"/);
    assert.equal(await socket.packet(), '41/client,');
    assert.equal(await socket.closeCode(), 1005, 'and nothing was joined again');
    assert.ok(await metric(hasty().server.port, 'togglecast_realtime_refusals_total', 'code="unauthenticated"') > 0);
    socket.drop();
  });
});

describe('connections of one address', () => {
  const kMost = 3;
  const narrow = sharedByTests(async () => {
    const data = await dataFolder();
    const server = await Product.start(data.folder, { exempt: false, args: ['--connections-per-address', String(kMost), '--trusted-proxy', '127.0.0.1', '--trusted-proxy', '::1'] });
    return { server, data };
  }, ({ server, data }) => server.end('SIGTERM').finally(data.remove));
  const from = (address) => ({ 'X-Forwarded-For': address });

  test('are as many as were set, of either transport, and those of another address do not count', () => counted('togglecast_connections_limited_total', 'limit="open"', async () => {
    const { server } = narrow();
    const handshake = (address) => request(server.port, `${kPath}?EIO=4&transport=polling`, { headers: from(address) });
    const mine = [await PollingSession.open(server.port, kPath, { headers: from('203.0.113.1') })];
    while (mine.length < kMost) mine.push(await EngineSocket.open(server.port, kPath, { headers: from('203.0.113.1') }));

    const refused = await handshake('203.0.113.1');
    assert.equal(refused.status, 429, refused.body);
    assert.match(refused.body, /too many open connections from this address/);
    assert.match(refused.headers['retry-after'], /^\d+$/);
    assert.equal((await handshake('203.0.113.2')).status, 200);
    await until(() => server.process.stderr.split('\n').some((line) => line.includes('203.0.113.1') && line.includes('too many open connections')), 'a log line');

    mine.at(-1).drop();
    await until(async () => (await handshake('203.0.113.1')).status === 200, 'a place that is free again');
    assert.equal((await handshake('203.0.113.1')).status, 429, 'for one');
  }, narrow().server));
});

test('a limit out of its range is refused at the start, by its name', async () => {
  const process = program(['serve', '--json-depth', '7', '--data', place.folder]);
  const { code } = await within(process.exited, 'the end of the program');
  assert.equal(code, 2);
  assert.match(process.output, /--json-depth: '7' is not a number from 8 to 48/);
});
