// The size of @togglecast/client as a page gets it: bundled, minified, gzipped, without socket.io-client.
// Fails above the limit. Prints each part, since the part for shared tabs is loaded only where it is used.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const kLimit = 6 * 1024;

const { outputFiles } = await build({
  entryPoints: [new URL('../client/dist/index.js', import.meta.url).pathname],
  bundle: true, splitting: true, minify: true, write: false, format: 'esm', target: 'es2022',
  external: ['socket.io-client'], outdir: 'out', legalComments: 'none', logLevel: 'warning',
});
let total = 0;
for (const { path, contents } of outputFiles) {
  const size = gzipSync(contents, { level: 9 }).length;
  total += size;
  console.log(`${path.split('/').at(-1)}: ${contents.length} bytes, ${size} gzipped`);
}
console.log(`@togglecast/client without socket.io-client: ${total} bytes gzipped, at most ${kLimit}`);
if (total > kLimit) process.exitCode = 1;
