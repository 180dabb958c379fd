// Every test has a page of the real server, with the example catalogue, logged in as owner. A test fails when the page
// writes an error to the console, breaks the Content-Security-Policy, throws, or asks another server for anything.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base, type Page } from '@playwright/test';
import { serveBuilt } from './built';
import { kPassword, Server } from './server';

export { expect, kPassword, Server };

export interface Console {
  server: Server;
  /** Logs in by the form, and stands on `path` afterwards. */
  open(path: string, options?: { username?: string; password?: string; page?: Page }): Promise<void>;
  /** Messages that this test expects on the console, such as that of a refused request. */
  expectError(pattern: RegExp): void;
  /** Nothing serious by axe's rules on the page as it is now. */
  accessible(page?: Page): Promise<void>;
  /** Another tab of the same browser, watched like the first. */
  tab(): Promise<Page>;
  /** Another page with a session of its own, watched like the first. */
  another(username?: string, password?: string, path?: string): Promise<Page>;
}

interface Fixtures {
  console: Console;
}
interface WorkerFixtures {
  server: Server;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    async ({}, use) => {
      const server = await new Server().start('--demo');
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],

  console: async ({ page, server, browser }, use) => {
    const faults: string[] = [];
    const expected: RegExp[] = [];
    const watch = async (watched: Page) => {
      await serveBuilt(watched);
      watched.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') faults.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      });
      watched.on('pageerror', (error) => faults.push(`thrown: ${error.message}`));
      watched.on('request', (request) => {
        const { protocol, origin } = new URL(request.url());
        if (/^https?:$/.test(protocol) && origin !== server.url) faults.push(`asked another server: ${request.url()}`);
      });
      await watched.addInitScript(() =>
        document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`)),
      );
    };
    await watch(page);
    const others: Page[] = [];

    const console_: Console = {
      server,
      open: async (path, { username = 'owner', password = kPassword, page: opened = page } = {}) => {
        await opened.goto(server.url + path);
        await opened.getByLabel('User name').fill(username);
        await opened.getByLabel('Password', { exact: true }).fill(password);
        await opened.getByRole('button', { name: 'Log in', exact: true }).click();
        await expect(opened.getByTestId('connection')).toHaveAttribute('data-state', 'live');
      },
      expectError: (pattern) => void expected.push(pattern),
      accessible: async (of = page) => {
        // Things that fade in have less contrast until they are there.
        await of.evaluate(() => Promise.all(document.getAnimations().filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity).map((animation) => animation.finished.catch(() => {}))));
        const { violations } = await new AxeBuilder({ page: of }).analyze();
        const serious = violations.filter((violation) => violation.impact === 'serious' || violation.impact === 'critical');
        expect(serious.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.target.join(' ')} — ${node.failureSummary}`).join('\n')}`)).toEqual([]);
      },
      tab: async () => {
        const tab = await page.context().newPage();
        await watch(tab);
        return tab;
      },
      another: async (username = 'owner', password = kPassword, path = '/') => {
        const context = await browser.newContext();
        const other = await context.newPage();
        await watch(other);
        others.push(other);
        await console_.open(path, { username, password, page: other });
        return other;
      },
    };
    await use(console_);
    for (const other of others) await other.context().close();
    expect(faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)))).toEqual([]);
  },
});

/** With a server that no other file uses: what other tests leave behind cannot be copied into another environment. */
export const testAlone = test.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await new Server().start('--demo');
      await use(server);
      await server.end();
    },
    { scope: 'worker' },
  ],
});
