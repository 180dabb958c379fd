import { Alert, Anchor, Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDocumentTitle } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { FactorSetup } from '../../shared/account/factor-setup';
import { explain, formErrors, Problem } from '../../shared/api/problem';
import type { Duty, Sessions } from '../../shared/auth/sessions';

/** What the account must do before the console opens: a password of its own, or a second factor. */
export function DutyPage({ sessions, duty }: { sessions: Sessions; duty: Duty }) {
  return duty === 'password' ? <NewPassword sessions={sessions} /> : <NewFactor sessions={sessions} />;
}

function Frame({ title, sessions, children }: { title: string; sessions: Sessions; children: ReactNode }) {
  useDocumentTitle(`${title} · Togglecast`);
  return (
    <Center mih="100dvh" p="md" component="main">
      <Paper withBorder shadow="sm" radius="md" p="xl" w={460} maw="100%">
        <Stack>
          <Title order={1} size="h3">{title}</Title>
          {children}
          <Anchor component="button" type="button" size="xs" onClick={() => void sessions.logout()}>Log out</Anchor>
        </Stack>
      </Paper>
    </Center>
  );
}

function Failure({ error }: { error: unknown }) {
  const { title, advice } = explain(error);
  return <Alert color="red" variant="light" title={title} role="alert">{advice}</Alert>;
}

function NewPassword({ sessions }: { sessions: Sessions }) {
  const form = useForm({
    initialValues: { current: '', new: '', again: '' },
    validate: {
      current: (text) => (text ? null : 'Enter the first password.'),
      new: (text, all) => (text.length < 8 ? 'Use at least 8 characters.' : text === all.current ? 'Choose another one than the first.' : null),
      again: (text, all) => (text === all.new ? null : 'The two passwords differ.'),
    },
  });
  const change = useMutation({
    mutationFn: (values: typeof form.values) => sessions.changePassword(values.current, values.new),
    onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, ['current', 'new']).fields),
  });
  return (
    <Frame title="Choose a password" sessions={sessions}>
      <Text size="sm">The first password was made by the server, and works for a day. Replace it with your own.</Text>
      <form onSubmit={form.onSubmit((values) => change.mutate(values))} noValidate>
        <Stack>
          <PasswordInput label="First password" autoComplete="current-password" autoFocus {...form.getInputProps('current')} />
          <PasswordInput label="New password" description="At least 8 characters. A sentence is good." autoComplete="new-password" {...form.getInputProps('new')} />
          <PasswordInput label="New password again" autoComplete="new-password" {...form.getInputProps('again')} />
          {change.error && <Failure error={change.error} />}
          <Button type="submit" loading={change.isPending}>Change password</Button>
        </Stack>
      </form>
    </Frame>
  );
}

function NewFactor({ sessions }: { sessions: Sessions }) {
  return (
    <FactorSetup sessions={sessions} title="A second factor is required" intro="The owners of this installation ask for an authenticator app. Enter your password to begin."
      frame={(title, step) => <Frame title={title} sessions={sessions}>{step}</Frame>} onDone={sessions.fulfil} />
  );
}
