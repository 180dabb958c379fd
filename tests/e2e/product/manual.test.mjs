// Commands of the manual that work without root and without other programs, word for word, in the order of the pages: each
// once, again, and with a wrong password.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clone, commandsOf, pageOf } from '../support/clone.mjs';

const readme = pageOf('README.md');
const kWrong = /wrong username or password/;

/** The commands in a paragraph of README.md that begins with this word. */
function paragraph(word) {
  const [, text] = readme.split(`\n**${word}.** `);
  assert.ok(text, `README.md has ${word}`);
  return [...text.split('\n\n')[0].matchAll(/`([^`]+)`/g)].map(([, command]) => command.replace(/\s+/g, ' '));
}

/** The minute of docs/api.md, with this password. */
function minute(password) {
  const [text] = commandsOf(pageOf('docs/api.md'), 'In one minute');
  assert.equal(text.split('"password": "…"').length, 2);
  return text.replace('"password": "…"', () => `"password": "${password}"`);
}

const answers = (text) => text.trim().split('\n').flatMap((line) => line.replaceAll('}{', '}\n{').split('\n')).map((line) => JSON.parse(line));

test('docs/api.md in one minute, twice, and with a wrong password', async (t) => {
  const clone = await Clone.start(t);
  await clone.succeeds('build/release/bin/togglecast quickstart');
  const first = answers(await clone.succeeds(minute(await clone.password())));
  assert.equal(first[0].key, 'web');
  assert.equal(first[1].id, 1);
  const [taken, switched] = answers(await clone.succeeds(minute(await clone.password())));
  assert.equal(taken.code, 'already_exists');
  assert.equal(taken.detail, "there is already a platform 'web'");
  assert.equal(switched.enabled, !first[1].enabled);

  const refused = await clone.run(minute('not the password'));
  const [login, ...rest] = answers(refused.stdout);
  assert.match(login.detail, kWrong);
  assert.equal(rest.length, 2);
  for (const { status, detail } of rest) {
    assert.equal(status, 401);
    assert.ok(detail.length > 0);
  }
});

test('the check, and the probe of docs/operations.md', async (t) => {
  const clone = await Clone.start(t);
  const [check] = paragraph('Check');
  assert.equal(check, 'build/release/bin/togglecast probe http://localhost:5001');
  const early = await clone.run(check);
  assert.equal(early.code, 1);
  assert.match(early.stdout, /the first one must be replaced/);
  await clone.succeeds('build/release/bin/togglecast quickstart');
  assert.match(await clone.succeeds(check), /^\d+ steps passed, 0 failed, 0 skipped$/m);

  const [text] = commandsOf(pageOf('docs/operations.md'), 'Probing');
  const [here] = text.split('\n');
  assert.match(await clone.succeeds(here), /^\d+ steps passed, 0 failed, 0 skipped$/m);
  const wrong = await clone.run(`TOGGLECAST_OWNER_PASSWORD=wrong ${check}`);
  assert.equal(wrong.code, 1);
  assert.match(wrong.output, kWrong);
});

test('a backup, a restore, and a move to another store', async (t) => {
  const clone = await Clone.start(t);
  await clone.succeeds('build/release/bin/togglecast quickstart');
  const [, copy] = /\(`(cp -a data [^`]+)`\)/.exec(readme);
  assert.equal(copy, 'cp -a data ../togglecast-backup');
  const backup = copy.replace('../', './');  // the folder of a test has no neighbours

  await clone.stop();
  await clone.succeeds(backup);
  await clone.serve();
  await clone.succeeds('build/release/bin/togglecast quickstart --toggle');
  await clone.stop();
  await clone.succeeds('mv data aside && cp -a togglecast-backup data');
  await clone.serve();
  assert.match(clone.product.process.output, /the data folder is a copy, for example a restored backup: the server begins a new epoch/);
  const again = await clone.succeeds('build/release/bin/togglecast quickstart');
  assert.match(again, /feature +quickstart-banner +id \d+ +was there/);

  const [move] = paragraph('Move to another store');
  const command = `build/release/bin/${move.replace('…', 'moved')}`;
  const busy = await clone.run(command);
  assert.equal(busy.code, 1);
  assert.match(busy.output, /--from: the data folder data is in use by process \d+; stop it first/);
  await clone.stop();
  assert.match(await clone.succeeds(command), /is in .*moved now\. Start the servers with it, and never again with the old one/);
  const twice = await clone.run(command);
  assert.equal(twice.code, 1);
  assert.match(twice.output, /the target \(--to\) has data already; name an empty one/);
  await clone.serve();
});

test('a forgotten password', async (t) => {
  const clone = await Clone.start(t);
  await clone.succeeds('build/release/bin/togglecast quickstart');
  const [command] = paragraph('Forgotten password');
  assert.equal(command, 'build/release/bin/togglecast admin passwd --data data');
  const running = await clone.run(`echo 'another password' | ${command}`);
  assert.equal(running.code, 1);
  assert.match(running.output, /is in use by process \d+; stop it first/);
  await clone.stop();
  for (const password of ['another password', 'and one more']) assert.match(await clone.succeeds(`echo '${password}' | ${command}`), /The password of 'owner' has changed/);
  await clone.serve();
  const old = await clone.run('TOGGLECAST_OWNER_PASSWORD="another password" build/release/bin/togglecast quickstart');
  assert.equal(old.code, 1);
  assert.match(old.output, kWrong);
  await clone.succeeds('TOGGLECAST_OWNER_PASSWORD="and one more" build/release/bin/togglecast quickstart');
});
