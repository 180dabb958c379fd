import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { RolloutBadge } from '../../shared/rollout/rollout-badge';
import type { Entry } from './filters';

const kSettled = 500;     // ms
const kPatience = 60_000; // ms: after that the server follows a change no more

/** How far a change has come: live while it is young and among the newest, its last numbers otherwise. */
export function Delivery({ entry, followed }: { entry: Entry; followed: boolean }) {
  const [young, setYoung] = useState(() => entry.rollout?.open ?? Date.now() - Date.parse(entry.timestamp) < kPatience);
  useEffect(() => {
    if (!young) return;
    const timer = setTimeout(() => setYoung(false), kPatience * 2);
    return () => clearTimeout(timer);
  }, [young]);
  // While many changes come, an entry is gone from the top before it is worth a subscription.
  const [stays, setStays] = useState(() => Date.now() - Date.parse(entry.timestamp) > kSettled);
  useEffect(() => {
    if (stays) return;
    const timer = setTimeout(() => setStays(true), kSettled);
    return () => clearTimeout(timer);
  }, [stays]);
  if (entry.environment === 'system') return null;
  if (young && followed && stays) return <RolloutBadge revision={entry.revision} size="xs" />;
  const { rollout } = entry;
  if (!rollout) return null;
  const of = rollout.concerned - rollout.superseded - rollout.gone;
  if (of <= 0) return null;
  return <Text size="xs" c="dimmed">delivered to {rollout.received.toLocaleString()} of {of.toLocaleString()}</Text>;
}
