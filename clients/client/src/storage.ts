// The last good state between two lives of a page: one record for each server and name, replaced as a whole.
import type { Dehydrated } from './copy.js';
import type { JsonObject } from './protocol.js';

/** `localStorage`, `AsyncStorage`, or anything alike. It may throw, reject, be full or forget. */
export interface StateStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/** What a session is resumed from; worth something together with the state that it belongs to, and for the same view. */
export interface Resume {
  pid: string;
  offset: string;
}

export interface Stored {
  view: string; // who sees it: `viewOf`
  asOf: number; // ms since 1970, by this machine's clock
  state: Dehydrated;
  resume?: Resume | undefined;
}

const kVersion = 1;

/** The browser's own storage, if there is one and the page may use it. */
export function browserStorage(): StateStorage | undefined {
  try {
    // Only where there is a document: elsewhere, the mere look at it may warn.
    return 'document' in globalThis ? (globalThis as { localStorage?: StateStorage }).localStorage : undefined;
  } catch {
    return undefined;
  }
}

/** JSON with the members in order, so that equal contexts are equal texts. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    one && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort())
      : one);

/** Who a token is for, without checking it: equal texts for tokens of one client, after a renewal too. */
export function subjectOf(token: string): string {
  const claims = token.split('.')[1] ?? '';
  try {
    // One letter for each byte: enough for texts that are only compared, and React Native has no TextDecoder.
    const { iss, env, kind, sub } = JSON.parse(atob(claims.replace(/-/g, '+').replace(/_/g, '/'))) as JsonObject;
    if (sub !== undefined) return [iss, env, kind, sub].join();
  } catch {
    // no JWT: no server takes it
  }
  return claims; // an issuer may name its client by another claim; without the signature they are no secret
}

export const viewOf = (url: string, subject: string, context: JsonObject | undefined) => canonical([url, subject, context ?? null]);

/** The record of a text from the storage. Throws when it is none. */
export function readStored(text: string | null | undefined): Stored | undefined {
  const stored = JSON.parse(text ?? 'null') as (Stored & { version: number }) | null;
  return stored?.version === kVersion ? stored : undefined;
}

export const writeStored = (stored: Stored) => JSON.stringify({ version: kVersion, ...stored });
