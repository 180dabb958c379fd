import { defineConfig } from '@playwright/test';

// Deadlines are for machines that do much else; nothing waits for them where all is well.
const patience = Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1);

export default defineConfig({
  testDir: 'tests',
  tsconfig: 'tsconfig.playwright.json', // without the paths of the build: here packages are packages
  outputDir: '../build/console/tests',
  timeout: 180_000 * patience,
  expect: { timeout: 45_000 * patience },
  workers: Number(process.env['TOGGLECAST_TEST_WORKERS'] ?? 2),
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  reporter: [['list'], ['json', { outputFile: '../build/console/tests.json' }]],
  use: {
    channel: undefined,
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    contextOptions: { reducedMotion: 'reduce' }, // what fades is not there yet, or is there
    launchOptions: { executablePath: process.env['TOGGLECAST_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-features=LocalNetworkAccessChecks'] },
  },
});
