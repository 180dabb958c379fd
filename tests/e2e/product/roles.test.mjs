// A role that is lost or lowered while its admin's page is live, over sockets and REST, here and at another node: what the
// role may not see no longer comes, what it may not do is refused at once, and the page is told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { Postgres } from '../support/postgres.mjs';
import { dataFolder, kPassword, ownKey, Product, product } from '../support/product.mjs';
import { sharedByTests } from '../support/server.mjs';

const kPatience = 60_000;
const kArgs = ['--write-rate', '1000', '--write-burst', '10000'];
const shared = product({ args: kArgs });
const kNews = { title: 'T', message: 'M' };

/** An admin with a live page: {id, username, token, refresh_token, page, change, rest}. */
async function admin(t, roles, { at = shared.it, page: where = at, environment = 'production' } = {}) {
  const username = ownKey('admin');
  const { id } = await at.call('POST', '/api/v1/admins', { username, password: kPassword, ...roles });
  const session = await at.call('POST', '/api/v1/auth/login', { username, password: kPassword, environment }, { token: null });
  const page = await where.socket(t, '/admin', { token: session.token }).connected();
  await page.next('admin_connected', kPatience);
  return {
    id, username, page, ...session,
    change: (patch) => at.call('PATCH', `/api/v1/admins/${id}`, patch),
    rest: async (method, target, body, node = at) => (await node.request(method, target, body, { token: session.token })).status,
    refresh: async (environment, node = at) => node.request('POST', '/api/v1/auth/refresh', { refresh_token: session.refresh_token, environment }, { token: null }),
  };
}

/** Any change that every admin of production hears of; answers its key. */
async function heard(page, node = shared.it) {
  const key = ownKey('fence');
  await node.createPlatform({ key, name: 'Fence' });
  for (;;) {
    const [update] = await page.next('platform_update', kPatience);
    if (update.data?.key === key) return key;
  }
}

async function ended(page, reason) {
  assert.equal((await page.next('session_ended', kPatience))[0].reason, reason);
  assert.equal(await page.disconnects.next('disconnect', kPatience), 'io server disconnect');
}

let made;
/** The environment `staging`. */
const staging = () => (made ??= shared.it.call('POST', '/api/v1/environments', { key: 'staging' }));

describe('a role that is taken away', () => {
  test('of a viewer of one environment: its page ends, and nothing opens any more', async (t) => {
    await staging();
    const jo = await admin(t, { role: 'none', environments: { staging: 'viewer' } }, { environment: 'staging' });
    assert.equal(await jo.rest('GET', '/api/v1/platforms'), 200);

    await jo.change({ environments: { staging: 'none' } });

    assert.equal(await jo.rest('GET', '/api/v1/platforms'), 403);
    await ended(jo.page, 'role_removed');
    assert.equal((await shared.it.socket(t, '/admin', { token: jo.token }).refused()).data.code, 'forbidden');
    const refreshed = await jo.refresh('staging');
    assert.deepEqual([refreshed.status, refreshed.body.errors[0].pointer], [403, '/environment']);
  });

  test('in one environment: the page in the other one stays, and so does the session', async (t) => {
    await staging();
    const jo = await admin(t, { role: 'none', environments: { production: 'editor', staging: 'editor' } });
    const there = (await jo.refresh('staging')).body;
    const other = await shared.it.socket(t, '/admin', { token: there.token }).connected();
    await other.next('admin_connected', kPatience);

    await jo.change({ environments: { production: 'none', staging: 'editor' } });

    await ended(jo.page, 'role_removed');
    assert.equal(await jo.rest('GET', '/api/v1/platforms'), 403);
    const made = await shared.it.request('POST', '/api/v1/platforms', { key: ownKey(), name: 'There' }, { token: there.token });
    assert.equal(made.status, 201, made.text);
    assert.equal((await other.next('platform_update', kPatience))[0].type, 'create');
    const again = await shared.it.call('POST', '/api/v1/auth/refresh', { refresh_token: there.refresh_token, environment: 'staging' }, { token: null });
    assert.equal(again.environment, 'staging');
  });

  test('with the account: its page ends, its session and its password too', async (t) => {
    for (const [reason, act] of [['account_deactivated', (jo) => jo.change({ active: false })],
      ['account_deleted', (jo) => shared.it.call('DELETE', `/api/v1/admins/${jo.id}`)]]) {
      const jo = await admin(t, { role: 'owner' });

      await act(jo);

      assert.equal(await jo.rest('POST', '/api/v1/platforms', { key: ownKey(), name: 'Late' }), 401);
      await ended(jo.page, reason);
      assert.equal((await shared.it.socket(t, '/admin', { token: jo.token }).refused()).data.code, 'revoked');
      assert.equal((await jo.refresh()).status, 401);
      const login = await shared.it.request('POST', '/api/v1/auth/login', { username: jo.username, password: kPassword }, { token: null });
      assert.equal(login.status, 401);
    }
  });
});

describe('a role that is lowered', () => {
  test('from editor to viewer: writes and messages are refused at once, and the page is told to read again', async (t) => {
    const jo = await admin(t, { role: 'editor' });
    const plain = await shared.it.socket(t, '/admin', { token: jo.token, offsets: false }).connected();
    const platform = await shared.it.createPlatform({ key: ownKey(), name: 'Web' });
    assert.equal((await jo.page.ask('broadcast_announcement', kNews)).error, undefined);

    await jo.change({ role: 'viewer' });

    assert.equal((await jo.page.ask('broadcast_announcement', kNews)).error.code, 'forbidden');
    assert.equal(await jo.rest('POST', `/api/v1/platforms/${platform.id}/toggle`), 403);
    assert.equal(await jo.rest('POST', '/api/v1/platforms', { key: ownKey(), name: 'Late' }), 403);
    for (const page of [jo.page, plain]) assert.equal((await page.next('config_status', kPatience))[0].reload, true);
    assert.equal(await jo.rest('GET', `/api/v1/platforms/${platform.id}`), 200, 'and reading goes on');
    await heard(jo.page);
  });

  test('from owner to viewer: what only owners see no longer comes', async (t) => {
    const jo = await admin(t, { role: 'owner' });
    const other = await admin(t, { role: 'viewer' });
    assert.equal((await jo.page.ask('subscribe_entity_updates', { entity_type: 'admin', entity_id: other.id })).error, undefined);
    await other.change({ role: 'editor' });
    for (let told; told?.data?.id !== other.id; ) [told] = await jo.page.next('entity_update', kPatience);

    await jo.change({ role: 'viewer' });

    assert.equal((await jo.page.next('entity_unsubscribed', kPatience))[0].entity_type, 'admin');
    while (jo.page.unread('entity_update') > 0) await jo.page.next('entity_update');
    await other.change({ role: 'viewer' });
    const issued = await shared.it.createClient();
    await shared.it.call('DELETE', `/api/v1/clients/${issued.id}/tokens/${issued.tokenId}`);
    await shared.it.call('POST', '/api/v1/issuers', {
      key: ownKey('issuer'), name: 'A back end', issuer: `https://${ownKey('iss')}.example`, audiences: ['flags'], environment: 'production', keys: { jwks_url: 'https://id.example/keys' },
    });
    await heard(jo.page);
    const kinds = new Set();
    while (jo.page.unread('entity_update') > 0) kinds.add((await jo.page.next('entity_update'))[0].entity_type);
    assert.deepEqual([...kinds], ['client'], 'admins, tokens and issuers are not for viewers');
    for (const target of ['admins', 'signing-keys', 'issuers', 'api-keys', 'settings']) assert.equal(await jo.rest('GET', `/api/v1/${target}`), 403, target);
    assert.equal(await jo.rest('PATCH', `/api/v1/admins/${other.id}`, { role: 'owner' }), 403);
    assert.equal((await jo.page.ask('subscribe_entity_updates', { entity_type: 'admin', entity_id: other.id })).error.code, 'forbidden');
  });

  test('while its writes come in without a pause: none is done after the change', async (t) => {
    const jo = await admin(t, { role: 'editor' });
    const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'Web' });
    const answers = [];
    let lowered = false;
    let over = false;
    const writers = Array.from({ length: 8 }, async () => {
      while (!over) {
        const late = lowered;  // by when it was asked: answers overtake each other
        const { status } = await shared.it.requestOnce('POST', `/api/v1/platforms/${id}/toggle`, undefined, { token: jo.token });
        answers.push({ status, late });
      }
    });
    const late = () => answers.filter((answer) => answer.late);
    await until(() => answers.length > 50, 'writes', kPatience);

    await jo.change({ role: 'viewer' });
    lowered = true;
    const last = (await shared.it.request('GET', `/api/v1/platforms/${id}`)).body.revision;
    await until(() => late().length > 50, 'refusals', kPatience);
    over = true;
    await Promise.all(writers);

    const { revision } = (await shared.it.request('GET', `/api/v1/platforms/${id}`)).body;
    assert.ok(revision - last <= 8, `only those that were under way: ${revision - last}`);
    assert.deepEqual([...new Set(late().map(({ status }) => status))], [403]);
  });
});

describe('two nodes', () => {
  const postgres = sharedByTests(() => Postgres.start(), (running) => running.remove());

  test('a change of a role at one node counts at the other', async (t) => {
    const store = await postgres().database('roles');
    const node = async () => {
      const data = await dataFolder();
      t.after(() => data.remove());
      const started = await Product.start(data.folder, { args: ['--store', store, ...kArgs] });
      t.after(() => started.end('SIGKILL'));
      await started.login();
      return started;
    };
    const here = await node();
    const there = await node();
    const lowered = await admin(t, { role: 'editor' }, { at: here, page: there });
    const removed = await admin(t, { role: 'owner' }, { at: here, page: there });

    await lowered.change({ role: 'viewer' });
    await here.call('DELETE', `/api/v1/admins/${removed.id}`);

    assert.equal((await lowered.page.next('config_status', kPatience))[0].reload, true);
    assert.equal((await lowered.page.ask('broadcast_announcement', kNews)).error.code, 'forbidden');
    assert.equal(await lowered.rest('POST', '/api/v1/platforms', { key: ownKey(), name: 'Late' }, there), 403);
    await ended(removed.page, 'account_deleted');
    assert.equal(await removed.rest('GET', '/api/v1/platforms', undefined, there), 401);
  });
});
