// The API's description against the API: a valid document, every operation exercised with success and failure, and every
// answer as the document says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { contract, shared, taken } from '../support/openapi/calls.mjs';
import '../support/openapi/accounts.mjs';
import '../support/openapi/catalogue.mjs';
import '../support/openapi/events.mjs';
import '../support/openapi/flags.mjs';

test('the document is sent once', async () => {
  const answer = await taken('GET', '/api/v1/openapi.json', undefined, { token: null });
  const tag = answer.headers.get('etag');

  assert.equal((await taken('GET', '/api/v1/openapi.json', undefined, { token: null, headers: { 'If-None-Match': tag } })).status, 304);
});

test('of every list, it says that the last page names no next one', async () => {
  const { body } = await shared.it.request('GET', '/api/v1/openapi.json', undefined, { token: null });
  const found = [];
  const look = (node) => {
    for (const [name, value] of Object.entries(node ?? {})) {
      if ((name === 'next' || name === 'next_cursor') && value.type) found.push(value);
      if (typeof value === 'object') look(value);
    }
  };
  look(body);
  assert.ok(found.length >= 10, `${found.length} lists`);
  for (const one of found) assert.match(one.description, /absent on the last page/);
});

test('every operation was exercised, with success and with failure', async () => {
  assert.deepEqual((await contract()).unexercised(), []);
});

// The last: it takes the thread for so long that the server may close connections meanwhile.
test('the document is OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { document } = await contract();
  const result = await validator.validate(structuredClone(document));

  assert.equal(document.openapi, '3.1.0');
  assert.ok(result.valid, JSON.stringify(result.errors, null, 1));
});
