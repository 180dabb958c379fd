import { Feature, useEntitlement, useFlag, usePlan } from '@togglecast/react';

export function Page() {
  const { allowed, limit } = useEntitlement('dashboards');
  return (
    <main>
      <p>plan {usePlan()?.name ?? 'unknown'}</p>
      <p>home-layout: {useFlag('home-layout', 'classic')}</p>
      <p>dashboards: {allowed ? `up to ${limit}` : 'not in this plan'}</p>
      <Feature flag="wish-lists" fallback={<p>no wish lists now</p>}><p>wish lists</p></Feature>
    </main>
  );
}
