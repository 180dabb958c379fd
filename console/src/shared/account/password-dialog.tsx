import { Alert, Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { formErrors, Problem, unwrap } from '../api/problem';
import { useConsole } from '../console';
import { Dialog } from '../ui/dialog';
import { notifyDone } from '../ui/notify';
import { ErrorState } from '../ui/states';

/** Changes the reader's own password. All other sessions of the account end. */
export function PasswordDialog({ opened, onClose, onChanged }: { opened: boolean; onClose: () => void; onChanged: () => void }) {
  const { admin } = useConsole();
  const form = useForm({
    initialValues: { current: '', new: '', again: '' },
    validate: {
      current: (text) => (text ? null : 'Enter your present password.'),
      new: (text) => (text.length >= 8 ? null : 'Use at least 8 characters.'),
      again: (text, all) => (text === all.new ? null : 'The two passwords differ.'),
    },
  });
  const close = () => {
    form.reset();
    change.reset();
    onClose();
  };
  const change = useMutation({
    mutationFn: (values: typeof form.values) => unwrap(admin.rest.POST('/api/v1/auth/password', { body: { current: values.current, new: values.new } })),
    onSuccess: () => {
      notifyDone('The password is changed', 'Your other sessions have ended.');
      onChanged();
      close();
    },
    onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, ['current', 'new']).fields),
  });
  const untold = change.error && (!(change.error instanceof Problem) || formErrors(change.error, ['current', 'new']).rest.length > 0);
  return (
    <Dialog opened={opened} onClose={close} title="Change password">
      <form onSubmit={form.onSubmit((values) => change.mutate(values))} noValidate>
        <Stack>
          <PasswordInput label="Present password" autoComplete="current-password" data-autofocus {...form.getInputProps('current')} />
          <PasswordInput label="New password" description="At least 8 characters. A sentence is good." autoComplete="new-password" {...form.getInputProps('new')} />
          <PasswordInput label="New password again" autoComplete="new-password" {...form.getInputProps('again')} />
          {untold ? <ErrorState error={change.error} /> : <Alert color="gray" variant="light"><Text size="sm">All your other sessions end.</Text></Alert>}
          <Group justify="flex-end" gap="xs"><Button variant="default" onClick={close}>Cancel</Button><Button type="submit" loading={change.isPending}>Change</Button></Group>
        </Stack>
      </form>
    </Dialog>
  );
}
