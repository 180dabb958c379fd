// The keys that sign tokens: announce a new one, and retire an old one.
import { Badge, Button, Checkbox, Paper, Stack, Table, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { Problem, unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { write } from '../../shared/entities/write';
import { TimeAgo } from '../../shared/time/time-ago';
import { Confirm } from '../../shared/ui/confirm';
import { notifyDone } from '../../shared/ui/notify';
import { Section } from '../../shared/ui/section';
import { Loaded } from '../../shared/ui/states';
import { useAddressDialog } from '../../shared/use-search';

type Key = Schemas['SigningKeyInUse'];
const kAgain = 10_000; // ms

export function SigningKeys() {
  const { admin, environment } = useConsole();
  const rotation = useAddressDialog('key');
  const retirement = useAddressDialog('retire');
  const list = useQuery({ queryKey: ['env', environment, 'signing keys'], queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/signing-keys', { signal })), refetchInterval: kAgain });
  const retiring = list.data?.items.find(({ kid }) => kid === retirement.value);
  return (
    <Section title="Signing keys" text="They sign the tokens of clients and admins. Make a new one from time to time, and at once when one may have leaked; then retire the old one."
      actions={<Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={() => rotation.open('new')}>New key</Button>}>
      <Loaded query={list}>
        {({ items }) => (
          <Paper withBorder radius="md">
            <Table.ScrollContainer minWidth={620} type="native" tabIndex={0}>
              <Table verticalSpacing="sm" horizontalSpacing="md" aria-label="Signing keys">
                <Table.Thead><Table.Tr><Table.Th>Key</Table.Th><Table.Th>State</Table.Th><Table.Th>Made</Table.Th><Table.Th ta="right">Tokens that are valid</Table.Th><Table.Th w={110}><span className="visually-hidden">Retire it</span></Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>{[...items].reverse().map((key) => <Row key={key.kid} of={key} onRetire={() => retirement.open(key.kid)} />)}</Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Paper>
        )}
      </Loaded>
      {rotation.value !== undefined && <Rotate onClose={rotation.close} />}
      {retiring && !retiring.retired_at && !retiring.signs && <Retire of={retiring} onClose={retirement.close} />}
    </Section>
  );
}

function Row({ of, onRetire }: { of: Key; onRetire: () => void }) {
  const [word, color] = of.retired_at ? ['retired', 'gray'] : of.signs ? ['signs', 'teal'] : Date.parse(of.signs_from) > Date.now() ? ['signs soon', 'blue'] : ['verifies only', 'blue'];
  return (
    <Table.Tr data-testid={`signing-key-${of.kid}`}>
      <Table.Td><Text size="sm" ff="monospace" fz={13} style={{ whiteSpace: 'nowrap' }}>{of.kid}</Text><Text size="xs" c="dimmed">{of.algorithm}</Text></Table.Td>
      <Table.Td><Badge variant="light" tt="none" color={color}>{word}</Badge></Table.Td>
      <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={of.created_at} /></Text></Table.Td>
      <Table.Td ta="right">{of.live_tokens.toLocaleString()}</Table.Td>
      <Table.Td ta="right">{!of.retired_at && !of.signs && <Button size="compact-sm" variant="subtle" color="red" onClick={onRetire} aria-label={`Retire ${of.kid}`}>Retire</Button>}</Table.Td>
    </Table.Tr>
  );
}

function useKeyWrite(send: () => Promise<unknown>, done: string, onClose: () => void) {
  const { environment } = useConsole();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: () => {
      notifyDone(done);
      void queries.invalidateQueries({ queryKey: ['env', environment, 'signing keys'] });
      onClose();
    },
  });
}

function Rotate({ onClose }: { onClose: () => void }) {
  const console = useConsole();
  const make = useKeyWrite(() => write(console, 'POST', '/api/v1/signing-keys'), 'The new key signs in a few seconds', onClose);
  return (
    <Confirm title="Make a new signing key?" confirm="Make it" danger={false} busy={make.isPending} error={make.error} onClose={onClose} onConfirm={() => make.mutate()}>
      <Text size="sm">New tokens are signed with it, a few seconds from now. Tokens of the old keys stay valid until those are retired.</Text>
    </Confirm>
  );
}

function Retire({ of, onClose }: { of: Key; onClose: () => void }) {
  const console = useConsole();
  const [force, setForce] = useState(false);
  const retire = useKeyWrite(() => write(console, 'DELETE', `/api/v1/signing-keys/${encodeURIComponent(of.kid)}`, { query: force ? { force } : {} }), 'The key is retired', onClose);
  const refused = retire.error instanceof Problem && retire.error.status === 409;
  return (
    <Confirm title="Retire this key?" confirm="Retire" busy={retire.isPending} error={force ? null : retire.error} onClose={onClose} onConfirm={() => retire.mutate()}>
      <Stack gap="sm">
        <Text size="sm"><b>{of.kid}</b> signs and verifies no more. This cannot be undone. {of.live_tokens > 0 && `${of.live_tokens.toLocaleString()} tokens that it signed are still valid.`}</Text>
        {(of.live_tokens > 0 || refused) && <Checkbox checked={force} onChange={(event) => setForce(event.currentTarget.checked)} label="Retire it all the same: its tokens are refused, and their connections end at once. Admins whose sessions began under it log in again." />}
      </Stack>
    </Confirm>
  );
}
