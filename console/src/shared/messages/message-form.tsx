// Writing a message to connections: text, level, and whether it waits for an acknowledgement.
import { Alert, Button, Group, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconCheck, IconSend } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { formErrors, Problem } from '../api/problem';
import { usePermission } from '../auth/use-permission';
import { useConsole } from '../console';
import { write } from '../entities/write';
import { Confirm } from '../ui/confirm';
import { Guarded } from '../ui/guarded';
import { ErrorState } from '../ui/states';

/** Where a message goes. */
export interface Target {
  broadcast: 'broadcast_announcement' | 'send_admin_notification' | 'send_client_notification';
  /** Of the request: audience, client_id, admin_id or role. */
  members: { [member: string]: unknown };
  /** "all clients", to ask before a message to many. */
  many?: string;
}

export const kLevels = ['info', 'success', 'warning', 'error'] as const;
const kFields = ['title', 'message', 'level', 'ack', 'ttl'] as const;
const kTtl = [['3600', 'an hour'], ['86400', 'a day'], ['604800', 'a week'], ['2592000', '30 days']] as const;

interface Sent {
  id: string;
  connections: number;
}

/** `target`: undefined while the reader has not chosen it. `children` stand above the text. */
export function MessageForm({ target, onSent, children }: { target: Target | undefined; onSent?: (id: string, kept: boolean) => void; children?: ReactNode }) {
  const console = useConsole();
  const { allowed } = usePermission('send_messages');
  const [asking, setAsking] = useState(false);
  const form = useForm({
    initialValues: { title: '', message: '', level: 'info', ack: 'none', ttl: '86400' },
    validate: { title: (text) => (text.trim() ? null : 'Enter a title.'), message: (text) => (text.trim() ? null : 'Enter a message.') },
  });
  const send = useMutation({
    mutationFn: ({ title, message, level, ack, ttl }: typeof form.values) =>
      write<Sent>(console, 'POST', `/api/v1/broadcasts/${target!.broadcast}`, { body: { ...target!.members, title, message, level, ...(ack !== 'none' && { ack, ttl: Number(ttl) }) } }),
    onSuccess: ({ data }, { ack }) => {
      form.setValues({ title: '', message: '' });
      onSent?.(data.id, ack !== 'none');
    },
    onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
    onSettled: () => setAsking(false),
  });
  const untold = send.error && (!(send.error instanceof Problem) || formErrors(send.error, kFields).rest.length > 0);
  const kept = send.variables !== undefined && send.variables.ack !== 'none';
  const count = send.data?.data.connections ?? 0;
  return (
    <>
      <form onSubmit={form.onSubmit((values) => target && (target.many ? setAsking(true) : send.mutate(values)))} noValidate>
        <Stack maw={760}>
          {children}
          <TextInput label="Title" maxLength={200} readOnly={!allowed} {...form.getInputProps('title')} />
          <Textarea label="Message" autosize minRows={3} maxLength={4000} readOnly={!allowed} {...form.getInputProps('message')} />
          <Group grow align="flex-start">
            <Select label="Level" data={[...kLevels]} allowDeselect={false} disabled={!allowed} {...form.getInputProps('level')} />
            <Select label="Acknowledgement" allowDeselect={false} disabled={!allowed} {...form.getInputProps('ack')}
              data={[{ value: 'none', label: 'none: send once' }, { value: 'client', label: 'by one connection' }, { value: 'connection', label: 'by each connection' }]} />
            {form.values.ack !== 'none' && <Select label="Kept for" allowDeselect={false} disabled={!allowed} data={kTtl.map(([value, label]) => ({ value, label }))} {...form.getInputProps('ttl')} />}
          </Group>
          {untold && <ErrorState error={send.error} />}
          <Guarded action="send_messages">{(disabled) => <Button type="submit" disabled={disabled || !target} loading={send.isPending} leftSection={<IconSend size={16} aria-hidden />} w="fit-content">Send</Button>}</Guarded>
        </Stack>
      </form>
      {send.data && !send.isPending && (
        <Alert color={count > 0 || kept ? 'teal' : 'orange'} variant="light" icon={<IconCheck aria-hidden />} data-testid="sent" title={`Sent to ${count.toLocaleString()} ${count === 1 ? 'connection' : 'connections'}`}>
          {count === 0 && (kept ? 'Nothing is connected now. The message waits.' : 'Nothing was connected, so nobody has it. Choose an acknowledgement to keep a message.')}
          {count > 0 && kept && 'It is kept, and sent again until it is acknowledged.'}
        </Alert>
      )}
      {asking && target?.many && (
        <Confirm title={`Send this to ${target.many}?`} confirm="Send it" danger={false} busy={send.isPending} error={null} onClose={() => setAsking(false)} onConfirm={() => send.mutate(form.values)}>
          <Text size="sm" fw={600}>{form.values.title}</Text>
          <Text size="sm" style={{ whiteSpace: 'pre-wrap' }} lineClamp={8}>{form.values.message}</Text>
          <Text size="sm" c="dimmed">What is sent cannot be taken back from those that have it.</Text>
        </Confirm>
      )}
    </>
  );
}
