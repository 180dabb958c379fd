// What strangers can write into the log of the product: a few lines a second, each of a bounded length, none of which a
// terminal would obey.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metric } from '../support/hostile.mjs';
import { HttpConnection } from '../support/http.mjs';
import { product } from '../support/product.mjs';

const shared = product();
const lines = () => shared.it.process.stderr.split('\n').filter(Boolean);

test('a flood of refused requests with long headers is a few lines and a count', async () => {
  const before = lines().length;
  const connection = await HttpConnection.open(shared.it.port);
  const long = 'x'.repeat(12_000);
  for (let n = 0; n < 600; n++) {
    connection.send(`/api/v1/platforms?n=${n}`, { headers: { Host: 'localhost', Origin: `https://${long}.example` } });
    await connection.response();
  }
  for (let n = 0; n < 100; n++) {
    const bad = await HttpConnection.open(shared.it.port);
    bad.write(`GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await bad.closed;
  }
  await shared.it.process.says('lines that peers caused were left out of the log');

  const written = lines().slice(before);
  assert.ok(written.length < 600, `${written.length} lines`);
  for (const line of written) assert.ok(line.length < 4_000, line.slice(0, 200));
  const summary = written.map((line) => JSON.parse(line)).find(({ message }) => message.startsWith('lines that peers caused'));
  assert.ok(summary.count > 0);
  assert.match(summary.kinds, /request(?: refused)?: \d+/);
  assert.ok((await metric(shared.it.port, 'togglecast_log_peer_lines_left_out_total')) > 0);
});

test('lines of an admin are written all the same', async () => {
  const { port } = shared.it;
  for (let n = 0; n < 100; n++) await HttpConnection.open(port).then((bad) => (bad.write('nonsense\r\n\r\n'), bad.closed));
  const name = `/api/v1/platforms/${Math.floor(Math.random() * 1e9)}`;
  await shared.it.requestOnce('GET', name);

  await shared.it.process.says(`"path":"${name}"`);
});

test('control characters of a peer are escaped, and a raw one in the target is refused', async () => {
  const connection = await HttpConnection.open(shared.it.port);
  connection.write(Buffer.from('GET /\u202ereversed HTTP/1.1\r\nHost: localhost\r\n\r\n'));

  assert.match(await connection.response().then(({ status, body }) => `${status} ${body}`), /^400 .*percent-encoded, at byte 1/s);
  for (const line of lines()) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
});

test('a name that would disguise itself is refused by its field', async () => {
  for (const name of ['safe\u202egpj', 'a\u009bb', 'a\u2028b']) {
    const refused = await shared.it.requestOnce('POST', '/api/v1/platforms', { key: 'disguised', name });
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.text, /\/name.*control characters/);
  }
});
