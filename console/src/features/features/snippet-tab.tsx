import { Anchor, Code, NativeSelect, Stack, Tabs, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Copyable } from '../../shared/ui/copyable';
import { useAddress } from '../../shared/use-search';
import { typeOf, type Feature } from './flag-draft';
import { snippets } from './snippets';

/** Code that asks for the feature, in each language. */
export function SnippetTab({ feature }: { feature: Feature }) {
  const [address, setAddress] = useAddress();
  const chosen = feature.sub_features.find(({ key }) => key === address['sub']);
  const all = snippets({ key: chosen ? `${feature.key}/${chosen.key}` : feature.key, type: typeOf((chosen ?? feature).variants), url: window.location.origin });
  return (
    <Stack maw={760}>
      {feature.sub_features.length > 0 && (
        <NativeSelect label="Flag" w={320} maw="100%" value={chosen?.key ?? ''} onChange={(event) => setAddress({ sub: event.currentTarget.value })} data={[{ value: '', label: feature.key }, ...feature.sub_features.map(({ key }) => ({ value: key, label: `${feature.key}/${key}` }))]} />
      )}
      <Tabs value={all.find(({ id }) => id === address['language'])?.id ?? 'js'} onChange={(id) => setAddress({ language: id === 'js' ? undefined : (id ?? undefined) })} variant="pills">
        <Tabs.List aria-label="Language">{all.map(({ id, title }) => <Tabs.Tab key={id} value={id}>{title}</Tabs.Tab>)}</Tabs.List>
        {all.map(({ id, title, note, code }) => (
          <Tabs.Panel key={id} value={id} pt="sm">
            <Text size="sm" c="dimmed" mb="xs">{note.includes('install') ? <Code>{note}</Code> : note}</Text>
            <Copyable label={`${title} for ${feature.key}`} text={code} />
          </Tabs.Panel>
        ))}
      </Tabs>
      <Text size="sm" c="dimmed">The token belongs to one client. Make one on the page of the client: <Anchor component={Link} to="/clients" size="sm" underline="always">Clients</Anchor>.</Text>
    </Stack>
  );
}
