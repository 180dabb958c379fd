import { IconFlag, IconPlus } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/features',
      title: 'Features',
      load: () => import('./features-page'),
      nav: { group: 'Catalogue', order: 20, icon: IconFlag, letter: 'f' },
      permission: 'read_catalogue',
      keywords: ['flag', 'toggle', 'rollout', 'experiment', 'kill switch', 'stale'],
    },
    { path: '/features/$id', title: 'Feature', load: () => import('./feature-page'), permission: 'read_catalogue' },
  ],
  palette: [
    { label: 'New feature', icon: IconPlus, to: '/features?new=yes', permission: 'write_features', keywords: ['create', 'add', 'flag'] },
    { label: 'Stale features', to: '/features?q=is:stale', permission: 'read_catalogue', keywords: ['clean up', 'old'] },
  ],
});
