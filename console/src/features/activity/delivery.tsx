import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { RolloutBadge } from '../../shared/rollout/rollout-badge';
import type { Entry } from './filters';

const kPatience = 60_000; // ms: after that the server follows a change no more

/** How far a change has come: live while it is young, its last numbers afterwards. */
export function Delivery({ entry }: { entry: Entry }) {
  const [young, setYoung] = useState(() => entry.rollout?.open ?? Date.now() - Date.parse(entry.timestamp) < kPatience);
  useEffect(() => {
    if (!young) return;
    const timer = setTimeout(() => setYoung(false), kPatience * 2);
    return () => clearTimeout(timer);
  }, [young]);
  if (entry.environment === 'system') return null;
  if (young) return <RolloutBadge revision={entry.revision} size="xs" />;
  const { rollout } = entry;
  if (!rollout) return null;
  const of = rollout.concerned - rollout.superseded - rollout.gone;
  if (of <= 0) return null;
  return <Text size="xs" c="dimmed">delivered to {rollout.received.toLocaleString()} of {of.toLocaleString()}</Text>;
}
