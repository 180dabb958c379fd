import { Box, Switch, Text, Tooltip } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useConsole } from '../../shared/console';
import { useToggleEntity } from '../../shared/entities/write';
import { Confirm } from '../../shared/ui/confirm';
import { EntitySwitch } from '../../shared/ui/switch';

const kOwn = 'Another owner can deactivate your account; you cannot.';

/** May this admin log in? Asked before it is switched off; the own account stays. */
export function AdminSwitch({ admin, size = 'md' }: { admin: Schemas['Admin']; size?: 'md' | 'lg' }) {
  const { session } = useConsole();
  const toggle = useToggleEntity('admin');
  const [asking, setAsking] = useState(false);
  if (admin.id === session.admin.id)
    return (
      <Tooltip label={kOwn} multiline maw={300} events={{ hover: true, focus: true, touch: true }}>
        <Box component="span" display="inline-flex" style={{ verticalAlign: 'middle' }} tabIndex={0} role="note" aria-label={kOwn}>
          <Switch size={size} color="teal" checked={admin.active} readOnly disabled withThumbIndicator={false} aria-label={`${admin.username}: ${admin.active ? 'on' : 'off'}`} />
        </Box>
      </Tooltip>
    );
  return (
    <>
      <EntitySwitch type="admin" id={admin.id} name={admin.username} on={admin.active} size={size} ask={(on, flip) => (on ? flip() : setAsking(true))} />
      {asking && (
        <Confirm title={`Deactivate ${admin.username}?`} confirm="Deactivate" onClose={() => setAsking(false)} busy={false} error={null}
          onConfirm={() => {
            toggle.mutate({ id: admin.id, on: false });
            setAsking(false);
          }}>
          <Text size="sm">The account is logged out everywhere at once, and cannot log in until an owner activates it. Its history stays.</Text>
        </Confirm>
      )}
    </>
  );
}
