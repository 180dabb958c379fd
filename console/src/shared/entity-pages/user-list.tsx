import { Anchor, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { LiveDot, type DotColor } from '../ui/live-dot';

const kMost = 30;

/** Entities that use another one, by name. */
export function UserList({ title, none, items }: { title: string; none: string; items: { to: string; name: string; color: DotColor; note?: string | undefined }[] }) {
  return (
    <Paper withBorder radius="md" p="md">
      <Stack gap="xs">
        <Title order={3} size="h5">{title}</Title>
        {items.length === 0 && <Text size="sm" c="dimmed">{none}</Text>}
        {items.slice(0, kMost).map(({ to, name, color, note }) => <div key={to}><Anchor component={Link} to={to} size="sm"><LiveDot color={color} /> {name}</Anchor>{note && <Text span size="xs" c="dimmed"> {note}</Text>}</div>)}
        {items.length > kMost && <Text size="sm" c="dimmed">and {(items.length - kMost).toLocaleString()} more</Text>}
      </Stack>
    </Paper>
  );
}
