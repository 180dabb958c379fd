// What the program serves besides the API: the front page, health, metrics, the answer to the curl line of old.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { engineTarget } from '../support/engine.mjs';
import { request } from '../support/http.mjs';
import { kTimestamp, product } from '../support/product.mjs';
import { RawWebSocket, upgradeHeaders } from '../support/websocket.mjs';

const shared = product();
const kForeign = 'https://elsewhere.example';
const kOption = '--cors-origin';

/** The log's lines so far, each of them whole. What is written to no terminal is JSON. */
function logLines() {
  return shared.it.process.stderr.split('\n').slice(0, -1).map((line) => JSON.parse(line));
}

async function logged(pattern) {
  return until(() => logLines().find((line) => pattern.test(JSON.stringify(line))), `a log line with ${pattern}`);
}

describe('the curl line of the original', () => {
  const headers = { ...upgradeHeaders(), 'Sec-WebSocket-Key': 'x3JJHMbDL1EzLkh9GBhXDw==' };

  test('answers 400 "Transport unknown" at once, and the log says what to add', async () => {
    const { response, connection } = await RawWebSocket.handshake(shared.it.port, '/socket.io/', { headers });

    assert.equal(response.status, 400);
    assert.match(response.body, /Transport unknown/);
    await connection.closed;
    await logged(/\?EIO=4&transport=websocket/);
  });

  test('with what the log says, it is upgraded, and the open packet follows', async () => {
    const target = '/socket.io/?EIO=4&transport=websocket';
    const { response, connection } = await RawWebSocket.handshake(shared.it.port, target, { headers });
    assert.equal(response.status, 101);
    const open = await new RawWebSocket(connection.tcp, response).message();

    assert.match(open, /^0\{"sid":"/);
    connection.drop();
  });
});

describe('the front page', () => {
  test('is the console, with scripts of this server alone', async () => {
    const response = await request(shared.it.port, '/');

    assert.equal(response.status, 200);
    assert.match(response.headers['content-type'], /^text\/html/);
    assert.match(response.headers['content-security-policy'], /script-src 'self'/);
    assert.match(response.body, /<title>Togglecast<\/title>/);
    const [, script] = response.body.match(/<script [^>]*src="(\/assets\/[^"]+)"/);
    assert.equal((await request(shared.it.port, script)).status, 200);
  });
});

describe('health', () => {
  test('/healthz and /readyz answer 200', async () => {
    for (const target of ['/healthz', '/readyz']) assert.equal((await request(shared.it.port, target)).status, 200, target);
  });

  test('/metrics tells Prometheus, with the token of an admin', async () => {
    const response = await request(shared.it.port, '/metrics', { headers: { Authorization: `Bearer ${shared.it.admin}` } });

    assert.equal(response.status, 200);
    assert.match(response.headers['content-type'], /^text\/plain/);
    assert.match(response.body, /^# TYPE togglecast_\w+ (counter|gauge|histogram)$/m);
  });

  test('this machine is no credential', async () => {
    for (const target of ['/metrics', '/healthz/details']) assert.equal((await request(shared.it.port, target)).status, 401, target);
  });

  test('an unknown path is not found', async () => {
    for (const target of ['/nothing', '/api/v1/nothing', '/api/v2/platforms']) {
      assert.equal((await request(shared.it.port, target)).status, 404, target);
    }
  });

  test('a known path with another method says which there are', async () => {
    const response = await request(shared.it.port, '/api/v1/platforms', { method: 'PUT' });

    assert.equal(response.status, 405);
    assert.match(response.headers.allow, /GET/);
  });
});

describe('a page of another origin', () => {
  const targets = [
    ['the polling handshake', engineTarget('/socket.io/', 'polling'), {}],
    ['a login', '/api/v1/auth/login', { method: 'POST', body: '{}' }],
    ['a preflight', '/api/v1/auth/login', { method: 'OPTIONS' }],
  ];
  for (const [index, [name, target, options]] of targets.entries()) {
    test(`${name} is refused with a body and a log line that name the origin and the option`, async () => {
      const origin = `${kForeign}:${1000 + index}`;
      const response = await request(shared.it.port, target, { ...options, headers: { Origin: origin, 'Content-Type': 'application/json' } });

      assert.equal(response.status, 403, response.body);
      assert.ok(response.body.includes(origin), response.body);
      assert.ok(response.body.includes(kOption), response.body);
      assert.equal(response.headers['access-control-allow-origin'], undefined);
      const line = await logged(new RegExp(origin));
      assert.ok(JSON.stringify(line).includes(kOption));
    });
  }

  test('a WebSocket is refused before the 101', async () => {
    const headers = upgradeHeaders({ Origin: kForeign });
    const { response } = await RawWebSocket.handshake(shared.it.port, engineTarget('/socket.io/', 'websocket'), { headers });

    assert.equal(response.status, 400, 'the reference answers 400 where a poll would get 403');
    assert.ok(response.body.includes(kForeign) && response.body.includes(kOption), response.body);
  });

  test('the own origin and none at all are welcome', async () => {
    for (const headers of [{}, { Host: `localhost:${shared.it.port}`, Origin: shared.it.url }]) {
      const response = await request(shared.it.port, engineTarget('/socket.io/', 'polling'), { headers });
      assert.equal(response.status, 200, response.body);
    }
  });
});

describe('the log', () => {
  test('is JSON, with level, time and message, and no secret in it', async () => {
    const { token } = await shared.it.createClient();
    await shared.it.request('GET', '/api/v1/platforms', undefined, { token });
    await shared.it.login();
    const last = await shared.it.request('GET', '/api/v1/platforms');
    const line = await logged(new RegExp(last.headers.get('x-request-id')));

    assert.equal(line.level, 'info');
    assert.match(line.time, kTimestamp);
    assert.equal(line.message, 'request');
    const text = shared.it.process.output;
    assert.equal(text.includes(token), false);
    assert.equal(text.includes(shared.it.admin), false);
    assert.equal(text.includes('correct horse'), false);
  });
});
