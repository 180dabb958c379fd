// Code that the console offers to copy compiles as it stands, against the packages of this repository.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { snippets } from '../src/features/features/snippets';
import { clientSnippets } from '../src/shared/try-it/snippets';

const here = path.resolve(import.meta.dirname, '..');
const clients = path.join(here, '../clients');
const kUrl = 'https://flags.example';
// A usual key, parts with sub-features, and keys that are words of a language or names that the code has already.
const kKeys = ['new-checkout', 'home-layout/beta', '2fa', '2', 'CRM', 'new', 'class', 'import', 'await', 'client', 'show', 'console', 'app', 'print', 'os', 'togglecast', 'json', 'JSON', 'pass', 'fetch', 'createClient',
  'feature', 'Feature', 'togglecast-provider', 'use-flag', 'getToken', 'a.b_c', '_x'];
const kTypes = ['boolean', 'string', 'number', 'object'] as const;
const kOfFlags = kKeys.flatMap((key) => kTypes.flatMap((type) => snippets({ key, type, url: kUrl }).map((snippet) => ({ of: `${key} ${type}`, ...snippet }))));
const kOfClients = clientSnippets(kUrl, 'TOGGLECAST_TOKEN').map(({ name, code }) => ({ of: 'client', id: name, code }));

// Below node_modules, which no repository has.
const folder = path.join(here, 'node_modules/.cache/snippets');
beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return () => rmSync(folder, { recursive: true, force: true });
});

test('JavaScript and React compile strictly', () => {
  const files = [...kOfFlags, ...kOfClients].filter(({ id }) => /^(js|react|JavaScript|socket\.io-client)$/.test(id));
  expect(files).toHaveLength(kKeys.length * kTypes.length * 2 + 2);
  for (const [index, { of, id, code }] of files.entries()) writeFileSync(path.join(folder, `${index}-${`${of} ${id}`.replace(/\W+/g, '-')}.tsx`), code);
  const options = {
    target: 'ES2022', module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022', 'DOM', 'DOM.Iterable'], types: ['node'], jsx: 'react-jsx', strict: true, noEmit: true, skipLibCheck: true,
    paths: {
      '@togglecast/*': [path.join(clients, '*/src/index.ts')], 'socket.io-client': [path.join(here, 'node_modules/socket.io-client/build/esm/index.d.ts')],
      react: [path.join(here, 'node_modules/@types/react/index.d.ts')],
    },
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.tsx'] }));
  let errors = '';
  try {
    execFileSync(process.execPath, [path.join(here, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8', cwd: folder });
  } catch (error) {
    errors = (error as { stdout: string }).stdout;
  }
  expect(errors).toBe('');
});

test('Python compiles, and gives no name of its own a second meaning', () => {
  const files = [...kOfFlags, ...kOfClients].filter(({ id }) => /^python$/i.test(id));
  expect(files).toHaveLength(kKeys.length * kTypes.length + 1);
  const program = `
import ast, json, sys
for of, code in json.load(sys.stdin):
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        print(of, error)
        continue
    assigned = {target.id for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    used = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    named = {name.asname or name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    named |= {item.optional_vars.id for node in ast.walk(tree) if isinstance(node, ast.With) for item in node.items}
    for name in assigned & (named | used):
        print(of, name)
`;
  const python = process.env['TOGGLECAST_PYTHON'] ?? 'python3';
  expect(execFileSync(python, ['-c', program], { input: JSON.stringify(files.map(({ of, code }) => [of, code])), encoding: 'utf8' })).toBe('');
});

test('the commands for a shell parse', () => {
  for (const { of, code } of kOfFlags.filter(({ id }) => id === 'curl')) expect(() => execFileSync('bash', ['-n', '-c', code], { stdio: 'pipe' }), of).not.toThrow();
});
