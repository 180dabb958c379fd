// Sessions of admins: tokens that end soon, refresh tokens that are used once, the cookie in a real browser, two nodes.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { browser } from '../support/browser.mjs';
import { until } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product, product } from '../support/product.mjs';
import { sharedByTests } from '../support/server.mjs';

const kPatience = 60_000;
const shared = product();

async function server(t, args = []) {
  const data = await dataFolder();
  t.after(() => data.remove());
  const started = await Product.start(path.join(data.folder, 'data'), { args });
  t.after(() => started.end('SIGKILL'));
  return started;
}
const logIn = (at, more = {}) => at.call('POST', '/api/v1/auth/login', { username: kOwner, password: kPassword, ...more }, { token: null });
const tryRefresh = (at, token) => at.request('POST', '/api/v1/auth/refresh', { refresh_token: token }, { token: null });
async function refresh(at, token) {
  const answer = await tryRefresh(at, token);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}
const reads = async (at, token) => (await at.request('GET', '/api/v1/platforms', undefined, { token })).status;

describe('a session', () => {
  test('outlives its tokens', async (t) => {
    const at = await server(t, ['--admin-token-lifetime', '20', '--expiry-warning', '10']);
    const first = await logIn(at);
    const socket = await at.socket(t, '/admin', { token: first.token }).connected();
    await socket.next('token_expiring', kPatience);
    const second = await refresh(at, first.refresh_token);
    assert.equal(second.session.id, first.session.id);

    const renewed = await socket.socket.timeout(kPatience).emitWithAck('admin_connect', { token: second.token });
    assert.equal(renewed.admin?.username, kOwner, JSON.stringify(renewed));
    await until(async () => (await reads(at, first.token)) === 401, 'the end of the first token', kPatience);
    const third = await refresh(at, second.refresh_token);
    assert.equal(await reads(at, third.token), 200);
    await socket.next('token_expiring', kPatience);
  });

  test('is not taken over on a live connection by another admin', async (t) => {
    const at = await server(t);
    const { token } = await at.login();
    await at.call('POST', '/api/v1/admins', { username: 'other', password: kPassword, role: 'owner' });
    const other = await logIn(at, { username: 'other' });
    const socket = await at.socket(t, '/admin', { token }).connected();

    const answer = await socket.socket.emitWithAck('admin_connect', { token: other.token });

    assert.equal(answer.error?.code, 'forbidden', JSON.stringify(answer));
  });

  test('refreshed by many at once goes on for all of them', async () => {
    const { refresh_token: token } = await logIn(shared.it);

    const all = await Promise.all(Array.from({ length: 12 }, () => refresh(shared.it, token)));

    assert.equal(new Set(all.map((one) => one.refresh_token)).size, 1);
    for (const one of all) assert.equal(await reads(shared.it, one.token), 200);
    await refresh(shared.it, all[0].refresh_token);
  });

  test('whose used refresh token comes again ends, with its connections, and owners are told', async (t) => {
    const at = await server(t, ['--refresh-leeway', '0']);
    await at.login();
    const stolen = await logIn(at);
    const owner = await refresh(at, stolen.refresh_token);
    const socket = await at.socket(t, '/admin', { token: owner.token }).connected();
    await socket.next('admin_connected', kPatience);

    const thief = await tryRefresh(at, stolen.refresh_token);

    assert.deepEqual([thief.status, thief.body.code], [401, 'revoked'], thief.text);
    assert.equal((await socket.next('session_ended', kPatience))[0].reason, 'refresh_token_reused');
    assert.equal(await reads(at, owner.token), 401);
    assert.equal((await tryRefresh(at, owner.refresh_token)).status, 401);
    const feed = await at.call('GET', '/api/v1/activity?entity_type=admin&limit=1');
    assert.match(feed.items[0].summary, /^Togglecast ended a session of admin owner, because its refresh token was used a second time$/);
    await until(() => /a refresh token was used a second time/.test(at.process.output), 'the line in the log', kPatience);
    assert.ok(!at.process.output.includes('tcr_'), 'no token in the log');
    assert.match(await at.metrics(), /togglecast_session_refreshes_total\{outcome="reused"\} 1/);
  });

  test('survives a server that is killed before its answer arrives', async (t) => {
    const data = await dataFolder();
    t.after(() => data.remove());
    const args = ['--refresh-leeway', '300'];
    let at = await Product.start(path.join(data.folder, 'data'), { args });
    const { refresh_token: token } = await logIn(at);
    const lost = await refresh(at, token); // nobody reads it
    await at.end('SIGKILL');
    at = await Product.start(path.join(data.folder, 'data'), { args, port: at.port });
    t.after(() => at.end('SIGKILL'));

    const again = await refresh(at, token);

    assert.equal(again.refresh_token, lost.refresh_token);
    assert.equal(await reads(at, again.token), 200);
    assert.equal((await refresh(at, again.refresh_token)).session.id, again.session.id);
  });

  test('is listed with its device, and ended by its admin and by owners alone', async () => {
    const username = ownKey('jo');
    await shared.it.call('POST', '/api/v1/admins', { username, password: kPassword, role: 'viewer' });
    const login = (device) => shared.it.call('POST', '/api/v1/auth/login', { username, password: kPassword },
      { token: null, headers: { 'User-Agent': `${device}\t${'x'.repeat(300)}` } });
    const [laptop, phone] = [await login('laptop'), await login('phone')];
    const list = async (token, query = '') => (await shared.it.call('GET', `/api/v1/auth/sessions${query}`, undefined, { token })).items;

    const mine = await list(laptop.token);
    assert.deepEqual(mine.map((one) => [one.id, one.current, one.method, one.environment]), [
      [phone.session.id, false, 'password', 'production'],
      [laptop.session.id, true, 'password', 'production'],
    ]);
    assert.match(mine[0].device, /^phone x+$/);
    assert.equal(mine[0].device.length, 200);
    const { id } = laptop.admin;
    assert.equal((await list(shared.it.admin, `?admin=${id}`)).length, 2);
    const denied = async (method, target) => (await shared.it.request(method, target, undefined, { token: laptop.token })).status;
    assert.equal(await denied('GET', '/api/v1/auth/sessions?admin=1'), 403);
    assert.equal(await denied('DELETE', '/api/v1/auth/sessions?admin=1'), 403);
    const [first] = await list(shared.it.admin);
    assert.equal(await denied('DELETE', `/api/v1/auth/sessions/${first.id}`), 404);

    await shared.it.call('DELETE', `/api/v1/auth/sessions/${phone.session.id}`, undefined, { token: laptop.token });
    assert.equal(await reads(shared.it, phone.token), 401);
    const third = await login('tablet');
    await shared.it.call('DELETE', '/api/v1/auth/sessions?keep_current=true', undefined, { token: third.token });
    assert.deepEqual((await list(third.token)).map((one) => one.id), [third.session.id]);
    await shared.it.call('DELETE', `/api/v1/auth/sessions?admin=${id}`);
    assert.equal(await reads(shared.it, third.token), 401);
    assert.deepEqual(await list(shared.it.admin, `?admin=${id}`), []);
  });

  test('is listed with the address of its login: that of the connection, or the one that a trusted proxy names', async (t) => {
    const logInFrom = async (at, from) => {
      const answer = await fetch(`http://127.0.0.1:${at.port}/api/v1/auth/login`, {
        method: 'POST', headers: { 'Content-Type': 'application/json', ...(from && { 'X-Forwarded-For': from }) }, body: JSON.stringify({ username: kOwner, password: kPassword }),
      });
      assert.equal(answer.status, 200);
      return answer.json();
    };
    const addressOf = async (at, { session, token }) =>
      (await at.call('GET', '/api/v1/auth/sessions', undefined, { token })).items.find(({ id }) => id === session.id).address;

    for (const claimed of [undefined, '203.0.113.7'])
      assert.equal(await addressOf(shared.it, await logInFrom(shared.it, claimed)), '127.0.0.1', `${claimed}, which no trusted proxy says`);

    const behind = await server(t, ['--trusted-proxy', '127.0.0.1', '--trusted-proxy', '::1']);
    for (const [says, address] of [['203.0.113.7', '203.0.113.7'], ['198.51.100.66, 203.0.113.8', '203.0.113.8'], ['2001:db8::5', '2001:db8::5']])
      assert.equal(await addressOf(behind, await logInFrom(behind, says)), address, says);
    const first = await logInFrom(behind, '203.0.113.9');
    const moved = await behind.call('POST', '/api/v1/auth/refresh', { refresh_token: first.refresh_token }, { token: null, headers: { 'X-Forwarded-For': '198.51.100.9' } });
    assert.equal(await addressOf(behind, moved), '203.0.113.9', 'a refresh from elsewhere is no login');
  });

  test('is listed with its last use, which each request and connection moves, and a restart keeps', async (t) => {
    let at = await server(t);
    await at.login();
    const username = ownKey('jo');
    await at.call('POST', '/api/v1/admins', { username, password: kPassword, role: 'viewer' });
    const [used, other] = [await logIn(at, { username }), await logIn(at, { username })];
    // The owner reads it, because a request with a token of the session would be a use.
    const listed = async ({ session }) => (await at.call('GET', `/api/v1/auth/sessions?admin=${used.admin.id}`)).items.find(({ id }) => id === session.id);
    const lastUse = async (one) => Date.parse((await listed(one)).last_used_at);
    const begun = await lastUse(other);
    assert.equal((await listed(used)).last_used_at, (await listed(used)).created_at, 'the login is its first use');

    for (const use of [
      () => reads(at, used.token),
      () => at.socket(t, '/admin', { token: used.token }).connected(),
      () => refresh(at, used.refresh_token),
    ]) {
      const before = await lastUse(used);
      await until(() => Date.now() > before, 'another moment');
      await use();
      const last = await until(async () => {
        const one = await lastUse(used);
        return one > before && one;
      }, 'a later last use');
      assert.ok(last <= Date.now());
    }
    assert.equal(await lastUse(other), begun, 'that of the other session has not moved');

    const last = await lastUse(used);
    await at.end('SIGTERM');
    at = await Product.start(at.data);
    t.after(() => at.end('SIGKILL'));
    await at.login();
    assert.equal(await lastUse(used), last);
    assert.equal(await lastUse(other), begun);
  });
});

describe('two nodes', () => {
  const postgres = sharedByTests(() => Postgres.start(), (running) => running.remove());

  test('share sessions: one refreshes what the other began, and an end reaches both', async (t) => {
    const store = await postgres().database('sessions');
    const data = await dataFolder();
    t.after(() => data.remove());
    const [a, b] = await Promise.all(['a', 'b'].map(async (name, i) => {
      if (i === 1) await until(() => started, 'the first node', kPatience);
      const node = await Product.start(path.join(data.folder, name), { args: ['--store', store] });
      started = true;
      t.after(() => node.end('SIGKILL'));
      return node;
    }));
    const first = await logIn(a);
    const second = await refresh(b, first.refresh_token);
    assert.equal((await refresh(a, first.refresh_token)).refresh_token, second.refresh_token, 'the leeway holds on every node');
    const socket = await b.socket(t, '/admin', { token: second.token }).connected();
    await socket.next('admin_connected', kPatience);
    assert.equal(await reads(b, second.token), 200);

    await a.call('DELETE', `/api/v1/auth/sessions/${first.session.id}`, undefined, { token: second.token });

    assert.equal((await socket.next('session_ended', kPatience))[0].reason, 'logged_out');
    await until(async () => (await reads(b, second.token)) === 401, 'the end at the other node', kPatience);
    assert.equal((await tryRefresh(b, second.refresh_token)).status, 401);

    const raced = await logIn(b);
    const both = await Promise.all([a, b, a, b, a, b].map((node) => refresh(node, raced.refresh_token)));
    assert.equal(new Set(both.map((one) => one.refresh_token)).size, 1, 'one exchange, whichever node made it');
  });
  let started = false;
});

describe('a real browser', () => {
  const chromium = browser();

  /* The functions of page.run run in the page. */
  const askIn = (page, target, body, url = '') => page.run(async (ask) => {
    const answer = await fetch(`${ask.url}/api/v1/auth/${ask.target}`, {
      method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(ask.body),
    });
    return { status: answer.status, body: await answer.json().catch(() => null), cookies: globalThis.document.cookie };
  }, { target, body, url });
  const kLogin = { username: kOwner, password: kPassword, cookie: true };

  test('keeps the refresh token where scripts do not see it, and two tabs go on', async (t) => {
    const page = await chromium.pageAt(t, `${shared.it.url}/`);
    assert.equal((await askIn(page, 'refresh', {})).status, 401, 'nobody has logged in');
    const first = await askIn(page, 'login', kLogin);
    assert.equal(first.status, 200, JSON.stringify(first));
    assert.equal(first.body.refresh_token, undefined);
    assert.equal(first.cookies, '');
    const tab = await page.context().newPage();
    await tab.goto(`${shared.it.url}/`);
    await page.reload();
    const tabs = [page, tab].map((one) => Object.assign(one, { run: (code, argument) => one.evaluate(code, argument) }));

    const both = await Promise.all([...tabs, ...tabs].map((one) => askIn(one, 'refresh', {})));

    for (const one of both) {
      assert.equal(one.status, 200, JSON.stringify(one));
      assert.equal(one.body.session.id, first.body.session.id);
      assert.equal(one.body.refresh_token, undefined);
      assert.equal(await reads(shared.it, one.body.token), 200);
    }
    assert.equal((await askIn(tab, 'refresh', {})).status, 200, 'with the cookie of the last one');
    await shared.it.call('POST', '/api/v1/auth/logout', undefined, { token: both[0].body.token });
    assert.equal((await askIn(page, 'refresh', {})).status, 401);
  });

  test('does not let another site use the cookie', async (t) => {
    const page = await chromium.pageAt(t, `${shared.it.url}/`);
    assert.equal((await askIn(page, 'login', kLogin)).status, 200);
    // The same browser at another origin: another port is the same site, so even the cookie would go along.
    const other = await product2(t);
    const foreign = await page.context().newPage();
    await foreign.goto(`${other.url}/`);
    foreign.run = (code, argument) => foreign.evaluate(code, argument);

    const outcome = await askIn(foreign, 'refresh', {}, shared.it.url).catch((error) => String(error));

    assert.match(outcome, /Failed to fetch/);
    assert.equal((await askIn(page, 'refresh', {})).status, 200, 'and the session goes on');
  });
  const product2 = (t) => server(t);
});

describe('a password', () => {
  test('is hashed beside the threads of connections: probes are answered while many log in', async (t) => {
    const at = await server(t, ['--shards', '1']);
    let answered = 0;
    const logins = Array.from({ length: 6 }, () => logIn(at).finally(() => { answered += 1; }));
    let between = 0;
    while (answered < logins.length) {
      await at.request('GET', '/healthz');
      if (answered < logins.length) between += 1;
    }

    assert.ok(between > 2 * logins.length, `${between} probes were answered before the last login`);
    await Promise.all(logins);
  });
});
