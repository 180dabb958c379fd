// examples/cluster: one command starts it all, `break` breaks it, and Ctrl-C leaves nothing behind.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Example } from '../support/cluster-example.mjs';
import { until } from '../support/deadline.mjs';

const kPatience = 240_000;

test('the example runs, breaks, mends itself, and leaves nothing', async (t) => {
  const example = await Example.start(t);
  const first = await example.current(0);
  assert.match(example.process.stdout, new RegExp(`Togglecast +http://localhost:${example.port} `));
  assert.match(example.process.stdout, /Login +owner, \S+/);
  await example.break('node', '2');
  await example.current(1);
  const came = await example.goesOn(first, 0);
  await example.break('flush');
  await example.goesOn(came, 0);
  const flushed = await example.current(1);
  await example.break('postgres-kill');
  await example.goesOn(flushed);

  const killed = example.pid('redis');
  const before = await example.current(1);
  await example.break('redis-kill');
  await until(() => /^\d+$/.test(example.pid('redis')) && example.pid('redis') !== killed, 'another Redis', kPatience);
  await example.goesOn(before, 0);

  const frozen = await example.current(1);
  const ends = [example.break('freeze', '1'), example.break('redis')];
  await until(() => example.standsStill('n1') && example.standsStill('redis'), 'a node and a Redis that do nothing', kPatience);
  for (const said of await Promise.all(ends)) assert.match(said, /does nothing for 1[05] s\n.* goes on\n/);
  assert.ok(!example.standsStill('n1') && !example.standsStill('redis'));
  await example.goesOn(frozen);

  const running = example.pid('postgres');
  const held = path.join(example.folder, 'postgres.hold');
  const stop = example.break('postgres');
  const ready = () => fetch(`http://localhost:${example.port + 1}/readyz`).then(({ status }) => status);
  await until(async () => existsSync(held) && (await ready()) === 503, 'a PostgreSQL that is stopped', kPatience);
  const stopped = await example.current(1);
  assert.equal((await fetch(`http://localhost:${example.port}/healthz`)).status, 200, 'nginx and the nodes serve');
  assert.match(await stop, /PostgreSQL is stopped for 20 s\n.*PostgreSQL starts\n$/);
  assert.ok(!existsSync(held));
  await until(() => example.pid('postgres') !== running, 'another PostgreSQL', kPatience);
  await example.goesOn(stopped);

  await example.process.end('SIGINT', 120_000);
  assert.ok(!existsSync(example.folder));
  assert.deepEqual(example.processes, []);
});
