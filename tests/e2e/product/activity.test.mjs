// Who did what, taking it back, and how things were.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownKey, product } from '../support/product.mjs';

const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000'] });
const call = (...request) => shared.it.call(...request);
const activity = (query) => call('GET', `/api/v1/activity?${query}`);
const undo = (revision, headers) => shared.it.request('POST', `/api/v1/activity/1.${revision}/undo`, undefined, { headers });

/** A platform of this name that was switched off: {id, made, switched}, the latter two being revisions. */
async function switchedOff(name) {
  const { id, revision: made } = await shared.it.createPlatform({ key: ownKey(), name });
  const { revision: switched } = await shared.it.toggle(id, false);
  return { id, made, switched };
}

describe('activity', () => {
  test('tells each change in a sentence, with what was before and after', async () => {
    const { id, switched } = await switchedOff('Sentences');
    const { items } = await activity(`entity_type=platform&entity_id=${id}`);

    assert.deepEqual(items.map((item) => item.summary), ['owner switched platform Sentences off', 'owner created platform Sentences']);
    const [{ revision, source, changes }] = items;
    assert.deepEqual([revision, source], [switched, 'rest']);
    assert.equal(changes.length, 1);
    const { type, fields, before, after } = changes[0];
    assert.deepEqual({ type, fields, before, after }, { type: 'toggle', fields: ['enabled'], before: { enabled: true }, after: { enabled: false } });
    assert.equal(items[1].changes[0].before, null);
    assert.equal(items[1].changes[0].after.name, 'Sentences');
  });

  test('is filtered by who, how, what, when and words', async () => {
    const { id, switched } = await switchedOff('Umbrella');
    const about = `entity_type=platform&entity_id=${id}`;
    const found = async (query) => (await activity(query)).items.map((item) => item.revision);

    assert.deepEqual(await found(`${about}&type=toggle`), [switched]);
    assert.deepEqual(await found(`${about}&actor=owner&source=rest&limit=1`), [switched]);
    assert.deepEqual(await found(`${about}&actor=nobody`), []);
    assert.deepEqual(await found(`${about}&source=timer`), []);
    assert.deepEqual(await found('q=umbreLLA&type=toggle'), [switched]);
    assert.deepEqual(await found(`${about}&since=2099-01-01T00:00:00Z`), []);
    assert.deepEqual(await found(`${about}&until=2001-01-01T00:00:00Z`), []);
    const { items, next } = await activity(`${about}&limit=1`);
    assert.deepEqual([items.length, next], [1, switched]);
    assert.deepEqual((await found(`${about}&before=${next}`)).length, 1);
  });

  for (const query of ['entity_id=1', 'type=explode', 'since=yesterday', 'q=', 'limit=0', 'colour=red']) {
    test(`${query} is refused`, async () => {
      const response = await shared.it.request('GET', `/api/v1/activity?${query}`);

      assert.equal(response.status, 400, response.text);
      assert.match(response.body.detail, new RegExp(query.split('=')[0]));
    });
  }

  test('reaches admins over their connection, as the API tells it', async (t) => {
    const admin = await shared.it.adminSocket(t).connected();
    const { id, switched } = await switchedOff('Broadcast');
    let entry;
    do [entry] = await admin.next('activity');
    while (entry.revision !== switched);
    const { items } = await activity(`entity_type=platform&entity_id=${id}&limit=1`);
    const feed = await admin.ask('request_activity_feed', { entity_type: 'platform', entity_id: id, limit: 1 });

    const { timestamp, ...rest } = entry;
    assert.deepEqual(rest.changes, items[0].changes);
    assert.deepEqual([entry.summary, timestamp], [items[0].summary, items[0].timestamp]);
    assert.deepEqual(feed.items, items);
  });
});

describe('undo', () => {
  test('makes a new change that says so, and clients hear of it as of any other', async (t) => {
    const { token } = await shared.it.createClient();
    const client = await shared.it.clientSocket(t, token).connected();
    await client.next('client_connected');
    const { id, switched } = await switchedOff('Undone');
    const response = await undo(switched);

    assert.equal(response.status, 200, response.text);
    assert.equal(response.body.undoes, switched);
    assert.equal(response.body.summary, `owner undid revision ${switched}: switched platform Undone on`);
    assert.equal(response.body.revision, response.revision);
    assert.equal((await call('GET', `/api/v1/platforms/${id}`)).enabled, true);
    let update;
    do [update] = await client.next('platform_update');
    while (update.platform_id !== id || update.revision !== response.revision);
    assert.equal(update.data.enabled, true);
  });

  test('brings back what was deleted, as itself', async () => {
    const made = await shared.it.createPlatform({ key: ownKey(), name: 'Gone', config: { deep: [1] } });
    await call('DELETE', `/api/v1/platforms/${made.id}`);
    const response = await undo(shared.it.revision);
    const back = await call('GET', `/api/v1/platforms/${made.id}`);

    assert.equal(response.status, 200, response.text);
    assert.deepEqual([back.key, back.config, back.created_at], [made.key, made.config, made.created_at]);
  });

  test('is refused where others changed the same since, and says who', async () => {
    const { id, switched } = await switchedOff('Contested');
    await shared.it.toggle(id, true);
    const again = shared.it.revision;
    const response = await undo(switched);

    assert.equal(response.status, 409, response.text);
    assert.deepEqual(response.body.errors, [{ pointer: '/changes/0', reason: `platform ${id} (Contested) was changed by revision ${again}` }]);
  });

  test('does not bring tokens back', async () => {
    const { id } = await shared.it.createClient();
    const issued = await shared.it.issueToken(id);
    const response = await undo(issued.revision);

    assert.equal(response.status, 409, response.text);
    assert.match(response.body.detail, /tokens/);
  });

  test('is done once under an Idempotency-Key', async () => {
    const { switched } = await switchedOff('Once');
    const first = await undo(switched, { 'Idempotency-Key': 'undo-once' });
    const second = await undo(switched, { 'Idempotency-Key': 'undo-once' });

    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.equal(second.revision, first.revision);
    assert.equal(second.headers.get('idempotency-replayed'), 'true');
  });

  test('of what never was is not found', async () => {
    assert.equal((await undo(9_007_199_254)).status, 404);
    assert.equal((await undo('newest')).status, 404);
  });
});

describe('the past', () => {
  test('can be read at a revision and at a time', async () => {
    const { id, made, switched } = await switchedOff('Then');
    const at = async (moment) => {
      const then = await call('GET', `/api/v1/state?at=${moment}`);
      return [then.revision, then.state.platforms.find((one) => one.id === id)?.enabled];
    };

    assert.deepEqual(await at(made - 1), [made - 1, undefined]);
    assert.deepEqual(await at(made), [made, true]);
    assert.deepEqual(await at(switched), [switched, false]);
    const { items } = await activity(`entity_type=platform&entity_id=${id}&limit=1`);
    assert.equal((await at(items[0].timestamp))[1], false);
    assert.deepEqual(await at('2001-01-01T00:00:00Z'), [0, undefined]);
  });

  test('is compared with now, or with any other time', async () => {
    const { id, made, switched } = await switchedOff('Compared');
    await call('PATCH', `/api/v1/platforms/${id}`, { name: 'Renamed' });
    const last = shared.it.revision;
    const difference = await call('GET', `/api/v1/state/diff?from=${made}`);
    const changed = difference.changes.find((change) => change.entity_type === 'platform' && change.entity_id === id);

    assert.equal(difference.from.revision, made);
    assert.ok(difference.to.revision >= last);
    assert.deepEqual([changed.before, changed.after], [{ enabled: true, name: 'Compared' }, { enabled: false, name: 'Renamed' }]);
    const between = await call('GET', `/api/v1/state/diff?from=${made}&to=${switched}`);
    assert.deepEqual(between.changes.map((change) => change.after), [{ enabled: false }]);
  });

  for (const [query, status] of [['at=-1', 400], ['at=soon', 400], ['at=2099-01-01T00:00:00Z', 400], ['at=9007199254', 404], ['when=1', 400]]) {
    test(`${query} answers ${status}`, async () => {
      assert.equal((await shared.it.request('GET', `/api/v1/state?${query}`)).status, status);
    });
  }

  test('is told no further than the role reaches', async () => {
    const { token } = await shared.it.createClient();

    assert.equal((await shared.it.request('GET', '/api/v1/state', undefined, { token })).status, 403);
    assert.equal((await shared.it.request('POST', '/api/v1/activity/1.1/undo', undefined, { token })).status, 403);
  });
});
