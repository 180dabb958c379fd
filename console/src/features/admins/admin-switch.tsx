import { Box, Switch, Text, Tooltip } from '@mantine/core';
import type { Schemas } from '@togglecast/admin';
import { useConsole } from '../../shared/console';
import { AskingSwitch } from '../../shared/entity-pages/asking-switch';
import { AskedSwitch } from '../../shared/entity-pages/switch-question';
import { Confirm } from '../../shared/ui/confirm';

const kOwn = 'Another owner can deactivate your account; you cannot.';

/** May this admin log in? Asked before it is switched off; the own account stays. */
export function AdminSwitch({ admin, size = 'md' }: { admin: Schemas['Admin']; size?: 'md' | 'lg' }) {
  const { session } = useConsole();
  if (admin.id === session.admin.id)
    return (
      <Tooltip label={kOwn} multiline maw={300} events={{ hover: true, focus: true, touch: true }}>
        <Box component="span" display="inline-flex" style={{ verticalAlign: 'middle' }} tabIndex={0} role="note" aria-label={kOwn}>
          <Switch size={size} color="teal" checked={admin.active} readOnly disabled withThumbIndicator={false} aria-label={`${admin.username}: ${admin.active ? 'on' : 'off'}`} />
        </Box>
      </Tooltip>
    );
  return <AskingSwitch type="admin" entity={{ id: admin.id, name: admin.username }} on={admin.active} only="off" size={size} />;
}

/** Once in a page that has such switches. */
export function AdminQuestion() {
  const { session } = useConsole();
  return (
    <AskedSwitch type="admin">
      {({ entity: admin, on, opened, flip, close }) => opened && admin.id !== session.admin.id && (
        <Confirm title={`${on ? 'Activate' : 'Deactivate'} ${admin.username}?`} confirm={on ? 'Activate' : 'Deactivate'} danger={!on} action="manage_admins" onClose={close} onConfirm={flip} busy={false} error={null}>
          <Text size="sm">{on ? 'The account can log in again.' : 'The account is logged out everywhere at once, and cannot log in until an owner activates it. Its history stays.'}</Text>
        </Confirm>
      )}
    </AskedSwitch>
  );
}
