// OFREP at its edges: limits, credentials, refusals that have nothing to do with flags, tags, revisions, tickets.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature as WebSdk } from '@openfeature/web-sdk';
import { until } from '../support/deadline.mjs';
import { metric } from '../support/hostile.mjs';
import { fits, holds, kAll, kOne } from '../support/ofrep.mjs';
import { dataFolder, ownKey, Product, product } from '../support/product.mjs';
import { Stream } from '../support/streams.mjs';

const kArgs = ['--write-rate', '1000', '--write-burst', '1000'];
const shared = product({ args: kArgs });

/** A client with one flag. */
async function shop(it = shared.it) {
  const flag = await it.call('POST', '/api/v1/features', { key: ownKey('flag'), name: 'Flag' });
  const plan = await it.call('POST', '/api/v1/packages', { key: ownKey('plan'), name: 'Plan', features: [{ feature_id: flag.id }] });
  const { client, token } = await it.createClient(ownKey('shop'));
  await it.call('PATCH', `/api/v1/clients/${client.id}`, { package_id: plan.id });
  return { flag, client, token };
}

/** Its own server, which ends with the test. */
async function serverOf(t, ...args) {
  const data = await dataFolder();
  t.after(data.remove);
  const it = await Product.start(data.folder, { args: [...kArgs, ...args] });
  t.after(() => it.end('SIGTERM'));
  await it.login();
  return it;
}

const schemaOf = (path) => (path.startsWith(`${kAll}/`) && path !== `${kAll}/` ? kOne : kAll);
/** Asks once, also when it has to wait. */
const ask = async (path, { it = shared.it, token, body = {}, headers = {} }) =>
  holds(schemaOf(path.split('?')[0]), await it.requestOnce('POST', path, body, { token, headers }));
/** The same for a status that the public document does not have: then its general error is the form. */
async function refused(path, { it = shared.it, token, body = {}, headers = {} }) {
  const answer = await it.requestOnce('POST', path, body, { token, headers });
  assert.match(answer.headers.get('content-type'), /^application\/json/, answer.text);
  fits('generalErrorResponse', answer.body);
  assert.match(answer.body.errorCode, /^[A-Z_]+$/);
  assert.ok(answer.body.errorDetails.length > 0);
  return answer;
}

describe('more evaluations than are allowed', () => {
  const kBurst = 20;

  test('are refused: one flag counts 1, all flags count 5', async (t) => {
    const it = await serverOf(t, '--evaluation-rate', '1', '--evaluation-burst', String(kBurst));
    for (const cost of [1, 5]) {
      const { flag, token } = await shop(it);
      const path = cost === 1 ? `${kAll}/${flag.key}` : kAll;
      const before = await metric(it, 'togglecast_http_evaluations_limited_total');
      const began = performance.now();
      let answered = 0;
      let answer;
      for (; (answer = await ask(path, { it, token })).status === 200; answered++);
      const seconds = (performance.now() - began) / 1000;

      assert.equal(answer.status, 429);
      assert.ok(answered >= kBurst / cost && answered <= (kBurst + seconds) / cost, `${answered} of ${cost} each in ${seconds} s`);
      const pause = answer.headers.get('retry-after');
      assert.ok(/^[1-9]\d*$/.test(pause) && Number(pause) <= kBurst, `Retry-After: ${pause}`);
      assert.equal(answer.body.errorCode, 'GENERAL');
      assert.equal(answer.body.key, cost === 1 ? flag.key : undefined);
      assert.equal(await metric(it, 'togglecast_http_evaluations_limited_total'), before + 1);
    }
  });

  test('make the stock web provider wait as long as the server says', async (t) => {
    const it = await serverOf(t, '--evaluation-rate', '5', '--evaluation-burst', '5');
    const { flag, token } = await shop(it);
    const asked = [];
    await WebSdk.setContext('limited', { targetingKey: 'u1' });
    await WebSdk.setProviderAndWait('limited', new OFREPWebProvider({
      baseUrl: it.url, changeDetection: 'polling', pollInterval: 20, cacheMode: 'disabled', headers: [['Authorization', `Bearer ${token}`]],
      fetchImplementation: async (...request) => {
        const mine = { at: Date.now() };
        asked.push(mine);
        const answer = await fetch(...request);
        return Object.assign(mine, { answered: Date.now(), status: answer.status, pause: 1000 * answer.headers.get('retry-after') }) && answer;
      },
    }));
    t.after(() => WebSdk.clearProviders());
    const refusal = await until(() => asked.findIndex(({ status }) => status === 429) + 1, 'a refusal');
    await until(() => asked.length > refusal && asked[refusal].status, 'the next request');

    const [first, next] = asked.slice(refusal - 1);
    assert.ok(first.pause >= 1000);
    assert.ok(next.at - first.answered >= first.pause - 50, `${next.at - first.answered} ms after ${first.pause} ms were asked for`);
    assert.notEqual(next.status, 429);
    assert.equal(WebSdk.getClient('limited').getBooleanValue(flag.key, false), true);
  });
});

describe('a credential', () => {
  const headersOf = (key) => ({ 'bare in Authorization': { Authorization: key }, 'in X-API-Key': { 'X-API-Key': key } });

  test('may stand without a scheme below /ofrep/, and nowhere else', async () => {
    const { client, flag, token } = await shop();
    const { key } = await shared.it.call('POST', '/api/v1/api-keys', { name: 'machine', scopes: ['evaluate', 'read'] });
    for (const credential of [key, token]) {
      for (const [place, headers] of Object.entries(headersOf(credential))) {
        const named = credential === key ? { 'Togglecast-Client': client.key } : {};
        const answer = await ask(`${kAll}/${flag.key}`, { token: null, headers: { ...headers, ...named } });
        assert.deepEqual([answer.status, answer.body.value], [200, true], place);
      }
    }
    assert.equal((await shared.it.requestOnce('GET', '/api/v1/features', undefined, { token: key })).status, 200);
    for (const [place, headers] of Object.entries(headersOf(key)))
      assert.equal((await shared.it.requestOnce('GET', '/api/v1/features', undefined, { token: null, headers })).status, 401, place);
    assert.equal((await ask(kAll, { token: null, headers: { Authorization: 'nonsense' } })).status, 401);
  });
});

describe('a refusal that no flag is to blame for has the form of OFREP too', () => {
  test('a body that is too long, or of another type', async () => {
    const { flag, token } = await shop();
    for (const path of [kAll, `${kAll}/${flag.key}`]) {
      const long = await refused(path, { token, body: { context: { text: 'x'.repeat(70_000) } } });
      assert.equal(long.status, 413);
      const answer = await refused(path, { token, body: 'context=1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
      assert.deepEqual([answer.status, answer.body.key], [415, path === kAll ? undefined : flag.key]);
    }
  });

  test('a revision that does not arrive is 503 after a second, with a time to come back', async () => {
    const { flag, token } = await shop();
    for (const path of [kAll, `${kAll}/${flag.key}`]) {
      const late = await refused(`${path}?flagConfigEtag=1.${shared.it.revision + 1000}`, { token });
      assert.equal(late.status, 503);
      assert.match(late.headers.get('retry-after'), /^[1-9]\d*$/);
    }
  });
});

describe('parameters', () => {
  test('flagConfigEtag waits for a revision that is on its way', async (t) => {
    const it = await serverOf(t, '--min-revision-wait', '60');
    const { flag, token } = await shop(it);
    const next = it.revision + 1;
    const [answer] = await Promise.all([
      ask(`${kAll}?flagConfigEtag=1.${next}`, { it, token }),
      it.call('POST', `/api/v1/features/${flag.id}/toggle`, { enabled: false }),
    ]);
    assert.equal(answer.status, 200);
    assert.ok(answer.revision >= next);
    assert.equal(answer.body.flags[0].value, false);
  });

  test('a flagConfigEtag of another history or none, and parameters that nobody knows, change nothing', async () => {
    const { flag, token } = await shop();
    const plain = await ask(kAll, { token });
    for (const query of ['flagConfigEtag=nonsense', 'flagConfigEtag=', 'flagConfigEtag=7.99999', 'flagConfigEtag=-1', 'flagConfigLastModified=soon', 'trace=1&lang=en']) {
      const all = await ask(`${kAll}?${query}`, { token });
      assert.deepEqual([all.status, all.body], [200, plain.body], query);
      assert.equal((await ask(`${kAll}/${flag.key}?${query}`, { token })).status, 200, query);
    }
    assert.deepEqual((await ask(`${kAll}/`, { token })).body, plain.body, 'a slash at the end');
  });
});

test('If-None-Match may be a list, weak, or *', async () => {
  const { flag, token } = await shop();
  const tag = (await ask(kAll, { token })).headers.get('etag');
  const status = async (given) => (await ask(kAll, { token, headers: { 'If-None-Match': given } })).status;
  for (const given of [tag, `W/${tag}`, `"other", ${tag}`, `"other",W/${tag} , "more"`, '*']) assert.equal(await status(given), 304, given);
  for (const given of ['"other"', 'W/"other", "more"', '""']) assert.equal(await status(given), 200, given);

  await shared.it.call('POST', `/api/v1/features/${flag.id}/toggle`);
  assert.equal(await status(`"other", W/${tag}`), 200, 'another answer');
  assert.equal(await status('*'), 304, 'whatever it is');
});

describe('a ticket of a stream', () => {
  const ticketOf = async (token, it = shared.it) =>
    new URL((await ask(kAll, { it, token })).body.eventStreams[0].endpoint.requestUri, it.url).searchParams.get('ticket');
  const statusOf = async (ticket, it = shared.it) => (await it.requestOnce('GET', `/ofrep/v1/stream?ticket=${ticket}`, undefined, { token: null })).status;

  test('that was changed or cut is refused', async (t) => {
    const { token } = await shop();
    const ticket = await ticketOf(token);
    const bytes = Buffer.from(ticket, 'base64url');
    const changed = [...bytes.keys()].map((at) => Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))));
    const cut = [...bytes.keys()].map((length) => bytes.subarray(0, length));
    const forged = [...changed, ...cut, Buffer.concat([bytes, Buffer.of(0)]), Buffer.concat([bytes, bytes])].map((one) => one.toString('base64url'));
    const answers = [];
    for (const one of [...forged, `${ticket}!`, `${ticket}=`, `${ticket}A`]) answers.push(await statusOf(one));

    assert.deepEqual([...new Set(answers)], [401], answers.join());
    const listener = new Stream(t, `${shared.it.url}/ofrep/v1/stream?ticket=${ticket}`);
    await listener.next('the notice for the true one');
  });

  test('stays the same over a restart', async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    const before = await Product.start(data.folder, { args: kArgs });
    await before.login();
    const { token } = await shop(before);
    const ticket = await ticketOf(token, before);
    await before.end('SIGKILL');
    const it = await Product.start(data.folder, { args: kArgs });
    t.after(() => it.end('SIGTERM'));

    assert.equal(await ticketOf(token, it), ticket);
    const listener = new Stream(t, `${it.url}/ofrep/v1/stream?ticket=${ticket}`);
    await listener.next('the notice at the connect');
  });

  test('of another installation, or the halves of two, are refused', async (t) => {
    const other = await serverOf(t);
    const [here, there] = [await ticketOf((await shop()).token), await ticketOf((await shop(other)).token, other)];
    const second = await ticketOf((await shop()).token);
    const halves = Buffer.concat([Buffer.from(here, 'base64url').subarray(0, 16), Buffer.from(second, 'base64url').subarray(16)]);

    assert.equal(await statusOf(there), 401);
    assert.equal(await statusOf(here, other), 401);
    assert.equal(await statusOf(halves.toString('base64url')), 401);
  });
});
