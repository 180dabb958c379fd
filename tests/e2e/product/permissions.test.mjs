// The tables of docs/security.md, all of them: every route and every event as everybody.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { dataFolder, kPassword, Product, product } from '../support/product.mjs';

const shared = product({ args: ['--write-rate', '10000', '--read-rate', '1000000'] });

const kScopes = ['read', 'write:platforms', 'write:features', 'write:segments', 'write:packages', 'write:clients', 'evaluate', 'stream', 'flagd'];
const kPatience = { timeout: 300_000 };

const text = readFileSync(fileURLToPath(new URL('../../../docs/security.md', import.meta.url)), 'utf8');

/** The rows under a heading: {name, action, allowed: {column: mark}}. */
function table(heading) {
  const lines = text.slice(text.indexOf(`### ${heading}\n`)).split('\n').slice(2);
  const cells = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim());
  const columns = cells(lines[0]).slice(2);
  const rows = lines.slice(2, lines.findIndex((line, i) => i > 1 && !line.startsWith('|')));
  return rows.map(cells).map(([name, action, ...marks]) => ({
    name,
    action,
    allowed: Object.fromEntries(columns.map((column, i) => [column, marks[i]])),
  }));
}
const routes = table('Routes');
const events = table('Events');

/** Who tries: the column that must hold for it, and how it gets its token. */
const people = [
  { name: 'nobody', column: 'nobody', token: () => null },
  { name: 'a client', column: 'client', token: async () => (await shared.it.createClient()).token },
  { name: 'a viewer', column: 'viewer', token: () => admin({ role: 'viewer' }) },
  { name: 'an editor', column: 'editor', token: () => admin({ role: 'editor' }) },
  { name: 'an editor of another environment', column: 'viewer', token: () => admin({ role: 'viewer', environments: { staging: 'editor' } }) },
  { name: 'an owner of another environment', column: 'viewer', token: () => admin({ role: 'viewer', environments: { staging: 'owner' } }) },
  { name: 'an editor of this environment alone', column: 'editor', token: () => admin({ role: 'none', environments: { production: 'editor' } }) },
  { name: 'an editor who is a viewer here', column: 'viewer', token: () => admin({ role: 'editor', environments: { production: 'viewer' } }) },
  { name: 'an owner of this environment alone', column: 'owner here', token: () => admin({ role: 'none', environments: { production: 'owner' } }) },
  { name: 'an owner', column: 'owner', token: () => admin({ role: 'owner' }) },
  ...kScopes.map((scope) => ({ name: `a key with the scope ${scope}`, column: scope, scope, token: () => key([scope]) })),
];

let admins = 0;
async function admin(roles) {
  const username = `admin-${++admins}`;
  await shared.it.call('POST', '/api/v1/admins', { username, password: kPassword, ...roles });
  return (await shared.it.call('POST', '/api/v1/auth/login', { username, password: kPassword }, { token: null })).token;
}

async function key(scopes, more = {}) {
  return (await shared.it.call('POST', '/api/v1/api-keys', { name: scopes.join(' '), scopes, ...more })).key;
}

/** What an undo touches: of a key, what it may write. Each is the first change of its kind. */
const undoable = {};

let prepared;
const prepare = () => (prepared ??= fill());
async function fill() {
  await shared.it.call('POST', '/api/v1/environments', { key: 'staging' });
  const bodies = { platforms: {}, segments: { rule: true }, features: {}, packages: {}, clients: {} };
  for (const [kind, body] of Object.entries(bodies)) {
    await shared.it.call('POST', `/api/v1/${kind}`, { key: 'first', name: 'First', ...body });
    undoable[`write:${kind}`] = shared.it.revision;
  }
}

/** A path with what exists nowhere in its places: what may be done fails for another reason than permission. */
function target(row, { scope }) {
  const [method, pattern] = row.name.split(' ');
  const revision = undoable[scope] ?? undoable['write:features'];
  const path = pattern
    .replace('{revision}/undo', `1.${revision}/undo?x=1`)
    .replace('{revision}', String(revision))
    .replace('/environments/{key}', '/environments/production')
    .replace('{sha256}', 'a'.repeat(64))
    .replace('{name}', 'broadcast_announcement')
    .replace(/\{[a-z_]+\}/g, '999999');
  return [pattern.endsWith('/stream') ? 'HEAD' : method, path];  // a stream would go on
}

const kForbidden = (answer) => answer.status === 401 || answer.status === 403;

describe('the tables', () => {
  test('have rows and columns', () => {
    assert.ok(routes.length > 60, String(routes.length));
    assert.ok(events.length > 15, String(events.length));
    for (const row of [...routes, ...events]) {
      for (const column of people.map((person) => person.column)) assert.notEqual(row.allowed[column], undefined, row.name);
    }
  });
});

describe('every route', () => {
  for (const person of people) {
    test(`as ${person.name}`, kPatience, async () => {
      await prepare();
      const wrong = [];
      for (const row of routes) {
        // These end the session, so each has one of its own.
        const ends = row.name.endsWith('/auth/logout') || row.name === 'DELETE /api/v1/auth/sessions';
        const token = ends || person.current === undefined ? await person.token() : person.current;
        if (!ends) person.current = token;
        const [method, path] = target(row, person);
        const body = method === 'GET' || method === 'HEAD' || path.endsWith('/signing-keys') || path.endsWith('/logout') ? undefined : {};
        const answer = await shared.it.request(method, path, body, { token });
        // Without an action there is nothing to be allowed. A route may still ask for its own proof.
        const asks = row.action !== '' || !(path.startsWith('/api/v1/auth/') || path.startsWith('/ofrep/v1/stream'));
        if (asks && kForbidden(answer) === (row.allowed[person.column] === '✓')) wrong.push(`${row.name}: ${answer.status} ${answer.text}`);
      }
      assert.deepEqual(wrong, []);
    });
  }
});

describe('every event', () => {
  for (const person of people) {
    test(`as ${person.name}`, kPatience, async (t) => {
      await prepare();
      // A key that does not stream connects nowhere; what it may ask for, it may with `stream` as well.
      const token = person.scope && person.scope !== 'stream' ? await key([person.scope, 'stream']) : await person.token();
      const alone = person.scope ? await key([person.scope]) : token;
      const wrong = [];
      for (const nsp of ['/admin', '/client']) {
        const rows = events.filter((row) => row.name.startsWith(`${nsp} `));
        const connects = rows[0].allowed[person.column] !== '';
        const client = shared.it.socket(t, nsp, alone === null ? {} : { token: alone });
        if (alone !== null && !connects) {
          const refused = await client.refused();
          if (refused.data?.code !== 'forbidden') wrong.push(`${nsp}: ${refused.message}`);
        }
        const mark = (row) => row.allowed[person.column];
        if (alone !== null && !connects && !rows.some((row) => mark(row) === '+')) continue;
        const socket = alone === token ? client : shared.it.socket(t, nsp, { token });
        await socket.connected();
        for (const row of rows) {
          const [, event] = row.name.split(' ');
          const answer = await socket.socket.timeout(60_000).emitWithAck(event, {});
          const code = answer?.error?.code;
          const refused = code === 'forbidden' || code === 'unauthenticated';
          const may = mark(row) === '✓' || mark(row) === '+' || (person.scope && row.action === rows[0].action && nsp === '/admin');
          if (refused === Boolean(may)) wrong.push(`${row.name}: ${JSON.stringify(answer)}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }
});

describe('a session that must do something else first', () => {
  const kDuties = [
    {
      column: 'first password',
      code: 'password_change_required',
      env: {},
      async begin(node) {
        const password = /^password: (.*)$/m.exec(await readFile(path.join(node.data, 'first-login'), 'utf8'))[1];
        return async () => (await node.login('owner', password)).token;
      },
    },
    {
      column: 'no factor',
      code: 'second_factor_setup_required',
      async begin(node) {
        await node.login();
        await node.call('PATCH', '/api/v1/settings', { require_second_factor: 'all' });
        return async () => (await node.login()).token;
      },
    },
  ];
  for (const { column, code, env, begin } of kDuties) {
    test(`${column}: every route and every event`, kPatience, async (t) => {
      const data = await dataFolder();
      const node = await Product.start(data.folder, { args: ['--write-rate', '10000'], ...(env ? { env } : {}) });
      t.after(() => node.end('SIGKILL').finally(data.remove));
      const session = await begin(node);
      const wrong = [];
      const token = await session();
      for (const row of routes.filter(({ action }) => action !== '')) {
        const [method, target] = row.name.split(' ');
        const logout = target.endsWith('/logout');
        const body = method === 'GET' || logout ? undefined : {};
        const answer = await node.request(method, target.replace(/\{[a-z_]+\}/g, '999999'), body, { token: logout ? await session() : token });
        if ((answer.body?.code !== code) !== (row.allowed[column] === '✓')) wrong.push(`${row.name}: ${answer.status} ${answer.text}`);
      }
      const refused = await node.socket(t, '/admin', { token }).refused();
      if (refused.data?.code !== 'forbidden' || !refused.message.includes('this session may only')) wrong.push(`/admin: ${refused.message}`);
      const late = node.socket(t, '/admin', {});
      await late.connected();
      for (const { name, allowed } of events.filter((row) => row.name.startsWith('/admin '))) {
        const [, event] = name.split(' ');
        const answer = await late.socket.timeout(60_000).emitWithAck(event, { token });
        const expected = event === 'admin_connect' ? 'forbidden' : 'unauthenticated';
        if (answer?.error?.code !== expected || allowed[column] !== '') wrong.push(`${name}: ${JSON.stringify(answer)}`);
      }
      assert.deepEqual(wrong, []);
    });
  }
});

describe('an environment without a role', () => {
  test('cannot be logged in to, and its session elsewhere does not reach it', async () => {
    await prepare();
    await shared.it.call('POST', '/api/v1/admins', { username: 'guest', password: kPassword, role: 'none', environments: { staging: 'editor' } });
    const login = (environment) =>
      shared.it.request('POST', '/api/v1/auth/login', { username: 'guest', password: kPassword, environment }, { token: null });

    const refused = await login('production');
    assert.equal(refused.status, 403);
    assert.match(refused.body.detail, /'guest' has no role in the environment 'production', only in staging/);
    const { token } = (await login('staging')).body;
    assert.equal((await shared.it.request('GET', '/api/v1/platforms', undefined, { token })).body.total, 0, 'staging has none');
    for (const [method, path, body] of [
      ['GET', '/api/v1/environments/production'],
      ['POST', '/api/v1/environments/staging/copy', { from: 'production' }],
    ]) {
      assert.equal((await shared.it.request(method, path, body, { token })).status, 403, path);
    }
  });
});
