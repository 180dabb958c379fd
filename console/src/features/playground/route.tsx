import { IconPlayerPlay } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    { path: '/playground', title: 'Playground', load: () => import('./playground-page'), nav: { group: 'Customers', order: 60, icon: IconPlayerPlay, letter: 'y' }, permission: 'evaluate', keywords: ['evaluate', 'test', 'why', 'explain', 'trace', 'draft'] },
  ],
});
