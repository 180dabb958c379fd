import { ActionIcon, Tooltip } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Schemas } from '@togglecast/admin';
import { useConsole } from '../console';
import { write } from '../entities/write';
import { Guarded } from './guarded';
import { notifyDone, notifyProblem } from './notify';

/** Ends a live connection. Its program may come back at once. */
export function EndConnection({ connection }: { connection: Schemas['LiveConnection'] }) {
  const console = useConsole();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => write(console, 'DELETE', `/api/v1/connections/${encodeURIComponent(connection.id)}`),
    onSuccess: () => {
      notifyDone('The connection ends', connection.client ? 'Its program may come back at once. To keep it out, withdraw its token.' : 'It may come back at once.');
      void queries.invalidateQueries({ queryKey: ['env', console.environment, 'connections'] });
    },
    onError: notifyProblem,
  });
  return (
    <Guarded action={connection.client ? 'end_connections' : 'manage_admins'}>
      {(disabled) => (
        <Tooltip label="End this connection">
          <ActionIcon variant="subtle" color="red" disabled={disabled} loading={end.isPending} onClick={() => end.mutate()} aria-label={`End the connection ${connection.id}`}><IconPlugConnectedX size={16} aria-hidden /></ActionIcon>
        </Tooltip>
      )}
    </Guarded>
  );
}
