import { Anchor, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { LiveDot } from '../../shared/ui/live-dot';
import { Loaded } from '../../shared/ui/states';

/** Features that need the platform, and packages that name it. */
export function PlatformUsers({ platform }: { platform: Schemas['Platform'] }) {
  const features = useEntityList('feature');
  const packages = useEntityList('package');
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Loaded query={features}>
        {(all) => <Users title="Features that need it" none="No feature needs it." to="/features" items={all.filter((feature) => feature.platforms.includes(platform.id)).map(({ id, name, enabled }) => ({ id, name, on: enabled }))} />}
      </Loaded>
      <Loaded query={packages}>
        {(all) => <Users title="Packages that open it" none="No package names it. A package that names no platform opens all of them." to="/packages" items={all.filter((plan) => plan.platforms.includes(platform.id)).map(({ id, name, available }) => ({ id, name, on: available }))} />}
      </Loaded>
    </SimpleGrid>
  );
}

function Users({ title, none, items, to }: { title: string; none: string; items: { id: number; name: string; on: boolean }[]; to: string }) {
  return (
    <Paper withBorder radius="md" p="md">
      <Stack gap="xs">
        <Title order={3} size="h5">{title}</Title>
        {items.length === 0 && <Text size="sm" c="dimmed">{none}</Text>}
        {items.map(({ id, name, on }) => (
          <Anchor key={id} component={Link} to={`${to}/${id}`} size="sm"><LiveDot color={on ? 'on' : 'off'} /> {name}</Anchor>
        ))}
      </Stack>
    </Paper>
  );
}
