// Overrides of a client as the dialog edits them. unit/overrides.test.ts tries it.
import type { Schemas } from '@togglecast/admin';

export type Override = Schemas['Override'];

export interface Choice {
  label: string;
  /** As JSON, because a variant may have any value. */
  json: string;
}

/** The values that the variants of a feature offer, each once. */
export function choicesOf(variants: { [name: string]: unknown }): Choice[] {
  const names = new Map<string, string[]>();
  for (const [name, value] of Object.entries(variants)) {
    const json = JSON.stringify(value);
    names.set(json, [...(names.get(json) ?? []), name]);
  }
  return [...names].map(([json, of]) => ({ json, label: json === 'true' ? 'On' : json === 'false' ? 'Off' : json.length < 60 ? `${of.join(', ')}: ${json}` : of.join(', ') }));
}

/** What to begin with: the value of the override, or what a reader most likely wants to give. */
export function beginWith(override: Override | undefined, variants: { [name: string]: unknown }): string {
  if (override && 'value' in override && override.value !== undefined) return JSON.stringify(override.value);
  const choices = choicesOf(variants);
  return (choices.find(({ json }) => json === 'true') ?? choices[0])?.json ?? 'true';
}

const two = (number: number) => String(number).padStart(2, '0');

/** A time for <input type="datetime-local">, in the reader's zone. */
export function localTime(time: string | number): string {
  const at = new Date(time);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Another override of the feature than the one that the dialog began with. */
export const sameOverride = (a: Override | undefined, b: Override | undefined) =>
  JSON.stringify([a?.removed ?? false, a?.value ?? null, a?.reason ?? '', a?.expires_at ?? null]) === JSON.stringify([b?.removed ?? false, b?.value ?? null, b?.reason ?? '', b?.expires_at ?? null]);

export const overrideOf = (client: { overrides: Override[] }, featureId: number) => client.overrides.find((override) => override.feature_id === featureId);
