import type { TestClient } from '@togglecast/client/testing';
import type { Plugin } from 'vue';
import { provideStore } from './index.js';

export { createTestClient } from '@togglecast/client/testing';
export type { TestClient, TestState } from '@togglecast/client/testing';

/** A plugin for tests: the composables of the app answer what `client.set` says. */
export const createTestPlugin = (client: TestClient): Plugin => ({ install: (app) => provideStore(app, client) });
