// What stands around the start page: the guide itself while the catalogue is empty, a hint while the account is new.
import { Alert, Anchor, Button, Group } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useConsole } from '../../shared/console';
import { useEntityPages } from '../../shared/entities/read';
import { Page } from '../../shared/ui/page';
import { Waiting } from '../../shared/ui/states';
import { Guide } from './guide';

const kNew = 24 * 3600_000; // ms that an account is new
const kSeen = 'togglecast.first-minutes';

export default function FirstMinutesStart({ children }: { children: ReactNode }) {
  const { session } = useConsole();
  const features = useEntityPages('feature', {}, 1);
  const clients = useEntityPages('client', {}, 1);
  const [skipped, setSkipped] = useState(false);
  const [guided, setGuided] = useState(false); // it stays while its steps fill the catalogue
  const [seen, setSeen] = useState(() => localStorage.getItem(kSeen) === String(session.admin.id));
  if (features.isPending || clients.isPending) return <Waiting />;
  const empty = features.total === 0 || clients.total === 0;
  if (empty && !guided) setGuided(true);
  if (guided && !skipped)
    return (
      <Page title="Welcome to Togglecast" description="Three steps to your first flag: you make it, a client connects, and you see a change arrive while you look. What you make here is real, and you can delete it later."
        actions={<Button variant="default" onClick={() => setSkipped(true)}>{empty ? 'Skip' : 'Done'}</Button>}>
        <Guide />
      </Page>
    );
  if (seen || Date.now() - new Date(session.admin.created_at).getTime() > kNew) return children;
  return (
    <>
      <Alert color="blue" variant="light" icon={<IconRocket aria-hidden />} mb="md" withCloseButton closeButtonLabel="Do not show this again"
        onClose={() => {
          localStorage.setItem(kSeen, String(session.admin.id));
          setSeen(true);
        }}>
        <Group gap="xs">New here? Flip a switch and watch it arrive. <Anchor component={Link} to="/first-minutes" inherit underline="always" fw={600}>The first minutes</Anchor></Group>
      </Alert>
      {children}
    </>
  );
}
