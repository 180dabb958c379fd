// Writes admin/src/rest.ts: the types of the REST API, from the document that the server itself serves.
// The server is that of TOGGLECAST_BIN_DIR; default build/release/bin.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import openapi, { astToString } from 'openapi-typescript';

const binaries = process.env.TOGGLECAST_BIN_DIR ?? new URL('../../build/release/bin', import.meta.url).pathname;
const data = mkdtempSync(path.join(tmpdir(), 'togglecast-types-'));
const server = spawn(path.join(binaries, 'togglecast'), ['serve', '--port', '0', '--data', data], {
  env: { PATH: process.env.PATH, TOGGLECAST_OWNER_PASSWORD: 'correct horse battery staple' },
});

try {
  const url = await new Promise((found, failed) => {
    let said = '';
    const hear = (text) => {
      said += text;
      const address = /Address +(http:\/\/localhost:\d+)/.exec(said);
      if (address) found(address[1]);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('error', failed);
    server.on('exit', () => failed(new Error(`the server ended:\n${said}`)));
  });
  const document = await (await fetch(`${url}/api/v1/openapi.json`)).json();
  const types = astToString(await openapi(document, { emptyObjectsUnknown: true, defaultNonNullable: false }));
  writeFileSync(new URL('../admin/src/rest.ts', import.meta.url), `// Made by tools/rest-types.mjs from the OpenAPI document of the server.\n${types}`);
} finally {
  server.removeAllListeners('exit');
  server.kill();
  rmSync(data, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
}
