import { Avatar, Tooltip } from '@mantine/core';
import { useEffect, useSyncExternalStore } from 'react';
import { useConsole } from '../console';

/** The other admins who look at this entity now. Showing it makes the reader one of them. */
export function Presence({ type, id }: { type: string; id: number }) {
  const { live, session } = useConsole();
  useEffect(() => live.watch(type, id), [live, type, id]);
  const viewers = useSyncExternalStore(live.subscribeToWatched, () => live.viewersOf(type, id));
  const others = viewers.filter((viewer) => viewer.id !== session.admin.id);
  if (others.length === 0) return null;
  return (
    <Avatar.Group spacing="xs" role="group" aria-label={`Also here: ${others.map((viewer) => viewer.username).join(', ')}`}>
      {others.slice(0, 5).map((viewer) => (
        <Tooltip key={viewer.id} label={`${viewer.username} is here, too`}><Avatar size="sm" color="initials" name={viewer.username} /></Tooltip>
      ))}
      {others.length > 5 && <Avatar size="sm">+{others.length - 5}</Avatar>}
    </Avatar.Group>
  );
}
