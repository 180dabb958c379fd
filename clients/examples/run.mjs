// Gives an example its token, and a page its server: everything comes from one origin, as behind a reverse proxy.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { ownerToken, post } from './owner.mjs';

const { positionals: [name], values: { url } } = parseArgs({ allowPositionals: true, options: { url: { type: 'string', default: 'http://localhost:5001' } } });
const folder = path.join(import.meta.dirname, name);

async function clientToken() {
  if (process.env.TOGGLECAST_CLIENT_TOKEN) return process.env.TOGGLECAST_CLIENT_TOKEN;
  return (await post(url, '/api/v1/clients/1/tokens', { label: 'example', expires_in: 86_400 }, await ownerToken(url))).token;
}

const token = await clientToken().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
if (name === 'node') {
  const { run } = await import(pathToFileURL(path.join(folder, 'main.js')));
  await run({ url, token });
} else if (name === 'python') {
  const service = spawn(process.env.TOGGLECAST_PYTHON ?? '/usr/bin/python3', ['-B', path.join(folder, 'main.py')], {
    env: { ...process.env, PYTHONPATH: path.join(import.meta.dirname, '../python/src'), TOGGLECAST_URL: url, TOGGLECAST_CLIENT_TOKEN: token },
    stdio: 'inherit',
  });
  service.on('exit', (code) => (process.exitCode = code ?? 1));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => service.kill(signal));
} else {
  const options = { bundle: true, format: 'esm', jsx: 'automatic', logLevel: 'warning' };
  const entry = ['main.jsx', 'main.js'].map((file) => path.join(folder, file)).find(existsSync);
  const { outputFiles: [script] } = await build({
    ...options, entryPoints: [entry], write: false,
    define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  });
  let render = async () => '<div id="app"></div>';
  if (existsSync(path.join(folder, 'server.jsx'))) {
    const outfile = path.join(import.meta.dirname, '../node_modules/.cache/togglecast', `${name}.mjs`); // it finds the packages from there
    await build({ ...options, entryPoints: [path.join(folder, 'server.jsx')], outfile, platform: 'node', packages: 'external' });
    render = (await import(pathToFileURL(outfile))).createRenderer({ url, token });
  }
  const forward = ({ method, url: target, headers }) =>
    http.request(new URL(target, url), { method, headers: { ...headers, host: new URL(url).host, ...(headers.origin && { origin: url }) } });
  const pages = http.createServer(async (request, response) => {
    if (request.url.startsWith('/socket.io/')) {
      const there = forward(request).on('response', (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      }).on('error', () => response.destroy());
      return void request.pipe(there);
    }
    if (request.url === '/token') return void response.end(token); // a real back end looks first who asks
    response.setHeader('Content-Type', request.url === '/main.js' ? 'text/javascript' : 'text/html');
    if (request.url === '/main.js') return void response.end(script.text);
    const body = await render().catch((error) => `<pre>${error.message}</pre>`);
    response.end(`<!doctype html><meta charset="utf-8"><title>Togglecast</title><link rel="icon" href="data:,">${body}<script type="module" src="/main.js"></script>`);
  });
  pages.on('upgrade', (request, near) => {
    const there = forward(request).on('upgrade', (answer, far, head) => {
      near.write(`HTTP/1.1 101 Switching Protocols\r\n${Object.entries(answer.headers).map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n`);
      near.write(head);
      far.pipe(near).pipe(far);
      far.on('error', () => near.destroy());
    }).on('response', () => near.destroy()).on('error', () => near.destroy());
    near.on('error', () => there.destroy());
    there.end();
  });
  pages.listen(0, 'localhost', () => console.log(`Open http://localhost:${pages.address().port} and switch features of the demo, for example web shop → off.`));
}
