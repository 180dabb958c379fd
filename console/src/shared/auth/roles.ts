// Which role an action takes: the part of src/auth/permissions.hpp that a page asks about. A test compares both.
import type { Schemas } from '@togglecast/admin';

export type Role = Schemas['Role'];
export type Reach = 'environment' | 'installation';

export const kPermissions = {
  read_catalogue: { name: 'read the catalogue', least: 'viewer', reach: 'environment' },
  evaluate: { name: 'evaluate features', least: 'viewer', reach: 'environment' },
  write_platforms: { name: 'change platforms', least: 'editor', reach: 'environment' },
  write_features: { name: 'change features', least: 'editor', reach: 'environment' },
  write_segments: { name: 'change segments', least: 'editor', reach: 'environment' },
  write_packages: { name: 'change packages', least: 'editor', reach: 'environment' },
  write_clients: { name: 'change clients', least: 'editor', reach: 'environment' },
  undo_changes: { name: 'undo changes', least: 'editor', reach: 'environment' },
  read_activity: { name: 'read the activity feed', least: 'viewer', reach: 'environment' },
  send_messages: { name: 'send messages to connections', least: 'editor', reach: 'environment' },
  end_connections: { name: 'end connections', least: 'editor', reach: 'environment' },
  read_messages: { name: 'read messages that were sent to others', least: 'editor', reach: 'environment' },
  read_tokens: { name: 'read token records', least: 'owner', reach: 'environment' },
  manage_tokens: { name: 'issue or revoke tokens', least: 'owner', reach: 'environment' },
  read_process: { name: 'read metrics and detailed health', least: 'viewer', reach: 'environment' },
  use_account: { name: 'use an account of its own', least: 'viewer', reach: 'environment' },
  read_admins: { name: 'read the list of admins', least: 'owner', reach: 'installation' },
  manage_admins: { name: 'manage admins', least: 'owner', reach: 'installation' },
  manage_environments: { name: 'make or copy environments', least: 'owner', reach: 'installation' },
  manage_keys: { name: 'rotate the keys that sign tokens', least: 'owner', reach: 'installation' },
  manage_api_keys: { name: 'manage API keys', least: 'owner', reach: 'installation' },
  manage_issuers: { name: 'manage the issuers of tokens', least: 'owner', reach: 'installation' },
  manage_settings: { name: 'read or change the settings of the installation', least: 'owner', reach: 'installation' },
} as const satisfies { [action: string]: { name: string; least: Role; reach: Reach } };

export type Action = keyof typeof kPermissions;

const kOrder: Role[] = ['none', 'viewer', 'editor', 'owner'];

export interface Standing {
  role: Role;
  environments?: { [key: string]: Role };
}

export function roleIn(admin: Standing, environment: string): Role {
  return admin.environments?.[environment] ?? admin.role;
}

export interface Permission {
  allowed: boolean;
  /** What to tell the reader when it is not allowed; empty otherwise. */
  reason: string;
}

export function permissionOf(admin: Standing, environment: string, action: Action): Permission {
  const { name, least, reach } = kPermissions[action];
  const role = reach === 'installation' ? admin.role : roleIn(admin, environment);
  if (kOrder.indexOf(role) >= kOrder.indexOf(least)) return { allowed: true, reason: '' };
  const where = reach === 'installation' ? 'for the installation' : `in ${environment}`;
  return { allowed: false, reason: `You are ${article(role)} ${where}. To ${name}, the role ${least} is needed; an owner can give it to you.` };
}

const article = (role: Role) => (role === 'none' ? 'without a role' : `${/^[aeo]/.test(role) ? 'an' : 'a'} ${role}`);
