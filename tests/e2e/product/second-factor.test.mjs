// Second factors and the settings that ask for them: one node on SQLite, and two nodes on one PostgreSQL.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { until } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, kPassword, Product, program } from '../support/product.mjs';
import { App } from '../support/totp.mjs';

const kPatience = 60_000;
const kBegin = '/api/v1/auth/second-factor';

const login = (node, username, password, more = {}) =>
  node.requestOnce('POST', '/api/v1/auth/login', { username, password, ...more }, { token: null });

let people = 0;
/** A new admin of `node`: {username, password, token, id}. */
async function person(node, role = 'editor') {
  const username = `person-${++people}`;
  const { id } = await node.call('POST', '/api/v1/admins', { username, password: kPassword, role });
  const { token } = (await login(node, username, kPassword)).body;
  return { username, id, token };
}

/** Sets a second factor up for the session of `token`: {app, recovery}. */
async function setUp(node, token) {
  const { secret } = await node.call('POST', kBegin, { password: kPassword }, { token });
  const app = new App(secret);
  const { recovery_codes: recovery } = await node.call('POST', `${kBegin}/confirm`, { code: app.next() }, { token });
  return { app, recovery };
}

/** The nodes of each installation that the tests run on. */
const installations = [
  { name: 'one node on SQLite', start: async (t) => [await own(t)] },
  {
    name: 'two nodes on PostgreSQL',
    start: async (t) => {
      const url = await postgres.database(`factor${++databases}`);
      return [await own(t, ['--store', url]), await own(t, ['--store', url])];
    },
  },
];
let databases = 0;
let postgres;
before(async () => {
  postgres = await Postgres.start({ fsync: 'off' });
});
after(() => postgres.remove());

async function own(t, args = [], options = {}) {
  const data = await dataFolder();
  const node = await Product.start(data.folder, { args, ...options });
  t.after(async () => {
    if (node.process.running) await node.end('SIGKILL');
    await data.remove();
  });
  if (options.env === undefined) await node.login();
  return node;
}

for (const { name, start } of installations) {
  describe(name, { timeout: 600_000 }, () => {
    test('a login needs a code, which works once wherever it is shown', async (t) => {
      const nodes = await start(t);
      const [first, last] = [nodes[0], nodes.at(-1)];
      const { username, id, token } = await person(first);
      const { app, recovery } = await setUp(first, token);
      assert.equal(recovery.length, 10);
      assert.match((await first.call('GET', `/api/v1/admins/${id}`)).second_factor_at, /^\d{4}-/);

      await until(async () => (await login(last, username, kPassword)).body.code === 'second_factor_required', 'the other node to know', kPatience);
      const alone = await login(last, username, kPassword);
      assert.equal(alone.status, 401);
      assert.equal(alone.headers.get('www-authenticate'), 'Bearer realm="togglecast"');

      // The same code at once, at every node.
      for (const code of [app.next(), recovery[0]]) {
        const answers = await Promise.all([0, 1, 2, 3].map((i) => login(nodes[i % nodes.length], username, kPassword, { code })));
        assert.equal(answers.filter(({ status }) => status === 200).length, 1, answers.map(({ status, text }) => `${status} ${text}`).join('\n'));
        for (const answer of answers.filter(({ status }) => status !== 200)) assert.ok([401, 429].includes(answer.status), answer.text);
        const again = await last.request('POST', '/api/v1/auth/login', { username, password: kPassword, code }, { token: null });
        assert.equal(again.status, 401, again.text);
      }
      const told = await first.call('GET', kBegin, undefined, { token });
      assert.deepEqual([told.enabled, told.recovery_codes_left], [true, 9]);
    });

    test('wrong codes slow the next one down, at the node that heard them', async (t) => {
      const nodes = await start(t);
      const { username, token } = await person(nodes[0]);
      const { app } = await setUp(nodes[0], token);
      let refused = 0;
      await until(async () => {
        const answer = await login(nodes[0], username, kPassword, { code: app.wrong() });
        refused += answer.status === 401 ? 1 : 0;
        return answer.status === 429;
      }, 'a wait', kPatience);
      assert.ok(refused >= 5, String(refused));
      for (const node of nodes.slice(1)) {
        // Without Redis, nodes tell each other nothing of guesses; each has its own count.
        assert.equal((await login(node, username, kPassword, { code: app.wrong() })).status, 401);
      }
    });

    test('it goes with password and code, by an owner, or at the machine', async (t) => {
      const nodes = await start(t);
      const [node] = nodes;
      const one = await person(node);
      const { app, recovery } = await setUp(node, one.token);
      const remove = (body) => node.request('POST', `${kBegin}/remove`, body, { token: one.token });
      assert.equal((await remove({ password: 'wrong', code: recovery[1] })).status, 401);
      assert.equal((await remove({ password: kPassword, code: app.wrong() })).status, 401);
      const renewed = await node.call('POST', `${kBegin}/recovery-codes`, { password: kPassword, code: recovery[1] }, { token: one.token });
      assert.equal((await remove({ password: kPassword, code: recovery[2] })).status, 401, 'one from before');
      assert.equal((await remove({ password: kPassword, code: renewed.recovery_codes[2] })).status, 204);
      assert.equal((await login(node, one.username, kPassword)).status, 200);

      await setUp(node, one.token);
      assert.equal((await node.request('DELETE', `/api/v1/admins/${one.id}/second-factor`, undefined, { token: one.token })).status, 403);
      assert.equal((await node.request('DELETE', '/api/v1/admins/1/second-factor')).status, 403, 'not the own one');
      await node.call('DELETE', `/api/v1/admins/${one.id}/second-factor`);
      assert.equal((await login(node, one.username, kPassword)).status, 200);
      assert.equal((await node.request('DELETE', `/api/v1/admins/${one.id}/second-factor`)).status, 404);
    });

    test('a setting reaches pages of owners and every node at once, and ends what it forbids', async (t) => {
      const nodes = await start(t);
      const [first, last] = [nodes[0], nodes.at(-1)];
      const owner = await person(first, 'owner');
      const viewer = await person(first, 'viewer');
      await setUp(first, owner.token);
      const page = last.socket(t, '/admin', { token: owner.token });
      await page.connected();
      await page.next('admin_connected', kPatience);
      const other = last.socket(t, '/admin', { token: viewer.token });
      await other.connected();
      await other.next('admin_connected', kPatience);

      const before = await first.request('GET', '/api/v1/settings');
      assert.equal(before.body.require_second_factor, 'none');
      assert.equal(before.headers.get('etag')?.replace('-gzip', ''), '"1.0"');
      const changed = await first.request('PATCH', '/api/v1/settings', { require_second_factor: 'all' }, { headers: { 'If-Match': '"1.0"' }, token: owner.token });
      assert.equal(changed.status, 200, changed.text);

      let update;
      await until(async () => {
        [update] = await page.next('entity_update', kPatience);
        return update.entity_type === 'settings';
      }, 'the setting on the page', kPatience);
      assert.equal(update.environment, 'system');
      assert.equal(update.data.require_second_factor, 'all');
      assert.equal(update.actor.name, owner.username);
      const [ended] = await other.next('session_ended', kPatience);
      assert.equal(ended.reason, 'second_factor_setup_required');

      // The session is the same; it may only set one up, and is whole then.
      const refused = await last.request('GET', '/api/v1/platforms', undefined, { token: viewer.token });
      assert.deepEqual([refused.status, refused.body.code], [403, 'second_factor_setup_required']);
      const again = last.socket(t, '/admin', { token: viewer.token });
      const told = await again.refused();
      assert.equal(told.data.code, 'forbidden');
      assert.match(told.message, /may only set up a second factor/);
      assert.equal((await login(last, viewer.username, kPassword)).body.second_factor_setup_required, true);
      await setUp(last, viewer.token);
      await until(async () => (await first.request('GET', '/api/v1/platforms', undefined, { token: viewer.token })).status === 200, 'the other node to know', kPatience);
      assert.equal((await first.request('PATCH', '/api/v1/settings', { require_second_factor: 'none' }, { headers: { 'If-Match': '"1.0"' }, token: owner.token })).status, 409);
    });
  });
}

test('an operator resets that of the only owner', async (t) => {
  const data = await dataFolder();
  t.after(data.remove);
  const first = await Product.start(data.folder);
  await first.login();
  await setUp(first, first.admin);
  await first.end('SIGTERM');

  const reset = program(['admin', 'reset-second-factor', '--data', data.folder]);
  assert.equal((await reset.exited).code, 0, reset.output);
  assert.match(reset.output, /'owner' has no second factor any more/);
  const again = program(['admin', 'reset-second-factor', '--data', data.folder]);
  assert.equal((await again.exited).code, 1);
  assert.match(again.output, /'owner' has no second factor/);

  const second = await Product.start(data.folder, { env: {} });
  t.after(() => second.end('SIGKILL'));
  await second.login();
});

test('the secret is in no table dump with its key, and recovery codes in none', async (t) => {
  const url = await postgres.database(`factor${++databases}`);
  const node = await own(t, ['--store', url]);
  const { secret } = await node.call('POST', kBegin, { password: kPassword });
  const app = new App(secret);
  const { recovery_codes: recovery } = await node.call('POST', `${kBegin}/confirm`, { code: app.next() });

  const tables = (await postgres.query("SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')", url)).flat();
  assert.ok(tables.length > 3);
  const forms = [secret, app.secret.toString('hex'), app.secret.toString('base64url'), app.secret.toString('base64'), ...recovery];
  const sealedIn = [];
  for (const table of tables) {
    const dump = JSON.stringify(await postgres.query(`SELECT t::text FROM ${table} t`, url));
    for (const form of forms) assert.ok(!dump.includes(form), `${table} has ${form}`);
    if (dump.includes('sealed')) sealedIn.push(table);
  }
  assert.ok(sealedIn.length > 0);
  assert.ok(!sealedIn.some((table) => /secret/.test(table)), sealedIn.join());
});

describe('the first password', () => {
  async function firstStart(t) {
    const node = await own(t, [], { env: {} });
    const text = await readFile(path.join(node.data, 'first-login'), 'utf8');
    return { node, password: /^password: (.*)$/m.exec(text)[1] };
  }

  test('opens nothing but its own change', async (t) => {
    const { node, password } = await firstStart(t);
    const { body } = await login(node, 'owner', password);
    assert.equal(body.password_change_required, true);
    const { token } = body;
    const refused = await node.request('GET', '/api/v1/platforms', undefined, { token });
    assert.deepEqual([refused.status, refused.body.code], [403, 'password_change_required']);
    const told = await node.socket(t, '/admin', { token }).refused();
    assert.equal(told.data.code, 'forbidden');
    assert.match(told.message, /may only change its password/);
    const late = node.socket(t, '/admin', {});
    await late.connected();
    assert.match((await late.ask('admin_connect', { token })).error.message, /may only change its password/);

    assert.equal((await node.request('POST', '/api/v1/auth/password', { current: password, new: password }, { token })).status, 400);
    assert.equal((await node.request('POST', '/api/v1/auth/password', { current: password, new: kPassword }, { token })).status, 204);
    assert.equal((await node.request('GET', '/api/v1/platforms', undefined, { token })).status, 200, 'the same session');
    const after = await login(node, 'owner', kPassword);
    assert.equal(after.body.password_change_required, undefined);
    const page = node.socket(t, '/admin', { token });
    await page.connected();
  });

  test('may stay when an operator chose it', async (t) => {
    const node = await own(t);
    assert.equal((await login(node, 'owner', kPassword)).body.password_change_required, undefined);
  });
});
