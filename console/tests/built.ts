import type { Page } from '@playwright/test';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

// While one works on a page: the built console of this folder instead of that in the program, which need not be linked again.
const files = process.env['TOGGLECAST_CONSOLE_FILES'];
const kTypes: { [ending: string]: string } = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

export async function serveBuilt(page: Page) {
  if (!files) return;
  const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
  await page.route(/^http:\/\/localhost:\d+\/(?!api\/|socket\.io\/|ofrep\/|flagd\/|metrics|healthz|readyz)/, (route) => {
    const asked = path.join(files, new URL(route.request().url()).pathname);
    const file = path.extname(asked) && existsSync(asked) ? asked : path.join(files, 'index.html');
    return route.fulfill({ body: readFileSync(file), contentType: kTypes[path.extname(file)] ?? 'application/octet-stream', headers: { 'Content-Security-Policy': policy } });
  });
}
