import { createTestClient, type TestState } from '@togglecast/client/testing';
import { createElement, useEffect, useState, type ReactElement, type ReactNode } from 'react';
import { StoreProvider } from './index.js';

export { createTestClient } from '@togglecast/client/testing';
export type { TestClient, TestState } from '@togglecast/client/testing';

/** A provider for tests: the hooks below it answer what its props say. */
export function TestProvider({ children, ...state }: TestState & { children?: ReactNode }): ReactElement {
  const [store] = useState(() => createTestClient(state));
  const text = JSON.stringify(state);
  useEffect(() => store.set(JSON.parse(text) as TestState), [store, text]);
  return createElement(StoreProvider, { store }, children);
}
