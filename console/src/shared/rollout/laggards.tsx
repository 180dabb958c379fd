// The connections that a change waits for, by name.
import { Badge, Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '@togglecast/admin';
import { compareTexts } from '../order';
import { useRollout, useRolloutProgress } from './rollout';
import { useLatestWrite } from './writes';

const kAgain = 1000;  // ms between two readings of the names
const kPatient = 1000; // ms in which a healthy connection answers; before, nobody lags

const waited = (ms: number) => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000).toLocaleString()} s`);

export function Laggards({ laggards, total }: { laggards: readonly Schemas['Laggard'][]; total: number }) {
  if (laggards.length === 0) return null;
  return (
    <Group gap={6} role="group" aria-label="Connections that are behind">
      <Text size="xs" c="dimmed">Waiting for</Text>
      {laggards.map((laggard) => (
        <Badge key={laggard.connection} miw={0} size="sm" variant="light" color="orange" tt="none" component={Link} to={`/clients/${laggard.client_id}`} style={{ cursor: 'pointer' }}
          title={`${laggard.transport}, ${laggard.stage} since ${waited(laggard.waited_ms)}`}>
          {laggard.client_name} · {waited(laggard.waited_ms)}
        </Badge>
      ))}
      {total > laggards.length && <Text size="xs" c="dimmed">and {(total - laggards.length).toLocaleString()} more</Text>}
    </Group>
  );
}

const kNamed = 5;

/** Those of the newest change that this page made of an entity, while it is on its way. */
export function EntityLaggards({ entityType, id }: { entityType: string; id: number }) {
  const revision = useLatestWrite(entityType, id)?.revision;
  const progress = useRolloutProgress(revision);
  const waits = progress !== undefined && !progress.done && progress.received < progress.concerned - progress.superseded - progress.gone;
  const { data } = useRollout(revision, { enabled: waits, refetchInterval: waits ? kAgain : false });
  if (!waits || !data) return null;
  const late = data.laggards.filter(({ waited_ms: ms }) => ms >= kPatient).sort((a, b) => compareTexts(a.client_name, b.client_name));
  return <Laggards laggards={late.slice(0, kNamed)} total={late.length === data.laggards.length ? data.laggards_total : late.length} />;
}
