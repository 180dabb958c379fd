// --log-packets: what goes over a connection, without any secret.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket, PollingSession } from '../support/engine.mjs';
import { dataFolder, kPassword, Product, program } from '../support/product.mjs';

async function started(t, which) {
  const data = await dataFolder();
  const product = await Product.start(data.folder, { args: which.flatMap((one) => ['--log-packets', one]) });
  t.after(() => product.end('SIGKILL').finally(data.remove));
  await product.login();
  return product;
}

const packets = (product) => product.process.stderr.split('\n').filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line)).filter(({ message }) => message === 'packet');
const shows = (product, wanted) => until(() => packets(product).some(
  (packet) => Object.entries(wanted).every(([name, value]) => (value instanceof RegExp ? value.test(packet[name]) : packet[name] === value)),
), `a packet ${JSON.stringify(Object.entries(wanted).map(String))}`);

describe('--log-packets all', () => {
  test('shows the packets of both transports in both directions, and no secret', async (t) => {
    const product = await started(t, ['all']);
    const { id, token } = await product.createClient();
    const secrets = [product.admin, token];
    const sids = [];
    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
      const good = await product.clientSocket(t, token, { transports, query: { token: 'in-the-url', apiKey: 'k3y-in-url' },
        extraHeaders: { Authorization: 'Bearer in-a-header' } }).connected();
      await good.next('client_connected');
      if (transports.length === 2) await good.upgraded();
      sids.push(good.socket.io.engine.id);
      await good.ask('heartbeat', {});
      await good.ask('client_connect', { token, context: { password: 'hunter2-of-the-user' } });
    }
    const admin = await product.adminSocket(t).connected();
    await admin.next('admin_connected');
    await admin.ask('admin_connect', { token: product.admin });
    const issued = await product.issueToken(id);
    secrets.push(issued.token);
    const raw = await EngineSocket.open(product.port, '/socket.io/');
    sids.push(raw.sid);
    raw.send(`40/admin,{"token":"${product.admin}","broken`);
    await raw.closeCode();
    const positional = await EngineSocket.open(product.port, '/socket.io/');
    positional.send('40/admin,');
    positional.send(`42/admin,["admin_connect",${JSON.stringify(product.admin)}]`);
    await positional.packet();

    for (const transport of ['polling', 'websocket']) {
      for (const [direction, type] of [['in', 'CONNECT'], ['out', 'CONNECT'], ['in', 'EVENT'], ['out', 'EVENT'], ['out', 'ACK']])
        await shows(product, { transport, direction, type, nsp: '/client' });
      await shows(product, { transport, direction: 'in', engine: 'handshake', text: /EIO=4/ });
      await shows(product, { transport, direction: 'out', engine: 'open', text: /"sid":"\[redacted\]"/ });
    }
    await shows(product, { direction: 'in', engine: 'ping', text: 'probe' });
    await shows(product, { direction: 'out', engine: 'pong', text: 'probe' });
    await shows(product, { direction: 'in', engine: 'upgrade' });
    await shows(product, { direction: 'in', type: 'EVENT', nsp: '/admin', text: /"admin_connect",\{"token":"\[redacted\]"\}/ });
    await shows(product, { direction: 'in', type: 'EVENT', nsp: '/admin', text: '["admin_connect","[redacted]"]' });
    await shows(product, { direction: 'in', nsp: '/admin', text: /unreadable/ });
    const log = product.process.output;
    for (const secret of [...secrets, ...sids, 'in-the-url', 'k3y-in-url', 'in-a-header', 'hunter2-of-the-user', kPassword])
      assert.equal(log.includes(secret), false, `the log shows ${secret}`);
    for (const secret of secrets)
      for (const part of secret.split('.')) assert.equal(log.includes(part), false, 'the log shows a part of a token');
  });

  test('shows broadcasts, which reach a connection past its session otherwise', async (t) => {
    const product = await started(t, ['all']);
    const { token } = await product.createClient();
    const client = await product.clientSocket(t, token, { transports: ['websocket'] }).connected();
    await client.next('client_connected');
    await product.createPlatform({ key: 'shown', name: 'Shown' });
    await client.next('platform_update');

    await shows(product, { direction: 'out', type: 'EVENT', nsp: '/client', text: /"platform_update".*"shown"/ });
  });

  test('long packets are cut, and binary is told by its size', async (t) => {
    const product = await started(t, ['all']);
    const { token } = await product.createClient();
    const client = await product.clientSocket(t, token, { transports: ['websocket'] }).connected();
    await client.next('client_connected');
    client.emit('heartbeat', { filler: 'x'.repeat(20_000) });
    client.emit('heartbeat', Buffer.alloc(777, 7));

    await shows(product, { direction: 'in', text: /… \(\d{5} bytes\)$/ });
    await shows(product, { direction: 'in', type: 'BINARY_EVENT' });
    await shows(product, { direction: 'in', text: 'binary', bytes: 777 });
  });
});

describe('--log-packets for some', () => {
  test('client:KEY shows that client from its first packet, and nobody else', async (t) => {
    const product = await started(t, ['client:watched']);
    const watched = await product.createClient('watched');
    const other = await product.createClient('other');
    for (const { token } of [other, watched]) {
      const client = await product.clientSocket(t, token, { transports: ['websocket'] }).connected();
      await client.next('client_connected');
      await client.ask('feature_check', { feature: 'none' }).catch(() => {});
    }
    const polling = await PollingSession.open(product.port, '/socket.io/');
    await polling.post('40/client,{}');

    await shows(product, { direction: 'in', engine: 'handshake' });
    await shows(product, { direction: 'in', type: 'EVENT', text: /feature_check/ });
    assert.deepEqual([...new Set(packets(product).map(({ connection }) => connection))].length, 1);
    assert.doesNotMatch(product.process.stderr, /"text":"[^\n]*other/);
  });

  test('address:IP shows connections from there only', async (t) => {
    const product = await started(t, ['address:192.0.2.1']);
    const { token } = await product.createClient();
    const client = await product.clientSocket(t, token).connected();
    await client.next('client_connected');
    await client.ask('heartbeat', {});

    assert.equal(packets(product).length, 0);
    await product.process.says('--log-packets is on');
  });

  test('a value that names no connections is refused', async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    const refused = program(['serve', '--data', data.folder, '--log-packets', 'client']);

    assert.equal((await refused.exited).code, 2);
    assert.match(refused.output, /--log-packets: 'client' names no connections; write all, client:KEY/);
  });
});
