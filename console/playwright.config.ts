import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  tsconfig: 'tsconfig.playwright.json', // without the paths of the build: here packages are packages
  outputDir: '../build/console/tests',
  timeout: 60_000 * Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1),
  expect: { timeout: 15_000 * Number(process.env['TOGGLECAST_TEST_PATIENCE'] ?? 1) },
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
    launchOptions: { executablePath: process.env['TOGGLECAST_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-features=LocalNetworkAccessChecks'] },
  },
});
