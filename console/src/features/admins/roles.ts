// Roles as forms have them: one for the installation, and others for some environments.
import type { Role } from '../../shared/auth/roles';

export interface Roles {
  role: Role;
  environments: { [environment: string]: Role };
}

export const kRoles: { value: Role; label: string; text: string }[] = [
  { value: 'viewer', label: 'Viewer', text: 'Reads everything, changes nothing.' },
  { value: 'editor', label: 'Editor', text: 'Also changes the catalogue, undoes changes and sends messages.' },
  { value: 'owner', label: 'Owner', text: 'Also makes tokens. For the installation: admins, API keys, environments and settings, too.' },
  { value: 'none', label: 'No access', text: 'Works only in the environments that are named below.' },
];

export const roleLabel = (role: Role) => kRoles.find(({ value }) => value === role)!.label;

/** What the server is sent: an owner of the installation is an owner everywhere, and a role like that of the installation says nothing. */
export function sentRoles({ role, environments }: Roles): Roles {
  if (role === 'owner') return { role, environments: {} };
  return { role, environments: Object.fromEntries(Object.entries(environments).filter(([, own]) => own !== role)) };
}

/** Without a role anywhere, the account opens nothing. */
export const isShutOut = (roles: Roles) => roles.role === 'none' && Object.values(roles.environments).every((own) => own === 'none');
