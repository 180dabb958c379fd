import { Anchor, Paper, Stack, Text } from '@mantine/core';
import { IconFilterOff, IconLink, IconSettings } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { pageOf } from '../../shared/entities/types';
import { EntityFrame, EntityPage } from '../../shared/entity-pages/entity-page';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { LiveDot } from '../../shared/ui/live-dot';
import { Loaded } from '../../shared/ui/states';
import { SegmentForm } from './segment-form';
import { usersOfSegments } from './segment-users';

export default function SegmentPage() {
  return (
    <EntityPage type="segment" goneIcon={IconFilterOff}>
      {(segment) => (
        <EntityFrame type="segment" entity={segment} marks={<EntityRollout entityType="segment" id={segment.id} stays size="md" />}
          tabs={[
            { id: 'rule', label: 'Rule', icon: IconSettings, content: <SegmentForm segment={segment} /> },
            { id: 'users', label: 'Used by', icon: IconLink, content: <Users segment={segment} /> },
          ]} />
      )}
    </EntityPage>
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
