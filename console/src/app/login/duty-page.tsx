import { Alert, Anchor, Button, Center, Code, CopyButton, Group, Paper, PasswordInput, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDocumentTitle } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
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
  const begin = useMutation({ mutationFn: (password: string) => sessions.beginFactor(password) });
  const confirm = useMutation({ mutationFn: (code: string) => sessions.confirmFactor(code) });
  const password = useForm({ initialValues: { password: '' }, validate: { password: (text) => (text ? null : 'Enter your password.') } });
  const code = useForm({ initialValues: { code: '' }, validate: { code: (text) => (/^\d{6}$/.test(text.replaceAll(' ', '')) ? null : 'Enter the six digits that the app shows.') } });

  if (confirm.data) {
    return (
      <Frame title="Keep your recovery codes" sessions={sessions}>
        <Text size="sm">Each opens your account once, without the app. They are not shown again.</Text>
        <SimpleGrid cols={2} spacing="xs">{confirm.data.map((one) => <Code key={one}>{one}</Code>)}</SimpleGrid>
        <Group justify="space-between">
          <CopyButton value={confirm.data.join('\n')}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? 'Copied' : 'Copy'}</Button>}</CopyButton>
          <Button onClick={sessions.fulfil}>I have kept them</Button>
        </Group>
      </Frame>
    );
  }
  if (begin.data) {
    return (
      <Frame title="Set up your authenticator app" sessions={sessions}>
        <Text size="sm">Add an account in the app with this key, or <Anchor href={begin.data.uri}>open it in an app on this device</Anchor>.</Text>
        <Code block>{begin.data.secret.replace(/(.{4})(?=.)/g, '$1 ')}</Code>
        <form onSubmit={code.onSubmit((values) => confirm.mutate(values.code))} noValidate>
          <Stack>
            <TextInput label="Code" description="What the app shows now." autoComplete="one-time-code" inputMode="numeric" autoFocus {...code.getInputProps('code')} />
            {confirm.error && <Failure error={confirm.error} />}
            <Button type="submit" loading={confirm.isPending}>Confirm</Button>
          </Stack>
        </form>
      </Frame>
    );
  }
  return (
    <Frame title="A second factor is required" sessions={sessions}>
      <Text size="sm">The owners of this installation ask for an authenticator app. Enter your password to begin.</Text>
      <form onSubmit={password.onSubmit((values) => begin.mutate(values.password))} noValidate>
        <Stack>
          <PasswordInput label="Password" autoComplete="current-password" autoFocus {...password.getInputProps('password')} />
          {begin.error && <Failure error={begin.error} />}
          <Button type="submit" loading={begin.isPending}>Begin</Button>
        </Stack>
      </form>
    </Frame>
  );
}
