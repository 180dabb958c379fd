import { Alert, Button, Group, Stack } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Copyable } from './copyable';

/** A secret that nothing shows again: what to do about it, the text, and the way on. */
export function ShownOnce({ text, label, why, onClose, children }: { text: string; label: string; why: string; onClose: () => void; children?: ReactNode }) {
  return (
    <Stack>
      <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />}>{why}</Alert>
      <Copyable text={text} label={label} />
      {children}
      <Group justify="flex-end"><Button onClick={onClose}>I have copied it</Button></Group>
    </Stack>
  );
}
