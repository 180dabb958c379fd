// Writes ../clients/admin/src/rest.ts: the types of the REST API, from the parts of its description in src/http_api/openapi.
// No server is needed, because the console is built before it. The server adds only refusals and headers to these parts.
import { readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import openapi, { astToString } from 'openapi-typescript';

const parts = new URL('../../src/http_api/openapi/', import.meta.url);
const place = new URL('../../clients/admin/src/rest.ts', import.meta.url);

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
function join(into, from) {
  for (const [name, value] of Object.entries(from)) {
    if (isObject(into[name]) && isObject(value)) join(into[name], value);
    else into[name] = value;
  }
}

const document = {};
for (const name of readdirSync(parts).filter((file) => file.endsWith('.json')).sort())
  join(document, JSON.parse(readFileSync(new URL(name, parts), 'utf8')));

const types = astToString(await openapi(document, { emptyObjectsUnknown: true, defaultNonNullable: false }));
const text = `// Made from src/http_api/openapi by console/tools/rest-types.mjs.\n${types}`;
if (!existsSync(place) || readFileSync(place, 'utf8') !== text) writeFileSync(place, text);
