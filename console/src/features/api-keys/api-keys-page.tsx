import { Badge, Button, Group, Paper, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconApi } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useConsole } from '../../shared/console';
import { keys, type Page as Answer } from '../../shared/entities/cache';
import { getJson } from '../../shared/entities/read';
import { useDeleteEntity } from '../../shared/entities/write';
import { environmentColor } from '../../shared/environment-color';
import { useRefresh } from '../../shared/live/use-refresh';
import { SearchField, useEntityListPage } from '../../shared/entity-pages/entity-list';
import { TimeAgo } from '../../shared/time/time-ago';
import { Confirm } from '../../shared/ui/confirm';
import { notifyDone } from '../../shared/ui/notify';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress, useAddressDialogOf } from '../../shared/use-search';
import { KeyForm } from './key-form';
import { scopeLabel, stateOf, type ApiKey } from './keys';

const kAgain = 10_000; // ms; the last use is no change, so no event tells of it
const kMost = 1000;

export default function ApiKeysPage() {
  const console = useConsole();
  const queryKey = keys.list(console.environment, 'api_key');
  useRefresh(queryKey, (type) => type === 'api_key');
  const list = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await getJson<Answer<ApiKey>>(console, '/api/v1/api-keys', { limit: kMost }, signal)).items,
    refetchInterval: kAgain,
  });
  const [address] = useAddress();
  const { search, dialog, newButton } = useEntityListPage('api_key');
  const edit = useAddressDialogOf('key', list.data);
  const revoke = useAddressDialogOf('revoke', list.data);
  return (
    <Page title="API keys" actions={newButton} description="For machines: CI jobs, scripts, scrapers of metrics. A key works in one environment, and opens only what its scopes name.">
      <Loaded query={list}>
        {(all) => all.length === 0 ? (
          <EmptyState icon={IconApi} title="No API keys yet" action={newButton}>A program that calls the API should not use the password of a person. Give each program a key of its own, with the scopes that it needs, so that you can revoke one without the others.</EmptyState>
        ) : (
          <Stack gap="sm">
            <SearchField field={search} aria-label="Search API keys" placeholder="Name, first characters or SHA-256" />
            <KeyTable all={all} query={(address['q'] ?? '').trim().toLowerCase()} onEdit={edit.open} onRevoke={revoke.open} />
          </Stack>
        )}
      </Loaded>
      {dialog.opened && <KeyForm onClose={dialog.onClose} />}
      {edit.of && <KeyForm key={edit.of.id} of={edit.of} onClose={edit.close} />}
      {revoke.of && <Revoke of={revoke.of} onClose={revoke.close} />}
    </Page>
  );
}

function KeyTable({ all, query, onEdit, onRevoke }: { all: ApiKey[]; query: string; onEdit: (key: ApiKey) => void; onRevoke: (key: ApiKey) => void }) {
  const shown = useMemo(
    () => all.filter((key) => `${key.name} ${key.prefix} ${key.sha256} ${key.environment}`.toLowerCase().includes(query)).sort((a, b) => a.name.localeCompare(b.name)),
    [all, query],
  );
  if (shown.length === 0) return <Text c="dimmed" size="sm">No key fits. A key that was published is found by its SHA-256.</Text>;
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={980} type="native" tabIndex={0}>
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="API keys">
          <Table.Thead><Table.Tr><Table.Th>Key</Table.Th><Table.Th>Environment</Table.Th><Table.Th>Scopes</Table.Th><Table.Th>From</Table.Th><Table.Th>Last use</Table.Th><Table.Th>Ends</Table.Th><Table.Th w={150}><span className="visually-hidden">Change it</span></Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{shown.map((key) => <Row key={key.id} of={key} onEdit={onEdit} onRevoke={onRevoke} />)}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

const kOneLine = { whiteSpace: 'nowrap' } as const;
const kStates = { active: undefined, expired: { word: 'expired', color: 'gray' }, off: { word: 'deactivated', color: 'orange' } } as const;

function Row({ of, onEdit, onRevoke }: { of: ApiKey; onEdit: (key: ApiKey) => void; onRevoke: (key: ApiKey) => void }) {
  const state = kStates[stateOf(of, Date.now())];
  const [first, ...others] = of.addresses;
  return (
    <Table.Tr data-testid={`key-${of.name}`}>
      <Table.Td>
        <Group gap={8} wrap="nowrap"><Text size="sm" fw={500} maw={220} truncate>{of.name}</Text>{state && <Badge size="sm" variant="light" color={state.color} tt="none">{state.word}</Badge>}</Group>
        <Text size="xs" c="dimmed" ff="monospace">{of.prefix}…</Text>
      </Table.Td>
      <Table.Td><Badge variant="dot" tt="none" radius="sm" color={environmentColor(of.environment)}>{of.environment}</Badge></Table.Td>
      <Table.Td maw={280}><Group gap={4}>{of.scopes.map((scope) => <Badge key={scope} size="sm" variant="light" tt="none" color={scope.startsWith('write') ? 'orange' : 'blue'}>{scopeLabel(scope)}</Badge>)}</Group></Table.Td>
      <Table.Td>
        {first === undefined ? <Text size="sm" c="dimmed">anywhere</Text> : (
          <Tooltip label={of.addresses.join(', ')} multiline maw={320} disabled={others.length === 0}><Text size="sm" ff="monospace" fz={13} tabIndex={others.length > 0 ? 0 : undefined}>{first}{others.length > 0 && <Text size="xs" c="dimmed" component="span" display="block">and {others.length} more</Text>}</Text></Tooltip>
        )}
      </Table.Td>
      <Table.Td><Text size="sm" style={kOneLine} c={of.last_used_at ? 'inherit' : 'dimmed'}>{of.last_used_at ? <TimeAgo time={of.last_used_at} /> : 'never'}</Text></Table.Td>
      <Table.Td><Text size="sm" style={kOneLine} c="dimmed">{of.expires_at ? <TimeAgo time={of.expires_at} /> : 'never'}</Text></Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap" justify="flex-end">
          <Button size="compact-sm" variant="subtle" onClick={() => onEdit(of)} aria-label={`Edit ${of.name}`}>Edit</Button>
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => onRevoke(of)} aria-label={`Revoke ${of.name}`}>Revoke</Button>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function Revoke({ of, onClose }: { of: ApiKey; onClose: () => void }) {
  const remove = useDeleteEntity('api_key');
  return (
    <Confirm title={`Revoke the key ${of.name}?`} confirm="Revoke" busy={remove.isPending} error={remove.error} onClose={onClose}
      onConfirm={() => remove.mutate({ id: of.id }, {
        onSuccess: () => {
          notifyDone(`${of.name} is revoked`, 'Its connections have ended.');
          onClose();
        },
      })}>
      <Text size="sm">Programs that use it are refused at once. {of.last_used_at ? <>It was last used <TimeAgo time={of.last_used_at} />.</> : 'It was never used.'} This cannot be undone.</Text>
    </Confirm>
  );
}
