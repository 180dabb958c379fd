import { Alert, Button, Group, Tooltip } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useConnectionState, useLive } from '../../shared/console';
import type { ConnectionState } from '../../shared/live/live';
import { LiveDot, type DotColor } from '../../shared/ui/live-dot';
import classes from './shell.module.css';

const kStates: { [state in ConnectionState]: { color: DotColor; word: string; text: string } } = {
  live: { color: 'on', word: 'Live', text: 'Changes appear here the moment they are made.' },
  connecting: { color: 'warn', word: 'Connecting', text: 'The live connection is being made.' },
  reconnecting: { color: 'warn', word: 'Reconnecting', text: 'The live connection was lost. It comes back by itself, with what you missed.' },
  offline: { color: 'bad', word: 'Offline', text: 'The server does not answer. The console tries again every few seconds.' },
};

/** Is what the page shows current? */
export function ConnectionIndicator() {
  const state = useConnectionState();
  const { color, word, text } = kStates[state];
  return (
    <Tooltip label={text} multiline maw={260}>
      <div className={classes['state']} role="status" data-testid="connection" data-state={state}>
        <LiveDot color={color} live={state === 'live'} /><span>{word}</span>
      </div>
    </Tooltip>
  );
}

/** Across the page, once a short loss has become a long one. */
export function OfflineBanner() {
  const live = useLive();
  if (useConnectionState() !== 'offline') return null;
  return (
    <Alert color="red" variant="light" mb="md" icon={<IconPlugConnectedX aria-hidden />} title="The server does not answer">
      <Group justify="space-between" gap="sm">
        What you see may be old. The console tries again by itself, and shows what you missed.
        <Button size="xs" color="red" variant="light" onClick={() => live.retry()}>Try now</Button>
      </Group>
    </Alert>
  );
}
