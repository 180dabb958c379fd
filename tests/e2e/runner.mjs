// Runs the test files, several at once since they mostly wait; prints a line for each file and every failure in full,
// and ends with the sum in one line. TOGGLECAST_TEST_JOBS says how many at once.
import { readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const kFolders = ['protocol', 'inputs', 'clients', 'proxy', 'python', 'browser', 'library', 'product', 'crash', 'cluster', 'adapters'];
const kFileDeadline = 30 * 60_000; // on a machine with much else to do
const kJobs = Number(process.env.TOGGLECAST_TEST_JOBS ?? Math.min(2 * os.availableParallelism() + 1, 8));
// Those that take the longest begin, so that no other waits for them at the end.
const kLongest = ['crash/crash', 'crash/network', 'cluster/nodes', 'cluster/proxies', 'cluster/example-all', 'product/demo', 'product/access', 'product/sockets', 'product/time', 'clients/rooms', 'python/conformance',
  'browser/browser', 'product/lifecycle', 'product/limits', 'product/lifetimes'];

function testFiles(name) {
  const target = path.resolve(here, name);
  if (!statSync(target).isDirectory()) return [target];
  return readdirSync(target).filter((file) => file.endsWith('.test.mjs')).sort().map((file) => path.join(target, file));
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : kFolders;
const sum = { passed: 0, failed: 0 };

// Who is stopped stops the file that runs, which ends its servers.
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopped.abort());

/** A suite fails with its tests and is not counted besides them. */
const isSuite = ({ details }) => details?.type === 'suite';

async function runFile(file) {
  const name = path.relative(here, file);
  const own = { passed: 0, failed: 0 };
  const started = performance.now();
  const lines = [];
  const stream = run({ files: [file], concurrency: 1, timeout: kFileDeadline, signal: stopped.signal });
  const parents = [];
  stream.on('test:start', ({ name: title, nesting }) => parents.splice(nesting, Infinity, title));
  stream.on('test:pass', (event) => {
    if (!isSuite(event) && path.resolve(event.name) !== file) own.passed += 1;
  });
  stream.on('test:fail', (event) => {
    if (isSuite(event)) return;
    own.failed += 1;
    const error = event.details?.error;
    lines.push(`\nFAILED ${name}: ${[...parents.slice(0, event.nesting), event.name].join(' > ')}`);
    lines.push(`${inspect(error?.cause ?? error, { depth: 3 })}\n`.replaceAll(/^/gm, '    '));
  });
  stream.on('test:stderr', ({ message }) => process.stderr.write(message));
  await new Promise((ended) => stream.on('end', ended).resume());
  if (own.passed + own.failed === 0) {
    own.failed = 1;
    lines.push(`FAILED ${name}: no test ran`);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  lines.push(`${name}: ${own.passed} passed, ${own.failed} failed (${seconds} s)`);
  console.log(lines.join('\n'));
  sum.passed += own.passed;
  sum.failed += own.failed;
}

const rank = (file) => {
  const place = kLongest.indexOf(path.relative(here, file).replace('.test.mjs', ''));
  return place < 0 ? kLongest.length : place;
};
const waiting = wanted.flatMap(testFiles).sort((a, b) => rank(a) - rank(b));
async function runInTurn() {
  while (waiting.length > 0 && !stopped.signal.aborted) await runFile(waiting.shift());
}
await Promise.all(Array.from({ length: kJobs }, runInTurn));
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exit(sum.failed === 0 && !stopped.signal.aborted ? 0 : 1);
