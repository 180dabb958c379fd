import { Alert, Anchor, Button, Center, Collapse, Divider, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDocumentTitle } from '@mantine/hooks';
import { IconInfoCircle, IconLogin2 } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { explain, Problem } from '../../shared/api/problem';
import { expectCookie } from '../../shared/auth/session-source';
import { rememberedEnvironment, rememberEnvironment, type Sessions } from '../../shared/auth/sessions';
import icon from '../icon.svg';

/** Logs in by password or by the identity provider. The address stays, so a deep link opens after it. */
export function LoginPage({ sessions, reason }: { sessions: Sessions; reason: string | undefined }) {
  useDocumentTitle('Log in · Togglecast');
  const methods = useQuery({ queryKey: ['login methods'], queryFn: sessions.methods, retry: 3, gcTime: 0 });
  const [others, setOthers] = useState(false);
  const form = useForm({
    initialValues: { username: '', password: '', code: '', environment: rememberedEnvironment() ?? '' },
    validate: { username: (text) => (text ? null : 'Enter your user name.'), password: (text) => (text ? null : 'Enter your password.') },
  });
  const login = useMutation({ mutationFn: ({ username, password, code, environment }: typeof form.values) => sessions.login(username.trim(), password, environment.trim() || undefined, code.trim() || undefined) });
  const wantsCode = login.error instanceof Problem && login.error.code === 'second_factor_required';
  const [asksCode, setAsksCode] = useState(false);
  if (wantsCode && !asksCode) setAsksCode(true);
  // The environment of the last session is remembered, and this account may have no role there.
  if (login.error instanceof Problem && ['forbidden', 'invalid_argument'].includes(login.error.code) && !others) setOthers(true);
  const providers = methods.data?.filter((method) => method.type === 'oidc') ?? [];
  const password = methods.data?.some((method) => method.type === 'password') ?? true;
  const leave = () => {
    expectCookie();
    rememberEnvironment(form.values.environment.trim() || undefined);
  };
  const returnTo = (url: string) => {
    const environment = form.values.environment.trim();
    const here = window.location.pathname + window.location.search;
    return `${url}?return_to=${encodeURIComponent(here)}${environment && `&environment=${encodeURIComponent(environment)}`}`;
  };
  return (
    <Center mih="100dvh" p="md" component="main">
      <Paper withBorder shadow="sm" radius="md" p="xl" w={400} maw="100%">
        <Stack>
          <Group gap="sm"><img src={icon} alt="" width={34} height={34} /><Title order={1} size="h3">Log in to Togglecast</Title></Group>
          {reason && <Alert color="blue" variant="light" icon={<IconInfoCircle aria-hidden />}>{reason}</Alert>}
          {providers.map((provider) => (
            <Button key={provider.url} component="a" href={returnTo(provider.url)} onClick={leave} variant={password ? 'default' : 'filled'} leftSection={<IconLogin2 size={18} aria-hidden />}>
              Log in with {provider.name ?? 'your company account'}
            </Button>
          ))}
          {providers.length > 0 && password && <Divider label="or" labelPosition="center" />}
          {password && (
            <form onSubmit={form.onSubmit((values) => login.mutate(values))} noValidate>
              <Stack>
                <TextInput label="User name" autoComplete="username" autoCapitalize="off" spellCheck={false} data-autofocus autoFocus {...form.getInputProps('username')} />
                <PasswordInput label="Password" autoComplete="current-password" {...form.getInputProps('password')} />
                <Collapse in={others}><TextInput label="Environment" description="Empty: production, or one that you may open." placeholder="production" {...form.getInputProps('environment')} /></Collapse>
                {asksCode && <TextInput label="Code" description="Of your authenticator app, or a recovery code." autoComplete="one-time-code" autoFocus {...form.getInputProps('code')} />}
                {login.error && !wantsCode && <LoginFailure error={login.error} />}
                <Button type="submit" loading={login.isPending}>Log in</Button>
              </Stack>
            </form>
          )}
          <Group justify="space-between">
            {!asksCode && <Text size="xs" c="dimmed">The first start of the server prints the password of the owner.</Text>}
            {password && !others && <Anchor component="button" type="button" size="xs" onClick={() => setOthers(true)}>Another environment</Anchor>}
          </Group>
        </Stack>
      </Paper>
    </Center>
  );
}

function LoginFailure({ error }: { error: unknown }) {
  const { title, advice } = explain(error);
  return <Alert color="red" variant="light" title={title} role="alert">{advice}</Alert>;
}
