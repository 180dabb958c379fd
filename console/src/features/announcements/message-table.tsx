// Messages with acknowledgement that the server still has, and how far each has come.
import { Anchor, Badge, Button, Group, Paper, Select, Stack, Table, Text } from '@mantine/core';
import { IconMessages } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { Delivery, MessageState, type KeptMessage } from '../../shared/messages/delivery';
import { TimeAgo } from '../../shared/time/time-ago';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { AudienceLabel } from './audience-label';
import { levelColor } from './level';

const kAgain = 3000; // ms; no event tells of acknowledgements
const kPage = 30;
const kFilters = [
  { value: 'waiting', label: 'Under way' },
  { value: 'unacknowledged', label: 'Not acknowledged by all' },
  { value: 'undelivered', label: 'Not received by all' },
] as const;
type Filter = (typeof kFilters)[number]['value'];

export function MessageTable() {
  const { admin, environment } = useConsole();
  const [address, setAddress] = useAddress();
  const state = kFilters.find(({ value }) => value === address['state'])?.value;
  const list = useInfiniteQuery({
    queryKey: ['env', environment, 'messages', 'all', state ?? ''],
    queryFn: ({ pageParam, signal }) => unwrap(admin.rest.GET('/api/v1/messages', { params: { query: { limit: kPage, ...(state && { state: state as Filter }), ...(pageParam && { before: pageParam }) } }, signal })),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    refetchInterval: kAgain,
  });
  return (
    <Loaded query={list}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        return (
          <Stack gap="sm">
            <Group gap="sm" justify="space-between">
              <Select aria-label="Filter by delivery" placeholder="All messages" clearable clearButtonProps={{ 'aria-label': 'All messages' }} w={240} data={[...kFilters]} value={state ?? null} onChange={(value) => setAddress({ state: value ?? undefined })} />
              <Text size="xs" c="dimmed">Messages without an acknowledgement are sent once, and are not kept. The others stay for a week after they end.</Text>
            </Group>
            {items.length === 0 && !list.hasNextPage ? (
              state ? <Text size="sm" c="dimmed">No message fits.</Text> : <EmptyState icon={IconMessages} title="No messages yet">Send one with an acknowledgement, and you see here which clients have received it and which have confirmed it.</EmptyState>
            ) : (
              <Paper withBorder radius="md">
                <Table.ScrollContainer minWidth={980} type="native" tabIndex={0}>
                  <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Messages">
                    <Table.Thead><Table.Tr><Table.Th>Message</Table.Th><Table.Th w={140}>To</Table.Th><Table.Th w={288}>Delivery</Table.Th><Table.Th w={185}>State</Table.Th><Table.Th w={150}>Sent</Table.Th></Table.Tr></Table.Thead>
                    <Table.Tbody>{items.map((message) => <Row key={message.id} message={message} />)}</Table.Tbody>
                  </Table>
                </Table.ScrollContainer>
              </Paper>
            )}
            {list.hasNextPage && <Button variant="default" w="fit-content" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Show older ones</Button>}
          </Stack>
        );
      }}
    </Loaded>
  );
}

function Row({ message }: { message: KeptMessage }) {
  return (
    <Table.Tr data-testid={`message-${message.id}`}>
      <Table.Td>
        <Group gap={8} wrap="nowrap">
          <Anchor component={Link} to={`/announcements/${encodeURIComponent(message.id)}`} fw={500} size="sm" lineClamp={2}>{message.title}</Anchor>
          {message.level !== 'info' && <Badge size="sm" variant="light" tt="none" color={levelColor(message.level)}>{message.level}</Badge>}
        </Group>
        <Text size="xs" c="dimmed" lineClamp={1}>{message.message}</Text>
      </Table.Td>
      <Table.Td><AudienceLabel audience={message.audience} /></Table.Td>
      <Table.Td><Delivery message={message} /></Table.Td>
      <Table.Td><MessageState message={message} /></Table.Td>
      <Table.Td><Text size="sm"><TimeAgo time={message.created_at} /></Text><Text size="xs" c="dimmed">by {message.sender.name}</Text></Table.Td>
    </Table.Tr>
  );
}
