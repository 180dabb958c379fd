// Requests that are held to the API's own description, on one server for all tests of the description.
import assert from 'node:assert/strict';
import { Contract } from '../contract.mjs';
import { until } from '../deadline.mjs';
import { ownKey, product } from '../product.mjs';

export const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000'] });
export const kUnknownId = 9007199254740991;

let read;
/** The contract, read once from the server. */
export const contract = () => (read ??= shared.it.request('GET', '/api/v1/openapi.json', undefined, { token: null })
  .then((answer) => new Contract(answer.body)));
/** A request to the server of these tests that is held to the description. */
export const api = async (...call) => (await contract()).over(shared.it)(...call);

export async function made(path, body) {
  const answer = await api('POST', path, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

/** Sends what the API must refuse with `status`. */
export async function refused(status, ...call) {
  const answer = await api(...call);
  assert.equal(answer.status, status, answer.text);
  return answer.body;
}

export async function taken(...call) {
  const answer = await api(...call);
  assert.ok(answer.status < 400, answer.text);
  return answer;
}

/** Reads what is not sent again while it is the same. */
export async function readTwice(path) {
  await until(async () => {
    const { headers } = await taken('GET', path);
    return (await taken('GET', path, undefined, { headers: { 'If-None-Match': headers.get('etag') } })).status === 304;
  }, `the same answer twice of ${path}, which may tell of a rollout that goes on`);
}

/** What all entities have in common; `entity` has been made at `path`. */
export async function exercisesEntity(path, entity, { body, patch, filters = [] }) {
  const one = `${path}/${entity.id}`;
  const read = await taken('GET', one);
  assert.equal(read.headers.get('etag')?.replace('-gzip', ''), `"1.${entity.revision}"`);
  assert.equal(read.body.etag, `"1.${entity.revision}"`);
  assert.equal((await taken('GET', one, undefined, { headers: { 'If-None-Match': read.headers.get('etag') } })).status, 304);

  const list = await taken('GET', `${path}?limit=1&sort=-name&q=e`);
  assert.equal((await taken('GET', `${path}?limit=1&sort=-name&q=e`, undefined, { headers: { 'If-None-Match': list.headers.get('etag') } })).status, 304);
  for (const filter of filters) await taken('GET', `${path}?${filter}`);
  await refused(400, 'GET', `${path}?cursor=nonsense`);
  await refused(400, 'GET', `${path}?colour=red`);
  await refused(401, 'GET', path, undefined, { token: null });
  await refused(404, 'GET', `${path}/${kUnknownId}`);

  const headers = { 'Idempotency-Key': ownKey('request') };
  const first = await taken('PATCH', one, patch, { headers: { ...headers, 'If-Match': read.headers.get('etag') } });
  const again = await taken('PATCH', one, patch, { headers: { ...headers, 'If-Match': read.headers.get('etag') } });
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.deepEqual(again.body, first.body);
  const lost = await refused(409, 'PATCH', one, patch, { headers: { 'If-Match': '"1.1"' } });
  assert.deepEqual(lost.current, first.body);
  assert.equal(lost.expected_revision, 1);
  await taken('PATCH', one, (await taken('GET', one)).body);
  await refused(400, 'PATCH', one, { ...(await taken('GET', one)).body, id: kUnknownId });
  await refused(400, 'PATCH', one, { colour: 'red' });
  await refused(404, 'PATCH', `${path}/${kUnknownId}`, patch);

  const problem = await refused(400, 'POST', path, { ...body, colour: 'red' });
  assert.ok(problem.errors.some(({ pointer }) => pointer === '/colour'));
  await refused(409, 'POST', path, body);
  await refused(404, 'DELETE', `${path}/${kUnknownId}`);
}
