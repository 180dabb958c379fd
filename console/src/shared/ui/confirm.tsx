import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { Dialog } from './dialog';
import { ErrorState } from './states';

/** Asks before something that cannot be taken back. It is open while it is in the page. */
export function Confirm({ title, confirm, onConfirm, onClose, busy, error, danger = true, children }: {
  title: string; confirm: string; onConfirm: () => void; onClose: () => void; busy: boolean; error: unknown; danger?: boolean; children: ReactNode;
}) {
  return (
    <Dialog opened onClose={onClose} title={title}>
      <Stack>
        {children}
        {error !== null && error !== undefined && <ErrorState error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>Cancel</Button>
          <Button color={danger ? 'red' : 'blue'} loading={busy} onClick={onConfirm}>{confirm}</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
