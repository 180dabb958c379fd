import { Anchor } from '@mantine/core';
import { IconFlag, IconKey, IconMessage, IconPlayerPlay, IconPlugConnected, IconSettings, IconUserOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { EntityFrame, EntityPage, StateCard } from '../../shared/entity-pages/entity-page';
import { LiveDot } from '../../shared/ui/live-dot';
import { Waiting } from '../../shared/ui/states';
import { ClientConnections, useConnections } from './client-connections';
import { ClientFeatures } from './client-features';
import { ClientForm } from './client-form';
import { ClientMessage } from './client-message';
import { ClientQuestion, ClientSwitch } from './client-switch';
import { ClientTokens } from './client-tokens';

const TryIt = lazy(() => import('../../shared/try-it/try-it'));

export default function ClientPage() {
  return (
    <EntityPage type="client" goneIcon={IconUserOff} without="their tokens">
      {(client) => (
        <EntityFrame type="client" entity={client}
          tabs={[
            { id: 'features', label: 'Features', icon: IconFlag, content: <ClientFeatures client={client} /> },
            { id: 'settings', label: 'Settings', icon: IconSettings, content: <ClientForm client={client} /> },
            { id: 'tokens', label: 'Tokens', icon: IconKey, content: <ClientTokens client={client} /> },
            { id: 'connections', label: 'Connections', icon: IconPlugConnected, content: <ClientConnections client={client} /> },
            { id: 'try', label: 'Try it', icon: IconPlayerPlay, content: <Suspense fallback={<Waiting />}><TryIt clientId={client.id} /></Suspense> },
            { id: 'message', label: 'Message', icon: IconMessage, content: <ClientMessage client={client} /> },
          ]}>
          <StateCard type="client" id={client.id} state={client.active ? 'Active' : 'Inactive'} control={<ClientSwitch client={client} size="lg" />}><Facts client={client} /></StateCard>
          <ClientQuestion />
        </EntityFrame>
      )}
    </EntityPage>
  );
}

/** Its package, its overrides, and whether it is connected. */
function Facts({ client }: { client: Schemas['Client'] }) {
  const packages = useEntityList('package');
  const connections = useConnections(client.id);
  const plan = packages.data?.find(({ id }) => id === client.package_id);
  const count = connections.data?.total;
  return (
    <>
      {client.package_id === null ? 'No package' : <>Package <Anchor component={Link} to={`/packages/${client.package_id}`} inherit underline="always">{plan?.name ?? client.package_id}</Anchor></>}
      {' · '}{client.overrides.length} {client.overrides.length === 1 ? 'override' : 'overrides'}
      {count !== undefined && <>{' · '}<LiveDot color={count > 0 ? 'on' : 'off'} live={count > 0} /> {count.toLocaleString()} {count === 1 ? 'connection' : 'connections'}</>}
    </>
  );
}
