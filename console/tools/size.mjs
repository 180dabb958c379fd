// Prints how much script the first page loads, gzipped: what index.html names, and what that imports. Fails above the limit.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const kLimit = 300 * 1024;
const folder = process.env.TOGGLECAST_CONSOLE_OUT ?? path.join(import.meta.dirname, '../../build/console/dist');
const html = readFileSync(path.join(folder, 'index.html'), 'utf8');
const waiting = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((found) => found[1]);
const loaded = new Map();
while (waiting.length) {
  const name = waiting.pop();
  if (loaded.has(name)) continue;
  const text = readFileSync(path.join(folder, name), 'utf8');
  loaded.set(name, gzipSync(text, { level: 9 }).length);
  // Only static imports: a lazy page counts for itself.
  for (const found of text.matchAll(/(?:import|from)\s*"\.\/([^"]+\.js)"/g)) waiting.push(`assets/${found[1]}`);
}
const sum = [...loaded.values()].reduce((total, size) => total + size, 0);
for (const [name, size] of loaded) console.log(`${String(size).padStart(8)} ${name}`);
console.log(`${String(sum).padStart(8)} bytes of script, gzipped; the limit is ${kLimit}`);
if (sum > kLimit || loaded.size === 0) process.exit(1);
