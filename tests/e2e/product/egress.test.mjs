// The way out to other servers: through a proxy that tunnels, refuses or is away, and the metrics of a server that is away.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { certificate } from '../support/certificate.mjs';
import { until, untilTried } from '../support/deadline.mjs';
import { metric } from '../support/hostile.mjs';
import { jwks, SigningKey, startProvider, trusted } from '../support/issuer.mjs';
import { Jar, kHtml, kJson, logIn } from '../support/oidc-login.mjs';
import { OidcProvider } from '../support/oidc-provider.mjs';
import { dataFolder, Product } from '../support/product.mjs';
import { freePort } from '../support/server.mjs';

const kPatience = 120_000;
const kKeysHost = 'keys.test';    // names that only the proxy knows
const kLoginHost = 'login.test';
const key = new SigningKey('EdDSA');

const listens = async (t, server, port = 0) => {
  await new Promise((listening) => server.listen(port, '127.0.0.1', listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
};

/** A proxy that tunnels to the ports of `hosts`, by name, or answers each CONNECT with `refuses`: {url, asked, others}. */
async function startProxy(t, hosts, { port, refuses } = {}) {
  const proxy = { asked: [], others: 0, tunnels: new Set(), refuses };
  const server = http.createServer((_, response) => {
    proxy.others += 1;
    response.writeHead(405).end();
  });
  server.on('connect', ({ url }, socket, head) => {
    proxy.asked.push(url);
    socket.on('error', () => {});
    if (proxy.refuses) return socket.end(`HTTP/1.1 ${proxy.refuses}\r\nContent-Length: 0\r\n\r\n`);
    const behind = net.connect(hosts[url.replace(/:443$/, '')], '127.0.0.1', () => {
      proxy.tunnels.add(behind.localPort);
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      behind.write(head);
      socket.pipe(behind).pipe(socket);
    });
    behind.on('error', () => socket.destroy());
    t.after(() => behind.destroy());
    t.after(() => socket.destroy());
  });
  proxy.url = `http://127.0.0.1:${await listens(t, server, port)}`;
  return proxy;
}

/** Providers of keys and of logins under names that nobody resolves, with a certificate for these names. */
async function startProviders(t, folder) {
  const tls = await certificate(folder, 'provider', { names: [kKeysHost, kLoginHost] });
  const login = await OidcProvider.start(t, { certificate: tls });
  login.origin = `https://${kLoginHost}`;
  login.issuer = `${login.origin}/realms/main`;
  login.person.groups = ['developers'];
  const keys = https.createServer({ cert: await readFile(tls.certificate), key: await readFile(tls.key) }, (_, response) => response.end(jwks(key)));
  const ports = { [kKeysHost]: await listens(t, keys), [kLoginHost]: login.server.address().port };
  const callers = [];
  for (const server of [keys, login.server]) server.on('connection', ({ remotePort }) => callers.push(remotePort));
  return { tls, login, ports, callers };
}

/** A server behind a proxy. */
async function installation(t, { vouched = true, proxy: options, away = false } = {}) {
  const data = await dataFolder();
  t.after(() => data.remove());
  const providers = await startProviders(t, data.folder);
  const port = await freePort();
  const proxy = away ? { url: `http://127.0.0.1:${port}` } : await startProxy(t, providers.ports, { port, ...options });
  const server = await Product.start(path.join(data.folder, 'data'), {
    args: ['--egress-proxy', proxy.url, ...(vouched ? ['--egress-ca-file', providers.tls.certificate] : []), ...providers.login.args('editor=developers')],
  });
  t.after(() => server.end('SIGKILL'));
  await server.login();
  return { ...providers, port, proxy, server };
}

const issuerOf = (server, url = `https://${kKeysHost}/jwks`) => trusted(server, { jwks_url: url });

/** Why keys and logins do not come: both tell it, and the log does. */
async function isTold(server, { keys }, reason) {
  const shown = await until(async () => (await keys()).error, 'the trouble with the keys', kPatience);
  assert.match(shown, reason);
  const line = await until(() => server.process.stderr.split('\n').find((one) => one.includes('the keys of an issuer could not be read')), 'a line in the log', kPatience);
  assert.match(line, reason);
  const begin = (headers) => new Jar().get(`${server.url}/api/v1/auth/oidc/login`, { headers });
  const refused = await begin(kJson);
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.body.detail, reason);
  const page = await begin(kHtml);
  assert.equal(page.status, 503, page.text);
  assert.match(page.text, reason);
}

const works = async (t, { server, login }, { keys, token }) => {
  await untilTried(async () => (await keys()).error === null, 'the keys', kPatience);
  const client = await server.clientSocket(t, token(key)).connected();
  await client.next('client_connected', kPatience);
  const answer = await untilTried(async () => {
    const one = await logIn(login, server).catch((error) => error);
    return one.status === 200 && one;
  }, 'a login', kPatience);
  assert.equal(answer.body.admin.username, 'anna');
};

describe('--egress-proxy', () => {
  test('takes keys and logins through tunnels, to names that the proxy alone knows', async (t) => {
    const all = await installation(t);
    const { server, proxy, callers } = all;
    const issuer = await issuerOf(server);

    await works(t, all, issuer);

    assert.deepEqual([...new Set(proxy.asked)].sort(), [`${kKeysHost}:443`, `${kLoginHost}:443`]);
    assert.equal(proxy.others, 0, 'nothing went out in the open');
    assert.ok(callers.length >= 2);
    assert.deepEqual(callers.filter((port) => !proxy.tunnels.has(port)), [], 'and nothing past the proxy');
  });

  test('that refuses is named where keys and logins fail, until it lets them pass', async (t) => {
    const all = await installation(t, { proxy: { refuses: '403 Forbidden' } });
    const { server, proxy, callers } = all;
    const issuer = await issuerOf(server);

    await isTold(server, issuer, /CONNECT tunnel failed, response 403|HTTP code 403 from proxy/);

    assert.ok(proxy.asked.includes(`${kKeysHost}:443`) && proxy.asked.includes(`${kLoginHost}:443`), proxy.asked.join());
    assert.deepEqual(callers, []);
    proxy.refuses = undefined;
    await works(t, all, issuer);
  });

  test('that is away is told too, and nothing goes past it', async (t) => {
    const all = await installation(t, { away: true });
    const { server, callers, port, ports } = all;
    const issuer = await issuerOf(server);

    await isTold(server, issuer, new RegExp(`connect to 127\\.0\\.0\\.1 (\\(127\\.0\\.0\\.1\\) )?port ${port}`));

    assert.deepEqual(callers, []);
    await startProxy(t, ports, { port });
    await works(t, all, issuer);
  });

  test('vouches for nobody: a certificate behind it is judged as without it', async (t) => {
    const { server, proxy, login } = await installation(t, { vouched: false });
    const issuer = await issuerOf(server);

    await isTold(server, issuer, /certificate/);

    assert.ok(proxy.tunnels.size >= 2, 'it did tunnel');
    assert.deepEqual(login.requests, [], 'and nobody was asked for anything');
    assert.equal((await issuer.keys()).keys.length, 0);
  });
});

test('metrics tell of a server that is away: how long the calls took, and that it is left alone until it is back', async (t) => {
  const data = await dataFolder();
  t.after(() => data.remove());
  const provider = await startProvider(t, (_, response) => response.destroy());
  const server = await Product.start(data.folder, { args: ['--egress-plain-loopback'] });
  t.after(() => server.end('SIGKILL'));
  await server.login();
  const open = () => metric(server, 'togglecast_egress_open_breakers');
  const took = (what, purpose = 'jwks') => metric(server, `togglecast_egress_duration_seconds_${what}`, `purpose="${purpose}"`);
  const ended = (result) => metric(server, 'togglecast_egress_requests_total', `purpose="jwks",result="${result}"`);
  assert.deepEqual([await open(), await took('count'), await took('sum')], [0, 0, 0]);

  const issuers = [];
  for (let n = 0; n < 5; n++) issuers.push(await issuerOf(server, provider.url));  // five failures in a row open its breaker
  await until(async () => (await open()) === 1, 'an open breaker', kPatience);

  assert.ok(provider.requests >= 5, `after ${provider.requests} calls`);
  await until(async () => (await took('count')) === provider.requests && (await ended('unavailable')) === provider.requests, 'each call in the metrics', kPatience);
  assert.ok(await took('sum') > 0);
  assert.equal(await took('count', 'openid_connect'), 0);
  await until(() => /a server fails again and again, and is left alone for a while/.test(server.process.stderr), 'the line in the log', kPatience);
  await until(async () => (await ended('breaker_open')) > 0, 'a call that was not made', kPatience);

  provider.answer = (_, response) => response.end(jwks(key));
  await until(async () => (await open()) === 0, 'a closed breaker', kPatience);
  for (const { keys } of issuers) await until(async () => (await keys()).error === null, 'the keys', kPatience);
  await until(async () => (await took('count')) === provider.requests, 'each call that went out in the histogram, and no other', kPatience);
});
