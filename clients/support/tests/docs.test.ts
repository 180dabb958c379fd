// Every snippet of the manual and of the READMEs compiles as it stands, with the names that it leaves to its reader.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const clients = path.resolve(import.meta.dirname, '../..');
const kPages = ['../docs/clients.md', ...['admin', 'client', 'openfeature-server', 'openfeature-web', 'react', 'vue'].map((name) => `${name}/README.md`)];
const kGiven = `
declare module '*.vue' { const page: import('vue').Component; export default page }
declare const getToken: () => Promise<string>;
declare const [token, url, username, password]: string[];
declare const user: { id: string };
declare const showLogin: () => void;
declare const [OldCheckout, Checkout]: import('react').FunctionComponent<{ title?: string }>[];
declare const createApp: typeof import('vue').createApp;
declare const Page: import('vue').Component;
declare const createClient: typeof import('@togglecast/client').createClient;
declare const createAdmin: typeof import('@togglecast/admin').createAdmin;
declare const io: typeof import('socket.io-client').io;
type Socket<A extends import('@socket.io/component-emitter').EventsMap, B extends import('@socket.io/component-emitter').EventsMap> = import('socket.io-client').Socket<A, B>;
`;

test('the snippets compile', () => {
  // Below node_modules, so that the packages are found.
  const folder = path.join(clients, 'node_modules/.cache/snippets');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'given.d.ts'), kGiven);
  let found = 0;
  for (const page of kPages) {
    const text = readFileSync(path.join(clients, page), 'utf8');
    for (const { 1: language, 2: code = '', index } of text.matchAll(/^```(jsx?|tsx?)\n(.*?)^```$/gms)) {
      if (/\/\/ error:/.test(code)) continue; // admin/tests/codegen.test.ts has those that must not compile
      const line = text.slice(0, index).split('\n').length;
      writeFileSync(path.join(folder, `${page.replace(/\W+/g, '-')}-${line}.${language}`), `${code}\nexport {};\n`);
      found++;
    }
  }
  expect(found).toBeGreaterThan(12);
  const options = {
    target: 'ES2022', module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: ['node'], jsx: 'react-jsx',
    noEmit: true, allowJs: true, checkJs: true, noImplicitAny: false, strict: false, skipLibCheck: true,
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*'] }));
  let errors = '';
  try {
    execFileSync(process.execPath, [path.join(clients, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
  } catch (error) {
    errors = (error as { stdout: string }).stdout;
  }
  expect(errors).toBe('');
});
