import { IconRocket } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [{ path: '/first-minutes', title: 'First minutes', load: () => import('./first-minutes-page'), permission: 'read_catalogue' }],
  palette: [{ label: 'First minutes: a flag, a client, and a try', icon: IconRocket, to: '/first-minutes', keywords: ['tutorial', 'quick start', 'try it', 'onboarding', 'begin'] }],
  start: () => import('./first-minutes-start'),
});
