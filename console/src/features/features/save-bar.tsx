import { Alert, Anchor, Button, Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle, IconPlayerPlay } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { Problem } from '../../shared/api/problem';
import { pageOf } from '../../shared/entities/types';
import { memberText } from '../../shared/entities/words';
import { useSaveEntity } from '../../shared/entities/write';
import { ConfirmImpact } from '../../shared/ui/confirm-impact';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';
import classes from './features.module.css';
import type { Feature } from './flag-draft';
import type { FeatureForm } from './use-feature-draft';

const nameOf = (member: string) => (member === 'metadata' ? 'group, tags or metadata' : memberText(member));

/** What is not saved yet: says what, shows the clients affected, and saves. */
export function SaveBar({ feature, form }: { feature: Feature; form: FeatureForm }) {
  const { base, patch, problems, dirty, conflicting, begin } = form;
  const save = useSaveEntity('feature');
  const [asking, setAsking] = useState(false);
  const send = (etag: string, force = false) => {
    setAsking(false);
    save.mutate({ id: feature.id, patch, etag, ...(force && { force }) }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.name} is saved`);
        begin(entity);
        save.reset();
      },
    });
  };
  const problem = save.error instanceof Problem ? save.error : null;
  const users = (problem?.body.users ?? []) as Schemas['User'][];
  const blocked = Object.values(problems)[0];
  const conflict = (
    <ConflictDialog type="feature" problem={problem} mine={patch} onClose={save.reset} onReapply={(current) => send(current.etag)}
      onTakeTheirs={(current) => {
        save.reset();
        begin(current as Feature);
      }} />
  );
  if (!dirty) return conflict;
  const fields = Object.keys(patch).map(nameOf);
  return (
    <div className={classes['bar']} role="region" aria-label="Changes that are not saved">
      <Stack gap="xs">
        {conflicting && <Alert p="xs" color="blue" variant="light" icon={<IconInfoCircle aria-hidden />}>Somebody has changed the same since you began. When you save, you can compare both versions.</Alert>}
        {users.length > 0 ? (
          <Alert p="xs" color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title="Others use what would go">
            <List size="sm">{users.slice(0, 10).map((user) => <List.Item key={`${user.entity_type}:${user.entity_id}`}><Text span c="dimmed" size="sm">{user.entity_type} </Text><Anchor component={Link} to={pageOf(user.entity_type, user.entity_id)} size="sm">{user.name}</Anchor></List.Item>)}</List>
            <Button mt="xs" size="xs" color="red" onClick={() => send(base.etag, true)}>Save all the same: they lose it</Button>
          </Alert>
        ) : problem && !problem.isLostUpdate ? (
          <ErrorState error={problem} />
        ) : save.error && !problem ? <ErrorState error={save.error} /> : null}
        <Group justify="space-between" gap="sm">
          <Text size="sm"><b>Not saved:</b> {fields.join(', ')}{blocked && <Text span size="sm" c="var(--mantine-color-error)"> · {blocked}</Text>}</Text>
          <Group gap="xs">
            <Button component={Link} to="/playground" search={{ draft: `feature-${feature.id}` } as never} variant="default" disabled={blocked !== undefined} leftSection={<IconPlayerPlay size={16} aria-hidden />}>Try it</Button>
            <Button variant="subtle" color="gray" onClick={() => {
              save.reset();
              begin(feature);
            }}>Discard</Button>
            <Button loading={save.isPending} disabled={blocked !== undefined} onClick={() => setAsking(true)}>Save…</Button>
          </Group>
        </Group>
      </Stack>
      <ConfirmImpact opened={asking} onClose={() => setAsking(false)} title={`Save ${feature.name}?`} confirm="Save" onConfirm={() => send(base.etag)}
        changes={[{ entity_type: 'feature', entity_id: feature.id, action: 'update', data: patch, force: true }]}>
        <Text size="sm">This changes {fields.join(', ')}.</Text>
      </ConfirmImpact>
      {conflict}
    </div>
  );
}

