// A server that was built without the web console: it says so at its start and at `/`, and the steps on that page work as they
// stand there. The program is linked from the libraries of the server, with an empty table of the console's files.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { Clone } from '../support/clone.mjs';
import { request } from '../support/http.mjs';
import { togglecastBinary } from '../support/server.mjs';

const kProgram = path.join(path.dirname(togglecastBinary), 'togglecast-without-console');
const kFirst = 'put the password here';
const kNext = 'put a new password here';

const asText = (html) => html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#64;', '@').replaceAll('&amp;', '&');

/** The page as a browser on this machine gets it: its notice without markup, and the commands of each step by its heading. */
async function pageOf(clone) {
  const { status, headers, body } = await request(clone.port, '/', { headers: { Host: `localhost:${clone.port}`, Accept: 'text/html' } });
  assert.equal(status, 200);
  assert.match(headers['content-type'], /^text\/html/);
  const steps = [...body.matchAll(/<h2>(.*?)<\/h2>.*?<pre>(.*?)<\/pre>/gs)].map(([, name, commands]) => [name, asText(commands)]);
  const [, notice] = /<div class="notice">(.*?)<\/div>/s.exec(body);
  return { notice: notice.replace(/<[^>]*>/g, '').replace(/\s+/g, ' '), steps: Object.fromEntries(steps) };
}

test('the start and the page say that the console is missing, and how to get it', async (t) => {
  const clone = await Clone.start(t, [], kProgram);
  assert.ok(clone.product.process.output.includes(`Console  not in this program; http://localhost:${clone.port}/ says how to get it`));

  const { notice } = await pageOf(clone);

  assert.match(notice, /The web console is missing\. .*built without the web console/);
  for (const way of ['run ./start without that option', 'apt-get install npm', 'run console/build, and build the server again'])
    assert.ok(notice.includes(way), `${way}: ${notice}`);
  assert.equal((await request(clone.port, '/platforms', { headers: { Accept: 'text/html' } })).status, 404, 'it has no other page');
});

test('its steps lead from the first password to a change that a client hears', async (t) => {
  const clone = await Clone.start(t, [], kProgram);
  const { steps } = await pageOf(clone);
  const [, first] = /^password: (.*)$/m.exec(await clone.read('data/first-login'));
  const replaced = 'a new one, and long enough';
  const login = (password) => steps['Log in'].replace(kFirst, () => password);

  const early = await clone.run(`${login(first)}\n${steps['Create a client and its token']}`);
  assert.match(early.stderr, /the first one must be replaced/, 'a refusal is shown');

  const listener = clone.begin([login(first), steps['Replace the first password'].replace(kNext, replaced), steps['Create a client and its token'],
    steps['Listen with the official Socket.IO client'], 'wait'].join('\n'));
  await listener.says('connected as demo');
  const switched = await clone.succeeds(`${login(replaced)}\n${steps['Switch a platform']}`);
  assert.match(switched, /"key":"first-platform"/);
  await listener.says('platform_update {');
});
