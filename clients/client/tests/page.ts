// Pages for the tests of the core against the real server.
import { onTestFinished } from 'vitest';
import { createClient, type ClientOptions, type StateStorage } from '../src/index.js';

/** What a page keeps over a reload. */
export class Shelf extends Map<string, string> implements StateStorage {
  getItem = (key: string) => this.get(key) ?? null;
  setItem = (key: string, value: string) => void this.set(key, value);
  removeItem = (key: string) => void this.delete(key);
}

/** A client that ends with the test, and the names of all events that it hears. */
export function page(options: ClientOptions & { url: string }) {
  const client = createClient({ storage: false, ...options, connect: false });
  const events: string[] = [];
  client.socket.onAny((name: string) => events.push(name));
  onTestFinished(() => client.close());
  if (options.connect !== false) client.connect();
  return { client, events };
}
