import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { usePermission } from '../../shared/auth/use-permission';
import { useEntity, useEntityList } from '../../shared/entities/read';
import type { KeptMessage } from '../../shared/messages/delivery';
import { audienceOf } from './audience';

/** "clients on Pro", with the way to the package. */
export function AudienceLabel({ audience }: { audience: KeptMessage['audience'] }) {
  const { words, packageId, clientId, adminId } = audienceOf(audience);
  return (
    <Text inherit component="span">
      {words} {packageId !== undefined && <PackageName id={packageId} />}{clientId !== undefined && <ClientName id={clientId} />}{adminId !== undefined && <AdminName id={adminId} />}
    </Text>
  );
}

const To = ({ to, alone = false, children }: { to: string; alone?: boolean; children: ReactNode }) => <Anchor component={Link} to={to} inherit underline={alone ? 'hover' : 'always'}>{children}</Anchor>;

function PackageName({ id }: { id: number }) {
  const { data } = useEntityList('package');
  return <To to={`/packages/${id}`}>{data?.find((plan) => plan.id === id)?.name ?? `package ${id}`}</To>;
}

/** `alone`: not in a sentence. */
export function ClientName({ id, alone = false }: { id: number; alone?: boolean }) {
  const { data } = useEntity('client', id);
  return <To to={`/clients/${id}`} alone={alone}>{data?.name ?? `client ${id}`}</To>;
}

// Only owners may read the list of admins.
function AdminName({ id }: { id: number }) {
  const { allowed } = usePermission('read_admins');
  const { data } = useEntityList('admin', { enabled: allowed });
  return allowed ? <To to={`/admins/${id}`}>{data?.find((admin) => admin.id === id)?.username ?? `admin ${id}`}</To> : <>{id}</>;
}
