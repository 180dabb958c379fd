// Features and packages as stock clients hear of them: feature_check, updates of each by its own rules, and what a role may not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWay } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { kPassword, ownKey, product } from '../support/product.mjs';
import { conversation } from '../support/python.mjs';

const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000'], env: { TOGGLECAST_OWNER_PASSWORD: kPassword } });
const post = (path, body) => shared.it.call('POST', `/api/v1/${path}`, body);

/** Blue for whoever says that it is in Germany, red for others; a part of its own; and a package with it. */
async function catalogue() {
  const feature = await post('features', {
    key: ownKey('feature'),
    name: 'Colours',
    variants: { blue: '#00f', red: '#f00' },
    defaultVariant: 'red',
    targeting: { if: [{ '==': [{ var: 'region' }, 'de'] }, 'blue', null] },
    sub_features: [{ key: 'shades', name: 'Shades' }],
  });
  const pack = await post('packages', { key: ownKey('package'), name: 'Basic', features: [{ feature_id: feature.id, limit: 5 }] });
  return { feature, pack };
}

/** A client on that package, connected. */
async function member(t, pack, options, auth = {}) {
  const made = await shared.it.createClient();
  await shared.it.call('PATCH', `/api/v1/clients/${made.id}`, { package_id: pack.id });
  const socket = await shared.it.socket(t, '/client', { token: made.token, ...auth }, options).connected();
  const [greeting] = await socket.next('client_connected');
  return Object.assign(socket, { made, greeting });
}

async function updateOf(socket, event, id) {
  for (;;) {
    const args = await socket.next(event);
    if ((args[0].feature_id ?? args[0].package_id) === id) return args;
  }
}

eachWay((way, options) => {
  test(`${way}: feature_check answers by key and by id, by ack and by reply event, in the context asked for`, async (t) => {
    const { feature, pack } = await catalogue();
    const socket = await member(t, pack, options, { context: { region: 'de' } });
    const mine = { key: feature.key, enabled: true, value: '#00f', variant: 'blue', reason: 'TARGETING_MATCH', rule: 'targeting', limit: 5, id: feature.id, name: 'Colours' };
    for (const asked of [feature.key, feature.id]) {
      const answer = await socket.ask('feature_check', { feature: asked });
      const { sub_features: subs, revision, ...rest } = answer;
      assert.deepEqual(rest, mine);
      assert.equal(subs.shades.enabled, true);
      assert.ok(Number.isSafeInteger(revision));
      socket.emit('feature_check', { feature: asked });
      assert.deepEqual(await socket.next('feature_status'), [answer]);
    }
    assert.equal((await socket.ask('feature_check', { feature: feature.key, context: { region: 'fr' } })).value, '#f00');
    assert.equal((await socket.ask('feature_check', { feature: feature.key, sub_feature: 'shades' })).key, 'shades');
    assert.equal(socket.greeting.features[0].value, '#00f');
    assert.equal((await socket.ask('client_connect', { context: null })).features[0].value, '#f00');
  });

  test(`${way}: a feature and a package sent again arrive at those who see them`, async (t) => {
    const { feature, pack } = await catalogue();
    const other = await catalogue();
    const german = await member(t, pack, options, { context: { region: 'de' } });
    const outsider = await member(t, other.pack, options);
    const sent = await post('broadcasts/broadcast_feature_update', { feature_id: feature.id });
    const [update, offset, ...more] = await updateOf(german, 'feature_update', feature.id);
    assert.deepEqual([update.type, update.revision, update.data.value, more], ['update', sent.revision, '#00f', []]);
    assert.equal(Number(offset.split('.')[1]), sent.revision);
    await post('broadcasts/broadcast_package_update', { package_id: pack.id });
    assert.equal((await updateOf(german, 'package_update', pack.id))[0].data.key, pack.key);
    const announced = await shared.it.adminSocket(t, options).connected();
    const answer = await announced.ask('broadcast_announcement', { title: 't', message: 'm', audience: { package: pack.id } });
    if (answer.error?.code !== 'rate_limited') {
      assert.equal(answer.recipients, 1);
      await german.next('announcement');
    }
    assert.equal((await outsider.ask('heartbeat', {})).error, undefined);
    assert.deepEqual(['feature_update', 'package_update', 'announcement'].map((event) => outsider.unread(event)), [0, 0, 0]);
  });
});

describe('feature_check', () => {
  test('answers for what a client does not see as for what does not exist', async (t) => {
    const { pack } = await catalogue();
    const { feature: hidden } = await catalogue();
    const socket = await member(t, pack);
    const answers = [];
    for (const asked of [hidden.key, 'no-such-feature', hidden.id, 9_007_199_254_740_991]) {
      const answer = await socket.ask('feature_check', { feature: asked });
      answers.push(JSON.stringify(answer).replace(typeof asked === 'string' ? `'${asked}'` : String(asked), 'X'));
    }
    assert.deepEqual(new Set(answers), new Set(['{"error":{"code":"not_found","message":"there is no feature X"}}']));
    const told = `the package '${pack.key}' does not include the feature, and the client has no override of it`;
    await until(() => shared.it.process.output.includes(told), 'the reason in the log, for the operator alone');
    const [line] = shared.it.process.output.split('\n').filter((text) => text.includes(told));
    assert.equal(JSON.parse(line).feature, hidden.key);
  });

  test('names what is wrong', async (t) => {
    const { pack } = await catalogue();
    const socket = await member(t, pack);
    for (const [body, pointer] of [
      [{}, '/feature'],
      [{ feature: ['a'] }, '/feature'],
      [{ feature: 1.5 }, '/feature'],
      [{ feature: 'a', sub_feature: 7 }, '/sub_feature'],
      [{ feature: 'a', context: 'x' }, '/context'],
      [{ feature: 'a', context: { a: 'x'.repeat(5_000) } }, '/context'],
      [{ feature: 'a', rules: true }, '/rules'],
    ]) {
      const answer = await socket.ask('feature_check', body);
      assert.deepEqual([answer.error.code, answer.error.details[0].pointer], ['invalid_argument', pointer]);
    }
    assert.equal((await socket.ask('feature_check', { feature: 'x'.repeat(10_000) })).error.code, 'not_found');
  });
});

describe('a viewer', () => {
  test('may read, and may not send', async (t) => {
    const username = ownKey('viewer');
    await post('admins', { username, password: 'a long enough password', role: 'viewer' });
    const { token } = await shared.it.call('POST', '/api/v1/auth/login', { username, password: 'a long enough password' }, { token: null });
    const viewer = await shared.it.socket(t, '/admin', { token }).connected();
    for (const event of ['request_dashboard_update', 'request_activity_feed', 'request_system_metrics'])
      assert.equal((await viewer.ask(event, {})).error, undefined, event);
    assert.equal((await viewer.ask('broadcast_announcement', { title: 't', message: 'm' })).error.code, 'forbidden');
    assert.equal((await viewer.ask('subscribe_entity_updates', { entity_type: 'token', entity_id: 1 })).error.code, 'forbidden');
    assert.equal((await viewer.ask('request_activity_feed', { entity_type: 'token' })).error.code, 'forbidden');
    const refused = await shared.it.request('POST', '/api/v1/broadcasts/broadcast_config_sync', {}, { token });
    assert.equal(refused.status, 403);
  });
});

test('python-socketio checks features and hears of them', async () => {
  const { feature, pack } = await catalogue();
  const { id, token } = await shared.it.createClient();
  await shared.it.call('PATCH', `/api/v1/clients/${id}`, { package_id: pack.id });
  const python = conversation('events.py', [shared.it.url, token, '/client', 'websocket']);
  assert.equal((await python.ask({ wait: 'client_connected' })).features[0].id, feature.id);
  assert.equal((await python.ask({ ask: 'feature_check', with: { feature: feature.key } })).value, '#f00');
  await post('broadcasts/broadcast_feature_update', { feature_id: feature.id });
  assert.equal((await python.ask({ wait: 'feature_update' })).feature_id, feature.id);
  await post('broadcasts/broadcast_package_update', { package_id: pack.id });
  assert.equal((await python.ask({ wait: 'package_update' })).package_id, pack.id);
  await python.end();
});
