// Debian's Chromium, with the deadlines of all tests.
import { execFileSync } from 'node:child_process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { deadline, until } from './server.js';

const kArguments = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

export function launch(): Promise<Browser> {
  const executablePath = process.env['TOGGLECAST_CHROMIUM'] ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  return chromium.launch({ executablePath, args: kArguments, timeout: deadline });
}

/** A person with one browser, until the test ends. What a page says on the console as a warning or an error, is collected. */
export async function person(browser: Browser) {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  context.setDefaultTimeout(deadline);
  const said: string[] = [];
  context.on('console', (message) => /error|warning/.test(message.type()) && said.push(message.text()));
  context.on('weberror', (error) => said.push(String(error.error())));
  return { context, said };
}

const text = (page: Page) => page.evaluate(() => document.body.innerText.trim());

/** Waits until this is the whole text of the page. */
export async function shows(page: Page, what: string): Promise<void> {
  await until(async () => (await text(page)) === what, `the text "${what}"`).catch(async (error: Error) => {
    throw new Error(`${error.message}; it is "${await text(page)}"`);
  });
}
