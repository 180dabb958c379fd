// examples/cluster/break all: everything breaks, one after the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Example } from '../support/cluster-example.mjs';

const kEach = [
  /^n[123] is killed$/,
  /^redis does nothing for 15 s$/, /^redis goes on$/,
  /^Redis is emptied$/,
  /^Redis is killed$/,
  /^PostgreSQL is stopped for 20 s$/, /^PostgreSQL starts$/,
  /^PostgreSQL is killed$/,
  /^n[123] does nothing for 10 s$/, /^n[123] goes on$/,
];

test('`break all` breaks everything in turn, and the clients get all changes', async (t) => {
  const example = await Example.start(t);
  const first = await example.current(0);

  const said = (await example.break('all')).trim().split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d  /, ''));

  assert.equal(said.length, kEach.length, said.join('\n'));
  for (const [n, pattern] of kEach.entries()) assert.match(said[n], pattern);
  const after = await example.current(1);
  assert.ok(after > first);
  await example.goesOn(after);
});
