import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useSaveEntity } from '../../shared/entities/write';
import { Dialog } from '../../shared/ui/dialog';
import { ShownOnce } from '../../shared/ui/shown-once';
import { ErrorState } from '../../shared/ui/states';
import { PasswordField, randomPassword } from './password-field';

/** Gives an admin another password. All of its sessions end. */
export function ResetPassword({ admin, onClose }: { admin: Schemas['Admin']; onClose: () => void }) {
  const save = useSaveEntity('admin');
  const [password, setPassword] = useState(randomPassword);
  const [visible, setVisible] = useState(true);
  const short = password.length < 8;
  return (
    <Dialog opened onClose={onClose} title={`New password for ${admin.username}`} closeOnClickOutside={!save.data}>
      {save.data ? (
        <ShownOnce text={`user name: ${admin.username}\npassword:  ${password}\n`} label="Login" why="Give this to the person on a safe way. It is not shown again. They change it under “Your account”." onClose={onClose} />
      ) : (
        <form onSubmit={(event) => {
          event.preventDefault();
          if (!short) save.mutate({ id: admin.id, patch: { password } });
        }}>
          <Stack>
            <Text size="sm">{admin.username} is logged out everywhere. {admin.second_factor_at && 'The second factor stays: a login needs its code as before.'}</Text>
            <PasswordField value={password} onChange={setPassword} error={short ? 'Use at least 8 characters.' : undefined} visible={visible} onVisible={setVisible} />
            {save.error && <ErrorState error={save.error} />}
            <Group justify="flex-end" gap="xs"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" color="red" disabled={short} loading={save.isPending}>Replace the password</Button></Group>
          </Stack>
        </form>
      )}
    </Dialog>
  );
}
