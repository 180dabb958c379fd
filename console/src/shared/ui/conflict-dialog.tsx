// "Changed by somebody meanwhile": what they changed, what the reader changed, and the way on.
import { Badge, Button, Code, Group, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Admin } from '@togglecast/admin';
import { unwrap, type Problem } from '../api/problem';
import { useConsole } from '../console';
import { compare } from '../entities/conflict';
import { kEntities, type EntityName } from '../entities/types';
import { memberText } from '../entities/words';
import { TimeAgo } from '../time/time-ago';
import { Dialog, DialogFoot } from './dialog';

type Members = { [member: string]: unknown };

const kWords = { yours: 'Yours', kept: 'Your changes are still in the form.', close: 'Go on editing', take: 'Take theirs', reapply: 'Save mine on top' };

/** Give it the error of a save. It opens when that is a lost update. */
export function ConflictDialog({ type, problem, mine, where, words = kWords, onTakeTheirs, onReapply, onClose }: {
  type: EntityName | 'settings'; problem: Problem | null; mine: Members;
  /** The environment of the entity, if it is not that of the page. */
  where?: { environment: string; rest: Admin['rest'] };
  words?: typeof kWords;
  /** Forget the reader's changes and show the entity as it is. */
  onTakeTheirs: (current: Members) => void;
  /** Write the reader's changes over the entity as it is, with its etag. */
  onReapply: (current: Members & { etag: string }) => void;
  onClose: () => void;
}) {
  const conflict = problem?.isLostUpdate ? problem : null;
  const current = conflict?.body.current as (Members & { etag: string; id?: number; revision: number; name?: string }) | undefined;
  const name = current?.name ?? (type === 'settings' ? 'the settings' : `this ${kEntities[type].noun}`);
  const author = useAuthor(type, current, where);
  const fields = current ? compare(conflict?.body.expected as Members | undefined, current, mine) : [];
  return (
    <Dialog opened={current !== undefined} onClose={onClose} title="Somebody changed this meanwhile" size="xl">
      {current && (
        <Stack>
          <Text size="sm">
            {author ? <><b>{author.actor.name}</b> changed {name} <TimeAgo time={author.timestamp} />.</> : <>Somebody has changed {name} since you began.</>} Nothing was overwritten. {words.kept}
          </Text>
          <Table.ScrollContainer minWidth={280} type="native">
            <Table withTableBorder verticalSpacing="xs" fz="sm" layout="fixed">
              <Table.Thead><Table.Tr><Table.Th w="34%">Field</Table.Th><Table.Th>Now</Table.Th><Table.Th>{words.yours}</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {fields.map((field) => (
                  <Table.Tr key={field.field}>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}><Group gap={6}>{memberText(field.field)}{field.clash && <Badge size="xs" h="auto" color="orange" variant="light" tt="none" styles={{ label: { whiteSpace: 'normal' } }}>both changed it</Badge>}</Group></Table.Td>
                    <Table.Td><Value value={field.theirs} /></Table.Td>
                    <Table.Td><Value value={field.mine} /></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          <DialogFoot>
            <Button variant="default" onClick={onClose}>{words.close}</Button>
            <Button variant="light" onClick={() => onTakeTheirs(current)}>{words.take}</Button>
            <Button onClick={() => onReapply(current)}>{words.reapply}</Button>
          </DialogFoot>
        </Stack>
      )}
    </Dialog>
  );
}

const Value = ({ value }: { value: unknown }) => <Code block fz={12} style={{ whiteSpace: 'pre-wrap' }}>{typeof value === 'string' ? value || '(empty)' : JSON.stringify(value, null, 2)}</Code>;

function useAuthor(type: EntityName | 'settings', entity: { id?: number; revision: number } | undefined, where: { environment: string; rest: Admin['rest'] } | undefined) {
  const { admin, environment: own } = useConsole();
  const { environment, rest } = where ?? { environment: own, rest: admin.rest };
  const { data } = useQuery({
    queryKey: ['env', environment, 'author', type, entity?.id, entity?.revision],
    queryFn: () => unwrap(rest.GET('/api/v1/activity', { params: { query: { entity_type: type, ...(entity!.id !== undefined && { entity_id: entity!.id }), limit: 1 } } })),
    enabled: entity !== undefined,
  });
  return data?.items[0];
}
