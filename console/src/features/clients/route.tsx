import { IconPlus, IconUsers } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/clients',
      title: 'Clients',
      load: () => import('./clients-page'),
      nav: { group: 'Customers', order: 50, icon: IconUsers, letter: 'c' },
      permission: 'read_catalogue',
      keywords: ['customer', 'tenant', 'token', 'override', 'attributes'],
    },
    { path: '/clients/$id', title: 'Client', load: () => import('./client-page'), permission: 'read_catalogue' },
  ],
  palette: [{ label: 'New client', icon: IconPlus, to: '/clients?new=yes', permission: 'write_clients', keywords: ['create', 'add', 'customer', 'tenant'] }],
});
