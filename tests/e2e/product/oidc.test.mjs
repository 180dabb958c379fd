// Logins of admins by OpenID Connect, against a small provider: the whole flow with a cookie jar, each lie of the
// provider, the provider away, roles that change, two nodes, and a real browser.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { browser } from '../support/browser.mjs';
import { certificate } from '../support/certificate.mjs';
import { until } from '../support/deadline.mjs';
import { consent, Jar, kHtml, kJson, logIn } from '../support/oidc-login.mjs';
import { OidcProvider } from '../support/oidc-provider.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, kPassword, ownKey, Product } from '../support/product.mjs';
import { sharedByTests } from '../support/server.mjs';

const kRoles = ['owner=admins', 'editor=developers', 'staging:editor=testers'];
const kPatience = 60_000;
const kKeysAgain = 120_000;
const kPause = 1_000;

/** A provider, and a server that knows it. */
async function installation(t, { roles = kRoles, args = [], provider: options = {} } = {}) {
  const data = await dataFolder();
  t.after(() => data.remove());
  const tls = await certificate(data.folder, 'provider');
  const provider = await OidcProvider.start(t, { certificate: tls, ...options });
  const server = await Product.start(path.join(data.folder, 'data'), { args: [...kept(provider, tls, roles), ...args] });
  t.after(() => server.end('SIGKILL'));
  return { provider, server, tls };
}

const kept = (provider, tls, roles) => [...provider.args(...roles), '--egress-allow', '127.0.0.1', '--egress-ca-file', tls.certificate];

const outcome = async (server, name) =>
  Number(new RegExp(`togglecast_oidc_logins_total\\{outcome="${name}"\\} (\\d+)`).exec(await server.metrics())?.[1]);

describe('a login', () => {
  test('comes back with the role of the groups, and finds its account again', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['developers'];
    const jar = new Jar();

    const first = await logIn(provider, server, { jar });

    assert.equal(first.status, 200, first.text);
    assert.equal(first.body.admin.username, 'anna');
    assert.equal(first.body.admin.role, 'editor');
    assert.equal(first.body.admin.provider, 'oidc');
    assert.deepEqual([first.body.admin.issuer, first.body.admin.subject], [provider.issuer, 'person-1']);
    assert.equal(provider.authenticated, 'client_secret_basic');
    const cookie = jar.fields.find((field) => /^togglecast_oidc_\d=[^;]/.test(field));
    for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/api/v1/auth/oidc', 'Max-Age=600']) assert.ok(cookie.includes(part), cookie);
    assert.ok(!cookie.includes('Secure'), 'plain HTTP has no secure cookies');
    assert.ok(![...jar.cookies.keys()].some((name) => /_\d$/.test(name)), 'the ticket is gone');
    const created = await server.request('POST', '/api/v1/platforms', { key: ownKey(), name: 'x' }, { token: first.body.token });
    assert.equal(created.status, 201, created.text);

    provider.person = { ...provider.person, preferred_username: 'renamed', groups: ['admins'] };
    const again = await logIn(provider, server);
    assert.equal(again.body.admin.id, first.body.admin.id);
    assert.equal(again.body.admin.role, 'owner');
    assert.equal(again.body.admin.username, 'anna');
    assert.deepEqual(provider.faults, []);
  });

  test('of a browser leads to the page from which it came, never elsewhere', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['developers'];

    const answer = await logIn(provider, server, { headers: kHtml, query: '?return_to=%2Fconsole%3Fa%3D1' });
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/console?a=1');

    for (const elsewhere of ['//evil.example', 'https://evil.example/', '/\\evil.example', '/%09/evil.example']) {
      const refused = await new Jar().get(`${server.url}/api/v1/auth/oidc/login?return_to=${encodeURIComponent(decodeURIComponent(elsewhere))}`, { headers: kJson });
      assert.equal(refused.status, 400, elsewhere);
    }
  });

  test('loses role and sessions with the group, and never takes over an account with a password', async (t) => {
    const { provider, server } = await installation(t);
    provider.person = { sub: 'person-2', preferred_username: 'owner', groups: ['testers'] };
    const first = await logIn(provider, server, { query: '?environment=production' });
    assert.equal(first.status, 403, 'it has a role in staging alone');
    await server.login();
    await server.call('POST', '/api/v1/environments', { key: 'staging' });
    const staging = await logIn(provider, server);
    assert.equal(staging.status, 200, staging.text);
    assert.equal(staging.body.environment, 'staging');
    assert.equal(staging.body.admin.username, 'owner@127.0.0.1');

    provider.person.groups = [];
    const refused = await logIn(provider, server);
    assert.equal(refused.status, 403);
    assert.match(refused.body.detail, /--oidc-role/);
    assert.equal((await server.request('GET', '/api/v1/platforms', undefined, { token: staging.body.token })).status, 401);

    provider.person.groups = ['admins'];
    const account = (await logIn(provider, server)).body.admin;
    assert.equal(account.role, 'owner');
    const renamed = await server.request('PATCH', `/api/v1/admins/${account.id}`, { password: 'a password of its own' });
    assert.equal(renamed.status, 409, 'it gets no password');
    await server.call('POST', `/api/v1/admins/${account.id}/toggle`, { active: false });
    assert.equal((await logIn(provider, server)).status, 403, 'an owner has deactivated it');
    assert.equal(await outcome(server, 'deactivated'), 1);
  });

  test('shows browsers a page that says what to do', async (t) => {
    const { provider, server } = await installation(t);
    const refused = await logIn(provider, server, { headers: kHtml });
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('content-type'), /^text\/html/);
    assert.match(refused.text, /your groups give you no role here/);
    assert.match(refused.headers.get('content-security-policy'), /default-src 'none'/);

    provider.lies.denies = true;
    const denied = await logIn(provider, server, { headers: kHtml });
    assert.equal(denied.status, 403);
    assert.ok(!denied.text.includes('script>alert'), denied.text);
  });

  test('works without a secret, with a secret in the body, with ES256, and with claims from userinfo', async (t) => {
    const all = [
      [{ clientSecret: '' }, (provider) => assert.equal(provider.authenticated, 'none')],
      [{}, (provider) => assert.equal(provider.authenticated, 'client_secret_post'), (provider) => (provider.authMethods = ['client_secret_post'])],
      [{ algorithm: 'ES256' }, () => {}],
      [{ algorithm: 'EdDSA' }, (provider) => assert.equal(provider.count('/userinfo'), 1), (provider) => (provider.lies.thin = true)],
    ];
    for (const [options, judge, prepare = () => {}] of all) {
      const { provider, server } = await installation(t, { provider: options });
      provider.person.groups = ['developers'];
      prepare(provider);
      const answer = await logIn(provider, server);
      assert.equal(answer.status, 200, answer.text);
      judge(provider);
    }
  });
});

describe('the browser and the provider', () => {
  test('each lie is refused, and the truth after it is taken', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['admins'];
    const lies = {
      'a wrong nonce': { nonce: 'x' }, 'another audience': { aud: 'another' }, 'another party': { azp: 'another' },
      'another issuer in the token': { tokenIss: 'https://evil.example' }, 'an expired token': { expired: true }, 'an old token': { old: 3600 },
      'no signature': { unsigned: true }, 'the public key as a secret': { confused: true }, 'another key of the same name': { otherKey: true },
      'the hash of another access token': { atHash: 'x' }, 'another issuer in the answer': { answerIss: 'https://evil.example' }, 'no issuer in the answer': { noIss: true },
    };
    for (const [name, lie] of Object.entries(lies)) {
      provider.lies = lie;
      const refused = await logIn(provider, server);
      assert.equal(refused.status, 401, `${name}: ${refused.text}`);
    }
    assert.equal(await outcome(server, 'refused'), Object.keys(lies).length);
    assert.match(server.process.output, /a login by OpenID Connect failed/);
    assert.equal((await server.call('GET', '/api/v1/admins')).items.length, 1, 'no lie made an account');

    provider.lies = { thin: true, userinfoSub: 'person-9' };
    assert.equal((await logIn(provider, server)).status, 401);
    provider.lies = {};
    assert.equal((await logIn(provider, server)).status, 200);
  });

  test('state and cookie belong together, and a code opens once', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['developers'];
    const [mine, theirs] = [new Jar(), new Jar()];
    const back = await consent(provider, mine, server);

    assert.equal((await theirs.get(back, { headers: kJson })).status, 401, 'without the cookie');
    await consent(provider, theirs, server);
    for (const [name, cookie] of theirs.cookies) mine.cookies.set(name, cookie);
    const forged = back.replace(/state=[^&]+/, 'state=AAAAAAAAAAAAAAAAAAAAAAAA');
    assert.equal((await mine.get(forged, { headers: kJson })).status, 401);
    assert.equal((await mine.get(`${back}&state=x`, { headers: kJson })).status, 400, 'a parameter stands once');

    const jar = new Jar();
    const once = await consent(provider, jar, server);
    const before = new Map(jar.cookies);
    assert.equal((await jar.get(once, { headers: kJson })).status, 200);
    jar.cookies = before;
    const twice = await jar.get(once, { headers: kJson });
    assert.equal(twice.status, 401);
    assert.match(twice.body.detail, /used already/);
  });

  test('new keys of the provider are found, also after a login with the old ones', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['developers'];
    const { body } = await logIn(provider, server);
    assert.equal(provider.count('/keys'), 1);
    provider.rotate();

    let next = 0;
    await until(async () => {  // keys are read again when they are 30 seconds old
      if (performance.now() < next) return false;
      next = performance.now() + kPause;
      const answer = await logIn(provider, server);
      if (answer.status !== 200) assert.deepEqual([answer.status, provider.count('/keys')], [401, 1], answer.text);
      return answer.status === 200;
    }, 'a login with the new key', kKeysAgain);

    assert.equal(provider.count('/keys'), 2);
    assert.equal(provider.count('/.well-known/openid-configuration'), 1);
    assert.equal((await logIn(provider, server)).status, 200);
    assert.equal(provider.count('/keys'), 2, 'and they are kept');
    assert.equal((await server.request('GET', '/api/v1/platforms', undefined, { token: body.token })).status, 200, 'the session from before goes on');
  });

  test('a provider that is away locks nobody out who is in, and passwords go on', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['developers'];
    const { body } = await logIn(provider, server);
    const socket = await server.socket(t, '/admin', { token: body.token }).connected();
    await socket.next('admin_connected', kPatience);
    const jar = new Jar();
    const back = await consent(provider, jar, server);

    provider.lies.away = true;
    const failed = await jar.get(back, { headers: kJson });
    assert.equal(failed.status, 503, failed.text);
    assert.ok(Number(await outcome(server, 'away')) >= 1);

    assert.equal((await server.request('GET', '/api/v1/platforms', undefined, { token: body.token })).status, 200);
    await server.login('owner', kPassword);
    await server.createPlatform({ key: ownKey(), name: 'while it is away' });
    assert.equal((await socket.next('platform_update', kPatience))[0].type, 'create');
  });

  test('a provider that is away at the start stops no server, and redirects are not followed', async (t) => {
    const data = await dataFolder();
    t.after(() => data.remove());
    const tls = await certificate(data.folder, 'provider');
    const provider = await OidcProvider.start(t, { certificate: tls });
    provider.person.groups = ['developers'];
    provider.lies.away = true;
    const server = await Product.start(path.join(data.folder, 'data'), { args: kept(provider, tls, kRoles) });
    t.after(() => server.end('SIGKILL'));
    const begin = () => new Jar().get(`${server.url}/api/v1/auth/oidc/login`, { headers: kJson });

    const away = await begin();
    assert.equal(away.status, 503, away.text);
    assert.deepEqual((await server.request('GET', '/api/v1/auth/methods', undefined, { token: null })).body, {
      methods: [{ type: 'password', url: '/api/v1/auth/login', second_factor: ['totp', 'recovery_code'] }, { type: 'oidc', name: 'Test login', url: '/api/v1/auth/oidc/login' }],
    });
    provider.lies = { redirect: true };
    await until(async () => /redirects are not followed/.test((await begin()).text), 'a refused redirect', kPatience);
    assert.equal(provider.count('/elsewhere'), 0);
    provider.lies = { issuer: 'https://evil.example' };
    await until(async () => /equal to the byte/.test((await begin()).text), 'a refused issuer', kPatience);
    provider.lies = {};
    await until(async () => (await begin()).status === 200, 'a provider that is back', kPatience);
  });

  test('a logout here tells where to log out at the provider', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['developers'];
    const jar = new Jar();
    const { body } = await logIn(provider, server, { jar });

    const answer = await jar.get(`${server.url}/api/v1/auth/logout`, { method: 'POST', headers: { Authorization: `Bearer ${body.token}` } });

    assert.equal(answer.status, 200, answer.text);
    const place = new URL(answer.body.logout_url);
    assert.equal(place.origin + place.pathname, `${provider.issuer}/logout`);
    assert.equal(place.searchParams.get('client_id'), 'togglecast');
    assert.equal(place.searchParams.get('post_logout_redirect_uri'), `${server.url}/`);
    assert.equal(place.searchParams.get('id_token_hint').split('.').length, 3);
    assert.equal(jar.cookies.size, 0);
    assert.equal((await server.request('POST', '/api/v1/auth/logout', undefined, { token: body.token })).status, 401);
  });

  test('a logout at the provider ends the sessions here', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['developers'];
    const { body } = await logIn(provider, server);
    const url = `${server.url}/api/v1/auth/oidc/backchannel-logout`;
    const socket = await server.socket(t, '/admin', { token: body.token }).connected();

    assert.equal((await provider.tellLogout(url, { nonce: 'x' })).status, 400);
    assert.equal((await provider.tellLogout(url, { aud: 'another' })).status, 400);
    assert.equal((await server.request('GET', '/api/v1/platforms', undefined, { token: body.token })).status, 200);

    assert.equal((await provider.tellLogout(url)).status, 200);
    assert.equal((await server.request('GET', '/api/v1/platforms', undefined, { token: body.token })).status, 401);
    await socket.next('session_ended', kPatience);
  });
});

test('without a provider, there are passwords alone', async (t) => {
  const data = await dataFolder();
  t.after(() => data.remove());
  const server = await Product.start(data.folder);
  t.after(() => server.end('SIGKILL'));
  for (const place of ['login', 'callback'])
    assert.equal((await server.request('GET', `/api/v1/auth/oidc/${place}`, undefined, { token: null, headers: kJson })).status, 404);
  const { methods } = (await server.request('GET', '/api/v1/auth/methods', undefined, { token: null })).body;
  assert.deepEqual(methods.map(({ type }) => type), ['password']);
});

describe('two nodes', () => {
  const postgres = sharedByTests(() => Postgres.start(), (running) => running.remove());

  test('one finishes what the other one began', async (t) => {
    const store = await postgres().database('oidc');
    const data = await dataFolder();
    t.after(() => data.remove());
    const tls = await certificate(data.folder, 'provider');
    const provider = await OidcProvider.start(t, { certificate: tls });
    provider.person.groups = ['developers'];
    const nodes = [];
    for (const name of ['a', 'b']) {
      const node = await Product.start(path.join(data.folder, name), { args: ['--store', store, ...kept(provider, tls, kRoles)] });
      t.after(() => node.end('SIGKILL'));
      nodes.push(node);
    }
    const jar = new Jar();
    const back = await consent(provider, jar, nodes[0]);

    const answer = await jar.get(back.replace(`:${nodes[0].port}/`, `:${nodes[1].port}/`), { headers: kJson });

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.admin.username, 'anna');
  });
});

describe('a real browser', () => {
  const chromium = browser();

  test('logs in and comes back', async (t) => {
    const { provider, server } = await installation(t);
    provider.person.groups = ['developers'];
    const page = await chromium.pageAt(t, `${server.url}/api/v1/auth/oidc/login?return_to=/`, { ignoreHTTPSErrors: true });

    assert.equal(page.url(), `${server.url}/`);
    assert.equal(await outcome(server, 'opened'), 1);
    // What a page does when it is loaded: the cookie came with the redirect from another site, and is there.
    const session = await page.run(() => fetch('/api/v1/auth/refresh', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
      .then((answer) => answer.json()));
    assert.equal(session.admin?.username, 'anna', JSON.stringify(session));
    assert.equal(session.refresh_token, undefined);
    const { items } = await server.call('GET', '/api/v1/auth/sessions', undefined, { token: session.token });
    assert.deepEqual(items.map(({ method, current }) => [method, current]), [['oidc', true]]);
    await provider.tellLogout(`${server.url}/api/v1/auth/oidc/backchannel-logout`);
    const { status } = await page.run(() => fetch('/api/v1/auth/refresh', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' })
      .then((answer) => ({ status: answer.status })));
    assert.equal(status, 401, 'the provider has ended the session');
  });
});

describe('without passwords', () => {
  test('only the provider opens the door, until an operator opens the other one again', async (t) => {
    const { provider, server, tls } = await installation(t);
    await server.login();
    const off = (token) => server.request('PATCH', '/api/v1/settings', { password_login: false }, { token });
    const early = await off(server.admin);
    assert.deepEqual([early.status, early.body.errors[0].pointer], [409, '/password_login'], 'no owner comes that way yet');
    provider.person.groups = ['admins'];
    const anna = await logIn(provider, server);
    assert.equal(anna.body.admin.role, 'owner');
    assert.equal((await off(server.admin)).status, 200);

    const refused = await server.request('POST', '/api/v1/auth/login', { username: 'owner', password: kPassword }, { token: null });
    assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden']);
    const { methods } = await server.call('GET', '/api/v1/auth/methods', undefined, { token: null });
    assert.deepEqual(methods.map(({ type }) => type), ['oidc']);
    assert.equal((await logIn(provider, server)).status, 200);
    assert.equal((await server.request('GET', '/api/v1/platforms')).status, 200, 'sessions go on');

    await server.end('SIGTERM');
    const again = await Product.start(server.data, { env: {}, args: [...kept(provider, tls, kRoles), '--enable-password-login'] });
    t.after(() => again.end('SIGKILL'));
    await again.login();
    assert.equal((await again.call('GET', '/api/v1/settings')).password_login, true);
    const { items: [entry] } = await again.call('GET', '/api/v1/activity?entity_type=settings&limit=1');
    assert.equal(entry.source, 'command_line');
  });
});
