import { Alert, Badge, Button, Group, Paper, Select, Stack, Table, Tabs, Text, TextInput } from '@mantine/core';
import { IconKey, IconLock, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { unwrap } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useConsole } from '../../shared/console';
import { write } from '../../shared/entities/write';
import { useRefresh } from '../../shared/live/use-refresh';
import { TimeAgo } from '../../shared/time/time-ago';
import { clientSnippets } from '../../shared/try-it/snippets';
import { Confirm } from '../../shared/ui/confirm';
import { Copyable } from '../../shared/ui/copyable';
import { Dialog } from '../../shared/ui/dialog';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone } from '../../shared/ui/notify';
import { ValidFrom } from './tokens-valid-from';
import { ShownOnce } from '../../shared/ui/shown-once';
import { EmptyState, ErrorState, Loaded } from '../../shared/ui/states';
import { useAddressDialog, useAddressDialogOf } from '../../shared/use-search';

type Client = Schemas['Client'];
type Token = Schemas['TokenRecord'];

export function ClientTokens({ client }: { client: Client }) {
  const { allowed, reason } = usePermission('read_tokens');
  if (!allowed) return <Alert color="gray" variant="light" icon={<IconLock aria-hidden />} title="Tokens are for owners">{reason}</Alert>;
  return <Tokens client={client} />;
}

function Tokens({ client }: { client: Client }) {
  const { admin, environment } = useConsole();
  const dialog = useAddressDialog('new');
  const queryKey = ['env', environment, 'tokens', client.id];
  useRefresh(queryKey, (type) => type === 'token');
  const tokens = useQuery({
    queryKey,
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/clients/{id}/tokens', { params: { path: { id: client.id }, query: { sort: '-created_at', limit: 200 } }, signal })),
  });
  const revoking = useAddressDialogOf<Token>('withdraw', tokens.data?.items);
  const button = (
    <Guarded action="manage_tokens">{(disabled) => <Button leftSection={<IconPlus size={16} aria-hidden />} disabled={disabled} onClick={() => dialog.open('token')}>New token</Button>}</Guarded>
  );
  return (
    <Loaded query={tokens}>
      {({ items }) => (
        <Stack gap="sm">
          {items.length === 0 ? (
            <EmptyState icon={IconKey} title="No tokens yet" action={button}>A program of {client.name} shows a token when it connects. Give each program one of its own, so that you can withdraw one without the others.</EmptyState>
          ) : (
            <>
              <Group justify="space-between"><Text size="sm" c="dimmed">A withdrawn token ends its connections at once. The token itself is shown only when it is made.</Text>{button}</Group>
              <Paper withBorder radius="md">
                <Table.ScrollContainer minWidth={640} type="native">
                  <Table verticalSpacing="sm" horizontalSpacing="md" aria-label="Tokens">
                    <Table.Thead><Table.Tr><Table.Th>Label</Table.Th><Table.Th>State</Table.Th><Table.Th>Made</Table.Th><Table.Th>Ends</Table.Th><Table.Th w={110} /></Table.Tr></Table.Thead>
                    <Table.Tbody>{items.map((token) => <Row key={token.id} token={token} from={client.tokens_valid_from} revoke={() => revoking.open(token)} />)}</Table.Tbody>
                  </Table>
                </Table.ScrollContainer>
              </Paper>
            </>
          )}
          <ValidFrom client={client} />
          {dialog.value === 'token' && <NewToken client={client} onClose={dialog.close} />}
          {revoking.of && !revoking.of.revoked_at && <Revoke client={client} token={revoking.of} onClose={revoking.close} />}
        </Stack>
      )}
    </Loaded>
  );
}

function Row({ token, from, revoke }: { token: Token; from: string | undefined; revoke: () => void }) {
  const over = token.expires_at !== null && new Date(token.expires_at).getTime() <= Date.now();
  const [state, color] = token.revoked_at || (from && Date.parse(token.created_at) < Date.parse(from)) ? ['withdrawn', 'red'] : over ? ['expired', 'gray'] : ['valid', 'teal'];
  return (
    <Table.Tr data-testid={`token-${token.id}`}>
      <Table.Td><Text size="sm" fw={500}>{token.label || 'without a label'}</Text><Text size="xs" c="dimmed" ff="monospace">{token.jti}</Text></Table.Td>
      <Table.Td><Badge variant="light" color={color} tt="none">{state}</Badge></Table.Td>
      <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={token.created_at} /></Text></Table.Td>
      <Table.Td><Text size="sm" c="dimmed">{token.expires_at ? <TimeAgo time={token.expires_at} /> : 'never'}</Text></Table.Td>
      <Table.Td>
        {state === 'valid' && <Guarded action="manage_tokens">{(disabled) => <Button size="compact-sm" variant="subtle" color="red" disabled={disabled} onClick={revoke} aria-label={`Withdraw ${token.label || `token ${token.id}`}`}>Withdraw</Button>}</Guarded>}
      </Table.Td>
    </Table.Tr>
  );
}

const kLifetimes = [['86400', 'a day'], ['2592000', '30 days'], ['7776000', '90 days'], ['31536000', 'a year'], ['never', 'never ends']] as const;

function NewToken({ client, onClose }: { client: Client; onClose: () => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const [label, setLabel] = useState('');
  const [lifetime, setLifetime] = useState('7776000');
  const make = useMutation({
    mutationFn: () => write<Schemas['IssuedToken']>(console, 'POST', `/api/v1/clients/${client.id}/tokens`, { body: { label, expires_in: lifetime === 'never' ? 'never' : Number(lifetime) } }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['env', console.environment, 'tokens', client.id] }),
  });
  const token = make.data?.data.token;
  return (
    <Dialog opened onClose={onClose} title={token ? 'The new token' : `New token for ${client.name}`} size="lg" closeOnClickOutside={!token} closeOnEscape={!token}>
      {token ? (
        <ShownOnce text={token} label="The token" why="Copy it now. Only this dialog shows it: the server keeps no copy." onClose={onClose}>
          <Tabs defaultValue={clientSnippets('', '')[0]!.name} keepMounted={false}>
            <Tabs.List>{clientSnippets('', '').map(({ name }) => <Tabs.Tab key={name} value={name}>{name}</Tabs.Tab>)}</Tabs.List>
            {clientSnippets(window.location.origin, 'TOGGLECAST_TOKEN').map(({ name, code }) => <Tabs.Panel key={name} value={name} pt="sm"><Copyable text={code} label={`Code for ${name}`} /></Tabs.Panel>)}
          </Tabs>
        </ShownOnce>
      ) : (
        <form onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}>
          <Stack>
            <TextInput label="Label" description="Which program has it, so that you know later what a withdrawal stops." placeholder="checkout in production" maxLength={200} data-autofocus value={label} onChange={(event) => setLabel(event.currentTarget.value)} />
            <Select label="It ends after" data={kLifetimes.map(([value, text]) => ({ value, label: text }))} value={lifetime} onChange={(value) => setLifetime(value ?? lifetime)} allowDeselect={false} />
            {make.error && <ErrorState error={make.error} />}
            <Group justify="flex-end" gap="xs"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={make.isPending}>Make the token</Button></Group>
          </Stack>
        </form>
      )}
    </Dialog>
  );
}

function Revoke({ client, token, onClose }: { client: Client; token: Token; onClose: () => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => write(console, 'DELETE', `/api/v1/clients/${client.id}/tokens/${token.id}`),
    onSuccess: () => {
      notifyDone('The token is withdrawn', 'Its connections have ended.');
      void queries.invalidateQueries({ queryKey: ['env', console.environment, 'tokens', client.id] });
      onClose();
    },
  });
  return (
    <Confirm title="Withdraw this token?" confirm="Withdraw" action="manage_tokens" onConfirm={() => revoke.mutate()} onClose={onClose} busy={revoke.isPending} error={revoke.error}>
      <Text size="sm">Programs that use <b>{token.label || token.jti}</b> lose their connection at once, and cannot come back with it. This cannot be undone.</Text>
    </Confirm>
  );
}
