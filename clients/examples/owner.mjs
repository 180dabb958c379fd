// The account owner of a server, for an example that needs a token. A real back end has an API key instead.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Sends a request to the server at `url`, with the owner's token if there is one. */
export async function post(url, target, body, token) {
  const answer = await fetch(url + target, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Error(`no server answers at ${url}: run ./start --demo first`);
  });
  const reply = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`${target}: ${reply.detail ?? answer.status}`);
  return reply;
}

/** One line of the terminal, which does not show it. */
async function secret(question) {
  process.stdout.write(`${question}: `);
  const silent = new Writable({ write: (_text, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: process.stdin.isTTY });
  const line = await terminal.question('');
  terminal.close();
  process.stdout.write('\n');
  return line;
}

/** Logs in, by TOGGLECAST_OWNER_PASSWORD or by asking. A random first password opens nothing but its own change. */
export async function ownerToken(url) {
  const given = process.env.TOGGLECAST_OWNER_PASSWORD;
  const password = given || (await secret('Password of owner, as the server printed it at its first start, or yours since then'));
  const { token, password_change_required: first } = await post(url, '/api/v1/auth/login', { username: 'owner', password });
  if (!first) return token;
  const mine = await secret('This is the first password, which must change. Yours from now on, at least 8 characters');
  await post(url, '/api/v1/auth/password', { current: password, new: mine }, token);
  return token;
}
