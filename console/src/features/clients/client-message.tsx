import { Alert, Badge, Button, Group, Paper, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconCheck, IconSend } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { Schemas } from '@togglecast/admin';
import { formErrors, Problem, unwrap } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useConsole } from '../../shared/console';
import { write } from '../../shared/entities/write';
import { TimeAgo } from '../../shared/time/time-ago';
import { Guarded } from '../../shared/ui/guarded';
import { ErrorState } from '../../shared/ui/states';

const kFields = ['title', 'message', 'level', 'ack', 'ttl'] as const;
const kLevels = ['info', 'success', 'warning', 'error'] as const;
const kTtl = [['3600', 'an hour'], ['86400', 'a day'], ['604800', 'a week'], ['2592000', '30 days']] as const;

/** A message to the programs of one client: `client_notification`. */
export function ClientMessage({ client }: { client: Schemas['Client'] }) {
  const console = useConsole();
  const { allowed } = usePermission('send_messages');
  const form = useForm({
    initialValues: { title: '', message: '', level: 'info', ack: 'none', ttl: '86400' },
    validate: { title: (text) => (text.trim() ? null : 'Enter a title.'), message: (text) => (text.trim() ? null : 'Enter a message.') },
  });
  const send = useMutation({
    mutationFn: ({ title, message, level, ack, ttl }: typeof form.values) =>
      write<{ id: string; connections: number }>(console, 'POST', '/api/v1/broadcasts/send_client_notification', { body: { client_id: client.id, title, message, level, ...(ack !== 'none' && { ack, ttl: Number(ttl) }) } }),
    onSuccess: () => form.setValues({ title: '', message: '' }),
    onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
  });
  const untold = send.error && (!(send.error instanceof Problem) || formErrors(send.error, kFields).rest.length > 0);
  const kept = send.variables && send.variables.ack !== 'none';
  return (
    <Stack maw={760}>
      <Text size="sm" c="dimmed">The programs of {client.name} that are connected now get it at once. With an acknowledgement it is kept, and programs that connect later get it, too.</Text>
      <form onSubmit={form.onSubmit((values) => send.mutate(values))} noValidate>
        <Stack>
          <TextInput label="Title" maxLength={200} readOnly={!allowed} {...form.getInputProps('title')} />
          <Textarea label="Message" autosize minRows={3} maxLength={4000} readOnly={!allowed} {...form.getInputProps('message')} />
          <Group grow align="flex-start">
            <Select label="Level" data={[...kLevels]} allowDeselect={false} disabled={!allowed} {...form.getInputProps('level')} />
            <Select label="Acknowledgement" allowDeselect={false} disabled={!allowed} {...form.getInputProps('ack')}
              data={[{ value: 'none', label: 'none: send once' }, { value: 'client', label: 'by one connection' }, { value: 'connection', label: 'by each connection' }]} />
            {form.values.ack !== 'none' && <Select label="Kept for" allowDeselect={false} disabled={!allowed} data={kTtl.map(([value, label]) => ({ value, label }))} {...form.getInputProps('ttl')} />}
          </Group>
          {untold && <ErrorState error={send.error} />}
          <Guarded action="send_messages">{(disabled) => <Button type="submit" disabled={disabled} loading={send.isPending} leftSection={<IconSend size={16} aria-hidden />} w="fit-content">Send</Button>}</Guarded>
        </Stack>
      </form>
      {send.data && (
        <Alert color={send.data.data.connections > 0 || kept ? 'teal' : 'orange'} variant="light" icon={<IconCheck aria-hidden />} data-testid="sent"
          title={`Sent to ${send.data.data.connections.toLocaleString()} ${send.data.data.connections === 1 ? 'connection' : 'connections'}`}>
          {send.data.data.connections === 0 && (kept ? 'Nothing is connected now. The message waits.' : 'Nothing was connected, so nobody has it. Choose an acknowledgement to keep a message.')}
        </Alert>
      )}
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
            <div><Text size="sm" fw={500}>{message.title}</Text><Text size="xs" c="dimmed"><TimeAgo time={message.created_at} /> by {message.sender.name}</Text></div>
            <Badge variant="light" tt="none" color={message.counts.acknowledged > 0 ? 'teal' : message.state === 'waiting' ? 'blue' : 'gray'}>
              {message.counts.acknowledged > 0 ? 'acknowledged' : message.counts.delivered > 0 ? 'delivered, not acknowledged' : message.state === 'waiting' ? 'waits for a connection' : message.state}
            </Badge>
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}
