import react from '@vitejs/plugin-react';
import path from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';

const here = (name: string) => path.join(import.meta.dirname, name);

// The Content-Security-Policy of the server has no 'unsafe-inline' for styles. Mantine writes some rules into <style>
// elements; this is that one component with constructed style sheets instead.
const kInlineStyles = `
import { useInsertionEffect } from 'react';
import { stylesToString } from './styles-to-string/styles-to-string.mjs';
import { adoptShared } from ${JSON.stringify(here('src/shared/styles/sheets.ts'))};
export function InlineStyles(props) {
  const css = stylesToString(props);
  useInsertionEffect(() => adoptShared(css), [css]);
  return null;
}`;
const constructedSheets = (): Plugin => ({
  name: 'constructed-sheets',
  enforce: 'pre',
  transform(_code, id) {
    if (/@mantine\/core\/esm\/core\/InlineStyles\/InlineStyles\.mjs(\?|$)/.test(id)) return { code: kInlineStyles, map: null };
    return undefined;
  },
});

// Each icon from its own file: the list of all of them names 6,000, and a build would read every one.
const kIcons = /^import \{([^}]*)\} from '@tabler\/icons-react';$/m;
const ownIcons = (): Plugin => ({
  name: 'own-icons',
  enforce: 'pre',
  transform(code, id) {
    const found = id.startsWith(here('src')) ? kIcons.exec(code) : null;
    if (!found) return undefined;
    const icons = found[1]!.split(',').map((name) => name.trim()).filter((name) => name && !name.startsWith('type '));
    return { code: code.replace(kIcons, icons.map((name) => `import ${name} from '@tabler/icons-react/icons/${name}';`).join(' ')), map: null };
  },
});

// `npm run dev` uses the server at this address.
const server = process.env['TOGGLECAST_URL'] ?? 'http://localhost:5001';
const target = { target: server }; // with the page's own Host, so that the server takes it for a page of its own

export default defineConfig({
  plugins: [constructedSheets(), ownIcons(), react()],
  resolve: {
    alias: [
      { find: /^@\//, replacement: `${here('src')}/` },
      { find: '@togglecast/admin', replacement: here('../clients/admin/src/index.ts') },
      { find: '@togglecast/client', replacement: here('../clients/client/src/index.ts') },
      { find: 'react-style-singleton', replacement: here('src/shared/styles/style-singleton.ts') },
    ],
    dedupe: ['openapi-fetch', 'socket.io-client', 'react', 'react-dom'],
  },
  server: {
    fs: { allow: [here('.'), here('../clients/admin/src'), here('../clients/client/src')] },
    proxy: {
      '/api': target, '/healthz': target, '/readyz': target, '/metrics': target, '/ofrep': target,
      '/socket.io': { ...target, ws: true },
    },
  },
  build: {
    outDir: process.env['TOGGLECAST_CONSOLE_OUT'] ?? here('../build/console/dist'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    manifest: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900, // kB; tools/size.mjs has the limit that counts
  },
  test: {
    include: ['unit/**/*.test.{ts,tsx}'],
    environment: 'happy-dom',
    maxWorkers: 2,
    testTimeout: 120_000, // for a machine that is busy with other things
  },
});
