import { IconFilter, IconPlus } from '@tabler/icons-react';
import { definePages } from '../../shared/registry';

export default definePages({
  pages: [
    { path: '/segments', title: 'Segments', load: () => import('./segments-page'), nav: { group: 'Catalogue', order: 30, icon: IconFilter, letter: 's' }, permission: 'read_catalogue', keywords: ['audience', 'cohort', 'rule', 'targeting'] },
    { path: '/segments/$id', title: 'Segment', load: () => import('./segment-page'), permission: 'read_catalogue' },
  ],
  palette: [{ label: 'New segment', icon: IconPlus, to: '/segments?new=yes', permission: 'write_segments', keywords: ['create', 'add', 'audience'] }],
});
