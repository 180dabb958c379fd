import { Anchor, Badge, Button, Group, Paper, Stack, Table, Text, TextInput, Tooltip } from '@mantine/core';
import { IconDevices, IconPlus, IconSearch, IconTool } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo, useRef } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { useShortcut } from '../../shared/shortcuts';
import { TimeAgo } from '../../shared/time/time-ago';
import { Guarded } from '../../shared/ui/guarded';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { usePermission } from '../../shared/auth/use-permission';
import { useAddress } from '../../shared/use-search';
import { CreatePlatform } from './create-platform';
import { PlatformSwitch } from './platform-switch';

type Platform = Schemas['Platform'];

export default function PlatformsPage() {
  const platforms = useEntityList('platform');
  const [address, setAddress] = useAddress();
  const search = useRef<HTMLInputElement>(null);
  const { allowed } = usePermission('write_platforms');
  const create = () => setAddress({ new: 'yes' }, { push: true });
  useShortcut('/', 'Search platforms', () => search.current?.focus());
  useShortcut('n', 'New platform', create, 'This page', allowed);
  const newButton = (
    <Guarded action="write_platforms">
      {(disabled) => <Button leftSection={<IconPlus size={16} aria-hidden />} disabled={disabled} onClick={create}>New platform</Button>}
    </Guarded>
  );
  return (
    <Page title="Platforms" actions={newButton} description="Surfaces and integrations that are switched as a whole: a website, an app, a payment provider. While a platform is off, every feature that needs it is off.">
      <Loaded query={platforms}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={IconDevices} title="No platforms yet" action={newButton}>
              Make one for each part of your product that you may have to switch off as a whole, such as <b>web</b>, <b>ios</b> or <b>payments</b>. Connected clients hear of each change at once.
            </EmptyState>
          ) : (
            <Stack gap="sm">
              <TextInput ref={search} w={320} maw="100%" aria-label="Search platforms" placeholder="Name, key or description" leftSection={<IconSearch size={16} aria-hidden />}
                value={address['q'] ?? ''} onChange={(event) => setAddress({ q: event.currentTarget.value })} />
              <PlatformTable platforms={all} query={address['q'] ?? ''} />
            </Stack>
          )
        }
      </Loaded>
      <CreatePlatform opened={address['new'] !== undefined} onClose={() => setAddress({ new: undefined })} />
    </Page>
  );
}

function PlatformTable({ platforms, query }: { platforms: Platform[]; query: string }) {
  const shown = useMemo(() => {
    const text = query.trim().toLowerCase();
    return platforms
      .filter((platform) => `${platform.name} ${platform.key} ${platform.description}`.toLowerCase().includes(text))
      .sort((a, b) => a.name.localeCompare(b.name));
  }, [platforms, query]);
  if (shown.length === 0) return <Text c="dimmed" size="sm">No platform has “{query}” in its name, key or description.</Text>;
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={560} type="native">
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          <Table.Thead>
            <Table.Tr><Table.Th w={90}>On</Table.Th><Table.Th>Platform</Table.Th><Table.Th>Description</Table.Th><Table.Th w={160}>Last change</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>{shown.map((platform) => <Row key={platform.id} platform={platform} />)}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function Row({ platform }: { platform: Platform }) {
  return (
    <Table.Tr data-testid={`platform-${platform.key}`}>
      <Table.Td><PlatformSwitch platform={platform} /></Table.Td>
      <Table.Td>
        <Anchor component={Link} to={`/platforms/${platform.id}`} fw={500} size="sm">{platform.name}</Anchor>
        <Text size="xs" c="dimmed" ff="monospace">{platform.key}</Text>
      </Table.Td>
      <Table.Td>
        {platform.description && <Text size="sm" c="dimmed" lineClamp={2}>{platform.description}</Text>}
        <Group gap="xs" mt={4}>
          {platform.maintenance_note && (
            <Tooltip label={platform.maintenance_note} multiline maw={320}>
              <Badge color="orange" variant="light" tt="none" leftSection={<IconTool size={12} aria-hidden />} tabIndex={0}>maintenance</Badge>
            </Tooltip>
          )}
          <EntityRollout entityType="platform" id={platform.id} />
        </Group>
      </Table.Td>
      <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={platform.updated_at} /></Text></Table.Td>
    </Table.Tr>
  );
}
