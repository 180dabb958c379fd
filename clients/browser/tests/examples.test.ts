// The examples run against a server with the demo, each by its one command: clients/examples/run.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launch, person } from '../../support/browser.js';
import { kPassword, Server, until } from '../../support/server.js';

const clients = new URL('../..', import.meta.url).pathname;
const script = path.join(clients, 'examples/run');
const server = new Server();
let browser: Browser;

beforeAll(async () => {
  const { status } = spawnSync('cmp', ['-s', 'package-lock.json', 'node_modules/.installed-lock'], { cwd: clients }); // as tools/install.sh asks
  expect(status, 'the script would install packages below the running tests: run clients/check, or an example, first').toBe(0);
  await server.start('--demo');
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server.end();
});

/** What an example prints, and the way to answer it. It ends with the test. */
function run(name: string, at = server, password = kPassword) {
  const example = spawn(script, [name, '--url', at.url], {
    cwd: '/', env: { ...process.env, TOGGLECAST_OWNER_PASSWORD: password },
  });
  const said = { text: '', answer: (line: string) => example.stdin.write(`${line}\n`) };
  const hear = (text: Buffer) => (said.text += String(text));
  example.stdout.on('data', hear);
  example.stderr.on('data', hear);
  onTestFinished(() => void example.kill());
  return said;
}

test('without a name, or with one that is no example, the script says what there is', () => {
  for (const args of [[], ['perl']]) {
    const { status, stderr } = spawnSync(script, args, { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('clients/examples/run plain | react | vue | ssr | node | python');
  }
});

const switchShop = (enabled: boolean) => server.call('POST', '/api/v1/platforms/1/toggle', { enabled });

test('node', async () => {
  const said = run('node');
  await until(() => said.text.includes('dashboards up to 20'), 'the first answers');
  await switchShop(false);
  await until(() => /changed: .*wish-lists/.test(said.text), 'the change').finally(() => switchShop(true));
  expect(said.text).toContain('plan Pro, home-layout grid');
});

test('the random first password of a server opens nothing: the example asks for another one', async () => {
  const fresh = new Server();
  onTestFinished(() => fresh.end());
  fresh.password = undefined;
  await fresh.start('--demo');
  const said = run('node', fresh, '');
  await until(() => said.text.includes('Password of owner'), 'the question');
  said.answer(/^password: (.*)$/m.exec(readFileSync(path.join(fresh.data, 'first-login'), 'utf8'))![1]!);
  await until(() => said.text.includes('Yours from now on'), 'the question for another one');
  said.answer(kPassword);
  await until(() => said.text.includes('dashboards up to 20'), 'the first answers');
  expect(said.text).not.toContain(kPassword);
});

test('python', async () => {
  const said = run('python');
  const [url] = await until(() => /http:\/\/localhost:\d+/.exec(said.text), 'the address');
  const asked = async () => (await fetch(url)).json() as Promise<{ [name: string]: unknown }>;
  await until(async () => (await asked())['status'] === 'ready', 'the connection');
  expect(await asked()).toEqual({ status: 'ready', plan: 'Pro', layout: 'grid', dashboards: 20, wish_lists: true });
  await switchShop(false);
  await until(async () => (await asked())['wish_lists'] === false, 'the change').finally(() => switchShop(true));
  await until(() => /changed: .*wish-lists/.test(said.text), 'the line of the change');
});

test('ssr: the page is drawn by the server, and with nothing else before it follows', async () => {
  const said = run('ssr');
  const [url] = await until(() => /http:\/\/localhost:\d+/.exec(said.text), 'the address');
  const html = await (await fetch(url)).text();
  for (const part of ['home-layout: <!-- -->grid', 'dashboards: <!-- -->up to 20', '<p>wish lists</p>']) expect(html).toContain(part);
  const { context, said: complaints } = await person(browser);
  const page = await context.newPage();
  await page.addInitScript(() => {
    const seen: string[] = ((globalThis as { seen?: string[] }).seen = []);
    new MutationObserver(() => {
      const text = document.getElementById('app')?.innerText;
      if (text !== undefined && text !== seen.at(-1)) seen.push(text);
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await page.goto(url);
  await switchShop(false);
  await until(async () => (await page.evaluate(() => document.body.innerText)).includes('no wish lists now'), 'the change').finally(() => switchShop(true));
  const seen = await page.evaluate(() => (globalThis as { seen?: string[] }).seen!);
  expect(seen[0]).toContain('home-layout: grid');
  expect(seen.filter((text) => /classic|unknown/.test(text))).toEqual([]);
  expect(seen.findIndex((text) => text.includes('no wish lists now')), seen.join('|')).toBe(1);
  expect(complaints).toEqual([]);
});

test.each([
  ['plain', 'ready, plan Pro', 'wish-lists: true', 'wish-lists: false'],
  ['react', 'ready, plan Pro', '\nwish lists', 'no wish lists now'],
  ['vue', 'ready, plan Pro', '\nwish lists', 'no wish lists now'],
])('%s', async (name, ready, on, off) => {
  const said = run(name);
  const [url] = await until(() => /http:\/\/localhost:\d+/.exec(said.text), 'the address');
  const { context, said: complaints } = await person(browser);
  const page = await context.newPage();
  await page.goto(url);
  const text = () => page.evaluate(() => document.body.innerText);
  await until(async () => (await text()).includes(ready) && (await text()).includes(on), 'the first answers').catch(async (error: Error) => {
    throw new Error(`${error.message}: ${await text()}`);
  });
  await switchShop(false);
  await until(async () => (await text()).includes(off), 'the change').finally(() => switchShop(true));
  expect(complaints).toEqual([]);
});
