// Undo with what is in its way: each obstacle, and the change that made it.
import { Anchor, Button, List, Stack, Text } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { Problem } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { write } from '../../shared/entities/write';
import { Dialog } from '../../shared/ui/dialog';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone, notifyProblem } from '../../shared/ui/notify';
import type { Entry } from './filters';

export function Undo({ entry, onDone, size = 'compact-sm' }: { entry: Entry; onDone?: (undone: Entry) => void; size?: 'compact-sm' | 'sm' }) {
  const console = useConsole();
  const queries = useQueryClient();
  const [conflict, setConflict] = useState<Problem>();
  const undo = useMutation({
    mutationFn: () => write<Entry>(console, 'POST', `/api/v1/activity/${entry.epoch}.${entry.revision}/undo`),
    onSuccess: ({ data }) => {
      notifyDone('The change is undone', data.summary);
      void queries.invalidateQueries({ queryKey: ['env', console.environment, 'history'] });
      onDone?.(data);
    },
    onError: (error) => (error instanceof Problem && error.status === 409 ? setConflict(error) : notifyProblem(error)),
  });
  if (entry.environment === 'system') return null;
  return (
    <>
      <Guarded action="undo_changes">
        {(disabled) => (
          <Button size={size} variant="default" disabled={disabled} loading={undo.isPending} leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => undo.mutate()}
            aria-label={`Undo revision ${entry.revision}`}>Undo</Button>
        )}
      </Guarded>
      <Dialog opened={conflict !== undefined} onClose={() => setConflict(undefined)} title="This change cannot be undone as it is" size="lg">
        {conflict && (
          <Stack>
            <Text size="sm">Nothing was changed. Undo what came later first, or change the entity by hand.</Text>
            <List size="sm" spacing="xs">
              {(conflict.fields.length > 0 ? conflict.fields.map((field) => field.reason) : [conflict.message]).map((reason) => <List.Item key={reason}>{withLinks(reason, entry.epoch)}</List.Item>)}
            </List>
            <Button variant="default" onClick={() => setConflict(undefined)} style={{ alignSelf: 'flex-end' }}>Close</Button>
          </Stack>
        )}
      </Dialog>
    </>
  );
}

/** "… was changed by revision 7": the revision leads to that change. */
const withLinks = (text: string, epoch: number): ReactNode[] =>
  text.split(/(revision \d+)/).map((part, index) => (index % 2 === 1 ? <Anchor key={index} component={Link} to={`/activity/${epoch}.${part.slice('revision '.length)}`} size="sm">{part}</Anchor> : part));
