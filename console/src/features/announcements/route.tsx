import { IconSend, IconSpeakerphone } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/announcements',
      title: 'Announcements',
      load: () => import('./announcements-page'),
      nav: { group: 'Customers', order: 70, icon: IconSpeakerphone, letter: 'n' },
      permission: 'read_messages',
      keywords: ['message', 'notification', 'broadcast', 'maintenance', 'status', 'acknowledge'],
    },
    { path: '/announcements/$id', title: 'Message', load: () => import('./message-page'), permission: 'read_messages' },
  ],
  palette: [
    { label: 'Send an announcement', icon: IconSend, to: '/announcements', permission: 'send_messages', keywords: ['message', 'notification', 'broadcast'] },
    { label: 'Set the system status', icon: IconSpeakerphone, to: '/announcements?tab=status', permission: 'send_messages', keywords: ['maintenance', 'degraded', 'outage'] },
  ],
});
