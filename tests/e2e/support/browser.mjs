// A headless Chromium, and a small web server of another origin that gives it a page with the official client.
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { within } from './deadline.mjs';
import { sharedByTests } from './server.mjs';

const kArguments = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

/** TOGGLECAST_CHROMIUM names the program; else the first one on the PATH. */
function executable() {
  if (process.env.TOGGLECAST_CHROMIUM) return process.env.TOGGLECAST_CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      // try the next name
    }
  }
  throw new Error('no Chromium found: install the package chromium or set TOGGLECAST_CHROMIUM');
}

const require = createRequire(import.meta.url);
const bundles = {
  '/4.x.js': path.join(path.dirname(require.resolve('socket.io-client/package.json')), 'dist/socket.io.min.js'),
  '/3.x.js': path.join(path.dirname(require.resolve('socket.io-client-3/package.json')), 'dist/socket.io.min.js'),
};

/** A web server that answers each path `/4.x` and `/3.x` with a page that has loaded that client. */
async function servePages() {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (bundles[pathname]) {
      response.setHeader('Content-Type', 'text/javascript');
      response.end(await readFile(bundles[pathname]));
    } else {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<!doctype html><meta charset="utf-8"><title>page</title><script src="${pathname}.js"></script>`);
    }
  });
  await new Promise((listening) => server.listen(0, 'localhost', listening));
  return server;
}

class Browser {
  static async start() {
    const browser = new Browser();
    browser.chrome = await chromium.launch({ executablePath: executable(), args: kArguments, headless: true });
    browser.pages = await servePages();
    browser.origin = `http://localhost:${browser.pages.address().port}`;
    return browser;
  }

  async end() {
    await this.chrome.close();
    this.pages.close();
    this.pages.closeAllConnections();
  }

  async #newPage(t, options) {
    const context = await this.chrome.newContext(options);
    t.after(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.run = (code, argument) => within(page.evaluate(code, argument), 'the outcome in the page', 60_000);
    return page;
  }

  /** A page with that version of the client. `as`: the origin that it shall have; no such host need exist. */
  async page(t, version = '4.x', as = this.origin) {
    const page = await this.#newPage(t);
    if (as !== this.origin) {
      // a page of the outside world may talk to this machine only with leave
      await page.context().grantPermissions(['local-network-access'], { origin: as });
      await page.route(`${as}/**`, async (route) => {
        const { pathname } = new URL(route.request().url());
        const answer = await fetch(this.origin + pathname);
        await route.fulfill({ body: await answer.text(), contentType: answer.headers.get('content-type') });
      });
    }
    await page.goto(`${as}/${version}`);
    return page;
  }

  /** A page of the server under test itself; scripts may be added whatever its policy says. */
  async pageAt(t, url, options = {}) {
    const page = await this.#newPage(t, { bypassCSP: true, ...options });
    await page.goto(url);
    return page;
  }
}

/** One browser for all tests of the calling file. What runs in a page is given to `page.run`, with a deadline. */
export function browser() {
  const started = sharedByTests(Browser.start, (running) => running.end());
  return {
    page: (...args) => started().page(...args),
    pageAt: (...args) => started().pageAt(...args),
  };
}
