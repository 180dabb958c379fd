import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useEnvironment } from '../console';

interface PageProps {
  title: string;
  /** One sentence for a reader who has never seen the page. */
  description?: ReactNode;
  /** Beside the title: badges, presence. */
  marks?: ReactNode;
  /** On the right: buttons. */
  actions?: ReactNode;
  /** Pages above this one. */
  above?: { title: string; to: string }[];
  children: ReactNode;
}

/** The frame of every page: its title in the tab and on the page, the way up, its actions. */
export function Page({ title, description, marks, actions, above = [], children }: PageProps) {
  const environment = useEnvironment();
  useDocumentTitle(`${title} · ${environment} · Togglecast`);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="md">
        <Stack gap={4} flex="1 1 340px" miw={0}>
          {above.length > 0 && (
            <Breadcrumbs separatorMargin={6}>
              {above.map((page) => <Anchor key={page.to} component={Link} to={page.to} size="sm">{page.title}</Anchor>)}
            </Breadcrumbs>
          )}
          <Group gap="sm"><Title order={1} size="h2">{title}</Title>{marks}</Group>
          {description && <Text c="dimmed" size="sm" maw={720}>{description}</Text>}
        </Stack>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
