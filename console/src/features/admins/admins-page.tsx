import { Anchor, Badge, Group, Paper, Stack, Table, Text } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useConsole } from '../../shared/console';
import { useEntityList } from '../../shared/entities/read';
import { SearchField, useEntityListPage } from '../../shared/entity-pages/entity-list';
import { TimeAgo } from '../../shared/time/time-ago';
import { Page } from '../../shared/ui/page';
import { Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { AdminQuestion, AdminSwitch } from './admin-switch';
import { CreateAdmin } from './create-admin';
import { RoleBadges } from './roles-editor';

type Admin = Schemas['Admin'];

export default function AdminsPage() {
  const admins = useEntityList('admin');
  const [address] = useAddress();
  const { search, dialog, newButton } = useEntityListPage('admin');
  const query = (address['q'] ?? '').trim().toLowerCase();
  return (
    <Page title="Admins" actions={newButton} description="People who use this console. A role counts everywhere, unless an environment has another one.">
      <Loaded query={admins}>
        {(all) => (
          <Stack gap="sm">
            <SearchField field={search} aria-label="Search admins" placeholder="Name or role" />
            <AdminTable admins={all} query={query} />
          </Stack>
        )}
      </Loaded>
      <CreateAdmin {...dialog} />
      <AdminQuestion />
    </Page>
  );
}

function AdminTable({ admins, query }: { admins: Admin[]; query: string }) {
  const shown = useMemo(
    () => admins.filter((admin) => `${admin.username} ${admin.role} ${Object.values(admin.environments ?? {}).join(' ')}`.includes(query)).sort((a, b) => a.username.localeCompare(b.username)),
    [admins, query],
  );
  if (shown.length === 0) return <Text c="dimmed" size="sm">No admin fits.</Text>;
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={760} type="native" tabIndex={0}>
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Admins">
          <Table.Thead><Table.Tr><Table.Th w={90}>Active</Table.Th><Table.Th>Admin</Table.Th><Table.Th>Role</Table.Th><Table.Th w={160}>Second factor</Table.Th><Table.Th w={180}>Password changed</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{shown.map((admin) => <Row key={admin.id} admin={admin} />)}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function Row({ admin }: { admin: Admin }) {
  const { session } = useConsole();
  return (
    <Table.Tr data-testid={`admin-${admin.username}`}>
      <Table.Td><AdminSwitch admin={admin} /></Table.Td>
      <Table.Td>
        <Group gap={8}><Anchor component={Link} to={`/admins/${admin.id}`} fw={500} size="sm">{admin.username}</Anchor>{admin.id === session.admin.id && <Badge size="sm" variant="light" tt="none">you</Badge>}</Group>
      </Table.Td>
      <Table.Td><RoleBadges role={admin.role} environments={admin.environments} /></Table.Td>
      <Table.Td><Factor admin={admin} /></Table.Td>
      <Table.Td><PasswordState admin={admin} /></Table.Td>
    </Table.Tr>
  );
}

function Factor({ admin }: { admin: Admin }) {
  if (admin.provider === 'oidc') return <Text size="sm" c="dimmed">at the identity provider</Text>;
  return admin.second_factor_at ? <Badge variant="light" color="teal" tt="none" leftSection={<IconShieldCheck size={12} aria-hidden />}>on</Badge> : <Text size="sm" c="dimmed">none</Text>;
}

function PasswordState({ admin }: { admin: Admin }) {
  if (admin.provider === 'oidc') return <Text size="sm" c="dimmed">—</Text>;
  if (admin.password_expires_at) return <Badge variant="light" color="orange" tt="none">not yet</Badge>;
  return <Text size="sm" c="dimmed"><TimeAgo time={admin.password_changed_at} /></Text>;
}
