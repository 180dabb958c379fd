// Generated modules: what compiles with them and what does not, and that no text of a catalogue ends what it stands in.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { transformSync } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { entriesOf, type FlagEntry } from '../src/codegen/catalogue.js';
import { pythonModule } from '../src/codegen/python.js';
import { typescriptModule } from '../src/codegen/typescript.js';
import { commentText, wordsOf } from '../src/codegen/text.js';
import { own, Server } from '../../support/server.js';

const clients = path.resolve(import.meta.dirname, '../..');
const python = process.env['TOGGLECAST_PYTHON'] ?? '/usr/bin/python3';
const kCatalogue = [
  { key: 'new-checkout', name: 'New checkout', variants: { on: true, off: false }, sub_features: [{ key: 'gift', name: '', variants: { on: true, off: false } }] },
  { key: 'home-layout', name: 'Home', variants: { grid: 'grid', list: 'list' } },
  { key: 'rows', name: 'Rows', variants: { few: 10, many: 50.5 } },
  { key: 'theme', name: 'Theme', variants: { dark: { colour: 'black', sizes: [1, 2] } } },
];

function folder() {
  const made = mkdtempSync(path.join(tmpdir(), 'togglecast-codegen-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The errors of a page that has the packages installed, as they were built. */
function compile(files: { [name: string]: string }, main: string) {
  const where = folder();
  symlinkSync(path.join(clients, 'node_modules'), path.join(where, 'node_modules'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(where, name), text);
  const program = ts.createProgram([path.join(where, main)], {
    strict: true, noEmit: true, skipLibCheck: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, isolatedModules: true,
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [],
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'], jsx: ts.JsxEmit.ReactJSX,
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? -1) + 1;
    return `${path.basename(file?.fileName ?? '')}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

const linesWith = (text: string, mark: string) => text.split('\n').flatMap((line, index) => (line.includes(mark) ? [index + 1] : []));
const linesOf = (errors: string[]) => [...new Set(errors.map((error) => Number(/:(\d+) /.exec(error)![1])))].sort((a, b) => a - b);

describe('TypeScript', () => {
  test('a misspelt flag, a wrong type and an unknown variant do not compile, in any package', () => {
    const main = `
import { createClient } from '@togglecast/client';
import { Feature, useEntitlement, useFlag, useFlagDetails } from '@togglecast/react';
import { useFlag as useVueFlag } from '@togglecast/vue';
import { ref, type ComputedRef } from 'vue';
import { flags, type FlagVariants } from './flags.js';
const client = createClient({ token: '' });
export const a: boolean = client.flag('new-checkout', false);
export const b: string = client.flag(flags.homeLayout, 'grid');
export const c: number = client.flag(flags.rows, 1);
export const d: unknown = client.flag('theme', {})['colour'];
export const e: boolean = client.flag(flags.newCheckoutGift, true);
export const f: FlagVariants['home-layout'] = 'list';
export const g: boolean = useFlag('new-checkout', false);
export const h: ComputedRef<string> = useVueFlag(ref('home-layout' as const), 'grid');
export const i = [useFlagDetails('rows'), useEntitlement('rows'), client.limit('rows'), client.details('theme')];
export const j = <Feature flag="new-checkout"><p /></Feature>;
client.flag('new-chekout', false); // wrong
client.flag(flags.homeLayuot, 'grid'); // wrong
client.flag('home-layout', 7); // wrong
client.details('nothing'); // wrong
client.limit('nothing'); // wrong
export const k: number = client.flag('home-layout', 'grid'); // wrong
export const l: FlagVariants['home-layout'] = 'lsit'; // wrong
useFlag('new-chekout', false); // wrong
useFlag('new-checkout', 'on'); // wrong
useVueFlag('new-chekout', false); // wrong
useEntitlement('nothing'); // wrong
export const m = <Feature flag="new-chekout" />; // wrong
`;
    const errors = compile({ 'flags.ts': typescriptModule(entriesOf(kCatalogue)), 'main.tsx': main, 'package.json': '{"type": "module"}' }, 'main.tsx');
    expect(linesOf(errors), errors.join('\n')).toEqual(linesWith(main, '// wrong'));
    expect(errors.filter((error) => !error.startsWith('main.tsx'))).toEqual([]);
  });

  test('without telling the packages, a type argument does the same', () => {
    const main = `
import { createClient } from '@togglecast/client';
import type { Flags } from './flags.js';
export const a: boolean = createClient<Flags>({ token: '' }).flag('new-checkout', false);
export const b: string = createClient({ token: '' }).flag('anything', 'x');
createClient<Flags>({ token: '' }).flag('new-chekout', false); // wrong
`;
    const module = typescriptModule(entriesOf(kCatalogue), { register: false });
    const errors = compile({ 'flags.ts': module, 'main.ts': main, 'package.json': '{"type": "module"}' }, 'main.ts');
    expect(linesOf(errors), errors.join('\n')).toEqual(linesWith(main, '// wrong'));
  });

  test('a catalogue without flags is a module too', () => {
    expect(compile({ 'flags.ts': typescriptModule([]), 'package.json': '{"type": "module"}' }, 'flags.ts')).toEqual([]);
  });
});

describe('Python', () => {
  test('a misspelt flag, a wrong type and an unknown variant are found by mypy', () => {
    const main = `
from typing import Any, Dict
import flags
import togglecast
client = togglecast.Client("http://localhost", token="", connect=False)
a: bool = client.flag(flags.NEW_CHECKOUT, False)
b: str = client.flag(flags.HOME_LAYOUT, "grid")
c: float = client.flag(flags.ROWS, 10)
d: Dict[str, Any] = client.flag(flags.THEME, {})
e: bool = client.flag(flags.NEW_CHECKOUT_GIFT, True)
f: flags.HomeLayoutVariant = "list"
g = (client.details(flags.ROWS), client.limit(flags.ROWS))
client.flag(flags.NEW_CHEKOUT, False)  # wrong
client.flag(flags.HOME_LAYOUT, 7)  # wrong
h: flags.HomeLayoutVariant = "lsit"  # wrong
i: int = client.flag(flags.HOME_LAYOUT, "grid")  # wrong
`;
    const where = folder();
    writeFileSync(path.join(where, 'flags.py'), pythonModule(entriesOf(kCatalogue)));
    writeFileSync(path.join(where, 'main.py'), main);
    const mypy = spawnSync(python, ['-m', 'mypy', '--strict', '--config-file=', '--no-incremental', '--no-error-summary', '--ignore-missing-imports', 'main.py'], {
      cwd: where, encoding: 'utf8', env: { ...process.env, MYPYPATH: path.join(clients, 'python/src') },
    });
    const errors = mypy.stdout.split('\n').filter((line) => line.includes(': error:')).filter((line) => !line.includes('/togglecast/'));
    expect([...new Set(errors.map((error) => Number(error.split(':')[1])))], mypy.stdout + mypy.stderr).toEqual(linesWith(main, '# wrong'));
    const env = { ...process.env, PYTHONPATH: path.join(clients, 'python/src') };
    expect(execFileSync(python, ['-B', '-c', 'import flags; print(flags.ROWS.key)'], { cwd: where, env, encoding: 'utf8' })).toBe('rows\n');
  });
});

describe('texts', () => {
  test('words', () => {
    for (const [key, words] of [
      ['home-layout', 'home layout'], ['homeLayout', 'home layout'], ['HOME_LAYOUT', 'home layout'], ['HTTPServer.v2', 'http server v2'],
      ['dashboards/export', 'dashboards export'], ['3d', '3d'], ['a|b:c~d', 'a b c d'], ['_', ''], ['', ''], ['ünïcode', 'n code'],
    ]) expect(wordsOf(key!).join(' '), key).toBe(words);
  });

  test('keys that fall on one identifier are an error that names both', () => {
    const entries = (...keys: string[]) => entriesOf(keys.map((key) => ({ key, variants: { on: true } })));
    for (const make of [typescriptModule, pythonModule]) {
      expect(() => make(entries('home-layout', 'home_layout', 'other'))).toThrow(/^"home-layout" and "home_layout" would both be (homeLayout|HOME_LAYOUT)/);
      expect(() => make(entries('a/b', 'a-b', '~', '|'))).toThrow(/"a-b" and "a\/b".*"\|" and "~"/);
    }
    expect(() => pythonModule(entries('a1', 'a-1'))).toThrow('"a-1" and "a1" would both be A1Variant');
  });

  test('what is no catalogue is an error that names the place', () => {
    for (const [document, message] of [
      [{}, 'the catalogue must be a list'], [[7], '/0 must be an object'], [[{ key: 7 }], '/0/key must be a text'], [[{ key: 'a' }], '/0/variants'],
      [[{ key: 'a', variants: {} }], '/0/variants'], [[{ key: 'a', variants: { a: 1, b: 'x' } }], 'all booleans'], [[{ key: 'a', variants: { a: null } }], 'all booleans'],
      [[{ key: 'a', variants: { a: 1 }, sub_features: [{ key: 'b' }] }], '/0/sub_features/0/variants'],
      [[{ key: 'a', variants: { a: 1 } }, { key: 'a', variants: { a: 1 } }], '"a" is there twice'],
    ] as const) expect(() => entriesOf(document)).toThrow(message);
  });

  // Keys, names and variants of everything that has ended a text, a comment or a line somewhere.
  test('hostile texts stay texts, in both languages', () => {
    const pieces = ['"', "'", '`', '\\', '*/', '/*', '//', '#', '${', '}', '"""', "'''", '\n', '\r', '\u2028', '\u2029', '\u0085', '\f', '\v', '\0', '\t', '\u202e',
      '\ud83d\ude00', '\ud800', '\udfff', 'é', '\u{10ffff}', '-', 'a', 'B', '7', '__proto__', 'constructor', 'None', 'class', '</script>', '<!--',
      'globalThis.broken=1', '\\u0022', '\\N{DIGIT ONE}', '{0}', '%s', '];', '),\n', '\ufeff', '?', '=', ';'];
    let seed = 15;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    const text = () => Array.from({ length: 1 + random(6) }, () => pieces[random(pieces.length)]).join('');
    const catalogues: FlagEntry[][] = [];
    for (let round = 0; round < 300; round++) {
      const entries = Array.from({ length: 4 }, (_, index): FlagEntry => ({
        key: `${text()}-k${index}`, name: text() + text(), type: 'boolean', variants: [...new Set([text(), text()])],
      }));
      catalogues.push(entries);
      const module = typescriptModule(entries);
      expect(module.split('\n').length, 'each text is on one line').toBe(module.split(/[\r\n\u2028\u2029\u0085\f\v]/).length);
      const { code } = transformSync(module, { loader: 'ts', format: 'cjs', logLevel: 'silent' });
      const made = { exports: {} as { flags?: { [name: string]: string } } };
      new Function('module', 'exports', 'require', code)(made, made.exports, () => ({}));
      expect(Object.values(made.exports.flags!)).toEqual(entries.map(({ key }) => key));
      const source = ts.createSourceFile('flags.ts', module, ts.ScriptTarget.ES2022) as ts.SourceFile & { parseDiagnostics: unknown[] };
      expect(source.parseDiagnostics).toEqual([]);
      expect(source.statements.map(({ kind }) => ts.SyntaxKind[kind])).toEqual(
        ['ImportDeclaration', 'TypeAliasDeclaration', 'TypeAliasDeclaration', 'TypeAliasDeclaration', 'FirstStatement', 'ModuleDeclaration']);
    }
    expect((globalThis as { broken?: number }).broken).toBeUndefined();

    const judge = `
import ast, json, sys
for module, keys, variants in json.load(sys.stdin):
    tree = ast.parse(module)
    made = [(one.annotation, one.value.args[0].value) for one in tree.body if isinstance(one, ast.AnnAssign)]
    assert [key for _, key in made] == keys, (made, keys)
    literals = [one.value.slice for one in tree.body if isinstance(one, ast.Assign)]
    assert [[item.value for item in getattr(one, 'elts', [one])] for one in literals] == variants, module
    assert all(isinstance(one, (ast.AnnAssign, ast.Assign, ast.ImportFrom, ast.Expr)) for one in tree.body)
    assert len(tree.body) == 3 + 2 * len(keys), module
    exec(compile(tree, 'flags', 'exec'), {})
print('good')
`;
    const input = JSON.stringify(catalogues.map((entries) => [pythonModule(entries), entries.map(({ key }) => key), entries.map(({ variants }) => variants)]));
    const judged = spawnSync(python, ['-B', '-c', judge], {
      input, encoding: 'utf8', env: { ...process.env, PYTHONPATH: path.join(clients, 'python/src') }, maxBuffer: 1 << 26,
    });
    expect(judged.stdout, judged.stderr).toBe('good\n');
  });

  test('a comment is one line that ends where it should', () => {
    expect(commentText('a */ b\n\u2028\u202ec\t ')).toBe('a * / b c');
  });
});

describe('the command', () => {
  const server = new Server();
  const command = path.join(clients, 'admin/dist/cli.js');
  beforeAll(() => server.start());
  afterAll(() => server.end());

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', env: { ...process.env, TOGGLECAST_TOKEN: server.token } });
    return { status, stdout, stderr };
  };

  test('reads all pages of a server, writes what it wrote before, and finds what has changed', async () => {
    const features = [];
    for (let index = 0; index < 80; index++) {
      features.push(await server.call('POST', '/api/v1/features', { key: own('made'), name: `Made ${index}`, description: 'x'.repeat(4000) }));
    }
    const where = folder();
    for (const [lang, file] of [['ts', 'flags.ts'], ['python', 'flags.py']] as const) {
      const out = path.join(where, file);
      expect(run('codegen', '--lang', lang, '--url', server.url, '--out', out, '--check').status, 'no file yet').toBe(1);
      expect(run('codegen', '--lang', lang, '--url', server.url, '--out', out)).toEqual({ status: 0, stdout: '', stderr: '' });
      const text = readFileSync(out, 'utf8');
      for (const { key } of features) expect(text).toContain(`"${key}"`);
      expect(run('codegen', '--lang', lang, '--url', server.url).stdout).toBe(text);
      expect(run('codegen', '--lang', lang, '--url', server.url, '--out', out, '--check').status).toBe(0);
      const { id } = await server.call('POST', '/api/v1/features', { key: own('more'), name: 'More' });
      expect(run('codegen', '--lang', lang, '--url', server.url, '--out', out, '--check')).toMatchObject({ status: 1, stderr: expect.stringContaining(`${file} is not what`) as string });
      expect(readFileSync(out, 'utf8')).toBe(text);
      await server.call('DELETE', `/api/v1/features/${id}`);
    }
  });

  test('says what is wrong', () => {
    const file = path.join(folder(), 'state.json');
    writeFileSync(file, JSON.stringify({ state: { features: kCatalogue } }));
    expect(run('codegen', '--lang', 'ts', '--from', file).stdout).toContain('homeLayout: "home-layout"');
    writeFileSync(file, '{"items": [{"key": 7}]}');
    expect(run('codegen', '--lang', 'ts', '--from', file)).toMatchObject({ status: 1, stderr: 'togglecast: /items/0/key must be a text\n' });
    expect(run('codegen', '--lang', 'cobol')).toMatchObject({ status: 2, stderr: expect.stringContaining('--lang must be ts or python') as string });
    expect(run('codegen', '--lang', 'ts', '--check')).toMatchObject({ status: 2 });
    expect(run('codegen', '--langs', 'ts')).toMatchObject({ status: 2 });
    expect(run('codegen', '--lang', 'ts', '--url', 'http://localhost:1')).toMatchObject({ status: 1 });
    expect(run('--help')).toMatchObject({ status: 0, stderr: '' });
    expect(run()).toMatchObject({ status: 2 });
  });
});
