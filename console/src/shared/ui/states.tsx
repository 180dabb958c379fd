// What a page shows instead of its content: nothing there yet, a failure, waiting.
import { Alert, Button, Center, Group, Loader, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, type Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { explain } from '../api/problem';

/** Nothing there yet: says what belongs here and offers the first step. */
export function EmptyState({ icon: Mark, title, children, action }: { icon: Icon; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Paper withBorder p="xl" radius="md">
      <Stack align="center" gap="sm" maw={480} mx="auto" py="lg" ta="center">
        <ThemeIcon size={56} radius="xl" variant="light"><Mark size={28} stroke={1.5} aria-hidden /></ThemeIcon>
        <Title order={3} size="h4">{title}</Title>
        <Text c="dimmed" size="sm" component="div">{children}</Text>
        {action}
      </Stack>
    </Paper>
  );
}

export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const { title, advice } = explain(error);
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={title}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{advice}</Text>
        {retry && <Button size="xs" variant="default" onClick={retry}>Try again</Button>}
      </Stack>
    </Alert>
  );
}

export function Waiting({ label = 'Loading' }: { label?: string }) {
  return (
    <Center py={80}>
      <Group gap="sm" role="status"><Loader size="sm" aria-hidden /><Text c="dimmed" size="sm">{label}…</Text></Group>
    </Center>
  );
}

interface Read<Data> {
  data: Data | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}
/** Waits for a query, shows its failure, and then its data. */
export function Loaded<Data>({ query, children }: { query: Read<Data>; children: (data: Data) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return <Waiting />;
}
