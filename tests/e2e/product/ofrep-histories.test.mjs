// OFREP over random histories: a tag gets 304 exactly when the answer is the same, a notice comes before each answer that
// differs, and every answer fits the public description.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { fits, holds, kAll, kOne } from '../support/ofrep.mjs';
import { product } from '../support/product.mjs';
import { Random } from '../support/random.mjs';
import { RandomHistory } from '../support/random-history.mjs';
import { Stream } from '../support/streams.mjs';

const kContexts = [{}, { plan: 'pro', targetingKey: 'u1' }, { plan: 'gold', targetingKey: 'u1' }, { beta: true, broken: true }];
const shared = product({ args: ['--write-rate', '10000', '--write-burst', '10000', '--evaluation-rate', '100000', '--evaluation-burst', '100000', '--cors-origin', 'https://app.example'] });
const kLongest = 1_000;  // steps of a history in which little changes what its clients see
const seed = Number(process.env.TOGGLECAST_SEED ?? Date.now() % 1_000_000);

async function ask(token, context, tag) {
  const answer = await shared.it.request('POST', kAll, { context }, { token, headers: tag ? { 'If-None-Match': tag } : {} });
  return holds(kAll, answer);
}

describe('over a random history', () => {
  test('304 is the answer exactly when the answer is the same', { timeout: 240_000 }, async () => {
    const random = new Random(seed);
    const history = await new RandomHistory(shared.it, random).begin();
    const known = history.clients.flatMap(({ token }) => kContexts.map((context) => ({ token, context, seen: [] })));
    const counts = { same: 0, changed: 0, again: 0 };
    const enough = () => Object.values(counts).every((count) => count > 20);
    for (let i = 0; i < 60 || (!enough() && i < kLongest); i += 1) {
      for (const one of known) {
        const now = await ask(one.token, one.context);
        assert.equal(now.status, 200);
        const tag = now.headers.get('etag');
        for (const [j, before] of one.seen.slice(-4).entries()) {
          const same = before.text === now.text;
          const answer = await ask(one.token, one.context, before.tag);
          assert.equal(answer.status, same ? 304 : 200, `seed ${seed}, step ${i}: ${before.text}\n${now.text}`);
          assert.equal(answer.headers.get('etag'), tag, 'the tag of the newest state');
          counts[same ? (j < 3 ? 'again' : 'same') : 'changed'] += 1;
        }
        one.seen.push({ tag, text: now.text });
      }
      await history.change();
    }
    assert.ok(enough(), `seed ${seed}: ${JSON.stringify(counts)}`);
  });

  test('the tag of one client or context is no tag of another one', async () => {
    const history = await new RandomHistory(shared.it, new Random(seed)).begin();
    const tags = [];
    for (const { token } of history.clients)
      for (const context of kContexts) tags.push({ token, context, tag: (await ask(token, context)).headers.get('etag') });
    for (const one of tags)
      for (const other of tags) assert.equal((await ask(one.token, one.context, other.tag)).status, one === other ? 304 : 200);
  });

  test('each flag alone is what it is among all', { timeout: 120_000 }, async () => {
    const random = new Random(seed + 2);
    const history = await new RandomHistory(shared.it, random).begin(1);
    const [{ token }] = history.clients;
    for (let i = 0; i < 12; i += 1) {
      const context = random.of(kContexts);
      for (const flag of (await ask(token, context)).body.flags) {
        const alone = holds(kOne, await shared.it.request('POST', `${kAll}/${encodeURIComponent(flag.key)}`, { context }, { token }));
        assert.equal(alone.status, flag.errorCode ? 400 : 200, alone.text);
        for (const [member, value] of Object.entries(flag)) if (member !== 'errorDetails') assert.deepEqual(alone.body[member], value, `seed ${seed}: ${flag.key} ${member}`);
      }
      await history.change();
    }
  });

  test('a notice comes for each answer that differs, with a ticket that stays', { timeout: 240_000 }, async (t) => {
    const random = new Random(seed + 1);
    const history = await new RandomHistory(shared.it, random).begin(1);
    const [{ token }] = history.clients;
    const { requestUri } = (await ask(token, {})).body.eventStreams[0].endpoint;
    const told = { revision: 0, notices: 0 };
    const listen = (headers = {}) => {
      const stream = new Stream(t, shared.it.url + requestUri, { headers });
      (async () => {
        for (;;) {
          const { id, name, data } = await stream.events.next('a notice', 600_000);
          assert.equal(name, 'message');
          fits('sseEventData', data);
          assert.equal(id, data.etag);
          told.revision = Math.max(told.revision, Number(id.split('.')[1]));
          told.notices += 1;
        }
      })().catch((error) => (told.error ??= stream.closed ? undefined : error));
      return stream;
    };
    let stream = listen();
    await until(() => told.notices > 0, 'the notice at the connect');
    let changed = 0;
    for (let i = 0; i < 50 || (changed <= 10 && i < kLongest); i += 1) {
      const before = await Promise.all(kContexts.map((context) => ask(token, context)));
      if (random.below(6) === 0) {  // it comes back from nothing, and is told at once
        stream.closed = true;
        await stream.close();
        await history.change();
        const { notices } = told;
        stream = listen();
        await until(() => told.notices > notices, 'the notice at the connect');
      } else {
        await history.change();
      }
      const after = await Promise.all(kContexts.map((context) => ask(token, context)));
      for (const one of after) assert.equal(one.body.eventStreams[0].endpoint.requestUri, requestUri, 'one URL, so that the page keeps its connection');
      if (after.every(({ text }, j) => text === before[j].text)) continue;
      changed += 1;
      await until(() => told.revision >= shared.it.revision, `seed ${seed}: the notice of revision ${shared.it.revision}`);
    }
    assert.ok(changed > 10, `seed ${seed}: ${changed} changes`);
    assert.equal(told.error, undefined);
  });
});

describe('pages of other origins', () => {
  const kOrigin = 'https://app.example';
  const page = async (path, origin, token) => {
    const ended = new AbortController();
    const answer = await fetch(shared.it.url + path, { headers: { Origin: origin, ...(token ? { Authorization: `Bearer ${token}` } : {}) }, signal: ended.signal });
    ended.abort();
    return answer;
  };

  test('listen to notices and to the view, if their origin is allowed', async () => {
    const history = await new RandomHistory(shared.it, new Random(seed)).begin(1);
    const [{ token }] = history.clients;
    const { requestUri } = (await ask(token, {})).body.eventStreams[0].endpoint;
    for (const [path, bearer] of [[requestUri, undefined], ['/api/v1/stream', token]]) {
      const allowed = await page(path, kOrigin, bearer);
      assert.equal(allowed.status, 200, path);
      assert.equal(allowed.headers.get('access-control-allow-origin'), kOrigin, path);
      assert.match(allowed.headers.get('vary'), /Origin/i);
      const refused = (await page(path, 'https://evil.example', bearer)).headers.get('access-control-allow-origin');
      assert.ok([null, kOrigin].includes(refused), `${path}: ${refused}`);
    }
  });
});
