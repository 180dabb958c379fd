import { Anchor, Group, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, type ReactNode } from 'react';
import { useEntity } from '../../shared/entities/read';
import { Waiting } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { ClientStep } from './client-step';
import { FlagStep } from './flag-step';

const TryIt = lazy(() => import('../../shared/try-it/try-it'));

/** The three steps. The address has what was chosen, so that a reload goes on there. */
export function Guide() {
  const [address, setAddress] = useAddress();
  const flagId = Number(address['flag'] ?? 0);
  const clientId = Number(address['client'] ?? 0);
  const flag = useEntity('feature', flagId, { enabled: flagId > 0 }).data;
  const client = useEntity('client', clientId, { enabled: clientId > 0 }).data;
  return (
    <Stack gap="md" maw={1080}>
      <Step number={1} title="A flag" done={flag ? <>Your flag is <Anchor component={Link} to={`/features/${flag.id}`} inherit underline="always" fw={600}>{flag.name}</Anchor>.</> : undefined} change={() => setAddress({ flag: undefined })}
        text="A flag is a switch in your code. You flip it here, and every program that may see it has the change at once.">
        <FlagStep onChosen={(id) => setAddress({ flag: String(id) })} />
      </Step>
      <Step number={2} title="A client and its token" waits={!flag} done={flag && client ? <>Your client is <Anchor component={Link} to={`/clients/${client.id}`} inherit underline="always" fw={600}>{client.name}</Anchor>. Its page makes more tokens.</> : undefined} change={() => setAddress({ client: undefined })}
        text="A client is a customer, or an installation of your product. It gets the features of its package. Its programs show a token when they connect.">
        {flag && <ClientStep flag={flag} onChosen={(id) => setAddress({ client: String(id) })} />}
      </Step>
      <Step number={3} title="Try it" waits={!flag || !client} text="A client of its own runs inside this page, with the stock socket.io-client and a token that ends after an hour. Flip the switch on the left, and watch the right.">
        {flag && client && <Suspense fallback={<Waiting />}><TryIt clientId={client.id} featureId={flag.id} /></Suspense>}
      </Step>
    </Stack>
  );
}

function Step({ number, title, text, done, waits = false, change, children }: { number: number; title: string; text: string; done?: ReactNode; waits?: boolean; change?: () => void; children: ReactNode }) {
  return (
    <Paper withBorder radius="md" p="md" component="section" aria-label={`Step ${number}: ${title}`} data-testid={`step-${number}`} data-state={done ? 'done' : waits ? 'waits' : 'open'}>
      <Group align="flex-start" wrap="nowrap" gap="md">
        <ThemeIcon radius="xl" size={34} variant={done ? 'filled' : 'light'} color={done ? 'teal' : waits ? 'gray' : 'blue'}>{done ? <IconCheck size={18} color="white" stroke={2.5} aria-label="Done" /> : <Text fw={700} size="sm">{number}</Text>}</ThemeIcon>
        <Stack gap="sm" style={{ flex: 1, minWidth: 0 }}>
          <div>
            <Title order={2} size="h4" {...(waits && { c: 'dimmed' })}>{title}</Title>
            {done ? (
              <Text size="sm">{done} {change && <Anchor component="button" type="button" size="sm" underline="always" onClick={change}>Choose another</Anchor>}</Text>
            ) : (
              <Text size="sm" c="dimmed" maw={720}>{text}</Text>
            )}
          </div>
          {!waits && !done && children}
        </Stack>
      </Group>
    </Paper>
  );
}
