import { defineConfig } from 'vitest/config';

const deadline = 180_000 * Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1);

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@togglecast\/([a-z-]+)\/testing$/, replacement: new URL('$1/src/testing.ts', import.meta.url).pathname },
      { find: /^@togglecast\/([a-z-]+)$/, replacement: new URL('$1/src/index.ts', import.meta.url).pathname },
    ],
  },
  test: {
    // Not in the tests: where they run in a document, `import.meta.url` names no file.
    env: { TOGGLECAST_BIN_DIR: process.env['TOGGLECAST_BIN_DIR'] ?? new URL('../build/release/bin', import.meta.url).pathname },
    testTimeout: deadline,
    hookTimeout: deadline,
    fileParallelism: true,
    maxWorkers: 4, // more than there are cores: they wait more than they work
    projects: [ // `include` of each alone: lists of both levels would be joined
      { extends: true, test: { name: 'all', include: ['*/tests/**/*.test.{ts,tsx}'], env: { REACT_MAJOR: '19' } } },
      {
        extends: true,
        resolve: { alias: [{ find: /^(react|react-dom)(\/.*)?$/, replacement: new URL('support/react-18/node_modules/$1$2', import.meta.url).pathname }] },
        test: { name: 'react-18', env: { REACT_MAJOR: '18' }, include: ['react/tests/**/*.test.tsx'] },
      },
    ],
  },
});
