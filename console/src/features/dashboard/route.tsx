import { IconLayoutDashboard } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/dashboard',
      title: 'Dashboard',
      load: () => import('./dashboard-page'),
      nav: { group: 'Overview', order: 0, icon: IconLayoutDashboard, letter: 'd' },
      permission: 'read_catalogue',
      keywords: ['live', 'graphs', 'connections', 'rollouts', 'latency', 'metrics', 'nodes', 'health'],
    },
  ],
});
