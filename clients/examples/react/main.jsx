import { Feature, TogglecastProvider, useEntitlement, useFlag, usePlan, useSyncStatus } from '@togglecast/react';
import { createRoot } from 'react-dom/client';

const getToken = () => fetch('/token').then((answer) => answer.text());

function Page() {
  const { status } = useSyncStatus();
  const { allowed, limit } = useEntitlement('dashboards');
  return (
    <main>
      <p>{status}, plan {usePlan()?.name ?? 'unknown'}</p>
      <p>home-layout: {useFlag('home-layout', 'classic')}</p>
      <p>dashboards: {allowed ? `up to ${limit}` : 'not in this plan'}</p>
      <Feature flag="wish-lists" fallback={<p>no wish lists now</p>}><p>wish lists</p></Feature>
    </main>
  );
}

createRoot(document.getElementById('app')).render(<TogglecastProvider getToken={getToken}><Page /></TogglecastProvider>);
