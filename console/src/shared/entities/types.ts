// The kinds of entities that lists and pages show, with their paths and the member that is their switch.
import type { Schemas } from '@togglecast/admin';
import type { Action } from '../auth/roles';

export interface EntityTypes {
  platform: Schemas['Platform'];
  feature: Schemas['Feature'];
  segment: Schemas['Segment'];
  package: Schemas['Package'];
  client: Schemas['Client'];
  admin: Schemas['Admin'];
  api_key: Schemas['ApiKey'];
  issuer: Schemas['Issuer'];
}
export type EntityName = keyof EntityTypes;
export type EntityOf<Type extends EntityName> = EntityTypes[Type];

interface Description {
  path: string;
  /** For people: "platform". */
  noun: string;
  /** The member that POST …/toggle flips; none: there is no such route. */
  switch?: 'enabled' | 'available' | 'active';
  write: Action;
}

export const kEntities: { [Type in EntityName]: Description } = {
  platform: { path: '/api/v1/platforms', noun: 'platform', switch: 'enabled', write: 'write_platforms' },
  feature: { path: '/api/v1/features', noun: 'feature', switch: 'enabled', write: 'write_features' },
  segment: { path: '/api/v1/segments', noun: 'segment', write: 'write_segments' },
  package: { path: '/api/v1/packages', noun: 'package', switch: 'available', write: 'write_packages' },
  client: { path: '/api/v1/clients', noun: 'client', switch: 'active', write: 'write_clients' },
  admin: { path: '/api/v1/admins', noun: 'admin', switch: 'active', write: 'manage_admins' },
  api_key: { path: '/api/v1/api-keys', noun: 'API key', write: 'manage_api_keys' },
  issuer: { path: '/api/v1/issuers', noun: 'issuer', write: 'manage_issuers' },
};

/** The page of an entity in the console; where it has none, the page of the list. */
export function pageOf(type: string, id?: number | null): string {
  const lists: { [type: string]: string } = {
    platform: '/platforms', feature: '/features', segment: '/segments', package: '/packages', client: '/clients',
    admin: '/admins', api_key: '/api-keys', environment: '/environments', signing_key: '/settings', issuer: '/issuers', settings: '/settings', token: '/clients',
  };
  const list = lists[type] ?? '/';
  return id && ['platform', 'feature', 'segment', 'package', 'client', 'admin'].includes(type) ? `${list}/${id}` : list;
}
