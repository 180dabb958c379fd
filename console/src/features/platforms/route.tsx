import { IconDevices, IconPlus } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/platforms',
      title: 'Platforms',
      load: () => import('./platforms-page'),
      nav: { group: 'Catalogue', order: 10, icon: IconDevices, letter: 'p' },
      keywords: ['surface', 'integration', 'maintenance', 'kill switch'],
    },
    { path: '/platforms/$id', title: 'Platform', load: () => import('./platform-page') },
  ],
  palette: [{ label: 'New platform', icon: IconPlus, to: '/platforms?new=yes', permission: 'write_platforms', keywords: ['create', 'add'] }],
});
