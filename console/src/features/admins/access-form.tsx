import { Alert, Button, Group, Paper, Stack } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { Problem } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { useSaveEntity } from '../../shared/entities/write';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';
import { sentRoles, type Roles } from './roles';
import { RolesEditor } from './roles-editor';

type Admin = Schemas['Admin'];

const rolesOf = (admin: Admin): Roles => ({ role: admin.role, environments: { ...admin.environments } });

/** The roles of an admin. A new role counts at once, also for the connections that are open. */
export function AccessForm({ admin }: { admin: Admin }) {
  const { session } = useConsole();
  const [base, setBase] = useState(admin);
  const [roles, setRoles] = useState(rolesOf(admin));
  const save = useSaveEntity('admin');
  const own = admin.id === session.admin.id;
  const begin = (from: Admin) => {
    setBase(from);
    setRoles(rolesOf(from));
    save.reset();
  };
  const text = (of: Roles) => JSON.stringify([of.role, Object.entries(sentRoles(of).environments).sort()]);
  const dirty = text(roles) !== text(rolesOf(base));
  if (admin.revision > base.revision && !dirty) begin(admin);
  const patch = sentRoles(roles);
  const send = (etag: string) =>
    save.mutate({ id: admin.id, patch: { ...patch }, etag }, {
      onSuccess: ({ entity }) => {
        notifyDone(`${entity.username} has the new role`);
        begin(entity);
      },
    });
  const problem = save.error instanceof Problem ? save.error : null;
  return (
    <Paper withBorder radius="md" p="md" maw={720}>
      <Stack>
        {own && <Alert color="gray" variant="light" icon={<IconInfoCircle aria-hidden />}>This is your own account. Another owner can change your role; you cannot.</Alert>}
        {admin.provider === 'oidc' && <Alert color="gray" variant="light" icon={<IconInfoCircle aria-hidden />}>The roles of this account follow from its groups at the identity provider. They are set again at its next login.</Alert>}
        <RolesEditor roles={roles} onChange={setRoles} readOnly={own} />
        {save.error && !problem?.isLostUpdate && <ErrorState error={save.error} />}
        {!own && (
          <Group gap="xs">
            <Button disabled={!dirty} loading={save.isPending} onClick={() => send(base.etag)}>Save</Button>
            {dirty && <Button variant="subtle" color="gray" onClick={() => begin(admin)}>Discard</Button>}
          </Group>
        )}
      </Stack>
      <ConflictDialog type="admin" problem={problem} mine={{ ...patch }} onClose={save.reset} onTakeTheirs={(current) => begin(current as Admin)} onReapply={(current) => send(current.etag)} />
    </Paper>
  );
}
