import { IconHistory } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/activity',
      title: 'Activity',
      load: () => import('./activity-page'),
      nav: { group: 'Watch', order: 80, icon: IconHistory, letter: 'a' },
      permission: 'read_activity',
      keywords: ['audit', 'log', 'history', 'undo', 'who changed'],
    },
    { path: '/activity/$revision', title: 'Change', load: () => import('./change-page'), permission: 'read_activity' },
  ],
});
