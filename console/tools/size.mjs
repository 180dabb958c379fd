// Prints how much script the first page loads, gzipped: what index.html names and what that imports, which is the login; and with
// it what the first page after the login loads by `lazy`. Fails above the limit.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const kLimit = 300 * 1024;
// Lazy parts of `/` for a reader who is logged in: the dashboard, its graphs, and what stands around the start page.
const kAfterLogin = ['dashboard-page', 'graph', 'first-minutes-start'];

const folder = process.env.TOGGLECAST_CONSOLE_OUT ?? path.join(import.meta.dirname, '../../build/console/dist');
const assets = readdirSync(path.join(folder, 'assets'));
const loaded = new Map();

function load(...waiting) {
  while (waiting.length) {
    const name = waiting.pop();
    if (loaded.has(name)) continue;
    const text = readFileSync(path.join(folder, name), 'utf8');
    loaded.set(name, gzipSync(text, { level: 9 }).length);
    // Only static imports: a lazy page counts for itself.
    for (const found of text.matchAll(/(?:import|from)\s*"\.\/([^"]+\.js)"/g)) waiting.push(`assets/${found[1]}`);
  }
}

function chunkOf(name) {
  const found = assets.filter((file) => new RegExp(`^${name}-[\\w-]{8}\\.js$`).test(file));
  if (found.length !== 1) throw new Error(`${found.length} files of the build are ${name}: mend kAfterLogin`);
  return `assets/${found[0]}`;
}

let failed = false;
function report(what) {
  const sum = [...loaded.values()].reduce((total, size) => total + size, 0);
  console.log(`${String(sum).padStart(8)} bytes of script for ${what}, gzipped; the limit is ${kLimit}`);
  failed ||= sum > kLimit || loaded.size === 0;
}

const html = readFileSync(path.join(folder, 'index.html'), 'utf8');
load(...[...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((found) => found[1]));
report('the login');
load(...kAfterLogin.map(chunkOf));
for (const [name, size] of loaded) console.log(`${String(size).padStart(8)} ${name}`);
report('the first page after it');
if (failed) process.exit(1);
