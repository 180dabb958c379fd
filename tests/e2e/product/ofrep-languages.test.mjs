// What stock providers of other languages make of our answers about one flag. Each reader does what the source of its provider
// does; docs/openfeature.md names their versions. Python's and Ruby's were run, too.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kAll } from '../support/ofrep.mjs';
import { ownKey, product } from '../support/product.mjs';

const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000'] });
const post = (kind, body) => shared.it.call('POST', `/api/v1/${kind}`, { name: 'Any', ...body });

const error = (code, value) => ({ error: code, value });
/** The type that a parser with integers and floats gives the value of an answer. */
const typeOf = ({ body, text }) => (typeof body.value === 'number' ? (/"value":-?\d+[,}]/.test(text) ? 'integer' : 'float') : typeof body.value);
const typed = (answer, type, byDefault) => (typeOf(answer) === type ? { value: answer.body.value } : error('TYPE_MISMATCH', byDefault));
const refused = ({ status, body }, byDefault) => error(status === 404 ? 'FLAG_NOT_FOUND' : body.errorCode, byDefault);

const readers = {
  Python(answer, type, byDefault) {
    if (answer.status !== 200) return refused(answer, byDefault);
    if (!('reason' in answer.body && 'variant' in answer.body)) return error('GENERAL', byDefault);
    return 'value' in answer.body ? typed(answer, type, byDefault) : { value: byDefault };
  },
  Ruby(answer, type, byDefault) {
    if (answer.status !== 200) return refused(answer, byDefault);
    if (!['key', 'value', 'reason', 'variant'].every((name) => name in answer.body)) return error('GENERAL', byDefault);
    return answer.body.reason === 'DISABLED' ? { value: byDefault } : typed(answer, type, byDefault);
  },
  Go(answer, type, byDefault) {
    if (answer.status !== 200) return refused(answer, byDefault);
    if (answer.body.reason === 'DISABLED') return { value: byDefault };
    return typed(answer, type === 'float' && typeOf(answer) === 'integer' ? 'integer' : type, byDefault);
  },
  Java(answer, type, byDefault) {
    if (!answer.body.metadata) return error('GENERAL', byDefault);
    return answer.status === 200 ? typed(answer, type, byDefault) : refused(answer, byDefault);
  },
};

/** A client with flags that are off, granted by an override alone, and a number with a fraction. */
async function shop() {
  const add = (name, body = {}) => post('features', { key: ownKey(name), ...body });
  const off = await add('off', { state: 'DISABLED', sub_features: [{ key: 'part' }] });
  const taken = await add('taken');
  const own = await add('own', { variants: { red: '#f00' }, defaultVariant: 'red' });
  const factor = await add('factor', { variants: { one: 1, more: 2.5 }, defaultVariant: 'one' });
  const plan = await post('packages', { key: ownKey('plan'), features: [off, taken, own, factor].map(({ id }) => ({ feature_id: id })) });
  const { client, token } = await shared.it.createClient(ownKey('shop'));
  await shared.it.call('PATCH', `/api/v1/clients/${client.id}`, { package_id: plan.id });
  await shared.it.call('PUT', `/api/v1/clients/${client.id}/overrides/${taken.id}`, { removed: true });
  await shared.it.call('PUT', `/api/v1/clients/${client.id}/overrides/${own.id}`, { value: 'of its own' });
  const ask = (key) => shared.it.request('POST', `${kAll}/${encodeURIComponent(key)}`, { context: { targetingKey: 'u1' } }, { token });
  return { ask, off, taken, own, factor };
}

for (const [language, read] of Object.entries(readers)) {
  describe(`the provider of ${language}`, () => {
    test('answers false for a denied boolean, whatever the default in the code is', async () => {
      const { ask, off, taken } = await shop();
      for (const key of [off.key, `${off.key}/part`, taken.key]) assert.deepEqual(read(await ask(key), 'boolean', true), { value: false }, key);
    });

    test('answers the value of an override that is no variant', async () => {
      const { ask, own } = await shop();
      assert.deepEqual(read(await ask(own.key), 'string', 'mine'), { value: 'of its own' });
    });

    test('answers a whole number of a flag that has fractions, too', async () => {
      const { ask, factor } = await shop();
      assert.deepEqual(read(await ask(factor.key), 'float', 7.5), { value: 1 });
    });

    test('says that there is no such flag', async () => {
      const { ask } = await shop();
      assert.deepEqual(read(await ask('unknown'), 'boolean', true), { error: 'FLAG_NOT_FOUND', value: true });
    });
  });
}
