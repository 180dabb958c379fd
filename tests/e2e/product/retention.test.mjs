// A log with a small limit: the oldest changes go, the rest verifies, and whoever asks for them learns where it ends.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { logMetric, untilPruned } from '../support/log.mjs';
import { dataFolder, ownKey, Product, product } from '../support/product.mjs';

const kKept = 20;
const args = ['--keep-changes', String(kKept), '--keep-days', '0', '--ring-bytes', '0', '--write-rate', '1000', '--write-burst', '1000'];

/** Toggles one platform until the log has `changes`, waits until all but the newest are gone, answers the newest revision. */
async function fill(server, changes) {
  const { id } = await server.createPlatform({ key: ownKey(), name: 'Web' });
  let revision = server.revision;
  while (revision < changes) ({ revision } = await server.toggle(id));
  await untilPruned(server, kKept);
  return { id, revision };
}

describe('a log that keeps 20 changes', () => {
  const shared = product({ args });
  const get = (target) => shared.it.request('GET', target);
  let newest;
  let id;
  const filled = async () => {
    if (newest === undefined) ({ id, revision: newest } = await fill(shared.it, 150));
    return newest - kKept + 1;
  };

  test('is measured', async () => {
    const oldest = await filled();

    assert.equal(await logMetric(shared.it, 'oldest_revision'), oldest);
    assert.equal(await logMetric(shared.it, 'pruned_total'), oldest - 1);
    assert.ok((await logMetric(shared.it, 'bytes')) > kKept * 100);
    assert.ok(Math.abs((await logMetric(shared.it, 'oldest_timestamp_seconds')) - Date.now() / 1000) < 600);
    assert.ok((await logMetric(shared.it, 'rows', 'system')) >= 1);
  });

  test('says in the feed where it ends', async (t) => {
    const oldest = await filled();
    const first = await shared.it.call('GET', '/api/v1/activity?limit=5');
    const last = await shared.it.call('GET', `/api/v1/activity?before=${first.next}`);

    assert.equal(first.kept_since, undefined);
    assert.equal(last.items.length, kKept - 5);
    assert.equal(last.next, undefined);
    assert.equal(last.kept_since.revision, oldest);
    assert.equal(last.kept_since.timestamp, last.items.at(-1).timestamp);
    const admin = await shared.it.adminSocket(t).connected();
    assert.deepEqual((await admin.ask('request_activity_feed', { before: first.next })).kept_since, last.kept_since);
  });

  for (const [what, target] of Object.entries({
    'an old state': () => '/api/v1/state?at=3',
    'a state at an old time': () => '/api/v1/state?at=2001-01-01T00:00:00Z',
    'an old entity': () => `/api/v1/platforms/${id}?at=3`,
    'a difference from an old state': () => '/api/v1/state/diff?from=3',
  })) {
    test(`${what} is no longer kept`, async () => {
      const oldest = await filled();
      const answer = await get(target());

      assert.equal(answer.status, 404, answer.text);
      assert.match(answer.body.detail, /no longer kept/);
      assert.deepEqual(answer.body.error.details.map((one) => one.reason), [String(oldest)]);
    });
  }

  test('an old change cannot be undone, a kept one can', async () => {
    const oldest = await filled();
    const undo = (revision) => shared.it.request('POST', `/api/v1/activity/1.${revision}/undo`);

    const refused = await undo(oldest - 1);
    assert.equal(refused.status, 404, refused.text);
    assert.match(refused.body.detail, new RegExp(`no longer kept; the oldest revision of the change log is ${oldest}`));
    const done = await undo(newest);
    assert.equal(done.status, 200, done.text);
    assert.equal(done.body.undoes, newest);
  });

  test('the state before the oldest kept change is still known', async () => {
    await filled();
    const { revision } = await shared.it.call('GET', '/api/v1/state');
    const oldest = revision - kKept + 1;
    await until(async () => (await logMetric(shared.it, 'oldest_revision')) === oldest, `revision ${oldest} to be the oldest`, 60_000);
    const { state } = await shared.it.call('GET', `/api/v1/state?at=${oldest - 1}`);

    assert.equal(state.platforms.length, 1);
  });
});

test('after kill -9 while old changes are removed, the log is whole and the rest goes too', async (t) => {
  const { folder, remove } = await dataFolder();
  const running = [];
  const start = async (options) => {
    const one = await Product.start(folder, { args: options });
    running.push(one);
    await one.login();
    return one;
  };
  t.after(async () => {
    await Promise.all(running.filter(({ process }) => process.running).map((one) => one.end('SIGKILL')));
    await remove();
  });
  const all = await start(['--keep-changes', '0', '--write-rate', '1000', '--write-burst', '1000']);
  const { id } = await all.createPlatform({ key: ownKey(), name: 'Web' });
  let revision = 0;
  while (revision < 600) ({ revision } = await all.toggle(id));
  await all.end('SIGTERM');

  const first = await start(args);
  await until(async () => (await logMetric(first, 'oldest_revision')) > 1 || !first.process.running, 'a first step', 60_000);
  await first.end('SIGKILL');
  const second = await start(args);

  await untilPruned(second, kKept);
  assert.equal(await logMetric(second, 'chain_broken'), 0);
  assert.doesNotMatch(second.process.output, /new epoch|set the other file aside|DAMAGED/);
  const { items } = await second.call('GET', '/api/v1/activity');
  assert.equal(items[0].revision, revision);
  assert.equal(items.length, kKept);
});
