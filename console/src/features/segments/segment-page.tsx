import { Anchor, Badge, Button, Paper, Stack, Tabs, Text } from '@mantine/core';
import { IconFilterOff, IconHistory, IconLink, IconSettings, IconTrash } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useEntity, useEntityList } from '../../shared/entities/read';
import { pageOf } from '../../shared/entities/types';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { DeleteEntity } from '../../shared/ui/delete-entity';
import { Guarded } from '../../shared/ui/guarded';
import { EntityHistory } from '../../shared/ui/history';
import { LiveDot } from '../../shared/ui/live-dot';
import { Page } from '../../shared/ui/page';
import { Presence } from '../../shared/ui/presence';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { SegmentForm } from './segment-form';
import { usersOfSegments } from './segment-users';

const above = [{ title: 'Segments', to: '/segments' }];

export default function SegmentPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const segment = useEntity('segment', Number(id));
  const gone = segment.data === null || (segment.error && 'status' in segment.error && segment.error.status === 404);
  if (gone)
    return (
      <Page title="Segment" above={above}>
        <EmptyState icon={IconFilterOff} title="This segment does not exist" action={<Button component={Link} to="/segments" variant="light">All segments</Button>}>It was deleted, or it belongs to another environment. Activity shows deleted segments and can bring them back.</EmptyState>
      </Page>
    );
  return <Loaded query={segment}>{(data) => data && <Content segment={data} />}</Loaded>;
}

function Content({ segment }: { segment: Schemas['Segment'] }) {
  const [address, setAddress] = useAddress();
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  return (
    <Page title={segment.name} above={above} marks={<><Badge variant="default" tt="none" ff="monospace">{segment.key}</Badge><EntityRollout entityType="segment" id={segment.id} stays size="md" /><Presence type="segment" id={segment.id} /></>}
      actions={
        <Guarded action="write_segments">
          {(disabled) => <Button variant="default" color="red" leftSection={<IconTrash size={16} aria-hidden />} disabled={disabled} onClick={() => setDeleting(true)}>Delete</Button>}
        </Guarded>
      }>
      <Tabs value={address['tab'] ?? 'rule'} onChange={(tab) => setAddress({ tab: tab === 'rule' ? undefined : (tab ?? undefined) })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="rule" leftSection={<IconSettings size={16} aria-hidden />}>Rule</Tabs.Tab>
          <Tabs.Tab value="users" leftSection={<IconLink size={16} aria-hidden />}>Used by</Tabs.Tab>
          <Tabs.Tab value="history" leftSection={<IconHistory size={16} aria-hidden />}>History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="rule" pt="md"><SegmentForm segment={segment} /></Tabs.Panel>
        <Tabs.Panel value="users" pt="md"><Users segment={segment} /></Tabs.Panel>
        <Tabs.Panel value="history" pt="md"><EntityHistory type="segment" id={segment.id} revision={segment.revision} /></Tabs.Panel>
      </Tabs>
      <DeleteEntity type="segment" entity={segment} opened={deleting} onClose={() => setDeleting(false)} onDeleted={() => void navigate({ to: '/segments' })} />
    </Page>
  );
}

/** The features and segments whose rules refer to it. */
function Users({ segment }: { segment: Schemas['Segment'] }) {
  const features = useEntityList('feature');
  const { data: segments } = useEntityList('segment');
  return (
    <Loaded query={features}>
      {(all) => {
        const users = usersOfSegments(all, segments ?? []).get(segment.key) ?? [];
        if (users.length === 0) return <Text size="sm" c="dimmed">No rule refers to it. A rule of a feature does so with “is in segment”.</Text>;
        return (
          <Paper withBorder radius="md" p="md" maw={760}>
            <Stack gap="xs">
              {users.map(({ type, id, name, on, parts }) => (
                <div key={`${type}:${id}`}>
                  <Text span size="sm" c="dimmed">{type} </Text>
                  <Anchor component={Link} to={pageOf(type, id)} size="sm"><LiveDot color={on ? 'on' : 'off'} /> {name}</Anchor>
                  {parts.length > 0 && <Text span size="sm" c="dimmed"> in {parts.join(', ')}</Text>}
                </div>
              ))}
            </Stack>
          </Paper>
        );
      }}
    </Loaded>
  );
}
