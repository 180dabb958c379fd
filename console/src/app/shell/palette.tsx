// The command palette: pages, entries of the pages, and entities by name or key.
import { Spotlight, spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { permissionOf, type Action } from '../../shared/auth/roles';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { useEntityList } from '../../shared/entities/read';
import { pageOf } from '../../shared/entities/types';
import { useShortcut } from '../../shared/shortcuts';
import { navigation, paletteEntries } from '../pages';

const kMost = 8; // of each kind

export const openPalette = () => spotlight.open();

export function Palette() {
  const { session, environment } = useConsole();
  const navigate = useNavigate();
  const [opened, setOpened] = useState(false);
  const [query, setQuery] = useState('');
  useShortcut('mod+k', 'Search pages, entities and commands', openPalette, 'Everywhere');
  const go = (to: string) => () => void navigate({ to });

  const mayOpen = ({ permission }: { permission?: Action }) => !permission || permissionOf(session.admin, environment, permission).allowed;
  const actions: SpotlightActionGroupData[] = [
    {
      group: 'Pages',
      actions: navigation.filter(mayOpen).map(({ path, title, nav: { icon: Mark }, keywords }) => ({ id: path, label: title, keywords: keywords ?? [], leftSection: <Mark size={18} aria-hidden />, onClick: go(path) })),
    },
    {
      group: 'Commands',
      actions: paletteEntries
        .filter(mayOpen)
        .map(({ label, description, icon: Mark, to, keywords }) => ({ id: to, label, keywords: keywords ?? [], ...(description && { description }), ...(Mark && { leftSection: <Mark size={18} aria-hidden /> }), onClick: go(to) })),
    },
    ...useEntityActions(opened, query, go),
  ];
  return (
    <Spotlight actions={actions} query={query} onQueryChange={setQuery} shortcut={null} highlightQuery scrollable maxHeight={420} limit={40} nothingFound="Nothing has this name" title="Search pages, commands and entities" classNames={{ header: 'visually-hidden' }}
      onSpotlightOpen={() => setOpened(true)} onSpotlightClose={() => setOpened(false)} searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: 'Page, command, feature, segment, client…', 'aria-label': 'Search' }} />
  );
}

function useEntityActions(opened: boolean, query: string, go: (to: string) => () => void): SpotlightActionGroupData[] {
  const { admin, environment } = useConsole();
  const [asked] = useDebouncedValue(query.trim(), 150);
  const enabled = opened && asked.length > 0;
  const platforms = useEntityList('platform', { enabled });
  const features = useEntityList('feature', { enabled });
  const segments = useEntityList('segment', { enabled });
  const packages = useEntityList('package', { enabled });
  const clients = useQuery({
    queryKey: ['env', environment, 'palette', 'client', asked],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/clients', { params: { query: { q: asked, limit: kMost } }, signal })),
    enabled,
    staleTime: 10_000,
  });
  if (!enabled) return [];
  const of = (group: string, type: string, items: readonly { id: number; key: string; name: string }[] | undefined): SpotlightActionGroupData => ({
    group,
    actions: (items ?? []).filter((item) => matches(item, asked)).slice(0, kMost).map((item): SpotlightActionData => ({
      id: `${type}:${item.id}`, label: item.name, description: item.key, keywords: [item.key], onClick: go(pageOf(type, item.id)),
    })),
  });
  return [of('Platforms', 'platform', platforms.data), of('Features', 'feature', features.data), of('Segments', 'segment', segments.data), of('Packages', 'package', packages.data), of('Clients', 'client', clients.data?.items)];
}

const matches = (item: { key: string; name: string }, text: string) => `${item.key} ${item.name}`.toLowerCase().includes(text.toLowerCase());
