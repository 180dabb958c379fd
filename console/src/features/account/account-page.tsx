import { Alert, Badge, Button } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { PasswordDialog } from '../../shared/account/password-dialog';
import { EndSessions, SessionTable } from '../../shared/account/session-table';
import { useConsole } from '../../shared/console';
import { useRole } from '../../shared/auth/use-permission';
import { TimeAgo } from '../../shared/time/time-ago';
import { Page } from '../../shared/ui/page';
import { Section } from '../../shared/ui/section';
import { useAddress, useAddressDialog } from '../../shared/use-search';
import { SecondFactor } from './second-factor';

/** The reader's own account: password, second factor, sessions. */
export default function AccountPage() {
  const { session, environment } = useConsole();
  const [address] = useAddress();
  const change = useAddressDialog('change');
  const role = useRole();
  const { admin } = session;
  const [changedAt, setChangedAt] = useState<string>(admin.password_changed_at);
  const section = address['section'];
  useEffect(() => {
    if (section) document.getElementById(section)?.scrollIntoView({ block: 'start' });
  }, [section]);
  const asks = admin.provider === 'password';
  return (
    <Page title="Your account" description="How you log in, and where you are logged in now."
      marks={<><Badge miw={0} variant="default" tt="none" ff="monospace">{admin.username}</Badge><Badge variant="light" tt="none">{role} in {environment}</Badge></>}>
      {asks ? (
        <>
          <Section title="Password" text={<>Changed <TimeAgo time={changedAt} />. A change ends all your other sessions.</>}
            actions={<Button variant="default" onClick={() => change.open('password')}>Change password</Button>} />
          <SecondFactor />
          <PasswordDialog opened={change.value === 'password'} onClose={change.close} onChanged={() => setChangedAt(new Date().toISOString())} />
        </>
      ) : (
        <Alert color="gray" variant="light" icon={<IconInfoCircle aria-hidden />} title="Your identity provider looks after this account">Password and second factor are set there. Roles follow from your groups at each login.</Alert>
      )}
      <Section id="sessions" title="Sessions" text="Each login of yours that still works, in every environment. If you do not know one, end it and change your password." actions={<EndSessions adminId={admin.id} name={admin.username} />}>
        <SessionTable adminId={admin.id} name={admin.username} />
      </Section>
    </Page>
  );
}
