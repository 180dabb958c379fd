// HTTPS and wss://: certificates, versions, tickets, reload, and who comes without TLS.
import assert from 'node:assert/strict';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import path from 'node:path';
import { describe, test } from 'node:test';
import tls from 'node:tls';
import { certificate } from '../support/certificate.mjs';
import { until, within } from '../support/deadline.mjs';
import { HttpConnection } from '../support/http.mjs';
import { dataFolder, kPassword, Product, program } from '../support/product.mjs';
import { freePort, sharedByTests } from '../support/server.mjs';
import { Tcp } from '../support/tcp.mjs';
import { transports, versions } from '../support/clients.mjs';

class SecureProduct extends Product {
  static async start({ args = [], env = {}, expired } = {}) {
    const data = await dataFolder();
    const files = await certificate(data.folder, 'first', { expired });
    const product = new SecureProduct(await freePort(), path.join(data.folder, 'data'));
    Object.assign(product, { folder: data.folder, remove: data.remove, files, ca: await readFile(files.certificate) });
    product.url = `https://localhost:${product.port}`;
    product.process = program(
      ['serve', '--port', String(product.port), '--data', product.data,
        '--tls-certificate', files.certificate, '--tls-key', files.key, ...args],
      { env: { TOGGLECAST_OWNER_PASSWORD: kPassword, ...env } });
    await product.process.says('is running');
    return product;
  }

  /** The same as of a plain server, with our own authority. */
  async requestOnce(method, target, body, { token = this.admin, headers = {} } = {}) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const all = { ...headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    if (body !== undefined) all['Content-Type'] = 'application/json';
    return within(new Promise((resolve, reject) => {
      const request = https.request(`${this.url}${target}`, { method, headers: all, ca: this.ca, agent: false }, (answer) => {
        let received = '';
        answer.setEncoding('utf8').on('data', (more) => (received += more));
        answer.on('end', () => {
          const json = answer.headers['content-type']?.includes('json') && received;
          const found = new Headers(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
          resolve({ status: answer.statusCode, headers: found, text: received, body: json ? JSON.parse(received) : undefined,
            revision: Number(found.get('togglecast-revision') ?? NaN) });
        });
      });
      request.on('error', reject);
      request.end(text);
    }), `${method} ${target}`);
  }

  socket(t, nsp, auth, options = {}) {
    return super.socket(t, nsp, auth, { ca: this.ca, ...options });
  }

  /** A TLS connection whose handshake is done. */
  async handshake(t, options = {}) {
    const socket = tls.connect({ port: this.port, host: '127.0.0.1', servername: 'localhost', ca: this.ca, ...options });
    t.after(() => socket.destroy());
    socket.once('session', (ticket) => (socket.ticket = ticket));
    await within(new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject)), 'a handshake');
    return socket;
  }

  async metric(name) {
    const { text } = await this.requestOnce('GET', '/metrics');
    return Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.slice(name.length));
  }

  async end(signal = 'SIGTERM') {
    await this.process.end(signal).finally(this.remove);
  }
}

async function started(t, options) {
  const product = await SecureProduct.start(options);
  t.after(() => product.end());
  return product;
}

const shared = sharedByTests(async () => {
  const product = await SecureProduct.start();
  await product.login();
  return product;
}, (product) => product.end());

describe('over TLS', () => {
  for (const version of Object.keys(versions)) {
    for (const [name, list] of Object.entries(transports)) {
      test(`socket.io-client ${version} over ${name} hears of changes`, async (t) => {
        const { token } = await shared().createClient();
        const client = shared().clientSocket(t, token, { version, transports: list });
        await client.connected();
        await client.next('client_connected');
        if (list.length > 1) await client.upgraded();

        const key = `over-${version}-${name}`.replaceAll(/[^a-z0-9]+/g, '-');
        await shared().createPlatform({ key, name: 'TLS' });

        await until(async () => (await client.next('platform_update'))[0].data?.key === key, 'the change');
      });
    }
  }

  test('health, pages and the API are served', async () => {
    assert.equal((await shared().request('GET', '/healthz')).status, 200);
    assert.equal((await shared().request('GET', '/readyz')).status, 200);
    assert.match((await shared().request('GET', '/')).text, /<title>Togglecast<\/title>/);
    assert.match(shared().process.stdout, new RegExp(`https://localhost:${shared().port}`));
  });

  test('a page of the https origin may connect, one of the same host without TLS may not', async () => {
    const ask = (origin) => shared().requestOnce('GET', '/socket.io/?EIO=4&transport=polling', undefined, { headers: { Origin: origin } });

    assert.equal((await ask(shared().url)).status, 200);
    assert.notEqual((await ask(shared().url.replace('https', 'http'))).status, 200);
  });

  test('a large body goes through, and many answers to a client that reads late', async (t) => {
    const socket = await shared().handshake(t);
    const http = new HttpConnection(new Tcp(socket));
    const body = JSON.stringify({ key: 'large', name: 'n', config: { text: 'x'.repeat(60_000) } });
    http.send('/api/v1/platforms', { method: 'POST', body, headers: { Authorization: `Bearer ${shared().admin}`, 'Content-Type': 'application/json' } });
    const created = await http.response();
    assert.equal(created.status, 400, created.body);
    assert.match(created.body, /\/config must be at most 32768 bytes/, 'the whole body was read');
    socket.pause();
    for (let i = 0; i < 300; i++) http.send('/');
    await shared().request('GET', '/healthz');
    socket.resume();
    for (let i = 0; i < 300; i++) assert.match((await http.response()).body, /<\/html>/);
  });
});

describe('versions', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`${version} alone is enough`, async (t) => {
      const socket = await shared().handshake(t, { minVersion: version, maxVersion: version });

      assert.equal(socket.getProtocol(), version);
      assert.match(socket.getCipher().standardName, /GCM|CHACHA20/);
    });

    test(`a ticket resumes a session of ${version}`, async (t) => {
      const only = { minVersion: version, maxVersion: version };
      const resumed = () => shared().metric('togglecast_tls_handshakes_total{resumed="yes"}');
      const before = await resumed();
      const first = await shared().handshake(t, only);
      await until(() => first.ticket, 'a ticket'); // of 1.3, it comes behind the handshake

      const second = await shared().handshake(t, { ...only, session: first.ticket });

      assert.equal(second.isSessionReused(), true);
      await until(async () => (await resumed()) === before + 1, 'a resumed handshake more');
    });
  }

  test('TLS 1.1 is refused, and counted', async (t) => {
    const refused = () => shared().metric('togglecast_tls_handshake_failures_total{reason="version"}');
    const before = await refused();

    await assert.rejects(
      shared().handshake(t, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), /alert|version/i);

    await until(async () => (await refused()) === before + 1, 'a refused version more');
  });

  test('HTTP/1.1 is what ALPN agrees on', async (t) => {
    assert.equal((await shared().handshake(t, { ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol, 'http/1.1');
    await assert.rejects(shared().handshake(t, { ALPNProtocols: ['h2'] }));
  });
});

test('plain HTTP on the TLS port is answered 400, logged and counted', async (t) => {
  const http = await HttpConnection.open(shared().port);
  t.after(() => http.drop());

  http.send('/');
  const answer = await http.response();

  assert.equal(answer.status, 400);
  assert.match(JSON.parse(answer.body).error.message, /this port speaks TLS/);
  await within(http.closed, 'the end of the connection');
  await until(() => /TLS handshake failed.*this port speaks TLS/.test(shared().process.stderr), 'the line in the log');
  await until(async () => (await shared().metric('togglecast_tls_handshake_failures_total{reason="plaintext"}')) === 1, 'one in plain text');
});

test('garbage costs its own connection alone', async (t) => {
  const other = await shared().handshake(t);
  const garbage = await Tcp.connect(shared().port);
  t.after(() => garbage.drop());

  garbage.write(Buffer.from('160301ffff', 'hex'));
  garbage.write(Buffer.alloc(1000, 'z'));

  await within(garbage.closed, 'the end of the connection');
  await until(() => shared().process.stderr.includes('malformed'), 'the line in the log');
  const http = new HttpConnection(new Tcp(other));
  http.send('/healthz');
  assert.equal((await http.response()).status, 200);
});

describe('SIGHUP', () => {
  const organisation = (socket) => socket.getPeerCertificate().subject.O;

  test('brings the new certificate to new handshakes; connections stay', async (t) => {
    const product = await started(t);
    await product.login();
    const { token } = await product.createClient();
    const client = product.clientSocket(t, token, { transports: ['websocket'] });
    await client.connected();
    await client.next('client_connected');
    assert.equal(organisation(await product.handshake(t)), 'first');
    const expiry = await product.metric('togglecast_tls_certificate_expiry_timestamp_seconds');
    assert.ok(Math.abs(expiry - Date.now() / 1000 - 86_400) < 600, String(expiry));

    const second = await certificate(product.folder, 'second');
    await copyFile(second.certificate, product.files.certificate);
    await copyFile(second.key, product.files.key);
    product.process.child.kill('SIGHUP');
    await product.process.says('the TLS certificate was reloaded');

    const both = [product.ca, await readFile(second.certificate)];
    assert.equal(organisation(await product.handshake(t, { ca: both })), 'second');
    product.ca = both;
    await product.createPlatform({ key: 'after', name: 'n' });
    assert.equal((await client.next('platform_update'))[0].data.key, 'after');
    assert.equal(client.disconnects.size, 0);
  });

  test('keeps the old certificate when the new one is no good, and says so', async (t) => {
    const product = await started(t);
    const other = await certificate(product.folder, 'other');
    await copyFile(other.key, product.files.key);

    product.process.child.kill('SIGHUP');
    await product.process.says('the TLS certificate was not reloaded, the old one stays');

    assert.match(product.process.stderr, /does not belong to the certificate/);
    assert.equal(organisation(await product.handshake(t)), 'first');
    await rm(product.files.certificate);
    product.process.child.kill('SIGHUP');
    await until(() => product.process.stderr.includes('No such file or directory'), 'the missing file in the log');
    assert.equal(organisation(await product.handshake(t)), 'first');
  });

  test('still stops a server without TLS', async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    const product = await Product.start(data.folder);

    assert.deepEqual(await product.end('SIGHUP'), { code: 0, signal: null });
  });
});

describe('at the start', () => {
  async function refusal(t, args, env) {
    const data = await dataFolder();
    t.after(data.remove);
    const process = program(['serve', '--port', '0', '--data', path.join(data.folder, 'data'), ...args], { env });
    const { code } = await within(process.exited, 'the exit', 20_000);
    return { code, text: process.stderr };
  }

  test('one file without the other is a wrong setting', async (t) => {
    const { code, text } = await refusal(t, ['--tls-key', 'x.key']);
    assert.equal(code, 2);
    assert.match(text, /--tls-key needs --tls-certificate/);
    const variable = await refusal(t, [], { TOGGLECAST_TLS_CERTIFICATE: 'x.crt' });
    assert.equal(variable.code, 2);
    assert.match(variable.text, /--tls-certificate needs --tls-key/);
  });

  test('a missing file is named', async (t) => {
    const { code, text } = await refusal(t, ['--tls-certificate', '/nowhere/x.crt', '--tls-key', '/nowhere/x.key']);
    assert.equal(code, 1);
    assert.match(text, /cannot read the certificate \/nowhere\/x.crt: No such file/);
  });

  test('a key of another certificate is refused, before any data is written', async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    const [a, b] = [await certificate(data.folder, 'a'), await certificate(data.folder, 'b')];
    const config = path.join(data.folder, 'togglecast.toml');
    await writeFile(config, `tls-certificate = "${a.certificate}"\ntls-key = "${b.key}"\n`);
    const process = program(['serve', '--port', '0', '--data', path.join(data.folder, 'data'), '--config', config]);
    assert.equal((await within(process.exited, 'the exit')).code, 1);
    assert.match(process.stderr, /b\.key does not belong to the certificate .*a\.crt/);
    await assert.rejects(readFile(path.join(data.folder, 'data')), { code: 'ENOENT' });
  });

  test('an expired certificate is served, with a warning that says since when', async (t) => {
    const product = await started(t, { expired: true });

    await product.process.says('the TLS certificate has expired');
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    assert.ok(product.process.stderr.includes(yesterday), product.process.stderr);
    await assert.rejects(product.handshake(t), { code: 'CERT_HAS_EXPIRED' });
    assert.equal((await product.handshake(t, { rejectUnauthorized: false })).getProtocol(), 'TLSv1.3');
  });
});
