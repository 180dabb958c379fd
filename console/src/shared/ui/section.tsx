import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** One subject of a page that has several: title, one sentence, its buttons on the right, its content below. */
export function Section({ id, title, text, marks, actions, children }: { id?: string; title: string; text: ReactNode; marks?: ReactNode; actions?: ReactNode; children?: ReactNode }) {
  return (
    <Paper id={id} withBorder radius="md" p="md" component="section" aria-label={title}>
      <Stack>
        <Group justify="space-between" align="flex-start" gap="md">
          <Stack gap={4} flex="1 1 320px" miw={0}>
            <Group gap="sm"><Title order={2} size="h4">{title}</Title>{marks}</Group>
            <Text size="sm" c="dimmed" maw={640} component="div">{text}</Text>
          </Stack>
          {actions}
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}
