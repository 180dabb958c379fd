import { ActionIcon, Alert, Button, Group, Radio, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconCheck, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useConsole } from '../../shared/console';
import { write } from '../../shared/entities/write';
import { useSystemStatus, type SystemStatus } from '../../shared/live/system-status';
import { TimeAgo } from '../../shared/time/time-ago';
import { Confirm } from '../../shared/ui/confirm';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone } from '../../shared/ui/notify';
import { Section } from '../../shared/ui/section';
import { ErrorState } from '../../shared/ui/states';

type Health = SystemStatus['status'];
const kHealths: { value: Health; label: string; text: string }[] = [
  { value: 'ok', label: 'All is well', text: 'The notice goes away.' },
  { value: 'degraded', label: 'Degraded', text: 'Something is slow or partly broken.' },
  { value: 'maintenance', label: 'Maintenance', text: 'You are working on it.' },
];

/** What every connection is told about the system: now, and when it connects. */
export function SystemStatusForm() {
  const console = useConsole();
  const now = useSystemStatus();
  const [status, setStatus] = useState<Health>(now?.status ?? 'ok');
  const [message, setMessage] = useState(now?.message ?? '');
  const [parts, setParts] = useState(Object.entries(now?.components ?? {}).map(([name, health]) => ({ name, health })));
  const [asking, setAsking] = useState(false);
  const set = useMutation({
    mutationFn: () => write<{ connections: number }>(console, 'POST', '/api/v1/broadcasts/broadcast_system_status', {
      body: { status, message: message.trim(), components: Object.fromEntries(parts.filter(({ name }) => name.trim()).map(({ name, health }) => [name.trim(), health])) },
    }),
    onSuccess: ({ data }) => notifyDone('The status is set', `${data.connections.toLocaleString()} ${data.connections === 1 ? 'connection was' : 'connections were'} told.`),
    onSettled: () => setAsking(false),
  });
  const setPart = (at: number, change: Partial<(typeof parts)[number]>) => setParts(parts.map((part, index) => (index === at ? { ...part, ...change } : part)));
  return (
    <Section title="System status" text={`Every connection of ${console.environment} is told, clients and admins, and each new one until all is well again. Your programs decide what they show. A restart of the server forgets it.`}>
      {now && now.status !== 'ok' ? (
        <Alert color={now.status === 'maintenance' ? 'blue' : 'orange'} variant="light" data-testid="status-now" title={`Now: ${kHealths.find(({ value }) => value === now.status)!.label.toLowerCase()}`}>
          <Text size="sm">Set <TimeAgo time={now.timestamp} />. {now.message}</Text>
        </Alert>
      ) : <Alert color="teal" variant="light" icon={<IconCheck aria-hidden />} data-testid="status-now">Now: all is well</Alert>}
      <Radio.Group label="Status" value={status} onChange={(value) => setStatus(value as Health)}>
        <Stack gap={8} mt={6}>{kHealths.map(({ value, label, text }) => <Radio key={value} value={value} label={label} description={text} />)}</Stack>
      </Radio.Group>
      <Textarea label="Message" description="What happened, and when it is over." autosize minRows={2} maxLength={4000} value={message} onChange={(event) => setMessage(event.currentTarget.value)} maw={760} />
      <Stack gap={6}>
        <Text size="sm" fw={500}>Components</Text>
        {parts.map((part, index) => (
          <Group key={index} gap="xs">
            <TextInput size="xs" w={200} aria-label={`Name of component ${index + 1}`} placeholder="search" value={part.name} onChange={(event) => setPart(index, { name: event.currentTarget.value })} />
            <Select size="xs" w={150} aria-label={`Status of component ${index + 1}`} allowDeselect={false} data={kHealths.map(({ value, label }) => ({ value, label }))} value={part.health} onChange={(value) => setPart(index, { health: value as Health })} />
            <ActionIcon variant="subtle" color="gray" aria-label={`Remove component ${index + 1}`} onClick={() => setParts(parts.filter((_part, at) => at !== index))}><IconTrash size={16} aria-hidden /></ActionIcon>
          </Group>
        ))}
        <Button variant="subtle" size="compact-sm" w="fit-content" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setParts([...parts, { name: '', health: 'degraded' }])}>Add a component</Button>
      </Stack>
      {set.error && <ErrorState error={set.error} />}
      <Guarded action="send_messages">{(disabled) => <Button w="fit-content" disabled={disabled} loading={set.isPending} onClick={() => (status === 'ok' ? set.mutate() : setAsking(true))}>Set the status</Button>}</Guarded>
      {asking && (
        <Confirm title={`Tell everybody in ${console.environment}?`} confirm="Tell them" danger={false} busy={set.isPending} error={null} onClose={() => setAsking(false)} onConfirm={() => set.mutate()}>
          <Text size="sm"><b>{kHealths.find(({ value }) => value === status)!.label}.</b> {message}</Text>
        </Confirm>
      )}
    </Section>
  );
}
