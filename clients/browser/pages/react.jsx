import { Feature, TogglecastProvider, useFlag, usePlan, useSyncStatus } from '@togglecast/react';
import { createRoot } from 'react-dom/client';

const { url, token, flag } = Object.fromEntries(new URLSearchParams(location.search));

function Page() {
  const { status } = useSyncStatus();
  return <>{useFlag(flag, 'default')} {status} {usePlan()?.key} <Feature flag={flag} fallback="closed">open</Feature></>;
}

createRoot(document.getElementById('app')).render(<TogglecastProvider url={url} token={token}><Page /></TogglecastProvider>);
