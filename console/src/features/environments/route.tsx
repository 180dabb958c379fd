import { IconLayersIntersect, IconPlus } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/environments',
      title: 'Environments',
      load: () => import('./environments-page'),
      nav: { group: 'Installation', order: 90, icon: IconLayersIntersect, letter: 'e' },
      keywords: ['staging', 'production', 'compare', 'promote', 'copy'],
    },
    { path: '/environments/compare', title: 'Compare environments', load: () => import('./compare-page') },
  ],
  palette: [{ label: 'New environment', icon: IconPlus, to: '/environments?new=yes', permission: 'manage_environments', keywords: ['create', 'copy'] }],
});
