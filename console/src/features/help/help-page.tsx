import { Anchor, Card, List, Stack, Tabs, Text, Timeline, Title } from '@mantine/core';
import { IconBook2, IconRoute, IconTopologyStar3 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useConsole } from '../../shared/console';
import { Copyable } from '../../shared/ui/copyable';
import { Page } from '../../shared/ui/page';
import { useTab } from '../../shared/use-search';
import { firstSteps } from './commands';

const kTabs = ['ideas', 'steps', 'addresses'];

export default function HelpPage() {
  const { session, environment } = useConsole();
  const [tab, setTab] = useTab(kTabs);
  const { data: version } = useQuery({
    queryKey: ['version'],
    queryFn: async () => ((await (await fetch('/api/v1/openapi.json')).json()) as { info: { version: string } }).info.version,
    staleTime: Infinity,
  });
  const steps = firstSteps(window.location.origin, session.admin.username, environment);
  return (
    <Page title="Help" description={`Togglecast ${version ?? ''} at ${window.location.origin}, environment ${environment}.`}>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="ideas" leftSection={<IconBook2 size={16} aria-hidden />}>How it fits together</Tabs.Tab>
          <Tabs.Tab value="steps" leftSection={<IconRoute size={16} aria-hidden />}>First steps with curl</Tabs.Tab>
          <Tabs.Tab value="addresses" leftSection={<IconTopologyStar3 size={16} aria-hidden />}>Addresses</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="ideas" pt="md"><Ideas /></Tabs.Panel>
        <Tabs.Panel value="steps" pt="md">
          <Stack maw={860}>
            <Text size="sm" c="dimmed">Four steps show how a change by an admin reaches a client. Run them in this order in one terminal.</Text>
            <Timeline bulletSize={26} active={-1}>
              {steps.map((step, index) => (
                <Timeline.Item key={step.title} bullet={<Text size="xs" fw={600}>{index + 1}</Text>} title={step.title}>
                  {step.note && <Text size="sm" c="dimmed" mb={6}>{step.note}</Text>}
                  <Copyable text={step.commands} label={step.title} />
                </Timeline.Item>
              ))}
            </Timeline>
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="addresses" pt="md"><Addresses /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}

const kIdeas: [string, string][] = [
  ['Platform', 'A surface of the product that is switched as a whole, with a configuration in JSON. While it is off, every feature that needs it is off.'],
  ['Feature', 'A flag with variants and rules. It may have sub-features, and it may need platforms and other features.'],
  ['Segment', 'A rule with a name, such as “pilot customers”, which several features share.'],
  ['Package', 'A plan that customers buy: the features that it includes, each with a limit if you like, and the platforms that it opens.'],
  ['Client', 'A customer. It is on one package; an override gives or takes single features, with a reason and an end.'],
  ['Revision', 'Each change has the next number. The console shows how many connections have proven that they have it.'],
];

function Ideas() {
  return (
    <Stack gap="sm" maw={860}>
      <Text size="sm">An admin changes a switch. The server commits the change, and pushes it at once to every admin and to exactly the clients that it concerns.</Text>
      {kIdeas.map(([word, text]) => (
        <Card key={word} withBorder padding="sm"><Title order={2} size="h6">{word}</Title><Text size="sm" c="dimmed">{text}</Text></Card>
      ))}
      <Text size="sm">A feature is on for a client if the first rule that decides says so: the client is active, the feature is on, its platforms are on, what it requires is on; then an override, the package, the rules of the feature, its default. The Playground shows each step.</Text>
    </Stack>
  );
}

function Addresses() {
  const row = (address: string, text: ReactNode) => <List.Item><Text span ff="monospace" size="sm">{address}</Text> <Text span size="sm" c="dimmed">— {text}</Text></List.Item>;
  return (
    <List spacing="xs">
      {row('/api/v1/…', <>every request, described at <Anchor href="/api/v1/openapi.json" target="_blank" size="sm">/api/v1/openapi.json</Anchor> (OpenAPI 3.1)</>)}
      {row('/socket.io/', 'live changes over Socket.IO: namespace /client for clients, /admin for admins')}
      {row('/healthz', 'the process runs')}
      {row('/readyz', 'the process serves; 503 while it starts and stops')}
      {row('/metrics', 'numbers for Prometheus; needs a token, or a listener of its own (--metrics-listen)')}
    </List>
  );
}
