import { IconUserPlus, IconUsersGroup } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/admins',
      title: 'Admins',
      load: () => import('./admins-page'),
      nav: { group: 'Installation', order: 100, icon: IconUsersGroup, letter: 'm' },
      permission: 'manage_admins',
      keywords: ['people', 'users', 'role', 'owner', 'editor', 'viewer', 'password', 'second factor'],
    },
    { path: '/admins/$id', title: 'Admin', load: () => import('./admin-page'), permission: 'manage_admins' },
  ],
  palette: [{ label: 'New admin', icon: IconUserPlus, to: '/admins?new=yes', permission: 'manage_admins', keywords: ['create', 'add', 'person', 'user'] }],
});
