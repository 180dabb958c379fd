import { IconPackage, IconPlus, IconTable } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/packages',
      title: 'Packages',
      load: () => import('./packages-page'),
      nav: { group: 'Catalogue', order: 40, icon: IconPackage, letter: 'k' },
      permission: 'read_catalogue',
      keywords: ['plan', 'subscription', 'price', 'matrix', 'limit', 'tier'],
    },
    { path: '/packages/$id', title: 'Package', load: () => import('./package-page'), permission: 'read_catalogue' },
  ],
  palette: [
    { label: 'New package', icon: IconPlus, to: '/packages?new=yes', permission: 'write_packages', keywords: ['create', 'add', 'plan'] },
    { label: 'Matrix of features and packages', icon: IconTable, to: '/packages?view=matrix', keywords: ['assign', 'limit', 'compare'] },
  ],
});
