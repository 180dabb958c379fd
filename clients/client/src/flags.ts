// What a flag answers, and the types of all flags where a module of `togglecast codegen` names them.
import type { FlagDetails } from './copy.js';
import type { JsonValue } from './protocol.js';

export type FlagTypes = { [key: string]: JsonValue };

/** A generated module adds `flags` to it: from then on a misspelt flag does not compile. */
export interface Register {}
/** The flags that are known, with their types; every text without a generated module. */
export type Flags = Register extends { flags: infer Known extends FlagTypes } ? Known : FlagTypes;
export type FlagKey = keyof Flags & string;

type Widen<T> = T extends boolean ? boolean : T extends number ? number : T extends string ? string : T;
/** The type of an answer: that of the flag where it is known, else that of the fallback. */
export type Answered<Known, T> = JsonValue extends Known ? Widen<T> : Known;

/** The value, or `fallback` when it is none, or not of that type. */
export function valueOf<T extends JsonValue>(value: JsonValue | undefined, fallback: T): T {
  if (value === null || value === undefined) return fallback;
  const fits = fallback === null || (typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback));
  return fits ? (value as T) : fallback;
}

/** The number that an answer allows: 0 when the feature is off or unknown, Infinity when it is on without a limit. */
export const limitOf = (details: FlagDetails | undefined): number => (details?.enabled ? (details.limit ?? Infinity) : 0);
