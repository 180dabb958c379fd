// Setting up an authenticator app: the password, the QR code with a first code of the app, and the recovery codes.
import { Anchor, Button, Code, Group, Loader, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, type ReactNode } from 'react';
import type { Sessions } from '../auth/sessions';
import { ErrorState } from '../ui/states';
import { RecoveryCodes } from './recovery-codes';

const QrCode = lazy(() => import('./qr-code'));

/** `frame` stands around each step: a page or a dialog, with its title. */
export function FactorSetup({ sessions, title, intro, frame, onDone }: {
  sessions: Sessions; title: string; intro: string; frame: (title: string, step: ReactNode) => ReactNode; onDone: () => void;
}) {
  const begin = useMutation({ mutationFn: (password: string) => sessions.beginFactor(password) });
  const confirm = useMutation({ mutationFn: (code: string) => sessions.confirmFactor(code.replaceAll(' ', '')) });
  const password = useForm({ initialValues: { password: '' }, validate: { password: (text) => (text ? null : 'Enter your password.') } });
  const code = useForm({ initialValues: { code: '' }, validate: { code: (text) => (/^\d{6}$/.test(text.replaceAll(' ', '')) ? null : 'Enter the six digits that the app shows.') } });

  if (confirm.data) return frame('Keep your recovery codes', <RecoveryCodes codes={confirm.data} onDone={onDone} />);
  if (begin.data) {
    const { secret, uri } = begin.data;
    return frame('Set up your authenticator app', (
      <Stack>
        <Text size="sm">Scan this with your authenticator app, or <Anchor href={uri} inherit underline="always">open it in an app on this device</Anchor>.</Text>
        <Group justify="center" mih={184}><Suspense fallback={<Loader size="sm" />}><QrCode text={uri} label="QR code for the authenticator app" /></Suspense></Group>
        <div>
          <Text size="xs" c="dimmed" mb={4}>Or type this key into the app:</Text>
          <Code block tabIndex={0} aria-label="Key for the authenticator app">{secret.replace(/(.{4})(?=.)/g, '$1 ')}</Code>
        </div>
        <form onSubmit={code.onSubmit((values) => confirm.mutate(values.code))} noValidate>
          <Stack>
            <TextInput label="Code" description="What the app shows now." autoComplete="one-time-code" inputMode="numeric" autoFocus {...code.getInputProps('code')} />
            {confirm.error && <ErrorState error={confirm.error} />}
            <Button type="submit" loading={confirm.isPending}>Confirm</Button>
          </Stack>
        </form>
      </Stack>
    ));
  }
  return frame(title, (
    <Stack>
      <Text size="sm">{intro}</Text>
      <form onSubmit={password.onSubmit((values) => begin.mutate(values.password))} noValidate>
        <Stack>
          <PasswordInput label="Password" autoComplete="current-password" autoFocus data-autofocus {...password.getInputProps('password')} />
          {begin.error && <ErrorState error={begin.error} />}
          <Button type="submit" loading={begin.isPending}>Begin</Button>
        </Stack>
      </form>
    </Stack>
  ));
}
