import { Anchor, Group, Paper, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Schemas } from '@togglecast/admin';
import { unwrap } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useConsole } from '../../shared/console';
import { deliveryText, MessageState } from '../../shared/messages/delivery';
import { MessageForm, type Target } from '../../shared/messages/message-form';
import { TimeAgo } from '../../shared/time/time-ago';

/** A message to the programs of one client: `client_notification`. */
export function ClientMessage({ client }: { client: Schemas['Client'] }) {
  const target = useMemo((): Target => ({ broadcast: 'send_client_notification', members: { client_id: client.id } }), [client.id]);
  return (
    <Stack maw={760}>
      <Text size="sm" c="dimmed">The programs of {client.name} that are connected now get it at once. With an acknowledgement it is kept, and programs that connect later get it, too.</Text>
      <MessageForm target={target} />
      <Kept client={client} />
    </Stack>
  );
}

const kAgain = 2000; // ms

/** Messages with acknowledgement to this client that are still readable. */
function Kept({ client }: { client: Schemas['Client'] }) {
  const { admin, environment } = useConsole();
  const { allowed } = usePermission('read_messages');
  const messages = useQuery({
    queryKey: ['env', environment, 'messages', client.id],
    queryFn: async ({ signal }) => (await unwrap(admin.rest.GET('/api/v1/messages', { params: { query: { limit: 100 } }, signal }))).items.filter(({ audience }) => typeof audience === 'object' && audience !== null && 'client' in audience && audience.client === client.id).slice(0, 10),
    enabled: allowed,
    refetchInterval: kAgain,
  });
  if (!messages.data?.length) return null;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>Messages that ask for an acknowledgement</Text>
      {messages.data.map((message) => (
        <Paper key={message.id} withBorder p="sm" radius="md" data-testid="kept-message">
          <Group justify="space-between" wrap="nowrap">
            <div>
              <Anchor component={Link} to={`/announcements/${message.id}`} size="sm" fw={500}>{message.title}</Anchor>
              <Text size="xs" c="dimmed"><TimeAgo time={message.created_at} /> by {message.sender.name}, {deliveryText(message.counts)}</Text>
            </div>
            <MessageState message={message} />
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}
