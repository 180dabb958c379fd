// The events that the packages type are those of docs/protocol.md: the names of its tables and of its blocks.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const manual = readFileSync(path.join(root, 'docs/protocol.md'), 'utf8');

/** The names of the members of an interface. */
function membersOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(path.join(root, 'clients', file), 'utf8'), ts.ScriptTarget.ES2022);
  const found = source.statements.find((one): one is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(one) && one.name.text === name);
  return found!.members.map((member) => (member.name as ts.Identifier).text).sort();
}

/** Requests and their answers, of the table with that heading. */
function requestsOn(namespace: string) {
  const table = manual.split(`### On \`${namespace}\`\n`)[1]!.split('| event | reply | notes |\n')[1]!.split('\n\n')[0]!;
  const rows = [...table.matchAll(/^\| (?:`([a-z_]+)|\(connect)[^|]* \| `?([a-z_]+)/gm)];
  return {
    requests: rows.flatMap(([, name]) => name ?? []).sort(),
    answers: [...new Set(rows.flatMap(([, , answer = 'none']) => (answer === 'none' ? [] : answer)))].sort(),
  };
}

const kPackages = [
  { namespace: '/client', file: 'client/src/protocol.ts', sends: 'ClientEvents', hears: 'ServerEvents' },
  { namespace: '/admin', file: 'admin/src/events.ts', sends: 'AdminClientEvents', hears: 'AdminServerEvents' },
];

test.each(kPackages)('$namespace: every request of the manual has a type, and its answer too', ({ namespace, file, sends, hears }) => {
  const { requests, answers } = requestsOn(namespace);
  expect(requests.length).toBeGreaterThan(7);
  expect(membersOf(file, sends)).toEqual(requests);
  expect(membersOf(file, hears)).toEqual(expect.arrayContaining(answers));
});

test('every event that the server sends has a type, and no other', () => {
  const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);
  const messages = manual.split('### Messages\n')[1]!.split('\n### ')[0]!;
  const written = new Set([
    ...requestsOn('/client').answers, ...requestsOn('/admin').answers,
    ...names(manual, /^ {4}([a-z_]+) +\{/gm), // blocks
    ...names(messages, /^\| `([a-z_]+) /gm),
    ...names(manual, /`([a-z_]+_(?:resumed|ended))/g),
  ]);
  const typed = new Set(kPackages.flatMap(({ file, hears }) => membersOf(file, hears)));
  expect([...typed].sort()).toEqual([...written].sort());
});
