// A web server with the pages of `browser/pages`, as bundles of the packages as they were built.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';

const folder = new URL('../browser/pages/', import.meta.url).pathname;

/** What a bundler makes of these files: scripts by their paths, with the part for tabs in a file of its own. */
async function bundles(entryPoints: { [name: string]: string }, mode: string): Promise<[string, string][]> {
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(Object.entries(entryPoints).map(([name, file]) => [name, path.join(folder, file)])),
    bundle: true, splitting: true, format: 'esm', write: false, outdir: '/', jsx: 'automatic', logLevel: 'warning',
    define: { 'process.env.NODE_ENV': `"${mode}"`, __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  });
  return outputFiles.map(({ path: name, text }) => [name, text]);
}

/** Pages by their names: `/plain` has the script `/plain.js`. `development`: those that are built for developers. */
export async function servePages(production: { [name: string]: string }, development: { [name: string]: string } = {}) {
  const scripts = new Map([...(await bundles(production, 'production')), ...(await bundles(development, 'development'))]);
  const served: string[] = [];
  const web = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const script = scripts.get(pathname);
    if (script) served.push(pathname);
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
    response.end(script ?? `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><div id="app"></div><script type="module" src="${pathname}.js"></script>`);
  });
  await new Promise<void>((listening) => web.listen(0, 'localhost', listening));
  return {
    origin: `http://localhost:${(web.address() as AddressInfo).port}`,
    /** Paths of scripts, in the order of the requests. */
    served,
    close() {
      web.close();
      web.closeAllConnections();
    },
  };
}
