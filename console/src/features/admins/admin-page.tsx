import { Alert, Badge, Button, Group, Menu, Paper, Stack, Tabs, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconDevices2, IconHistory, IconKey, IconShieldOff, IconTrash, IconUserOff, IconUserShield } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import type { Schemas } from '@togglecast/admin';
import { EndSessions, SessionTable } from '../../shared/account/session-table';
import { useConsole } from '../../shared/console';
import { keys } from '../../shared/entities/cache';
import { useEntity } from '../../shared/entities/read';
import { write } from '../../shared/entities/write';
import { TimeAgo } from '../../shared/time/time-ago';
import { Confirm } from '../../shared/ui/confirm';
import { DeleteEntity } from '../../shared/ui/delete-entity';
import { EntityHistory } from '../../shared/ui/history';
import { notifyDone } from '../../shared/ui/notify';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddressDialog, useTab } from '../../shared/use-search';
import { AccessForm } from './access-form';
import { AdminQuestion, AdminSwitch } from './admin-switch';
import { ResetPassword } from './reset-password';

type Admin = Schemas['Admin'];
const above = [{ title: 'Admins', to: '/admins' }];

const kTabs = ['access', 'sessions', 'history'];

export default function AdminPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const admin = useEntity('admin', Number(id));
  const gone = admin.data === null || (admin.error && 'status' in admin.error && admin.error.status === 404);
  if (gone)
    return (
      <Page title="Admin" above={above}>
        <EmptyState icon={IconUserOff} title="This admin does not exist" action={<Button component={Link} to="/admins" variant="light">All admins</Button>}>The account was deleted. Its changes stay in the activity, under its name.</EmptyState>
      </Page>
    );
  return <Loaded query={admin}>{(data) => data && <Content admin={data} />}</Loaded>;
}

type Dialog = 'password' | 'factor' | 'delete';

function Content({ admin }: { admin: Admin }) {
  const { session } = useConsole();
  const [tab, setTab] = useTab(kTabs);
  const navigate = useNavigate();
  const dialog = useAddressDialog('dialog');
  const own = admin.id === session.admin.id;
  return (
    <Page title={admin.username} above={above} marks={<>{own && <Badge variant="light" tt="none">you</Badge>}{admin.second_factor_at && <Badge variant="light" color="teal" tt="none">second factor</Badge>}{admin.provider === 'oidc' && <Badge variant="light" color="grape" tt="none">identity provider</Badge>}</>}
      actions={own ? <Button component={Link} to="/account" variant="default">Your account</Button> : <Actions admin={admin} onOpen={dialog.open} />}>
      <Paper withBorder radius="md" p="md">
        <Group gap="md" wrap="nowrap">
          <AdminSwitch admin={admin} size="lg" />
          <div>
            <Title order={2} size="h5">{admin.active ? 'Active' : 'Deactivated'}</Title>
            <Text size="sm" c="dimmed">{admin.active ? 'May log in.' : 'Cannot log in, and is logged out everywhere.'} {admin.provider === 'password' && <>The password was changed <TimeAgo time={admin.password_changed_at} />.</>}</Text>
          </div>
        </Group>
      </Paper>
      {admin.refresh_token_reused_at && (
        <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title="A session of this account was used twice">
          <TimeAgo time={admin.refresh_token_reused_at} />, an old refresh token came again, and the server ended that session. Somebody may have copied it. If the person knows nothing of it, give them a new password.
        </Alert>
      )}
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="access" leftSection={<IconUserShield size={16} aria-hidden />}>Roles</Tabs.Tab>
          <Tabs.Tab value="sessions" leftSection={<IconDevices2 size={16} aria-hidden />}>Sessions</Tabs.Tab>
          <Tabs.Tab value="history" leftSection={<IconHistory size={16} aria-hidden />}>History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="access" pt="md"><AccessForm admin={admin} /></Tabs.Panel>
        <Tabs.Panel value="sessions" pt="md">
          <Stack gap="sm">
            <Group justify="space-between"><Text size="sm" c="dimmed">A session that ends loses its connections at once.</Text><EndSessions adminId={admin.id} name={admin.username} /></Group>
            <SessionTable adminId={admin.id} name={admin.username} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="md"><EntityHistory type="admin" id={admin.id} revision={admin.revision} /></Tabs.Panel>
      </Tabs>
      <AdminQuestion />
      {dialog.value === 'password' && !own && <ResetPassword admin={admin} onClose={dialog.close} />}
      {dialog.value === 'factor' && !own && <ResetFactor admin={admin} onClose={dialog.close} />}
      <DeleteEntity type="admin" entity={{ id: admin.id, name: admin.username, etag: admin.etag }} opened={dialog.value === 'delete' && !own} onClose={dialog.close} onDeleted={() => void navigate({ to: '/admins', replace: true })}>
        <Text size="sm">The account is logged out everywhere. What it changed stays, and the activity goes on to name it. This cannot be undone; to lock somebody out for a while, deactivate the account.</Text>
      </DeleteEntity>
    </Page>
  );
}

function Actions({ admin, onOpen }: { admin: Admin; onOpen: (dialog: Dialog) => void }) {
  return (
    <>
      {admin.provider === 'password' && (
        <Menu position="bottom-end" width={240}>
          <Menu.Target><Button variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>Reset</Button></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={() => onOpen('password')}>Password</Menu.Item>
            <Menu.Item leftSection={<IconShieldOff size={16} aria-hidden />} disabled={!admin.second_factor_at} onClick={() => onOpen('factor')}>{admin.second_factor_at ? 'Second factor' : 'Second factor: there is none'}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => onOpen('delete')}>Delete</Button>
    </>
  );
}

function ResetFactor({ admin, onClose }: { admin: Admin; onClose: () => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const reset = useMutation({
    mutationFn: () => write(console, 'DELETE', `/api/v1/admins/${admin.id}/second-factor`),
    onSuccess: () => {
      notifyDone(`The second factor of ${admin.username} is gone`, 'The password alone opens the account.');
      void queries.invalidateQueries({ queryKey: keys.one(console.environment, 'admin', admin.id) });
      onClose();
    },
  });
  return (
    <Confirm title={`Reset the second factor of ${admin.username}?`} confirm="Reset" onConfirm={() => reset.mutate()} onClose={onClose} busy={reset.isPending} error={reset.error}>
      <Text size="sm">For somebody who has lost both the app and the recovery codes. Make sure that you are asked by that person: from now on the password alone opens the account, until a new app is set up.</Text>
    </Confirm>
  );
}
