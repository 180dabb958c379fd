import { Feature, TogglecastProvider, useFlag, usePlan, useSyncStatus } from '@togglecast/react';
import { Fragment, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const { url, token, flag, strict } = Object.fromEntries(new URLSearchParams(location.search));
const Mode = strict ? StrictMode : Fragment;

function Page() {
  const { status } = useSyncStatus();
  return <>{useFlag(flag, 'default')} {status} {usePlan()?.key} <Feature flag={flag} fallback="closed">open</Feature></>;
}

createRoot(document.getElementById('app')).render(<Mode><TogglecastProvider url={url} token={token}><Page /></TogglecastProvider></Mode>);
