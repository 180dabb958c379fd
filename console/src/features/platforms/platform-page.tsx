import { Badge, Button, Group, Paper, Stack, Tabs, Text, Title } from '@mantine/core';
import { IconDevicesOff, IconHistory, IconLink, IconSettings, IconTrash } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntity } from '../../shared/entities/read';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { DeleteEntity } from '../../shared/ui/delete-entity';
import { Guarded } from '../../shared/ui/guarded';
import { EntityHistory } from '../../shared/ui/history';
import { Page } from '../../shared/ui/page';
import { Presence } from '../../shared/ui/presence';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { PlatformForm } from './platform-form';
import { PlatformSwitch } from './platform-switch';
import { PlatformUsers } from './platform-users';

const above = [{ title: 'Platforms', to: '/platforms' }];

export default function PlatformPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const platform = useEntity('platform', Number(id));
  const gone = platform.data === null || (platform.error && 'status' in platform.error && platform.error.status === 404);
  if (gone)
    return (
      <Page title="Platform" above={above}>
        <EmptyState icon={IconDevicesOff} title="This platform does not exist" action={<Button component={Link} to="/platforms" variant="light">All platforms</Button>}>It was deleted, or it belongs to another environment. Activity shows deleted platforms and can bring them back.</EmptyState>
      </Page>
    );
  return <Loaded query={platform}>{(data) => data && <Content platform={data} />}</Loaded>;
}

function Content({ platform }: { platform: Schemas['Platform'] }) {
  const [address, setAddress] = useAddress();
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  return (
    <Page title={platform.name} above={above} marks={<><Badge variant="default" tt="none" ff="monospace">{platform.key}</Badge><Presence type="platform" id={platform.id} /></>}
      actions={
        <Guarded action="write_platforms">
          {(disabled) => <Button variant="default" color="red" leftSection={<IconTrash size={16} aria-hidden />} disabled={disabled} onClick={() => setDeleting(true)}>Delete</Button>}
        </Guarded>
      }>
      <Paper withBorder radius="md" p="md">
        <Group justify="space-between">
          <Group gap="md">
            <PlatformSwitch platform={platform} size="lg" />
            <div>
              <Title order={2} size="h5">{platform.enabled ? 'On' : 'Off'}</Title>
              <Text size="sm" c="dimmed">{platform.enabled ? 'Features that need it work for the clients that have them.' : 'Every feature that needs it is off for everybody.'}</Text>
            </div>
          </Group>
          <EntityRollout entityType="platform" id={platform.id} stays size="md" />
        </Group>
      </Paper>
      <Tabs value={address['tab'] ?? 'settings'} onChange={(tab) => setAddress({ tab: tab === 'settings' ? undefined : (tab ?? undefined) })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="settings" leftSection={<IconSettings size={16} aria-hidden />}>Settings</Tabs.Tab>
          <Tabs.Tab value="users" leftSection={<IconLink size={16} aria-hidden />}>Used by</Tabs.Tab>
          <Tabs.Tab value="history" leftSection={<IconHistory size={16} aria-hidden />}>History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="settings" pt="md"><PlatformForm platform={platform} /></Tabs.Panel>
        <Tabs.Panel value="users" pt="md"><PlatformUsers platform={platform} /></Tabs.Panel>
        <Tabs.Panel value="history" pt="md"><Stack><EntityHistory type="platform" id={platform.id} revision={platform.revision} /></Stack></Tabs.Panel>
      </Tabs>
      <DeleteEntity type="platform" entity={platform} opened={deleting} onClose={() => setDeleting(false)} onDeleted={() => void navigate({ to: '/platforms' })} />
    </Page>
  );
}
