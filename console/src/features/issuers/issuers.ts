// Issuers as the form has them, and what the server is sent. Pure; unit/issuers.test.ts tries it.
import type { Schemas } from '@togglecast/admin';

export type Issuer = Schemas['Issuer'];
export type Algorithm = Issuer['algorithms'][number];
export type Source = Schemas['IssuerKeys']['source'];

export const kAlgorithms: Algorithm[] = ['EdDSA', 'ES256', 'RS256'];
export const kMostLeeway = 120; // seconds

export const kSources: { value: Source; label: string; field: string; description: string; placeholder: string }[] = [
  { value: 'jwks_url', label: 'URL', field: 'URL of the JWK Set', description: 'An https address. The server reads it now and again, so that a new key needs no change here.', placeholder: 'https://sso.example/realms/main/certs' },
  { value: 'jwks', label: 'JWK Set', field: 'JWK Set', description: 'The public keys as JSON. They change only here.', placeholder: '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "…", "x": "…"}]}' },
  { value: 'pem', label: 'PEM', field: 'Public key', description: 'One public key. Never paste a private one.', placeholder: '-----BEGIN PUBLIC KEY-----' },
  { value: 'jwks_file', label: 'File', field: 'Name of the file', description: 'In the folder that the option --issuer-keys of the server names.', placeholder: 'shop.json' },
];

export interface IssuerValues {
  name: string;
  key: string;
  issuer: string;
  environment: string;
  audiences: string[];
  source: Source;
  /** The text of that source. */
  keys: string;
  algorithms: string[];
  client_claim: string;
  leeway_s: number | string;
  active: boolean;
}

export const sourceOf = ({ keys }: Pick<Issuer, 'keys'>): Source => kSources.find(({ value }) => keys[value] !== undefined)?.value ?? 'jwks';

export function textOf(keys: Issuer['keys'], source: Source): string {
  const kept = keys[source];
  return typeof kept === 'string' ? kept : kept ? JSON.stringify(kept, null, 2) : '';
}

export const valuesOf = (of: Issuer | undefined, environment: string): IssuerValues =>
  of
    ? { name: of.name, key: of.key, issuer: of.issuer, environment: of.environment, audiences: of.audiences, source: sourceOf(of), keys: textOf(of.keys, sourceOf(of)), algorithms: of.algorithms, client_claim: of.client_claim, leeway_s: of.leeway_s, active: of.active }
    : { name: '', key: '', issuer: '', environment, audiences: [], source: 'jwks_url', keys: '', algorithms: kAlgorithms, client_claim: 'sub', leeway_s: 30, active: true };

/** What is wrong with the text of a source, or null. The server has the last word. */
export function keysProblem(source: Source, text: string): string | null {
  const given = text.trim();
  if (given === '') return { jwks_url: 'Enter the URL.', jwks: 'Paste the JWK Set.', pem: 'Paste the public key.', jwks_file: 'Enter the name of the file.' }[source];
  if (source === 'jwks_url') return /^https:\/\/[^\s/]+/i.test(given) || /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(given) ? null : 'Write an address that begins with https://';
  if (/PRIVATE KEY-----/.test(given)) return 'This is a private key. Paste the public one, and make a new pair: this one has been in a browser.';
  if (source === 'pem') return given.startsWith('-----BEGIN PUBLIC KEY-----') ? null : 'A public key begins with -----BEGIN PUBLIC KEY-----';
  if (source !== 'jwks') return null;
  try {
    const parsed = JSON.parse(given) as { keys?: unknown } | null;
    if (!Array.isArray(parsed?.keys)) return 'A JWK Set is an object with a list “keys”.';
    return parsed.keys.some((key: unknown) => typeof key === 'object' && key !== null && 'd' in key) ? 'A key in it has the member “d”: it is private. Paste the public keys.' : null;
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What a new issuer is, or what the form changes in one. `issuer`, `environment` and `key` never change. */
export function bodyOf(values: IssuerValues, isNew: boolean): { [member: string]: unknown } {
  const text = values.keys.trim();
  return {
    name: values.name.trim(),
    audiences: values.audiences,
    keys: { [values.source]: values.source === 'jwks' ? (JSON.parse(text) as unknown) : text },
    algorithms: kAlgorithms.filter((algorithm) => values.algorithms.includes(algorithm)),
    client_claim: values.client_claim.trim(),
    leeway_s: Number(values.leeway_s),
    active: values.active,
    ...(isNew && { key: values.key, issuer: values.issuer.trim(), environment: values.environment }),
  };
}
