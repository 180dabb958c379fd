import { IconCertificate, IconPlus } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    {
      path: '/issuers',
      title: 'Trusted issuers',
      load: () => import('./issuers-page'),
      nav: { group: 'Installation', order: 115, icon: IconCertificate, letter: 'u' },
      permission: 'manage_issuers',
      keywords: ['token', 'jwt', 'jwks', 'back end', 'identity provider', 'sign', 'public key', 'audience', 'claim'],
    },
  ],
  palette: [{ label: 'New issuer', icon: IconPlus, to: '/issuers?new=yes', permission: 'manage_issuers', keywords: ['create', 'add', 'trust', 'jwks'] }],
});
