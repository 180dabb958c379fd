// REST of another environment: a token belongs to one, so the reader logs in there, beside the session of the page.
import { Alert, Button, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { createAdmin, type Admin } from '@togglecast/admin';
import { useMemo, useState } from 'react';
import { explain } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';

/** REST of an environment; nothing until the reader has logged in there. `again` looks once more. */
export function useEnvironmentRest(key: string): { rest: Admin['rest'] | undefined; again: () => void } {
  const { admin, environment, sessions } = useConsole();
  const [turn, setTurn] = useState(0);
  const token = key === environment ? undefined : sessions.beside(key)?.token;
  const rest = useMemo(
    () => (key === environment ? admin.rest : token ? createAdmin({ url: window.location.origin, token }).rest : undefined),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [admin, environment, key, token, turn],
  );
  return { rest, again: () => setTurn(turn + 1) };
}

export function OpenEnvironment({ environment, onOpen }: { environment: string; onOpen: () => void }) {
  const { sessions, session } = useConsole();
  const [username, setUsername] = useState(session.admin.username);
  const [password, setPassword] = useState('');
  const open = useMutation({ mutationFn: () => sessions.openBeside(environment, username.trim(), password), onSuccess: onOpen });
  return (
    <Paper withBorder radius="md" p="lg" maw={460}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open.mutate();
        }}>
        <Stack>
          <div>
            <Title order={2} size="h5">Open {environment}</Title>
            <Text size="sm" c="dimmed">A session works in one environment. Log in to {environment} as well to see both; you stay where you are.</Text>
          </div>
          <TextInput label="User name" autoComplete="username" value={username} onChange={(event) => setUsername(event.currentTarget.value)} />
          <PasswordInput label="Password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.currentTarget.value)} data-autofocus />
          {open.error && <Alert color="red" variant="light" role="alert" title={explain(open.error).title}>{explain(open.error).advice}</Alert>}
          <Group><Button type="submit" loading={open.isPending} disabled={!username || !password}>Open {environment}</Button></Group>
        </Stack>
      </form>
    </Paper>
  );
}
