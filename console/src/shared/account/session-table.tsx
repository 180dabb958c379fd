// Where an admin is logged in. Ending a session ends its tokens and its connections at once, at every node.
import { Badge, Button, Group, Paper, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconDeviceDesktop, IconDeviceMobile } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Schemas } from '@togglecast/admin';
import { unwrap } from '../api/problem';
import { useConsole } from '../console';
import { write } from '../entities/write';
import { environmentColor } from '../environment-color';
import { TimeAgo } from '../time/time-ago';
import { Confirm } from '../ui/confirm';
import { notifyDone, notifyProblem } from '../ui/notify';
import { Loaded } from '../ui/states';
import { useAddressDialog } from '../use-search';
import { deviceName, isHandheld } from './device';

type Info = Schemas['SessionInfo'];
const kAgain = 10_000; // ms

const sessionsKey = (environment: string, adminId: number) => ['env', environment, 'sessions', adminId];

export function useSessionList(adminId: number) {
  const { admin, environment, session } = useConsole();
  const own = adminId === session.admin.id;
  return useQuery({
    queryKey: sessionsKey(environment, adminId),
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/auth/sessions', { params: { query: own ? {} : { admin: adminId } }, signal })),
    refetchInterval: kAgain,
  });
}

/** The sessions of one admin; of another one for owners of the installation. */
export function SessionTable({ adminId, name }: { adminId: number; /** For the empty table. */ name: string }) {
  const list = useSessionList(adminId);
  return (
    <Loaded query={list}>
      {({ items }) =>
        items.length === 0 ? <Text size="sm" c="dimmed">{name} is logged in nowhere.</Text> : (
          <Paper withBorder radius="md">
            <Table.ScrollContainer minWidth={720} type="native" tabIndex={0}>
              <Table verticalSpacing="sm" horizontalSpacing="md" aria-label="Sessions">
                <Table.Thead><Table.Tr><Table.Th>Device</Table.Th><Table.Th>From</Table.Th><Table.Th>Environment</Table.Th><Table.Th>Last use</Table.Th><Table.Th>Logged in</Table.Th><Table.Th w={100}><span className="visually-hidden">End it</span></Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>{items.map((item) => <Row key={item.id} item={item} />)}</Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Paper>
        )
      }
    </Loaded>
  );
}

function Row({ item }: { item: Info }) {
  const console = useConsole();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => write(console, 'DELETE', `/api/v1/auth/sessions/${item.id}`),
    onSuccess: () => {
      notifyDone('The session has ended', deviceName(item.device));
      void queries.invalidateQueries({ queryKey: sessionsKey(console.environment, item.admin_id) });
    },
    onError: notifyProblem,
  });
  const Mark = isHandheld(item.device) ? IconDeviceMobile : IconDeviceDesktop;
  return (
    <Table.Tr data-testid={`session-${item.id}`}>
      <Table.Td>
        <Group gap={10} wrap="nowrap">
          <Mark size={18} stroke={1.6} aria-hidden />
          <Tooltip label={item.device || 'The login named no device'} multiline maw={420}><Text size="sm" fw={500}>{deviceName(item.device)}</Text></Tooltip>
          {item.current && <Badge size="sm" variant="light" tt="none">this one</Badge>}
          {item.method === 'oidc' && <Badge size="sm" variant="light" color="grape" tt="none">identity provider</Badge>}
        </Group>
      </Table.Td>
      <Table.Td><Text size="sm" ff="monospace" fz={13}>{item.address || '—'}</Text></Table.Td>
      <Table.Td><Badge variant="dot" color={environmentColor(item.environment)} tt="none" radius="sm">{item.environment}</Badge></Table.Td>
      <Table.Td><Text size="sm"><TimeAgo time={item.last_used_at} /></Text></Table.Td>
      <Table.Td><Text size="sm" c="dimmed"><TimeAgo time={item.created_at} /></Text></Table.Td>
      <Table.Td ta="right">
        {!item.current && <Button size="compact-sm" variant="subtle" color="red" loading={end.isPending} onClick={() => end.mutate()} aria-label={`End the session ${item.id}: ${deviceName(item.device)}`}>End</Button>}
      </Table.Td>
    </Table.Tr>
  );
}

/** "Log out everywhere". Of the own sessions, this one may stay. */
export function EndSessions({ adminId, name }: { adminId: number; name: string }) {
  const console = useConsole();
  const { sessions, session, environment } = console;
  const queries = useQueryClient();
  const list = useSessionList(adminId);
  const own = adminId === session.admin.id;
  const dialog = useAddressDialog('end');
  const asked = dialog.value === 'all' || (dialog.value === 'others' && own) ? dialog.value : undefined;
  const end = useMutation({
    mutationFn: async (which: 'others' | 'all') => {
      await write(console, 'DELETE', '/api/v1/auth/sessions', { query: own ? { keep_current: true } : { admin: adminId } });
      if (own && which === 'all') await sessions.logout();
    },
    onSuccess: (_done, which) => {
      if (own && which === 'all') return; // the login page is there
      notifyDone(own ? 'Your other sessions have ended' : `${name} is logged out everywhere`);
      dialog.close();
      void queries.invalidateQueries({ queryKey: sessionsKey(environment, adminId) });
    },
  });
  const count = list.data?.items.length ?? 0;
  return (
    <>
      <Group gap="xs">
        {own && <Button variant="default" disabled={count < 2} onClick={() => dialog.open('others')}>End all others</Button>}
        <Button variant="default" disabled={count === 0} onClick={() => dialog.open('all')}>Log out everywhere</Button>
      </Group>
      {asked && (
        <Confirm title={asked === 'others' ? 'End all other sessions?' : own ? 'Log out everywhere?' : `Log ${name} out everywhere?`} confirm={asked === 'others' ? 'End them' : 'Log out everywhere'}
          onConfirm={() => end.mutate(asked)} onClose={dialog.close} busy={end.isPending} error={end.error}>
          <Stack gap="xs">
            <Text size="sm">{own ? (asked === 'others' ? 'Only this session stays.' : 'This session ends, too: you will be asked to log in.') : `Every browser and program that ${name} logged in with must log in again.`}</Text>
            <Text size="sm" c="dimmed">If somebody else may know the password, change it as well.</Text>
          </Stack>
        </Confirm>
      )}
    </>
  );
}
