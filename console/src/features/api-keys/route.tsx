import { IconApi, IconPlus } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/api-keys',
      title: 'API keys',
      load: () => import('./api-keys-page'),
      nav: { group: 'Installation', order: 110, icon: IconApi, letter: 'i' },
      permission: 'manage_api_keys',
      keywords: ['machine', 'token', 'scope', 'ci', 'terraform', 'metrics', 'secret'],
    },
  ],
  palette: [{ label: 'New API key', icon: IconPlus, to: '/api-keys?new=yes', permission: 'manage_api_keys', keywords: ['create', 'add', 'machine'] }],
});
