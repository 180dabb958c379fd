import { Anchor, Badge, Group, Paper, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconDevices, IconTool } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { AskingSwitch } from '../../shared/entity-pages/asking-switch';
import { SearchField, useEntityListPage } from '../../shared/entity-pages/entity-list';
import { SwitchQuestion } from '../../shared/entity-pages/switch-question';
import { byName } from '../../shared/order';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { TimeAgo } from '../../shared/time/time-ago';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { CreatePlatform } from './create-platform';
import classes from './platforms.module.css';

type Platform = Schemas['Platform'];

export default function PlatformsPage() {
  const platforms = useEntityList('platform');
  const [address] = useAddress();
  const { search, dialog, newButton } = useEntityListPage('platform');
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
              <SearchField field={search} aria-label="Search platforms" placeholder="Name, key or description" />
              <PlatformTable platforms={all} query={address['q'] ?? ''} />
            </Stack>
          )
        }
      </Loaded>
      <CreatePlatform {...dialog} />
      <SwitchQuestion type="platform" />
    </Page>
  );
}

function PlatformTable({ platforms, query }: { platforms: Platform[]; query: string }) {
  const shown = useMemo(() => {
    const text = query.trim().toLowerCase();
    return platforms
      .filter((platform) => `${platform.name} ${platform.key} ${platform.description}`.toLowerCase().includes(text))
      .sort(byName);
  }, [platforms, query]);
  if (shown.length === 0) return <Text c="dimmed" size="sm">No platform has “{query}” in its name, key or description.</Text>;
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={720} type="native">
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          <Table.Thead>
            <Table.Tr><Table.Th w={90}>On</Table.Th><Table.Th w={230}>Platform</Table.Th><Table.Th>Description</Table.Th><Table.Th w={160}>Last change</Table.Th></Table.Tr>
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
      <Table.Td><AskingSwitch type="platform" entity={platform} on={platform.enabled} /></Table.Td>
      <Table.Td>
        <Anchor component={Link} to={`/platforms/${platform.id}`} fw={500} size="sm">{platform.name}</Anchor>
        <Text size="xs" c="dimmed" ff="monospace">{platform.key}</Text>
      </Table.Td>
      <Table.Td>
        {platform.description && <Text size="sm" c="dimmed" lineClamp={2}>{platform.description}</Text>}
        <Group gap="xs" className={classes['marks']!}>
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
