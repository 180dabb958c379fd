import { Alert, Anchor, Button, Group, Radio, Stack, Switch, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { Problem, unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { keys } from '../../shared/entities/cache';
import { write } from '../../shared/entities/write';
import { TimeAgo } from '../../shared/time/time-ago';
import { Confirm } from '../../shared/ui/confirm';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { notifyDone } from '../../shared/ui/notify';
import { Page } from '../../shared/ui/page';
import { Section } from '../../shared/ui/section';
import { ErrorState, Loaded } from '../../shared/ui/states';
import { useAddressDialog } from '../../shared/use-search';
import { SigningKeys } from './signing-keys';

type Settings = Schemas['Settings'];
type Rule = Settings['require_second_factor'];

const settingsKey = (environment: string) => keys.one(environment, 'settings', 1); // so that changes of others arrive by themselves

/** What owners switch for the whole installation, while it runs. */
export default function SettingsPage() {
  const { admin, environment } = useConsole();
  const settings = useQuery({ queryKey: settingsKey(environment), queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/settings', { signal })), staleTime: Infinity });
  return (
    <Page title="Settings" description="They hold for the whole installation, in every environment, and count at once. Limits, ports and the identity provider are options of the server.">
      <Loaded query={settings}>{(now) => <Login settings={now} />}</Loaded>
      <SigningKeys />
    </Page>
  );
}

const kRules: { value: Rule; label: string; text: string }[] = [
  { value: 'none', label: 'Nobody must', text: 'Everybody may set up a second factor.' },
  { value: 'owners', label: 'Owners must', text: 'An owner without one may only set it up.' },
  { value: 'all', label: 'Everybody must', text: 'Every account with a password. Accounts of the identity provider are not asked.' },
];

function useChange() {
  const console = useConsole();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ etag, patch }: { etag: string; patch: Partial<Settings> }) => (await write<Settings>(console, 'PATCH', '/api/v1/settings', { body: patch, etag })).data,
    onSuccess: (now) => {
      queries.setQueryData(settingsKey(console.environment), now);
      notifyDone('The settings are saved');
    },
  });
}

function Login({ settings }: { settings: Settings }) {
  const { admin, session } = useConsole();
  const change = useChange();
  const passwords = useChange();
  const [rule, setRule] = useState<Rule>(settings.require_second_factor);
  const [base, setBase] = useState(settings); // what the reader saw when the choice was made
  const question = useAddressDialog('passwords');
  const asking = question.value !== undefined && settings.password_login;
  const begin = (from: Settings) => {
    setBase(from);
    setRule(from.require_second_factor);
  };
  const dirty = rule !== base.require_second_factor;
  if (settings.revision > base.revision && (!dirty || rule === settings.require_second_factor)) begin(settings);
  const send = (etag: string) => change.mutate({ etag, patch: { require_second_factor: rule } }, { onSuccess: begin });
  const problem = change.error instanceof Problem ? change.error : null;
  const own = useQuery({ queryKey: ['own second factor'], queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/auth/second-factor', { signal })), enabled: session.admin.provider === 'password', staleTime: 0 });
  const hitsReader = rule !== 'none' && rule !== settings.require_second_factor && session.admin.provider === 'password' && own.data?.enabled === false;
  return (
    <>
      <Section title="Second factor" text="A code of an authenticator app, beside the password.">
        <Radio.Group value={rule} onChange={(value) => setRule(value as Rule)} aria-label="Who must have a second factor">
          <Stack gap={10}>{kRules.map(({ value, label, text }) => <Radio key={value} value={value} label={label} description={text} />)}</Stack>
        </Radio.Group>
        {hitsReader && (
          <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title="You have no second factor yourself">
            This console closes until you have set one up. Better do it before: <Anchor component={Link} to="/account?factor=setup" inherit underline="always">set it up now</Anchor>.
          </Alert>
        )}
        {dirty && settings.revision > base.revision && <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title="Somebody changed the settings meanwhile">It is now “{kRules.find(({ value }) => value === settings.require_second_factor)?.label}”. Your choice is not saved yet.</Alert>}
        {change.error && !problem?.isLostUpdate && <ErrorState error={change.error} />}
        <ConflictDialog type="settings" problem={problem} mine={{ require_second_factor: rule }} onClose={change.reset} onReapply={({ etag }) => send(etag)}
          onTakeTheirs={(current) => {
            begin(current as Settings);
            change.reset();
          }} />
        <Group gap="xs">
          <Button disabled={!dirty} loading={change.isPending} onClick={() => send(base.etag)}>Save</Button>
          {settings.updated_at && <Text size="xs" c="dimmed">The settings were changed <TimeAgo time={settings.updated_at} />.</Text>}
        </Group>
      </Section>
      <Section title="Login with a password" text="Without it, admins log in at your identity provider alone. Sessions go on.">
        <Switch color="teal" withThumbIndicator={false} checked={settings.password_login} label={settings.password_login ? 'Passwords open accounts' : 'Passwords open nothing'} aria-label={`Login with a password: ${settings.password_login ? 'on' : 'off'}`}
          onChange={(event) => (event.currentTarget.checked ? passwords.mutate({ etag: settings.etag, patch: { password_login: true } }) : question.open('off'))} />
        {passwords.error && !asking && <ErrorState error={passwords.error} />}
        {asking && (
          <Confirm title="Switch the login with a password off?" confirm="Switch off" busy={passwords.isPending} error={null} onClose={question.close}
            onConfirm={() => passwords.mutate({ etag: settings.etag, patch: { password_login: false } }, { onSettled: question.close })}>
            <Text size="sm">From then on, everybody logs in at the identity provider. If that fails one day, start the server with <code>--enable-password-login</code>.</Text>
          </Confirm>
        )}
      </Section>
    </>
  );
}
