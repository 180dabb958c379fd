// Time alone changes what a connected client gets, and each such change is a revision.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eachWay } from '../support/clients.mjs';
import { until } from '../support/deadline.mjs';
import { ownKey, product } from '../support/product.mjs';

const shared = product();
const call = (...request) => shared.it.call(...request);
const now = { var: '$flagd.timestamp' };
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** A feature with that targeting, and a connected client on a package that holds it. */
async function subscriber(t, targeting, options) {
  const feature = await call('POST', '/api/v1/features', { key: ownKey('feature'), name: 'Timed', targeting });
  const plan = await call('POST', '/api/v1/packages', { key: ownKey('package'), name: 'Plan', features: [{ feature_id: feature.id }] });
  const { id, token } = await shared.it.createClient();
  await call('PATCH', `/api/v1/clients/${id}`, { package_id: plan.id });
  const client = await shared.it.clientSocket(t, token, options).connected();
  const [greeting] = await client.next('client_connected');
  return { client, feature, id, value: greeting.features.find((one) => one.id === feature.id).value };
}

/** The updates of the feature until it has that value, with the last one first. */
async function updatesUntil(client, feature, value) {
  const updates = [];
  await until(async () => {
    const [update] = await client.next('feature_update');
    if (update.feature_id === feature.id) updates.unshift(update);
    return updates[0]?.data.value === value;
  }, `the value ${value}`, 60_000);
  return updates;
}

eachWay((way, options) => {
  test(`${way}: a rule turns at the time that it names, once, by a revision that says so`, async (t) => {
    const onFrom = (turn) => ({ if: [{ '>=': [now, turn] }, 'on', 'off'] });
    const { client, feature, value } = await subscriber(t, onFrom(inSeconds(86_400)), options);
    assert.equal(value, false);
    let turn;
    let updates;
    for (let ahead = 3; ; ahead *= 2) { // the server must know of the time before it comes
      turn = inSeconds(ahead);
      const { revision } = await call('PATCH', `/api/v1/features/${feature.id}`, { targeting: onFrom(turn) });
      updates = await updatesUntil(client, feature, true);
      if (updates[0].revision > revision) break;
      await call('PATCH', `/api/v1/features/${feature.id}`, { targeting: onFrom(inSeconds(86_400)) });
      await updatesUntil(client, feature, false);
    }
    assert.equal(updates.length, 1);
    assert.ok(Date.parse(updates[0].timestamp) >= turn * 1000, updates[0].timestamp);
    const at = await call('GET', `/api/v1/state?at=${updates[0].revision}`);
    assert.equal(at.revision, updates[0].revision);
    const { items } = await call('GET', `/api/v1/activity?source=timer&entity_type=feature&entity_id=${feature.id}`);
    assert.deepEqual(items.map((entry) => entry.revision), [updates[0].revision]);
    assert.match(items[0].summary, /^a time in the rules of features? .*Timed.* has come$/);
    const difference = await call('GET', `/api/v1/state/diff?from=${updates[0].revision - 1}&to=${updates[0].revision}`);
    assert.deepEqual(difference.changes, []);
  });
});

describe('an override', () => {
  test('may end, and the client is then where its package leaves it', async (t) => {
    const { client, feature, id } = await subscriber(t, { if: [false, 'on', 'off'] });
    let expiry;
    let response;
    for (let ahead = 5_000; response?.status !== 200; ahead *= 2) { // it must begin before it ends
      expiry = new Date(Date.now() + ahead).toISOString();
      const overrides = [{ feature_id: feature.id, value: true, expires_at: expiry }];
      response = await shared.it.request('PATCH', `/api/v1/clients/${id}`, { overrides });
      assert.ok([200, 400].includes(response.status) && ahead < 60_000, response.text);
    }
    await updatesUntil(client, feature, true);

    const [over] = await updatesUntil(client, feature, false);
    assert.ok(over.timestamp >= expiry, `${over.timestamp} is before ${expiry}`);
    const { items } = await call('GET', `/api/v1/activity?source=timer&entity_type=client&entity_id=${id}`);
    assert.equal(items.length, 1);
    assert.equal(items[0].revision, over.revision);
  });

  test('that ended before it began is refused by its field', async (t) => {
    const { feature, id } = await subscriber(t, {});
    const past = new Date(Date.now() - 1_000).toISOString();
    const response = await shared.it.request('PATCH', `/api/v1/clients/${id}`, { overrides: [{ feature_id: feature.id, value: true, expires_at: past }] });

    assert.equal(response.status, 400, response.text);
    assert.equal(response.body.errors[0].pointer, '/overrides/0/expires_at');
  });
});
