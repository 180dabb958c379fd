import { IconDevices2, IconKey, IconShieldLock } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [{ path: '/account', title: 'Your account', load: () => import('./account-page') }],
  palette: [
    { label: 'Change password', icon: IconKey, to: '/account?change=password', keywords: ['account'] },
    { label: 'Second factor', icon: IconShieldLock, to: '/account?section=factor', keywords: ['account', 'authenticator', 'totp', '2fa', 'recovery codes'] },
    { label: 'Sessions', icon: IconDevices2, to: '/account?section=sessions', keywords: ['account', 'devices', 'log out everywhere'] },
  ],
});
