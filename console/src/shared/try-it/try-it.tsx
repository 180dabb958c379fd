// "Try it": on the left the switches of an admin, on the right a client of its own that connects to /client like a program of the
// customer. The reader flips a switch and sees the change arrive.
import { Alert, Badge, Button, Group, Paper, ScrollArea, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconLock, IconSearch } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Schemas } from '@togglecast/admin';
import { usePermission } from '../auth/use-permission';
import { useConsole } from '../console';
import { useEntity, useEntityList } from '../entities/read';
import { EntityRollout } from '../rollout/rollout-badge';
import { LiveDot } from '../ui/live-dot';
import { ErrorState, Loaded, Waiting } from '../ui/states';
import { EntitySwitch } from '../ui/switch';
import { shown, Trial, type TrialState } from './trial';
import classes from './try-it.module.css';

export default function TryIt({ clientId, featureId }: { clientId: number; /** Stands first. */ featureId?: number | undefined }) {
  const { allowed, reason } = usePermission('manage_tokens');
  const client = useEntity('client', clientId);
  if (!allowed)
    return <Alert color="gray" variant="light" icon={<IconLock aria-hidden />} title="Trying it out needs a token of the client">{reason}</Alert>;
  return <Loaded query={client}>{(data) => data && <Panel key={data.id} client={data} featureId={featureId} />}</Loaded>;
}

function useTrial(clientId: number): [Trial | undefined, TrialState] {
  const console = useConsole();
  const [trial, setTrial] = useState<Trial>();
  useEffect(() => {
    const made = new Trial(console, clientId);
    setTrial(made);
    return () => made.close();
    // A refreshed token of the admin makes another object of the same session.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [console.live, clientId]);
  const state = useSyncExternalStore(trial ? trial.subscribe : nobody, () => trial?.getState());
  return [trial, state ?? kNone];
}
const nobody = () => () => {};
const kNone: TrialState = { snapshot: undefined, lines: [], problem: undefined };

function Panel({ client, featureId }: { client: Schemas['Client']; featureId: number | undefined }) {
  const [trial, state] = useTrial(client.id);
  const features = useEntityList('feature');
  const [q, setQ] = useState('');
  const flags = state.snapshot?.state?.flags;
  const own = useMemo(() => {
    const text = q.trim().toLowerCase();
    return (features.data ?? [])
      .filter((feature) => flags?.has(feature.key) && `${feature.name} ${feature.key}`.toLowerCase().includes(text))
      .sort((a, b) => Number(b.id === featureId) - Number(a.id === featureId) || a.name.localeCompare(b.name));
  }, [features.data, flags, q, featureId]);
  if (!flags && state.problem) return <ErrorState error={state.problem} />;
  if (!flags || !trial) return <Waiting label="A client connects" />;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Paper withBorder radius="md" p="md">
        <Stack gap="sm">
          <div><Title order={3} size="h5">You, the admin</Title><Text size="sm" c="dimmed">Flip a switch. This is the real one: every client has it.</Text></div>
          {own.length > 8 || q ? <TextInput size="xs" aria-label="Search switches" placeholder="Name or key" leftSection={<IconSearch size={14} aria-hidden />} value={q} onChange={(event) => setQ(event.currentTarget.value)} /> : null}
          {flags.size === 0 ? (
            <Text size="sm">{client.name} sees no feature. Put it on a package, or give it an override. <Button component={Link} to={`/clients/${client.id}?show=all`} size="compact-xs" variant="light">Its features</Button></Text>
          ) : (
            <ScrollArea.Autosize mah={270} type="auto" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Switches' }}>
              <Stack gap={10} pr="sm" pl={4} py={4}>
                {own.map((feature) => (
                  <Group key={feature.id} gap="xs">
                    <EntitySwitch type="feature" id={feature.id} name={feature.name} on={feature.enabled}
                      ask={(_on, flip) => {
                        trial.noteFlip(feature.key);
                        flip();
                      }} />
                    <div style={{ minWidth: 0, flex: '1 1 120px' }}><Text size="sm" fw={500} truncate>{feature.name}</Text><Text size="xs" c="dimmed" ff="monospace" truncate>{feature.key}</Text></div>
                    <EntityRollout entityType="feature" id={feature.id} size="xs" />
                  </Group>
                ))}
              </Stack>
            </ScrollArea.Autosize>
          )}
        </Stack>
      </Paper>
      <Screen client={client} state={state} features={own} />
    </SimpleGrid>
  );
}

function Screen({ client, state, features }: { client: Schemas['Client']; state: TrialState; features: Schemas['Feature'][] }) {
  const { snapshot, lines } = state;
  const ready = snapshot?.status === 'ready';
  const newest = lines[0];
  return (
    <section className={classes['screen']} aria-label={`A program of ${client.name}`} data-testid="trial" data-status={snapshot?.status}>
      <div className={classes['bar']}>
        <span className={classes['lights']} aria-hidden="true"><span /><span /><span /></span>
        <Text size="xs" fw={600} truncate>A program of {client.name}</Text>
        <Group gap={6} ml="auto" wrap="nowrap"><LiveDot color={ready ? 'on' : 'warn'} live={ready} />{ready ? `live, revision ${snapshot.state?.revision ?? 0}` : snapshot?.status}</Group>
      </div>
      <div className={classes['tiles']} tabIndex={0} role="region" aria-label="What the program reads">
        {features.map((feature) => {
          const details = snapshot?.state?.flags.get(feature.key);
          if (!details) return null;
          const news = lines.find((line) => line.key === feature.key);
          return (
            <div key={`${feature.id}.${news?.id ?? 0}`} className={classes['tile']} data-on={details.enabled || undefined} data-news={news ? true : undefined} data-testid={`trial-${feature.key}`}>
              <Text size="xs" c="dimmed" truncate>{feature.name}</Text>
              <Text fw={700} truncate>{shown(details)}</Text>
            </div>
          );
        })}
      </div>
      <div className={classes['lines']} role="log" aria-label="What arrived" tabIndex={0}>
        {newest === undefined && <Text size="xs" c="dimmed">Nothing has changed since it connected. Flip a switch.</Text>}
        {lines.map((line) => (
          <Group key={line.id} gap={6} wrap="nowrap">
            <Text size="xs" c="dimmed" ff="monospace">{new Date(line.at).toLocaleTimeString()}</Text>
            <Text size="xs" ff="monospace" truncate>{line.key}: {line.text}</Text>
            {line.after !== undefined && <Badge size="xs" variant="light" color="teal" tt="none" ml="auto" style={{ flex: 'none' }}>{Math.round(line.after).toLocaleString()} ms after your click</Badge>}
          </Group>
        ))}
      </div>
    </section>
  );
}
