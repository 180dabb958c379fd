import { Box, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { usePermission } from '../auth/use-permission';
import type { Action } from '../auth/roles';

/** A control that is disabled, with the reason under the pointer, while the reader may not use it:
 *  `<Guarded action="write_platforms">{(disabled) => <Button disabled={disabled}>…</Button>}</Guarded>`. `where`: another environment. */
export function Guarded({ action, where, children }: { action: Action; where?: string; children: (disabled: boolean) => ReactNode }) {
  const { allowed, reason } = usePermission(action, where);
  if (allowed) return children(false);
  return (
    <Tooltip label={reason} multiline maw={300} events={{ hover: true, focus: true, touch: true }}>
      <Box component="span" display="inline-block" tabIndex={0} role="note" aria-label={reason}>{children(true)}</Box>
    </Tooltip>
  );
}

/** The same where not every use asks for a permission. */
export const GuardedIf = ({ action, children }: { action: Action | undefined; children: (disabled: boolean) => ReactNode }) => (action ? <Guarded action={action}>{children}</Guarded> : children(false));
