// The first steps of README.md, word for word, in a folder with a server beside it. Only the port is another, and `npm` is a
// stand-in that notes how it was called.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clone, commandsOf, pageOf } from '../support/clone.mjs';
import { until } from '../support/deadline.mjs';

const readme = pageOf('README.md');
const commands = (heading) => commandsOf(readme, heading);

/** The commands that log in with curl, with this password. */
function loggingIn(password) {
  const [text] = commands('The same over HTTP');
  assert.equal(text.split("'the password from above'").length, 2);
  return text.replace('the password from above', () => password);
}

const kWrong = /wrong username or password/;
const [make, listen, toggle] = commands('A flag and a client');

test('a flag and a client, then the same over HTTP', async (t) => {
  const clone = await Clone.start(t);
  assert.match(await clone.succeeds(make), /feature +quickstart-banner +id \d+ +made/);
  const listener = clone.begin(listen.replace('listen.mjs', `listen.mjs http://localhost:${clone.port}`));
  await listener.says('connected as quickstart-client');
  assert.match(listener.stdout, /^npm install socket\.io-client$/m);
  assert.match(await clone.succeeds(toggle), /quickstart-banner is now off/);
  await until(() => /^feature_update toggle quickstart-banner false at revision \d+$/m.test(listener.stdout), 'the switch');

  const [, look] = commands('The same over HTTP');
  const [refresh] = /ask \$BASE\/api\/v1\/auth\/refresh [^`]*/.exec(readme);
  const answers = (await clone.succeeds(`${loggingIn(await clone.password())}\n${look}\n${refresh}`, ['-e'])).trim().split('\n').map((line) => JSON.parse(line));
  const [features, clients, activity, session] = answers;
  assert.deepEqual(features.items.map(({ key }) => key), ['quickstart-banner']);
  assert.deepEqual(clients.items.map(({ key }) => key), ['quickstart-client']);
  assert.equal(activity.items.length, 5);
  assert.ok(session.token.length > 0);
});

test('a client of the example; and a wrong password stops with the sentence of the server', async (t) => {
  const clone = await Clone.start(t, ['--demo']);
  await clone.succeeds(make);
  const before = await clone.read('client-token');
  const [issue] = commands('A catalogue with an example');
  const refused = `${loggingIn('not the password')}\n${issue}`;
  const stopped = await clone.run(refused, ['-e']);
  assert.notEqual(stopped.code, 0);
  assert.match(stopped.stderr, kWrong);
  assert.equal(stopped.stdout, '', 'and nothing behind it ran');
  const pasted = await clone.run(refused);
  assert.notEqual(pasted.code, 0);
  assert.match(pasted.stderr, kWrong);
  assert.match(pasted.stderr, /"code":"unauthenticated"/);
  assert.equal(await clone.read('client-token'), before, 'the token is as it was');

  const { state } = JSON.parse(await clone.succeeds(`${loggingIn(await clone.password())}\n${issue}`, ['-e']));
  assert.equal(state.clients.length, 61, 'those of the example, and that of the quickstart');
  const token = (await clone.read('client-token')).trim();
  const client = await clone.product.clientSocket(t, token).connected();
  const [greeting] = await client.next('client_connected');
  assert.equal(greeting.client.key, 'acme-outfitters');
});

test('the connection with curl', async (t) => {
  const clone = await Clone.start(t);
  const [shake] = commands('Testing the connection with curl');
  const answer = await clone.succeeds(shake);
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /Transport unknown/);
  assert.match(readme, /'http:\/\/localhost:5001\/socket\.io\/\?EIO=4&transport=websocket'/);
  const lines = shake.trimEnd().split('\n');
  const open = clone.begin([...lines.slice(0, -1), "  'http://localhost:5001/socket.io/?EIO=4&transport=websocket'"].join('\n'));
  await open.says('0{"sid":');
  assert.match(open.stdout, /^HTTP\/1\.1 101 /);
});
