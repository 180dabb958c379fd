import { Badge, Group, Loader, Tooltip } from '@mantine/core';
import { IconCheck, IconClockExclamation } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useRollout, useRolloutProgress } from './rollout';
import { useLatestWrite } from './writes';

/** "delivered to 412 of 415, p99 83 ms": follows the rollout of a change of this environment. */
export function RolloutBadge({ revision, size = 'sm' }: { revision: number; size?: 'xs' | 'sm' | 'md' }) {
  const progress = useRolloutProgress(revision);
  const settled = progress !== undefined && (progress.done || reached(progress) >= reachable(progress));
  const { data } = useRollout(revision, { enabled: settled });
  if (!progress) return null;
  const of = reachable(progress);
  if (of === 0)
    return (
      <Tooltip label={progress.concerned === 0 ? 'No connected client sees a difference. A client gets the change when it connects.' : 'All connections that it concerned have left or have a newer change.'}>
        <Badge size={size} variant="light" color="gray" tt="none">no client connected</Badge>
      </Tooltip>
    );
  const got = reached(progress);
  const p99 = data?.stages.received.p99_ms;
  const complete = got >= of;
  const color = complete ? 'teal' : progress.done ? 'orange' : 'blue';
  return (
    <Tooltip multiline maw={320} label={complete ? 'Every connection that the change concerns has proven that it has it.' : 'Connections that have proven that they have the change, of those that it concerns.'}>
      <Badge size={size} variant="light" color={color} tt="none" data-rollout={complete ? 'complete' : 'open'}
        leftSection={complete ? <IconCheck size={12} aria-hidden /> : progress.done ? <IconClockExclamation size={12} aria-hidden /> : <Loader size={10} color={color} aria-hidden />}>
        <Group gap={4} wrap="nowrap" component="span">
          delivered to {got.toLocaleString()} of {of.toLocaleString()}{typeof p99 === 'number' && `, p99 ${p99.toLocaleString()} ms`}
        </Group>
      </Badge>
    </Tooltip>
  );
}

const reached = (progress: { received: number }) => progress.received;
const reachable = (progress: { concerned: number; superseded: number; gone: number }) => progress.concerned - progress.superseded - progress.gone;

/** The same for the newest change that this page made of an entity. In a row of a list it goes after a while. */
export function EntityRollout({ entityType, id, stays = false, size }: { entityType: string; id: number; stays?: boolean; size?: 'xs' | 'sm' | 'md' }) {
  const write = useLatestWrite(entityType, id);
  const [gone, setGone] = useState(0);
  useEffect(() => {
    if (!write || stays) return;
    const timer = setTimeout(() => setGone(write.revision), kShown - (Date.now() - write.at));
    return () => clearTimeout(timer);
  }, [write, stays]);
  if (!write || gone === write.revision) return null;
  return <RolloutBadge revision={write.revision} {...(size && { size })} />;
}

const kShown = 30_000; // ms
