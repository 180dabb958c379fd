// Deleting: the server refuses while others use the entity, and names them. Then the reader may insist.
import { Alert, Anchor, Button, Checkbox, Group, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { Schemas } from '@togglecast/admin';
import { kEntities, pageOf, type EntityName } from '../entities/types';
import { useDeleteEntity } from '../entities/write';
import { Impact, usePreview } from './confirm-impact';
import { Dialog } from './dialog';
import { notifyDone } from './notify';
import { ErrorState } from './states';

type User = Schemas['User'];

export function DeleteEntity({ type, entity, opened, onClose, onDeleted, children }: {
  type: EntityName; entity: { id: number; name: string; etag: string }; opened: boolean; onClose: () => void; /** Leads away, in place of the dialog. */ onDeleted: () => void; /** What else the reader should know. */ children?: ReactNode;
}) {
  const remove = useDeleteEntity(type);
  const [force, setForce] = useState(false);
  const { noun } = kEntities[type];
  const previewed = type === 'platform' || type === 'feature' || type === 'segment' || type === 'package' || type === 'client';
  const preview = usePreview(opened && previewed ? [{ entity_type: type, entity_id: entity.id, action: 'delete', force: true }] : undefined);
  const users = (remove.error?.body.users ?? []) as User[];
  const total = remove.error?.body.users_total ?? users.length;
  const close = () => {
    remove.reset();
    setForce(false);
    onClose();
  };
  // Not by the callbacks of mutate: the page may hear of the deletion first, and show no dialog any more.
  const submit = () =>
    remove.mutateAsync({ id: entity.id, ...(users.length ? { force: true } : { etag: entity.etag }) }).then(() => {
      notifyDone(`${entity.name} is deleted`, previewed ? 'Activity can undo it.' : '');
      onDeleted();
    }, () => undefined); // the dialog shows the refusal
  return (
    <Dialog opened={opened} onClose={close} title={`Delete the ${noun} ${entity.name}?`} size="lg">
      <Stack>
        {children}
        {preview.data && <Impact preview={preview.data} />}
        {users.length > 0 ? (
          <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title={`${total.toLocaleString()} ${total === 1 ? 'entity uses' : 'entities use'} it`}>
            <List size="sm" data-testid="users">
              {users.slice(0, 10).map((user) => (
                <List.Item key={`${user.entity_type}:${user.entity_id}`}>
                  <Text span c="dimmed" size="sm">{user.entity_type} </Text>
                  <Anchor component={Link} to={pageOf(user.entity_type, user.entity_id)} size="sm">{user.name}</Anchor>
                </List.Item>
              ))}
            </List>
            {total > 10 && <Text size="sm">and {(total - 10).toLocaleString()} more.</Text>}
            <Checkbox mt="sm" checked={force} onChange={(event) => setForce(event.currentTarget.checked)} label="Delete it anyway. In the same change, packages and clients lose it; all others count it as off." />
          </Alert>
        ) : (
          remove.error && <ErrorState error={remove.error} />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>Cancel</Button>
          <Button color="red.9" loading={remove.isPending} disabled={users.length > 0 && !force} onClick={() => void submit()}>Delete</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
