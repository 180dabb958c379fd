import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Action } from '../auth/roles';
import { Dialog } from './dialog';
import { GuardedIf } from './guarded';
import { ErrorState } from './states';

/** Asks before something that cannot be taken back. It is open while it is in the page. `action`: what the reader needs to confirm, because
 *  a link may lead anybody here. */
export function Confirm({ title, confirm, onConfirm, onClose, busy, error, action, danger = true, children }: {
  title: string; confirm: string; onConfirm: () => void; onClose: () => void; busy: boolean; error: unknown; action?: Action; danger?: boolean; children: ReactNode;
}) {
  return (
    <Dialog opened onClose={onClose} title={title}>
      <Stack>
        {children}
        {error !== null && error !== undefined && <ErrorState error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>Cancel</Button>
          <GuardedIf action={action}>{(disabled) => <Button color={danger ? 'red' : 'blue'} loading={busy} disabled={disabled} onClick={onConfirm}>{confirm}</Button>}</GuardedIf>
        </Group>
      </Stack>
    </Dialog>
  );
}
