import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { useCreateEntity } from '../../shared/entities/write';
import { Dialog } from '../../shared/ui/dialog';
import { ShownOnce } from '../../shared/ui/shown-once';
import { ErrorState } from '../../shared/ui/states';
import { PasswordField } from './password-field';
import { sentRoles, type Roles } from './roles';
import { RolesEditor } from './roles-editor';

const kFields = ['username', 'password'] as const;
const kName = /^[a-z0-9][a-z0-9._@+-]{0,63}$/;

export function CreateAdmin({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const create = useCreateEntity('admin');
  const [visible, setVisible] = useState(false);
  const form = useForm({
    initialValues: { username: '', password: '', roles: { role: 'viewer', environments: {} } as Roles },
    validate: {
      username: (name) => (kName.test(name.trim()) ? null : 'Use small letters, digits and . _ @ + -; begin with a letter or a digit.'),
      password: (text) => (text.length >= 8 ? null : 'Use at least 8 characters.'),
    },
  });
  const close = () => {
    form.reset();
    create.reset();
    setVisible(false);
    onClose();
  };
  const submit = form.onSubmit(({ username, password, roles }) => {
    const sent = sentRoles(roles);
    create.mutate({ username: username.trim(), password, role: sent.role, ...(Object.keys(sent.environments).length > 0 && { environments: sent.environments }) }, {
      onError: (error) => {
        if (!(error instanceof Problem)) return;
        form.setErrors(error.code === 'already_exists' ? { username: 'This name is taken.' } : formErrors(error, kFields).fields);
      },
    });
  });
  const untold = create.error && (!(create.error instanceof Problem) || (create.error.code !== 'already_exists' && formErrors(create.error, kFields).rest.length > 0));
  const made = create.data?.entity;
  return (
    <Dialog opened={opened} onClose={close} title={made ? `${made.username} can log in` : 'New admin'} size="lg" closeOnClickOutside={!made}>
      {made ? (
        <ShownOnce text={`${window.location.origin}\nuser name: ${made.username}\npassword:  ${form.values.password}\n`} label="Login" onClose={close}
          why="Give this to the person on a safe way. The password is not shown again. They change it under “Your account”." />
      ) : (
        <form onSubmit={submit} noValidate>
          <Stack>
            <TextInput label="User name" placeholder="jo" data-autofocus autoCapitalize="off" spellCheck={false} autoComplete="off" {...form.getInputProps('username')} />
            <PasswordField value={form.values.password} onChange={(password) => form.setFieldValue('password', password)} error={form.errors['password']} visible={visible} onVisible={setVisible} />
            <RolesEditor roles={form.values.roles} onChange={(roles) => form.setFieldValue('roles', roles)} />
            {untold && <ErrorState error={create.error} />}
            <Group justify="space-between" gap="xs">
              <Text size="xs" c="dimmed">Their names stand in the activity.</Text>
              <Group gap="xs"><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" loading={create.isPending}>Create</Button></Group>
            </Group>
          </Stack>
        </form>
      )}
    </Dialog>
  );
}
