// A command without something that it needs says what is missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../support/deadline.mjs';
import { program } from '../support/product.mjs';

const kCommands = [
  [['probe'], /URL/],
  [['migrate-store'], /--from/],
  [['migrate-store', '--from', 'data'], /--to/],
  [['migrate-store', '--to', 'data'], /--from/],
  [['admin'], /the name of a command is missing/],
];

test('a command without something that it needs says what is missing', async () => {
  for (const [args, expected] of kCommands) {
    const process = program(args);
    const { code } = await within(process.exited, args.join(' '), 10_000);
    assert.equal(code, 2, process.output);
    const [sentence] = process.output.split('\n');
    assert.match(sentence, expected, args.join(' '));
  }
});
