import { Badge, Button, Checkbox, Group, Paper, Select, Stack, Table, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconArrowsLeftRight, IconPlus } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '@togglecast/admin';
import { formErrors, Problem, unwrap } from '../../shared/api/problem';
import { useConsole, useRest } from '../../shared/console';
import { environmentVariable } from '../../shared/environment-color';
import { TimeAgo } from '../../shared/time/time-ago';
import { Dialog } from '../../shared/ui/dialog';
import { Guarded } from '../../shared/ui/guarded';
import { keyProblem, KeyField } from '../../shared/ui/key-field';
import { notifyDone } from '../../shared/ui/notify';
import { Page } from '../../shared/ui/page';
import { ErrorState, Loaded } from '../../shared/ui/states';
import { useAddressDialog } from '../../shared/use-search';
import { useEnvironments } from '../../shared/use-environments';
import { useEnterEnvironment } from '../../shared/use-enter-environment';
import classes from './environments.module.css';

type Environment = Schemas['Environment'];

export default function EnvironmentsPage() {
  const environments = useEnvironments();
  const create = useAddressDialog('new');
  return (
    <Page title="Environments" description="Catalogues beside each other, such as staging and production. Each has its own platforms, features, packages and clients, and its own history."
      actions={
        <>
          {(environments.data?.total ?? 0) > 1 && <Button component={Link} to="/environments/compare" variant="default" leftSection={<IconArrowsLeftRight size={16} aria-hidden />}>Compare and promote</Button>}
          <Guarded action="manage_environments">
            {(disabled) => <Button leftSection={<IconPlus size={16} aria-hidden />} disabled={disabled} onClick={() => create.open()}>New environment</Button>}
          </Guarded>
        </>
      }>
      <Loaded query={environments}>
        {({ items }) => (
          <Stack>
            <Paper withBorder radius="md">
              <Table.ScrollContainer minWidth={880} type="native">
                <Table verticalSpacing="sm" horizontalSpacing="md">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Environment</Table.Th><Table.Th ta="right">Platforms</Table.Th><Table.Th ta="right">Features</Table.Th><Table.Th ta="right">Packages</Table.Th><Table.Th ta="right">Clients</Table.Th>
                      <Table.Th>Last change</Table.Th><Table.Th w={130}><span className="visually-hidden">Enter</span></Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>{items.map((one) => <Row key={one.key} environment={one} />)}</Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </Paper>
            {items.length === 1 && (
              <Text size="sm" c="dimmed" maw={680}>
                There is one environment. Make a second one, such as <b>staging</b>, with a copy of this catalogue: there you can try changes, compare both side by side, and promote what works.
              </Text>
            )}
            <CreateEnvironment environments={items} opened={create.value !== undefined} onClose={create.close} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function Row({ environment }: { environment: Environment }) {
  const { environment: own } = useConsole();
  const { enter, entering } = useEnterEnvironment();
  const { key, revision, changed_at, counts } = environment;
  return (
    <Table.Tr data-testid={`environment-${key}`}>
      <Table.Td className={classes['name']!} style={{ '--color': environmentVariable(key) } as React.CSSProperties}>
        <Group gap="xs" wrap="nowrap"><Text fw={600} size="sm">{key}</Text>{key === own && <Badge size="sm" variant="light" tt="none" style={{ flex: 'none' }}>you are here</Badge>}</Group>
      </Table.Td>
      {[counts.platforms, counts.features, counts.packages, counts.clients].map((count, index) => <Table.Td key={index} ta="right">{count.toLocaleString()}</Table.Td>)}
      <Table.Td><Text size="sm" c="dimmed">{revision === 0 ? 'never' : <TimeAgo time={changed_at} />}</Text><Text size="xs" c="dimmed">revision {revision.toLocaleString()}</Text></Table.Td>
      <Table.Td ta="right">{key !== own && <Button size="xs" variant="default" loading={entering === key} onClick={() => enter(key)}>Enter {key}</Button>}</Table.Td>
    </Table.Tr>
  );
}

function CreateEnvironment({ environments, opened, onClose }: { environments: Environment[]; opened: boolean; onClose: () => void }) {
  const rest = useRest();
  const queries = useQueryClient();
  const { environment: own } = useConsole();
  const form = useForm({ initialValues: { key: '', from: own, clients: false }, validate: { key: keyProblem } });
  const create = useMutation({
    mutationFn: async ({ key, from, clients }: typeof form.values) => {
      // When the copy failed the first time, the environment is there already, and still empty.
      const known = environments.find((one) => one.key === key);
      if (!known || known.revision > 0) await unwrap(rest.POST('/api/v1/environments', { body: { key } }));
      if (from) await unwrap(rest.POST('/api/v1/environments/{key}/copy', { params: { path: { key } }, body: { from, clients } }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['environments'] }),
    onSuccess: (_done, { key, from }) => {
      notifyDone(`${key} is there`, from ? `It has the catalogue of ${from}.` : 'It is empty.');
      close();
    },
    onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, ['key', 'from']).fields),
  });
  const close = () => {
    form.reset();
    create.reset();
    onClose();
  };
  const untold = create.error && (!(create.error instanceof Problem) || formErrors(create.error, ['key', 'from']).rest.length > 0);
  return (
    <Dialog opened={opened} onClose={close} title="New environment">
      <form onSubmit={form.onSubmit((values) => create.mutate(values))} noValidate>
        <Stack>
          <KeyField placeholder="staging" description="Its name. It cannot be changed, and an environment cannot be deleted." data-autofocus {...form.getInputProps('key')} />
          <Select label="Begin with a copy of" data={[...environments.filter((one) => one.revision > 0).map((one) => one.key)]} placeholder="Nothing: an empty catalogue" clearable clearButtonProps={{ 'aria-label': 'Begin empty' }} {...form.getInputProps('from')} />
          {form.values.from && <Checkbox label="With its clients and their overrides" description="Their tokens stay behind." {...form.getInputProps('clients', { type: 'checkbox' })} />}
          {untold && <ErrorState error={create.error} />}
          <Group justify="flex-end" gap="xs"><Button variant="default" onClick={close}>Cancel</Button><Guarded action="manage_environments">{(disabled) => <Button type="submit" disabled={disabled} loading={create.isPending}>Create</Button>}</Guarded></Group>
        </Stack>
      </form>
    </Dialog>
  );
}
