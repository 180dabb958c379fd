// What others tell the admins: announcements and notifications in the corner, the status of the system above the page.
import { Alert, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconTool } from '@tabler/icons-react';
import { useEffect } from 'react';
import type { Message } from '@togglecast/admin';
import { useLive } from '../../shared/console';
import { useSystemStatus } from '../../shared/live/system-status';

const kColors = { info: 'blue', success: 'teal', warning: 'orange', error: 'red' } as const;
const kShown = 20_000; // ms of a message that asks for no acknowledgement

/** Shows each message once. One that asks for an acknowledgement stays until the reader closes it. */
export function Inbox() {
  const live = useLive();
  useEffect(() => {
    const known = new Map<string, 'open' | 'closed'>();
    const acknowledge = (id: string) => live.socket.emit('message_ack', { id }, () => {});
    const show = (message: Message) => {
      const { id, title, message: text, level, ack } = message;
      const state = known.get(id);
      if (state === 'closed' && ack) acknowledge(id); // the server has not heard it
      if (state) return;
      known.set(id, 'open');
      notifications.show({
        id: `message-${id}`, title, message: text, color: kColors[level], withBorder: true, autoClose: ack ? false : kShown,
        closeButtonProps: { 'aria-label': ack ? `Acknowledge: ${title}` : `Close: ${title}` },
        onClose: () => {
          known.set(id, 'closed');
          if (ack) acknowledge(id);
        },
      });
    };
    const leave = [live.on('announcement', show), live.on('admin_notification', show)];
    return () => {
      for (const each of leave) each();
      notifications.clean(); // they are of the environment that the reader leaves
    };
  }, [live]);
  return null;
}

/** Across the page while something is wrong. */
export function StatusBanner() {
  const status = useSystemStatus();
  if (!status || status.status === 'ok') return null;
  const parts = Object.entries(status.components).filter(([, health]) => health !== 'ok');
  return (
    <Alert color={status.status === 'maintenance' ? 'blue' : 'orange'} variant="light" mb="md" icon={<IconTool aria-hidden />} title={status.status === 'maintenance' ? 'Maintenance' : 'The system is degraded'} role="status">
      <Group gap="md">
        {status.message && <Text size="sm">{status.message}</Text>}
        {parts.length > 0 && <Text size="sm" c="dimmed">{parts.map(([name, health]) => `${name}: ${health}`).join(' · ')}</Text>}
      </Group>
    </Alert>
  );
}
