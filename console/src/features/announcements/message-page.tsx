import { Badge, Button, Group, Paper, SegmentedControl, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { IconMessageOff } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { Schemas } from '@togglecast/admin';
import { Problem, unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { write } from '../../shared/entities/write';
import { Delivery, MessageState, type KeptMessage } from '../../shared/messages/delivery';
import { TimeAgo } from '../../shared/time/time-ago';
import { Confirm } from '../../shared/ui/confirm';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone } from '../../shared/ui/notify';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress, useAddressDialog } from '../../shared/use-search';
import { AudienceLabel, ClientName } from './audience-label';
import { levelColor } from './level';

type Receiver = Schemas['MessageReceiver'];
interface Answer extends KeptMessage {
  receivers: Receiver[];
  next?: number;
  open?: { kind: 'admin' | 'client'; id: number; connection: string; sent: number }[];
}

const above = [{ title: 'Announcements', to: '/announcements' }];
const kAgain = 3000; // ms
const kStates = ['acknowledged', 'unacknowledged', 'undelivered'] as const;

/** One message: its text, and which of its receivers have it. */
export default function MessagePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { admin, environment } = useConsole();
  const [address, setAddress] = useAddress();
  const state = kStates.find((value) => value === address['state']);
  const message = useInfiniteQuery({
    queryKey: ['env', environment, 'messages', 'one', id, state ?? ''],
    queryFn: async ({ pageParam, signal }) => (await unwrap(admin.rest.GET('/api/v1/messages/{id}', { params: { path: { id }, query: { ...(state && { state }), ...(pageParam && { after: pageParam }) } }, signal }))) as Answer,
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    refetchInterval: kAgain,
    placeholderData: (before) => before,
  });
  if (message.error instanceof Problem && message.error.status === 404)
    return (
      <Page title="Message" above={above}>
        <EmptyState icon={IconMessageOff} title="This message is not kept" action={<Button component={Link} to="/announcements" variant="light">All messages</Button>}>A message that is over stays for a week. Messages without an acknowledgement are not kept at all.</EmptyState>
      </Page>
    );
  return (
    <Loaded query={message}>
      {({ pages }) => (
        <Content message={pages[0]!} receivers={pages.flatMap((page) => page.receivers)} state={state ?? 'all'} onState={(next) => setAddress({ state: next === 'all' ? undefined : next })}
          {...(message.hasNextPage && { more: () => void message.fetchNextPage() })} />
      )}
    </Loaded>
  );
}

const kEvents = { announcement: 'Announcement', admin_notification: 'Notification', client_notification: 'Notification' } as const;

function Content({ message, receivers, state, onState, more }: { message: Answer; receivers: Receiver[]; state: string; onState: (state: string) => void; more?: () => void }) {
  const dialog = useAddressDialog('withdraw');
  const { counts, open = [] } = message;
  return (
    <Page title={message.title} above={above} marks={<><MessageState message={message} /><Badge variant="light" tt="none" color={levelColor(message.level)}>{message.level}</Badge></>}
      actions={message.state === 'waiting' && <Guarded action="send_messages">{(disabled) => <Button variant="default" disabled={disabled} onClick={() => dialog.open()}>Withdraw</Button>}</Guarded>}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Paper withBorder radius="md" p="md">
          <Stack gap="sm">
            <Text size="sm" style={{ whiteSpace: 'pre-wrap' }}>{message.message}</Text>
            <Text size="xs" c="dimmed">{kEvents[message.event]} to <AudienceLabel audience={message.audience} />, sent <TimeAgo time={message.created_at} /> by {message.sender.name}</Text>
          </Stack>
        </Paper>
        <Paper withBorder radius="md" p="md">
          <Stack gap="sm">
            <Group gap="xl">
              <Count label="in the audience" value={counts.audience} /><Count label="received it" value={counts.delivered} /><Count label="acknowledged it" value={counts.acknowledged} />
            </Group>
            <Delivery message={message} />
            <Text size="xs" c="dimmed">
              {message.ack === 'client' ? 'One connection of a receiver acknowledges for all of them.' : 'Each connection acknowledges for itself.'} {message.state === 'waiting' ? <>It ends <TimeAgo time={message.expires_at} />.</> : <>It ended <TimeAgo time={message.withdrawn_at ?? message.acknowledged_at ?? message.expires_at} />.</>}
              {open.length > 0 && ` ${open.length.toLocaleString()} ${open.length === 1 ? 'connection has' : 'connections have'} it and did not answer yet.`}
            </Text>
          </Stack>
        </Paper>
      </SimpleGrid>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">Receivers</Title>
          <SegmentedControl size="xs" aria-label="Which receivers" value={state} onChange={onState}
            data={[{ value: 'all', label: 'All' }, { value: 'acknowledged', label: 'Acknowledged' }, { value: 'unacknowledged', label: 'Not acknowledged' }, { value: 'undelivered', label: 'Not received' }]} />
        </Group>
        {receivers.length === 0 ? <Text size="sm" c="dimmed">{state === 'all' ? 'Nobody belongs to the audience now.' : 'No receiver fits.'}</Text> : (
          <Paper withBorder radius="md">
            <Table.ScrollContainer minWidth={560} type="native" tabIndex={0}>
              <Table verticalSpacing="sm" horizontalSpacing="md" aria-label="Receivers">
                <Table.Thead><Table.Tr><Table.Th>Receiver</Table.Th><Table.Th w={200}>Received</Table.Th><Table.Th w={200}>Acknowledged</Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>{receivers.map((receiver) => <Row key={`${receiver.kind}:${receiver.id}`} receiver={receiver} />)}</Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Paper>
        )}
        {more && <Button variant="default" w="fit-content" onClick={more}>Show more</Button>}
      </Stack>
      {dialog.value !== undefined && message.state === 'waiting' && <Withdraw message={message} onClose={dialog.close} />}
    </Page>
  );
}

const Count = ({ label, value }: { label: string; value: number }) => (
  <div><Text size="xl" fw={650} lh={1.2}>{value.toLocaleString()}</Text><Text size="xs" c="dimmed">{label}</Text></div>
);

function Row({ receiver }: { receiver: Receiver }) {
  const connections = receiver.connections?.length ?? 0;
  return (
    <Table.Tr data-testid={`receiver-${receiver.kind}-${receiver.id}`}>
      <Table.Td>
        <Group gap={8}>
          {receiver.kind === 'client' && receiver.name !== undefined ? <Text size="sm" fw={500} component="span"><ClientName id={receiver.id} alone /></Text> : <Text size="sm" fw={500}>{receiver.name ?? 'deleted'}</Text>}
          {receiver.kind === 'admin' && <Badge size="sm" variant="default" tt="none">admin</Badge>}
          {!receiver.in_audience && <Badge size="sm" variant="light" color="gray" tt="none">has left the audience</Badge>}
        </Group>
      </Table.Td>
      <Table.Td><Text size="sm" c={receiver.delivered_at ? 'inherit' : 'dimmed'}>{receiver.delivered_at ? <TimeAgo time={receiver.delivered_at} /> : 'not yet'}</Text></Table.Td>
      <Table.Td>
        <Text size="sm" c={receiver.acknowledged_at ? 'inherit' : 'dimmed'}>{receiver.acknowledged_at ? <TimeAgo time={receiver.acknowledged_at} /> : 'not yet'}</Text>
        {connections > 1 && <Text size="xs" c="dimmed">by {connections.toLocaleString()} connections</Text>}
      </Table.Td>
    </Table.Tr>
  );
}

function Withdraw({ message, onClose }: { message: KeptMessage; onClose: () => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => write(console, 'DELETE', `/api/v1/messages/${encodeURIComponent(message.id)}`),
    onSuccess: () => {
      notifyDone('The message is withdrawn', 'Nobody gets it any more.');
      void queries.invalidateQueries({ queryKey: ['env', console.environment, 'messages'] });
      onClose();
    },
  });
  return (
    <Confirm title="Withdraw this message?" confirm="Withdraw" action="send_messages" busy={withdraw.isPending} error={withdraw.error} onClose={onClose} onConfirm={() => withdraw.mutate()}>
      <Text size="sm">Nobody else gets it. Those that have received it keep it.</Text>
    </Confirm>
  );
}
