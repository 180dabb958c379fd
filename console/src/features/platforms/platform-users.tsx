import { SimpleGrid } from '@mantine/core';
import type { Schemas } from '@togglecast/admin';
import { useEntityList } from '../../shared/entities/read';
import { pageOf } from '../../shared/entities/types';
import { UserList } from '../../shared/entity-pages/user-list';
import { Loaded } from '../../shared/ui/states';

/** Features that need the platform, and packages that open it: those that name it, and those that name none. */
export function PlatformUsers({ platform }: { platform: Schemas['Platform'] }) {
  const features = useEntityList('feature');
  const packages = useEntityList('package');
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Loaded query={features}>
        {(all) => (
          <UserList title="Features that need it" none="No feature needs it."
            items={all.filter(({ platforms }) => platforms.includes(platform.id)).map(({ id, name, enabled }) => ({ to: pageOf('feature', id), name, color: enabled ? 'on' : 'off' }))} />
        )}
      </Loaded>
      <Loaded query={packages}>
        {(all) => (
          <UserList title="Packages that open it" none="No package opens it."
            items={all.filter(({ platforms }) => platforms.length === 0 || platforms.includes(platform.id)).map(({ id, name, available, platforms }) => ({ to: pageOf('package', id), name, color: available ? 'on' : 'off', note: platforms.length === 0 ? 'opens all platforms' : undefined }))} />
        )}
      </Loaded>
    </SimpleGrid>
  );
}
