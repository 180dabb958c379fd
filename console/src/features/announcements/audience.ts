// Who gets a message: as the form has it, as the server is sent it, and in words.
import type { Target } from '../../shared/messages/message-form';
import type { KeptMessage } from '../../shared/messages/delivery';

export type Kind = 'all' | 'clients' | 'package' | 'client' | 'admins' | 'role' | 'admin';

export const kKinds: { value: Kind; label: string }[] = [
  { value: 'all', label: 'Everybody: clients and admins' },
  { value: 'clients', label: 'All clients' },
  { value: 'package', label: 'Clients on a package' },
  { value: 'client', label: 'One client' },
  { value: 'admins', label: 'All admins' },
  { value: 'role', label: 'Admins with a role' },
  { value: 'admin', label: 'One admin' },
];

export interface Chosen {
  kind: Kind;
  packageId?: number | undefined;
  packageName?: string | undefined;
  clientId?: number | undefined;
  adminId?: number | undefined;
  role?: string | undefined;
}

/** Nothing while the choice is not complete. */
export function targetOf({ kind, packageId, packageName, clientId, adminId, role }: Chosen, environment: string): Target | undefined {
  switch (kind) {
    case 'all': return { broadcast: 'broadcast_announcement', members: { audience: 'all' }, many: `everybody in ${environment}` };
    case 'clients': return { broadcast: 'broadcast_announcement', members: { audience: 'clients' }, many: `all clients in ${environment}` };
    case 'package': return packageId === undefined ? undefined : { broadcast: 'broadcast_announcement', members: { audience: { package: packageId } }, many: `all clients on ${packageName ?? 'this package'} in ${environment}` };
    case 'client': return clientId === undefined ? undefined : { broadcast: 'send_client_notification', members: { client_id: clientId } };
    case 'admins': return { broadcast: 'broadcast_announcement', members: { audience: 'admins' }, many: `all admins of ${environment}` };
    case 'role': return role === undefined ? undefined : { broadcast: 'send_admin_notification', members: { role } };
    case 'admin': return adminId === undefined ? undefined : { broadcast: 'send_admin_notification', members: { admin_id: adminId } };
  }
}

/** The parts of an audience that was sent; names are looked up by the page. */
export interface Audience {
  words: string;
  packageId?: number;
  clientId?: number;
  adminId?: number;
}

export function audienceOf(audience: KeptMessage['audience']): Audience {
  if (audience === 'all') return { words: 'everybody' };
  if (audience === 'admins') return { words: 'all admins' };
  if (audience === 'clients') return { words: 'all clients' };
  const members = (typeof audience === 'object' && audience !== null ? audience : {}) as { package?: number; client?: number; admin?: number; role?: string };
  if (members.package !== undefined) return { words: 'clients on', packageId: members.package };
  if (members.client !== undefined) return { words: 'client', clientId: members.client };
  if (members.admin !== undefined) return { words: 'admin', adminId: members.admin };
  return { words: members.role ? `admins with the role ${members.role}` : 'all admins' };
}
