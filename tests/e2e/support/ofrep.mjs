// The public description of OFREP, against which answers are held. tests/vectors/ofrep/README.md says where it is from,
// and what is changed in it here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';

const document = JSON.parse(readFileSync(new URL('../../vectors/ofrep/openapi.json', import.meta.url), 'utf8'));
const { schemas } = document.components;
const asAnyOf = (schema) => {
  schema.anyOf = schema.oneOf;
  delete schema.oneOf;
};
asAnyOf(schemas.evaluationSuccess.allOf[1]);
asAnyOf(schemas.bulkEvaluationSuccess.properties.flags.items);
schemas.evaluationSuccess.allOf[0].properties.reason.enum.push('DEFAULT');

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema(document, 'ofrep');

export const kOne = '/ofrep/v1/evaluate/flags/{key}';
export const kAll = '/ofrep/v1/evaluate/flags';

const validators = new Map();  // by schema: compiling one takes much longer than using it

/** Holds a body to a schema of the document. */
export function fits(schema, body) {
  if (!validators.has(schema)) validators.set(schema, ajv.compile({ $ref: `ofrep#/components/schemas/${schema}` }));
  const validate = validators.get(schema);
  assert.ok(validate(body), `${JSON.stringify(body)} is no ${schema}: ${ajv.errorsText(validate.errors)}`);
}

/** Holds an answer to what the document says of this path and status. */
export function holds(path, answer) {
  const responses = document.paths[path].post.responses;
  const described = responses[answer.status];
  assert.ok(described, `${path} answered ${answer.status}, which the document does not have: ${answer.text}`);
  const schema = described.content?.['application/json'].schema.$ref;
  if (answer.status === 304) assert.equal(answer.text, '');
  else assert.match(answer.headers.get('content-type'), /^application\/json/);
  if (schema) fits(schema.split('/').at(-1), answer.body);
  return answer;
}
