import { Badge, Button, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { IconPower } from '@tabler/icons-react';
import { useToggleEntity } from '../../shared/entities/write';
import { AskingSwitch } from '../../shared/entity-pages/asking-switch';
import { SwitchQuestion } from '../../shared/entity-pages/switch-question';
import { EntityLaggards } from '../../shared/rollout/laggards';
import { EntityRollout } from '../../shared/rollout/rollout-badge';
import { usePreview } from '../../shared/ui/confirm-impact';
import { Guarded } from '../../shared/ui/guarded';
import classes from './features.module.css';
import type { Feature } from './flag-draft';

/** The switch of the feature, and the way to end it in one click: the clients that lose it are told beforehand, the delivery afterwards. */
export function KillCard({ feature }: { feature: Feature }) {
  const toggle = useToggleEntity('feature');
  return (
    <Paper withBorder radius="md" p="md">
      <Stack gap="sm">
        <Group justify="space-between" gap="md">
          <Group gap="md" wrap="nowrap">
            <AskingSwitch type="feature" entity={feature} on={feature.enabled} size="lg" />
            <div>
              <Group gap="sm"><Title order={2} size="h5">{feature.enabled ? 'On' : 'Off'}</Title><EntityRollout entityType="feature" id={feature.id} stays size="md" /></Group>
              <Text size="sm" c="dimmed">{feature.enabled ? 'Clients that have it get what its rules say.' : 'It is off for everybody, whatever its rules and overrides say.'}</Text>
            </div>
          </Group>
          {feature.enabled && (
            <div className={classes['kill']!}>
              <Guarded action="write_features">
                {(disabled) => <Button color="red.9" leftSection={<IconPower size={16} aria-hidden />} disabled={disabled} loading={toggle.isPending} onClick={() => toggle.mutate({ id: feature.id, on: false })}>Switch off now</Button>}
              </Guarded>
              <KillEffect key={feature.revision} feature={feature} />
            </div>
          )}
        </Group>
        <EntityLaggards entityType="feature" id={feature.id} />
        <SwitchQuestion type="feature" />
      </Stack>
    </Paper>
  );
}

function KillEffect({ feature }: { feature: Feature }) {
  const { data } = usePreview([{ entity_type: 'feature', entity_id: feature.id, action: 'toggle', data: { enabled: false } }]);
  if (!data) return <Text size="xs" c="dimmed">One click, without a question</Text>;
  const { affected, looked_at } = data.clients;
  return <Text size="xs" c="dimmed" data-testid="kill-effect">One click: <Badge size="xs" variant="light" color={affected ? 'red' : 'gray'} tt="none">{affected.toLocaleString()} of {looked_at.toLocaleString()}</Badge> clients lose it</Text>;
}
