// Writes a gzip and a Brotli version beside each file of the built console that becomes smaller by it. Node has both
// compressors. The server embeds them and compresses nothing itself.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const folder = process.env.TOGGLECAST_CONSOLE_OUT ?? path.join(import.meta.dirname, '../../build/console/dist');
const kSmallest = 512; // bytes; below, compression saves nothing worth a header

rmSync(path.join(folder, '.vite'), { recursive: true, force: true });
for (const name of readdirSync(folder, { recursive: true })) {
  const file = path.join(folder, name);
  if (!statSync(file).isFile() || !/\.(js|css|html|svg|json|txt)$/.test(name)) continue;
  const bytes = readFileSync(file);
  if (bytes.length < kSmallest) continue;
  const text = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  for (const [ending, packed] of [['gz', gzipSync(bytes, { level: 9 })], ['br', brotliCompressSync(bytes, { params: text })]])
    if (packed.length < bytes.length) writeFileSync(`${file}.${ending}`, packed);
}
