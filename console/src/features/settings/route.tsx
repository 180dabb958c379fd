import { IconSettings } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/settings',
      title: 'Settings',
      load: () => import('./settings-page'),
      nav: { group: 'Installation', order: 120, icon: IconSettings, letter: 't' },
      permission: 'manage_settings',
      keywords: ['installation', 'second factor', 'password login', 'openid connect', 'signing keys'],
    },
  ],
});
