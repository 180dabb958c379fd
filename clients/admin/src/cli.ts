#!/usr/bin/env node
/// <reference types="node" />
// The command of the package: `npx @togglecast/admin codegen …`.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CatalogueError, entriesOf, featuresOf } from './codegen/catalogue.js';
import { pythonModule } from './codegen/python.js';
import { typescriptModule } from './codegen/typescript.js';

const kUsage = `usage: togglecast codegen --lang ts|python [--out FILE] [--check] [--url URL | --from FILE] [--no-register]

Writes a module with the keys, types and variants of all flags.

  --lang         ts: TypeScript; python: for the package togglecast
  --out FILE     where it goes. Default: the standard output
  --check        writes nothing, and fails when FILE is not what would be written
  --url URL      the server; default http://localhost:5001. TOGGLECAST_TOKEN has the token: an API key with the scope read
  --from FILE    instead of a server: a list of features as JSON, or what GET /api/v1/state answered. -: the standard input
  --no-register  ts: the packages of @togglecast are not told; use createClient<Flags>
`;

class UsageError extends Error {}

async function ask(url: string): Promise<unknown[]> {
  const token = process.env['TOGGLECAST_TOKEN'];
  if (!token) throw new UsageError('set TOGGLECAST_TOKEN to a token that may read features');
  const features: unknown[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const target = `${url.replace(/\/+$/, '')}/api/v1/features?sort=key&limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const answer = await fetch(target, { headers: { Authorization: `Bearer ${token}` } });
    const page = (await answer.json().catch(() => ({}))) as { items?: unknown[]; next_cursor?: string | null; detail?: string };
    if (!answer.ok || !page.items) throw new CatalogueError(`${url} answered ${answer.status}: ${page.detail ?? 'no list of features'}`);
    features.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  }
  return features;
}

function read(file: string): { features: unknown; pointer: string } {
  try {
    return featuresOf(JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')));
  } catch (error) {
    throw new CatalogueError(`${file}: ${(error as Error).message}`);
  }
}

const contentOf = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

async function codegen(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      lang: { type: 'string' }, out: { type: 'string' }, check: { type: 'boolean', default: false },
      url: { type: 'string' }, from: { type: 'string' }, 'no-register': { type: 'boolean', default: false },
    },
  });
  const { lang, out, check, from, url } = values;
  if (lang !== 'ts' && lang !== 'python') throw new UsageError('--lang must be ts or python');
  if (check && !out) throw new UsageError('--check needs --out');
  if (from !== undefined && url !== undefined) throw new UsageError('give either --url or --from');
  const { features, pointer } = from === undefined ? { features: await ask(url ?? 'http://localhost:5001'), pointer: '' } : read(from);
  const entries = entriesOf(features, pointer);
  const text = lang === 'ts' ? typescriptModule(entries, { register: !values['no-register'] }) : pythonModule(entries);
  if (!out) process.stdout.write(text);
  else if (!check) writeFileSync(out, text);
  else if (contentOf(out) !== text) throw new CatalogueError(`${out} is not what the flags are now; run this without --check`);
}

async function main([command, ...args]: string[]): Promise<void> {
  if (command === '--help' || command === 'help') return void process.stdout.write(kUsage);
  if (command !== 'codegen') throw new UsageError(command ? `there is no command ${command}` : 'name a command');
  if (args.includes('--help')) return void process.stdout.write(kUsage);
  return codegen(args);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const misused = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`togglecast: ${(error as Error).message}\n${misused ? `\n${kUsage}` : ''}`);
  process.exitCode = misused ? 2 : 1;
}
