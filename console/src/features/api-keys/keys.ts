// API keys as the form has them, and what the server is sent.
import type { Schemas } from '@togglecast/admin';

export type ApiKey = Schemas['ApiKey'];
export type Scope = Schemas['Scope'];

export const kScopes: { value: Scope; label: string; text: string }[] = [
  { value: 'read', label: 'Read', text: 'The catalogue and its history, activity, rollouts, connections, metrics' },
  { value: 'evaluate', label: 'Evaluate', text: 'Features of any client, also by OFREP' },
  { value: 'flagd', label: 'Files for flagd', text: 'All flags of any client as a file, with their rules' },
  { value: 'stream', label: 'Follow changes', text: 'Every change as it happens, over /admin' },
  { value: 'write:platforms', label: 'Change platforms', text: '' },
  { value: 'write:features', label: 'Change features', text: '' },
  { value: 'write:segments', label: 'Change segments', text: '' },
  { value: 'write:packages', label: 'Change packages', text: '' },
  { value: 'write:clients', label: 'Change clients', text: '' },
];

export const scopeLabel = (scope: Scope) => kScopes.find(({ value }) => value === scope)?.label ?? scope;

export const kLifetimes = [['2592000', '30 days'], ['7776000', '90 days'], ['31536000', 'a year'], ['never', 'never']] as const;

export type KeyState = 'active' | 'expired' | 'off';

export function stateOf(key: Pick<ApiKey, 'active' | 'expires_at'>, now: number): KeyState {
  if (key.expires_at !== null && Date.parse(key.expires_at) <= now) return 'expired';
  return key.active ? 'active' : 'off';
}

const kAddress = /^(?:\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:\/\d{1,3})?)$/;

/** Addresses or ranges, one a line or with commas between; the first that is none, for the reader. The server has the last word. */
export function addressesOf(text: string): { addresses: string[]; wrong?: string } {
  const addresses = text.split(/[\s,;]+/).filter(Boolean);
  const wrong = addresses.find((address) => !kAddress.test(address));
  return wrong === undefined ? { addresses } : { addresses, wrong };
}
