import { IconHelp } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/help',
      title: 'Help',
      load: () => import('./help-page'),
      nav: { group: 'Installation', order: 130, icon: IconHelp, letter: 'h' },
      keywords: ['documentation', 'curl', 'api', 'first steps', 'socket.io'],
    },
  ],
});
