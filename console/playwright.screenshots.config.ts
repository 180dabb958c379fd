import { defineConfig } from '@playwright/test';
import tests from './playwright.config';

export default defineConfig(tests, { testDir: 'screenshots', reporter: 'list', workers: 1, use: { viewport: { width: 1280, height: 800 } } });
