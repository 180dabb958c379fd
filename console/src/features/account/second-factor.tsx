import { Alert, Badge, Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { FactorSetup } from '../../shared/account/factor-setup';
import { RecoveryCodes } from '../../shared/account/recovery-codes';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { TimeAgo } from '../../shared/time/time-ago';
import { Dialog } from '../../shared/ui/dialog';
import { notifyDone } from '../../shared/ui/notify';
import { Section } from '../../shared/ui/section';
import { ErrorState, Loaded } from '../../shared/ui/states';
import { useAddressDialog } from '../../shared/use-search';

const kFew = 3; // recovery codes left

/** The authenticator app of the reader, and the recovery codes. */
export function SecondFactor() {
  const { admin, environment, sessions } = useConsole();
  const queries = useQueryClient();
  const dialog = useAddressDialog('factor');
  const queryKey = ['env', environment, 'own second factor'];
  const factor = useQuery({ queryKey, queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/auth/second-factor', { signal })) });
  const close = () => {
    dialog.close();
    void queries.invalidateQueries({ queryKey });
  };
  return (
    <Loaded query={factor}>
      {({ enabled, enabled_at: since, required, recovery_codes_left: left }) => (
        <Section id="factor" title="Second factor" marks={<Badge variant="light" tt="none" color={enabled ? 'teal' : 'gray'}>{enabled ? 'on' : 'off'}</Badge>}
          text={enabled ? <>Since {since ? <TimeAgo time={since} /> : 'some time'}, a login needs a code of your authenticator app. {left} of 10 recovery codes are left.</> : 'A code of an app on your phone, beside the password. A password that was stolen then opens nothing.'}
          actions={enabled ? (
            <Group gap="xs">
              <Button variant="default" onClick={() => dialog.open('codes')}>New recovery codes</Button>
              {!required && <Button variant="default" onClick={() => dialog.open('remove')}>Switch off</Button>}
            </Group>
          ) : <Button onClick={() => dialog.open('setup')}>Set up</Button>}>
          {enabled && left <= kFew && <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />}>{left === 0 ? 'No recovery code is left' : `Only ${left} recovery ${left === 1 ? 'code is' : 'codes are'} left`}. Make new ones while you have the app.</Alert>}
          {enabled && required && <Text size="sm" c="dimmed">The owners of this installation require it, so it cannot be switched off.</Text>}
          {dialog.value === 'setup' && !enabled && (
            <FactorSetup sessions={sessions} title="Set up a second factor" intro="You need an authenticator app, such as the one that your other accounts use. Enter your password to begin."
              frame={(title, step) => <Dialog opened onClose={close} title={title} closeOnClickOutside={false}>{step}</Dialog>}
              onDone={() => {
                notifyDone('The second factor is on', 'Your next login asks for a code.');
                close();
              }} />
          )}
          {dialog.value === 'codes' && enabled && <NewCodes onClose={close} />}
          {dialog.value === 'remove' && enabled && <Remove onClose={close} />}
        </Section>
      )}
    </Loaded>
  );
}

interface Proof {
  password: string;
  code: string;
}

function ProofForm({ label, danger, busy, error, onSubmit, onClose }: { label: string; danger?: boolean; busy: boolean; error: unknown; onSubmit: (proof: Proof) => void; onClose: () => void }) {
  const form = useForm({
    initialValues: { password: '', code: '' },
    validate: { password: (text) => (text ? null : 'Enter your password.'), code: (text) => (text.trim() ? null : 'Enter a code.') },
  });
  return (
    <form onSubmit={form.onSubmit(({ password, code }) => onSubmit({ password, code: code.trim() }))} noValidate>
      <Stack>
        <PasswordInput label="Password" autoComplete="current-password" data-autofocus {...form.getInputProps('password')} />
        <TextInput label="Code" description="Of your authenticator app, or a recovery code." autoComplete="one-time-code" {...form.getInputProps('code')} />
        {error !== null && <ErrorState error={error} />}
        <Group justify="flex-end" gap="xs"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" color={danger ? 'red' : 'blue'} loading={busy}>{label}</Button></Group>
      </Stack>
    </form>
  );
}

function NewCodes({ onClose }: { onClose: () => void }) {
  const { admin } = useConsole();
  const make = useMutation({ mutationFn: (body: Proof) => unwrap(admin.rest.POST('/api/v1/auth/second-factor/recovery-codes', { body })) });
  return (
    <Dialog opened onClose={onClose} title={make.data ? 'Keep your recovery codes' : 'New recovery codes'} closeOnClickOutside={!make.data}>
      {make.data ? <RecoveryCodes codes={make.data.recovery_codes} onDone={onClose} /> : (
        <Stack>
          <Text size="sm">You get ten new ones. Those from before work no more.</Text>
          <ProofForm label="Make new codes" busy={make.isPending} error={make.error} onSubmit={(proof) => make.mutate(proof)} onClose={onClose} />
        </Stack>
      )}
    </Dialog>
  );
}

function Remove({ onClose }: { onClose: () => void }) {
  const { admin } = useConsole();
  const remove = useMutation({
    mutationFn: (body: Proof) => unwrap(admin.rest.POST('/api/v1/auth/second-factor/remove', { body })),
    onSuccess: () => {
      notifyDone('The second factor is off', 'The password alone opens your account.');
      onClose();
    },
  });
  return (
    <Dialog opened onClose={onClose} title="Switch off the second factor?">
      <Stack>
        <Text size="sm">The password alone opens your account then. The recovery codes work no more.</Text>
        <ProofForm label="Switch off" danger busy={remove.isPending} error={remove.error} onSubmit={(proof) => remove.mutate(proof)} onClose={onClose} />
      </Stack>
    </Dialog>
  );
}
