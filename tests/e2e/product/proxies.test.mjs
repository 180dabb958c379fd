// Who is asking: names, origins, proxies, and logins that are slowed down.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { HttpConnection, request, requestBytes } from '../support/http.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product, program } from '../support/product.mjs';
import { sharedByTests } from '../support/server.mjs';
import { RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const kPolling = '/socket.io/?EIO=4&transport=polling';
const kWebSocket = '/socket.io/?EIO=4&transport=websocket';

/** A server for all tests that need the same of it: a start hashes a password, which takes long on a busy machine. */
function server(args, options = {}) {
  return sharedByTests(async () => {
    const data = await dataFolder();
    try {
      const product = await Product.start(data.folder, { args, ...options });
      product.finish = () => product.end('SIGKILL').finally(data.remove);
      return product;
    } catch (error) {
      await data.remove();
      throw error;
    }
  }, (product) => product.finish());
}

const open = server(['--metrics-listen', '127.0.0.1:0'], { exempt: false });
const behind = server(['--trusted-proxy', '127.0.0.1', '--public-url', 'https://flags.example', '--public-url', 'http://togglecast:5001', '--cors-origin', 'file://']);
const standard = server(['--trusted-proxy', '127.0.0.1', '--public-url', 'https://flags.example', '--forwarded', 'forwarded']);
const atTheFront = server(['--trusted-proxy', '127.0.0.1', '--forwarded', 'proxy'], { ready: false });

/** The status of a handshake with these headers. */
const status = async ({ port }, headers, target = kPolling) => (await request(port, target, { headers })).status;

async function upgrade({ port }, headers) {
  const { response, connection } = await RawWebSocket.handshake(port, kWebSocket, { headers: upgradeHeaders(headers) });
  connection.drop();
  return response.status;
}

const logged = (product, pattern) => product.process.stderr.split('\n').filter((line) => pattern.test(line));

/**
 * Guesses until one is refused unseen, which is answered. Five are free; the sixth makes the next one wait for a second, which
 * a busy machine may let pass: then the seventh makes it two, and so on.
 */
async function slowed(guess) {
  for (let n = 0; ; n++) {
    const answer = await guess(n);
    if (answer.status === 401) {
      assert.ok(n < 12, 'guesses are never slowed');
      continue;
    }
    assert.equal(answer.status, 429);
    assert.ok(n >= 6, `guess ${n + 1} was slowed`);
    return answer;
  }
}

/** Posts to the login route; `headers` may name another address, as a trusted proxy does. */
async function login(product, username, password, headers = {}) {
  const body = JSON.stringify({ username, password });
  return request(product.port, '/api/v1/auth/login', { method: 'POST', body, ms: 120_000, headers: { 'Content-Type': 'application/json', ...headers } });
}

describe('names of this server', () => {
  test('an unlisted name gets 421, from each entrance, and the answer names the option', async () => {
    const product = open();
    await product.process.says('Metrics  http://127.0.0.1:');
    const metricsPort = Number(/Metrics  http:\/\/127\.0\.0\.1:(\d+)/.exec(product.process.stdout)[1]);
    const headers = { Host: `evil.example:${product.port}` };
    const hint = new RegExp(`--public-url http://evil\\.example:${product.port}`);

    for (const target of ['/', '/api/v1/platforms', kPolling, '/nothing']) {
      const refused = await request(product.port, target, { headers });
      assert.equal(refused.status, 421, target);
      assert.match(refused.body, hint, target);
    }
    for (const target of ['/api/v1/platforms', '/api/v1/features/1', '/api/v1/stream']) {
      const refused = await request(product.port, target, { headers });
      assert.equal(refused.headers['content-type'], 'application/problem+json', target);
      assert.equal(JSON.parse(refused.body).code, 'forbidden', target);
    }
    assert.equal(await upgrade(product, headers), 421);
    const page = await request(product.port, '/', { headers: { ...headers, Accept: 'text/html' } });
    assert.match(page.headers['content-type'], /text\/html/);
    assert.match(page.body, hint);
    for (const target of ['/healthz', '/readyz']) assert.equal(await status(product, headers, target), 200, target);
    assert.equal((await request(metricsPort, '/metrics', { headers })).status, 421);
    assert.equal((await request(metricsPort, '/metrics')).status, 200);
    assert.match(await product.metrics(), /togglecast_http_foreign_hosts_total\{[^}]*\} [1-9]/);
    await until(() => logged(product, hint).length > 0, 'the log line');
  });

  test('a listed name, an address and localhost are served', async () => {
    const product = behind();

    for (const Host of ['flags.example', 'FLAGS.example.:8443', 'togglecast:5001', '192.0.2.1', '[::1]:5001', 'localhost', 'a.localhost'])
      assert.equal(await status(product, { Host }), 200, Host);
    assert.equal(await status(product, { Host: 'other.example' }), 421);
    assert.equal(await status(product, { Host: 'flags.example:0' }), 400);
    assert.equal(await upgrade(product, { Host: '127.0.0.1:5001', Origin: 'https://flags.example' }), 101);
    assert.equal(await upgrade(product, { Host: '127.0.0.1:5001', Origin: 'http://flags.example' }), 400);
  });
});

describe('own origins', () => {
  test('are compared as values: WebSocket schemes and usual ports', async () => {
    const product = behind();
    const host = `localhost:${product.port}`;

    for (const [Host, Origin] of [
      [host, `http://${host}`], [host, `ws://${host}`], ['localhost:80', 'http://localhost'], ['localhost:80', 'ws://localhost'],
      ['localhost', 'http://localhost:80'], ['[::1]:80', 'http://[0:0::1]'], [host, 'file://'],
    ]) assert.equal(await upgrade(product, { Host, Origin }), 101, `${Origin} at ${Host}`);
    for (const [Host, Origin] of [
      [host, 'null'], [host, `https://${host}`], [host, `wss://${host}`], [host, 'http://localhost'], ['localhost:443', 'https://localhost'],
      [host, 'http://evil.example'], [host, `http://evil.${host}`],
    ]) assert.equal(await upgrade(product, { Host, Origin }), 400, `${Origin} at ${Host}`);
  });

  test('are those that a trusted proxy names', async () => {
    const product = behind();
    const Origin = 'https://flags.example:8443';
    const named = { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Host': 'flags.example', 'X-Forwarded-Port': '8443', Origin };

    for (const scheme of [{ 'X-Forwarded-Proto': 'https' }, { 'X-Forwarded-Scheme': 'https' }, { 'X-Forwarded-Ssl': 'on' }])
      assert.equal(await upgrade(product, { ...named, ...scheme }), 101, JSON.stringify(scheme));
    assert.equal(await upgrade(product, named), 400, 'without a scheme it is http');
    assert.equal(await upgrade(product, { ...named, 'X-Forwarded-Host': 'evil.example', Origin: 'https://evil.example' }), 421);
  });

  test('may stand in quotes in Forwarded', async () => {
    const product = standard();
    const Forwarded = 'for="[2001:db8::1]:4711";proto="https";host="flags.example:8443"';

    assert.equal(await upgrade(product, { Forwarded, Origin: 'https://flags.example:8443' }), 101);
    assert.equal(await upgrade(product, { 'X-Forwarded-Host': 'flags.example:8443', 'X-Forwarded-Proto': 'https', Origin: 'https://flags.example:8443' }), 400);
  });
});

describe('forwarding headers', () => {
  test('of a peer that is no named proxy are ignored, and the log says so once', async () => {
    const product = open();
    for (let n = 0; n < 5; n++) await status(product, { 'X-Forwarded-For': '192.0.2.1' });

    await until(() => logged(product, /--trusted-proxy 127\.0\.0\.1/).length > 0, 'the log line');
    assert.equal(logged(product, /forwarding header/).length, 1);
  });

  test('of another kind than the proxy sends give no client an address', async () => {
    const product = standard();
    const guess = (headers) => login(product, kOwner, 'a guess', headers);
    await slowed((n) => guess({ Forwarded: 'for=192.0.2.1', 'X-Forwarded-For': `127.0.0.${n}` }));
    assert.equal((await guess({ Forwarded: 'for=192.0.2.2' })).status, 401);
  });

  test('of the PROXY protocol name the client, and a trusted proxy must send them', async () => {
    const product = atTheFront();
    const answer = async (header) => {
      const connection = await HttpConnection.open(product.port);
      connection.write(Buffer.concat([header, requestBytes('/api/v1/platforms', { headers: { Authorization: 'Bearer nonsense' } })]));
      try {
        return (await connection.response()).status;
      } catch {
        return 'closed';
      } finally {
        connection.drop();
      }
    };
    const v1 = Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 12345 443\r\n');
    const v2 = Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), Buffer.from([0x21, 0x11, 0, 12, 203, 0, 113, 8, 10, 0, 0, 1, 1, 1, 2, 2])]);

    assert.equal(await answer(v1), 401);
    assert.equal(await answer(v2), 401);
    assert.equal(await answer(Buffer.alloc(0)), 'closed');
    assert.equal(await answer(Buffer.from('PROXY TCP4 nonsense\r\n')), 'closed');
    await until(() => logged(product, /203\.0\.113\.9/).length > 0 && logged(product, /203\.0\.113\.8/).length > 0, 'both addresses in the log');
    await until(() => logged(product, /no good PROXY header/).length >= 2, 'both refusals in the log');
  });

  test('an unknown kind is named', async () => {
    const refused = async (args) => {
      const process = program(['serve', '--port', '0', ...args]);
      assert.notEqual((await process.exited).code, 0);
      return process.stderr;
    };
    assert.match(await refused(['--forwarded', 'x-real-ip']), /--forwarded: 'x-real-ip' is not x-forwarded, forwarded or proxy/);
    assert.match(await refused(['--public-url', 'flags.example']), /--public-url: 'flags.example' is not a URL/);
  });
});

describe('limits of readers', () => {
  const limited = server(['--trusted-proxy', '127.0.0.1', '--evaluation-rate', '1', '--evaluation-burst', '10', '--asset-rate', '4096']);

  /** How often `ask(headers)` is answered in a row; the addresses are of one IPv6 block. */
  async function answered(ask, block) {
    for (let n = 0; n < 100; n += 1) {
      const { status: got } = await ask({ 'X-Forwarded-For': `${block}::${n + 1}` });
      if (got !== 200) {
        assert.equal(got, 429);
        return n;
      }
    }
    return assert.fail('never limited');
  }

  test('count an IPv6 block as one address: evaluations, and bytes of assets', async () => {
    const it = limited();
    await it.login();
    const { token } = await it.createClient();
    const platform = await it.createPlatform({ key: ownKey(), name: 'Web' });
    const { assets } = await it.call('PUT', `/api/v1/platforms/${platform.id}/assets/logo`, Buffer.alloc(1 << 20, 'a'), { headers: { 'Content-Type': 'image/png' } });
    const asks = [
      (headers) => it.requestOnce('POST', '/ofrep/v1/evaluate/flags', {}, { token, headers }),
      (headers) => it.requestOnce('GET', `/api/v1/assets/${assets.logo.sha256}`, undefined, { token, headers }),
    ];
    for (const ask of asks) {
      const first = await answered(ask, '2001:db8:1:2');
      assert.ok(first >= 1, String(first));
      assert.equal((await ask({ 'X-Forwarded-For': '2001:db8:1:2:ffff::1' })).status, 429, 'another address of the block');
      assert.equal((await ask({ 'X-Forwarded-For': '2001:db8:1:3::1' })).status, 200, 'another block');
    }
  });
});

describe('logins', () => {
  const from = (address) => ({ 'X-Forwarded-For': address });

  test('with the right password are never slowed, however many come at once', async () => {
    const product = open();
    const answers = await Promise.all(Array.from({ length: 12 }, () => login(product, kOwner, kPassword)));

    for (const { status } of answers) assert.ok([200, 503].includes(status), `answered ${status}`);
    assert.equal((await login(product, kOwner, kPassword)).status, 200);
  });

  test('are slowed by IPv6 block, and strangers do not lock out the owner', async () => {
    const product = behind();
    assert.equal((await login(product, kOwner, kPassword, from('198.51.100.7'))).status, 200);
    const refused = await slowed((n) => login(product, kOwner, 'a guess', from(`2001:db8:1:2:${n}::1`)));
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.equal((await login(product, kOwner, 'a guess', from('2001:db8:1:3::1'))).status, 401);
    assert.equal((await login(product, kOwner, kPassword, from('198.51.100.7'))).status, 200);
  });

  test('to an inactive account answer like a wrong password', async () => {
    const product = behind();
    await product.login();
    const admin = await product.call('POST', '/api/v1/admins', { username: 'rita', role: 'viewer', password: 'some password' });
    await product.call('PATCH', `/api/v1/admins/${admin.id}`, { active: false });
    const told = ({ status, body }) => [status, body.replaceAll(/"request_id":"[^"]*"/g, '')];

    const inactive = await login(product, 'rita', 'some password', from('192.0.2.1'));
    const wrong = await login(product, 'rita', 'a guess', from('192.0.2.2'));
    assert.equal(inactive.status, 401);
    assert.deepEqual(told(inactive), told(wrong));
  });
});
