// The REST API as an admin's program uses it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kOwner, kPassword, kTimestamp, ownKey, product } from '../support/product.mjs';

const shared = product();
const kUnknownId = 9007199254740991;

function assertProblem(response, status, code) {
  assert.equal(response.status, status, response.text);
  assert.equal(response.body.error.code, code);
  assert.equal(typeof response.body.error.message, 'string');
}

describe('logging in', () => {
  test('answers a token, when it ends and who one is', async () => {
    const answer = await shared.it.login();

    assert.match(answer.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.match(answer.expires_at, kTimestamp);
    assert.ok(Date.parse(answer.expires_at) > Date.now());
    assert.equal(answer.admin.username, kOwner);
    assert.equal(answer.admin.role, 'owner');
    assert.doesNotMatch(JSON.stringify(answer), /"password":|hash/i);
  });

  for (const [name, credentials] of [
    ['a wrong password', { username: kOwner, password: 'wrong' }],
    ['an unknown name', { username: 'nobody', password: kPassword }],
  ]) {
    test(`${name} is refused without saying which it was`, async () => {
      const response = await shared.it.request('POST', '/api/v1/auth/login', credentials, { token: null });

      assertProblem(response, 401, 'unauthenticated');
    });
  }

  test('what is missing is named', async () => {
    const response = await shared.it.request('POST', '/api/v1/auth/login', { username: kOwner }, { token: null });

    assertProblem(response, 400, 'invalid_argument');
    assert.match(JSON.stringify(response.body.error), /\/password/);
  });
});

describe('without the right token', () => {
  const tokens = [
    ['none', null, 'unauthenticated'],
    ['nonsense', 'nonsense', 'token_invalid'],
    ['a forged one', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9.', 'token_invalid'],
  ];
  for (const [name, token, code] of tokens) {
    test(`${name}: every route answers 401`, async () => {
      for (const [method, target] of [['GET', '/api/v1/platforms'], ['POST', '/api/v1/platforms'], ['GET', '/api/v1/clients']]) {
        assertProblem(await shared.it.request(method, target, method === 'POST' ? {} : undefined, { token }), 401, code);
      }
    });
  }

  test("a client's token opens no admin route", async () => {
    const { token } = await shared.it.createClient();

    assertProblem(await shared.it.request('GET', '/api/v1/platforms', undefined, { token }), 403, 'forbidden');
  });
});

describe('platforms', () => {
  const full = { name: 'Web shop', description: 'all of it', enabled: true, config: { theme: 'dark', deep: [1, { a: null }] }, maintenance_note: 'soon' };

  test('are created with all their fields, and read as they are', async () => {
    const key = ownKey();
    const response = await shared.it.request('POST', '/api/v1/platforms', { key, ...full });
    assert.equal(response.status, 201, response.text);
    const created = response.body;
    const read = await shared.it.call('GET', `/api/v1/platforms/${created.id}`);

    const { id, revision, created_at: createdAt, updated_at: updatedAt, etag, ...fields } = created;
    assert.ok(Number.isSafeInteger(id) && id > 0);
    assert.equal(revision, response.revision);
    assert.equal(etag, response.headers.get('etag'));
    assert.match(createdAt, kTimestamp);
    assert.match(updatedAt, kTimestamp);
    assert.deepEqual(fields, { key, ...full });
    assert.deepEqual(read, created);
    assert.deepEqual((await shared.it.platforms()).find((platform) => platform.id === id), created);
  });

  test('need only a key and a name', async () => {
    const created = await shared.it.createPlatform({ key: ownKey(), name: 'plain' });

    assert.equal(created.enabled, true);
    assert.deepEqual(created.config, {});
  });

  test('are changed field by field', async () => {
    const created = await shared.it.createPlatform({ key: ownKey(), ...full });
    const changed = await shared.it.call('PATCH', `/api/v1/platforms/${created.id}`, { name: 'New', config: { only: true } });

    const { revision, updated_at: updatedAt, etag, ...rest } = changed;
    assert.equal(revision, shared.it.revision);
    assert.ok(revision > created.revision);
    assert.ok(updatedAt >= created.updated_at);
    assert.notEqual(etag, created.etag);
    const { revision: _r, updated_at: _u, etag: _e, ...before } = created;
    assert.deepEqual(rest, { ...before, name: 'New', config: { only: true } });
  });

  test('are toggled to the side that is said, or to the other', async () => {
    const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'switch' });

    assert.equal((await shared.it.toggle(id, false)).enabled, false);
    assert.equal((await shared.it.toggle(id, false)).enabled, false);
    assert.equal((await shared.it.toggle(id, true)).enabled, true);
    assert.equal((await shared.it.toggle(id)).enabled, false);
    assert.equal((await shared.it.call('GET', `/api/v1/platforms/${id}`)).enabled, false);
  });

  test('are deleted for good', async () => {
    const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'short-lived' });
    await shared.it.call('DELETE', `/api/v1/platforms/${id}`);

    assertProblem(await shared.it.request('GET', `/api/v1/platforms/${id}`), 404, 'not_found');
    assertProblem(await shared.it.request('DELETE', `/api/v1/platforms/${id}`), 404, 'not_found');
    assert.equal((await shared.it.platforms()).some((platform) => platform.id === id), false);
  });

  test('every change is one revision, told with every answer', async () => {
    const { id } = await shared.it.createPlatform({ key: ownKey(), name: 'counted' });
    const first = shared.it.revision;
    await shared.it.toggle(id, false);
    assert.equal(shared.it.revision, first + 1);
    await shared.it.call('PATCH', `/api/v1/platforms/${id}`, { description: 'x' });
    assert.equal(shared.it.revision, first + 2);
    await shared.it.platforms();

    assert.equal(shared.it.revision, first + 2);
  });

  const rejected = [
    ['no key', { name: 'x' }, '/key'],
    ['no name', { key: 'x-1' }, '/name'],
    ['a key that is no slug', { key: 'Not a slug!', name: 'x' }, '/key'],
    ['a key that is no text', { key: 7, name: 'x' }, '/key'],
    ['enabled that is no boolean', { key: 'x-2', name: 'x', enabled: 'yes' }, '/enabled'],
    ['config that is no object', { key: 'x-3', name: 'x', config: [1] }, '/config'],
    ['a field nobody knows', { key: 'x-4', name: 'x', colour: 'red' }, '/colour'],
  ];
  for (const [name, body, pointer] of rejected) {
    test(`${name} is refused, and the field is named`, async () => {
      const response = await shared.it.request('POST', '/api/v1/platforms', body);

      assertProblem(response, 400, 'invalid_argument');
      assert.ok(response.body.error.details.some((detail) => detail.pointer === pointer), response.text);
    });
  }

  for (const [name, body] of [['no JSON', '{"key":'], ['an array', '[]'], ['nothing', '']]) {
    test(`a body that is ${name} is refused`, async () => {
      const response = await shared.it.request('POST', '/api/v1/platforms', body);

      assert.equal(response.status, 400, response.text);
      assert.ok(response.body.error.code);
    });
  }

  test('a key is given once', async () => {
    const key = ownKey();
    await shared.it.createPlatform({ key, name: 'first' });

    assertProblem(await shared.it.request('POST', '/api/v1/platforms', { key, name: 'second' }), 409, 'already_exists');
  });

  test('an unknown id is not found, whatever is asked', async () => {
    for (const [method, target, body] of [
      ['GET', `/api/v1/platforms/${kUnknownId}`],
      ['PATCH', `/api/v1/platforms/${kUnknownId}`, { name: 'x' }],
      ['DELETE', `/api/v1/platforms/${kUnknownId}`],
      ['POST', `/api/v1/platforms/${kUnknownId}/toggle`, { enabled: true }],
    ]) {
      assertProblem(await shared.it.request(method, target, body), 404, 'not_found');
    }
  });

  test('a repeated request with the same idempotency key changes nothing more', async () => {
    const body = { key: ownKey(), name: 'once' };
    const headers = { 'Idempotency-Key': `create-${body.key}` };
    const first = await shared.it.request('POST', '/api/v1/platforms', body, { headers });
    const again = await shared.it.request('POST', '/api/v1/platforms', body, { headers });

    assert.equal(first.status, 201, first.text);
    assert.equal(again.status, 201, again.text);
    assert.deepEqual(again.body, first.body);
  });

  test('a body over its limit is refused, which the refusal names', async () => {
    const owner = await shared.it.request('POST', '/api/v1/platforms', { key: ownKey(), name: 'x', description: 'x'.repeat(1_100_000) });
    const stranger = await shared.it.request('POST', '/api/v1/auth/login', { username: 'x'.repeat(70_000), password: 'x' });

    assert.equal(owner.status, 413);
    assert.match(owner.body.error.message, /1048576 bytes \(--max-write-body\)/);
    assert.equal(stranger.status, 413);
    assert.match(stranger.body.error.message, /65536 bytes \(--max-payload\)/);
  });

  test('a rule may list twenty thousand users, and tells them from others', async () => {
    const users = Array.from({ length: 20_000 }, (_, n) => `${String(n).padStart(8, '0')}-5c1f-4f7e-9b6a-2d1b6c7f8e90`);
    const made = await shared.it.call('POST', '/api/v1/features', {
      key: ownKey('invited'), name: 'Invited', variants: { on: true, off: false }, defaultVariant: 'off',
      targeting: { if: [{ in: [{ var: 'targetingKey' }, users] }, 'on', 'off'] },
    });

    for (const [targetingKey, value] of [[users.at(-1), true], ['nobody', false]]) {
      const answer = await shared.it.call('POST', '/api/v1/evaluate', { feature: made.key, context: { targetingKey } });
      assert.equal(answer.decision.value, value, JSON.stringify(answer).slice(0, 500));
    }
  });
});

describe('keys', () => {
  test('of sub-features keep their case, and differ in more than case', async () => {
    const key = ownKey('Reports');
    const make = (...keys) => ({ key, name: 'Reports', sub_features: keys.map((one) => ({ key: one })) });
    const refused = (answer, index, other) => {
      assert.equal(answer.status, 400, answer.text);
      assert.deepEqual(answer.body.error.details, [{ pointer: `/sub_features/${index}/key`, reason: `differs from '${other}' in upper and lower case alone` }]);
    };
    refused(await shared.it.request('POST', '/api/v1/features', make('daily', 'weekly', 'Daily')), 2, 'daily');
    const made = await shared.it.call('POST', '/api/v1/features', make('Daily', 'weekly'));
    assert.deepEqual(made.sub_features.map((one) => one.key), ['Daily', 'weekly']);
    const { sub_features } = make('Daily', 'weekly', 'DAILY');
    refused(await shared.it.request('PATCH', `/api/v1/features/${made.id}`, { sub_features }), 2, 'Daily');
    const first = make('DAILY', 'Daily', 'weekly');  // the new key stands before the one that it is like
    refused(await shared.it.request('PATCH', `/api/v1/features/${made.id}`, { sub_features: first.sub_features }), 1, 'DAILY');

    assert.deepEqual(await shared.it.call('GET', `/api/v1/features/${made.id}`), made);
  });
});

describe('clients and their tokens', () => {
  test('a client is created, listed, read, changed and deleted', async () => {
    const key = ownKey('client');
    const created = await shared.it.call('POST', '/api/v1/clients', { key, name: 'Acme', attributes: { plan: 'gold' } });
    assert.equal(created.active, true);
    assert.deepEqual(created.attributes, { plan: 'gold' });
    const listed = await shared.it.call('GET', '/api/v1/clients?limit=1000');
    assert.ok((listed.items ?? listed).some((client) => client.id === created.id));
    const changed = await shared.it.call('PATCH', `/api/v1/clients/${created.id}`, { active: false });
    assert.equal(changed.active, false);
    await shared.it.call('DELETE', `/api/v1/clients/${created.id}`);

    assertProblem(await shared.it.request('GET', `/api/v1/clients/${created.id}`), 404, 'not_found');
  });

  test('a token is shown once; afterwards only its record', async () => {
    const client = await shared.it.call('POST', '/api/v1/clients', { key: ownKey('client'), name: 'c' });
    const response = await shared.it.request('POST', `/api/v1/clients/${client.id}/tokens`, { expires_in: 3600 });
    assert.equal(response.status, 201, response.text);
    const listed = await shared.it.request('GET', `/api/v1/clients/${client.id}/tokens`);
    const [record] = listed.body.items ?? listed.body;

    assert.match(response.body.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.ok(Math.abs(Date.parse(response.body.expires_at) - Date.now() - 3600_000) < 60_000);
    assert.equal(record.id, response.body.id);
    assert.equal(record.expires_at, response.body.expires_at);
    assert.equal(listed.text.includes(response.body.token), false);
  });

  test('a token without expires_in ends some day, too', async () => {
    const { id } = await shared.it.createClient();
    const issued = await shared.it.issueToken(id);

    assert.ok(Date.parse(issued.expires_at) > Date.now() + 3600_000);
  });

  test('a token is withdrawn', async () => {
    const { id, tokenId } = await shared.it.createClient();
    await shared.it.call('DELETE', `/api/v1/clients/${id}/tokens/${tokenId}`);
    const listed = await shared.it.call('GET', `/api/v1/clients/${id}/tokens`);
    const record = (listed.items ?? listed).find((one) => one.id === tokenId);

    assert.ok(!record || record.revoked_at);
    assertProblem(await shared.it.request('DELETE', `/api/v1/clients/${id}/tokens/${kUnknownId}`), 404, 'not_found');
  });
});
