import { Alert, Button, Group, Select, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDebouncedValue } from '@mantine/hooks';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { formErrors, Problem } from '../../shared/api/problem';
import { usePermission } from '../../shared/auth/use-permission';
import { useConsole, type Console } from '../../shared/console';
import { putEntity } from '../../shared/entities/cache';
import { getJson, useEntityPages } from '../../shared/entities/read';
import { write } from '../../shared/entities/write';
import { NameAndKey, namedRules } from '../../shared/entity-pages/name-and-key';
import { clientSnippets } from '../../shared/try-it/snippets';
import { Copyable } from '../../shared/ui/copyable';
import { Guarded } from '../../shared/ui/guarded';
import { ErrorState } from '../../shared/ui/states';

type Feature = Schemas['Feature'];
type Client = Schemas['Client'];
type Plan = Schemas['Package'];
const kStarter = 'starter';

/** A package that includes the flag: the one with the key `starter`, which is made unless it exists. */
async function packageWith(console: Console, flag: Feature): Promise<Plan> {
  const { items } = await getJson<{ items: Plan[] }>(console, '/api/v1/packages', { q: kStarter, limit: 1000 });
  const known = items.find(({ key }) => key.toLowerCase() === kStarter);
  if (!known) return (await write<Plan>(console, 'POST', '/api/v1/packages', { body: { key: kStarter, name: 'Starter', features: [{ feature_id: flag.id }] } })).data;
  if (known.features.some(({ feature_id: id }) => id === flag.id)) return known;
  return (await write<Plan>(console, 'PUT', `/api/v1/packages/${known.id}/features/${flag.id}`)).data;
}

/** Whether the client sees the flag at all. */
async function sees(console: Console, client: Client, flag: Feature) {
  const { items } = await getJson<Schemas['Effective']>(console, `/api/v1/clients/${client.id}/effective`, { feature: flag.id });
  return items[0]?.visible ?? false;
}

export function ClientStep({ flag, onChosen }: { flag: Feature; onChosen: (id: number) => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const owner = usePermission('manage_tokens');
  const form = useForm({ initialValues: { name: 'My first client', key: 'my-first-client' }, validate: namedRules });
  const create = useMutation({
    mutationFn: async (values: { name: string; key: string }) => {
      const plan = await packageWith(console, flag);
      const { data: client } = await write<Client>(console, 'POST', '/api/v1/clients', { body: { ...values, package_id: plan.id } });
      putEntity(queries, console.environment, 'client', client);
      const token = owner.allowed ? (await write<Schemas['IssuedToken']>(console, 'POST', `/api/v1/clients/${client.id}/tokens`, { body: { label: 'First steps' } })).data.token : undefined;
      return { client, plan, token };
    },
    onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, ['name', 'key']).fields),
  });
  if (create.data) return <Made made={create.data} flag={flag} reason={owner.reason} onNext={() => onChosen(create.data.client.id)} />;
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, ['name', 'key']).rest.length > 0);
  return (
    <Stack gap="sm">
      <form onSubmit={form.onSubmit((values) => create.mutate(values))} noValidate>
        <Group align="flex-start" gap="sm">
          <NameAndKey form={form} name={{ w: 240, description: 'For people.' }} keys={{ w: 240, description: 'For programs. It never changes.' }} />
          <Guarded action="write_clients">{(disabled) => <Button type="submit" mt={45} disabled={disabled} loading={create.isPending}>Make the client</Button>}</Guarded>
        </Group>
        <Text size="xs" c="dimmed" mt={6}>It goes on the package <Text span ff="monospace" inherit>{kStarter}</Text>, which includes {flag.name}. The package is made, too, unless there is one.</Text>
      </form>
      {untold && <ErrorState error={create.error} />}
      <ExistingClient flag={flag} onChosen={onChosen} />
    </Stack>
  );
}

function Made({ made: { client, token }, flag, reason, onNext }: { made: { client: Client; token: string | undefined }; flag: Feature; reason: string; onNext: () => void }) {
  const code = clientSnippets(window.location.origin, 'TOGGLECAST_TOKEN', flag.key)[0]!;
  return (
    <Stack gap="sm">
      {token ? (
        <>
          <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />}>This is the token of {client.name}. Copy it now if you want to use it in your own program: it is shown only once.</Alert>
          <Copyable text={token} label="The token" />
          <Text size="sm">Your program connects like this, with the token in <Text span ff="monospace" inherit>TOGGLECAST_TOKEN</Text>:</Text>
          <Copyable text={code.code} label={`Code for ${code.name}`} />
        </>
      ) : (
        <Alert color="gray" variant="light" icon={<IconInfoCircle aria-hidden />} title={`${client.name} is there, without a token`}>{reason}</Alert>
      )}
      <Button w="fit-content" onClick={onNext}>Go on</Button>
    </Stack>
  );
}

function ExistingClient({ flag, onChosen }: { flag: Feature; onChosen: (id: number) => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), 200);
  const clients = useEntityPages('client', { q, sort: 'name' }, 50);
  const [without, setWithout] = useState<Client>();
  const choose = useMutation({
    mutationFn: (client: Client) => sees(console, client, flag),
    onSuccess: (visible, client) => (visible ? onChosen(client.id) : setWithout(client)),
  });
  const give = useMutation({
    mutationFn: (client: Client) => write<Client>(console, 'PUT', `/api/v1/clients/${client.id}/overrides/${flag.id}`, { body: { value: true, reason: 'First steps' } }),
    onSuccess: ({ data }) => {
      putEntity(queries, console.environment, 'client', data);
      onChosen(data.id);
    },
  });
  if (clients.total === 0 && !q) return null;
  const options = clients.items.map(({ id, name, key }) => ({ value: String(id), label: `${name} (${key})` }));
  const isBoolean = Object.values(flag.variants).every((value) => typeof value === 'boolean');
  return (
    <Stack gap="xs">
      <Select w={492} maw="100%" label="Or take a client that exists" placeholder="Search clients" searchable value={null} onSearchChange={setTyped} filter={({ options: all }) => all} data={options}
        onChange={(id) => {
          const client = clients.items.find((item) => String(item.id) === id);
          if (client) choose.mutate(client);
        }} />
      {without && (
        <Alert color="blue" variant="light" icon={<IconInfoCircle aria-hidden />} title={`${without.name} does not have ${flag.name}`}>
          <Group gap="xs">
            <Text size="sm">Its package does not include it.</Text>
            {isBoolean && <Guarded action="write_clients">{(disabled) => <Button size="compact-sm" variant="light" disabled={disabled} loading={give.isPending} onClick={() => give.mutate(without)}>Give it an override</Button>}</Guarded>}
          </Group>
        </Alert>
      )}
      {(choose.error ?? give.error) && <ErrorState error={choose.error ?? give.error} />}
    </Stack>
  );
}
