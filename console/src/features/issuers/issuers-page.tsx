import { Badge, Button, Group, Paper, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconCertificate } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useEntityList } from '../../shared/entities/read';
import { useDeleteEntity } from '../../shared/entities/write';
import { SearchField, useEntityListPage } from '../../shared/entity-pages/entity-list';
import { environmentColor } from '../../shared/environment-color';
import { byName } from '../../shared/order';
import { Confirm } from '../../shared/ui/confirm';
import { notifyDone } from '../../shared/ui/notify';
import { Page } from '../../shared/ui/page';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress, useAddressDialogOf } from '../../shared/use-search';
import { IssuerForm } from './issuer-form';
import type { Issuer } from './issuers';
import { KeyState } from './key-state';

export default function IssuersPage() {
  const issuers = useEntityList('issuer');
  const [address] = useAddress();
  const { search, dialog, newButton } = useEntityListPage('issuer');
  const edit = useAddressDialogOf('issuer', issuers.data);
  const deletion = useAddressDialogOf('delete', issuers.data);
  return (
    <Page title="Trusted issuers" actions={newButton} description="Back ends and identity providers that sign the tokens of clients themselves. The server needs only their public keys.">
      <Loaded query={issuers}>
        {(all) => all.length === 0 ? (
          <EmptyState icon={IconCertificate} title="No trusted issuers yet" action={newButton}>
            The server signs the tokens of all clients itself. If your own back end should let clients in, trust it here: say which tokens are its own, and where its public keys are. No program then needs the token of an admin.
          </EmptyState>
        ) : (
          <Stack gap="sm">
            <SearchField field={search} aria-label="Search issuers" placeholder="Name, key, issuer or audience" />
            <IssuerTable all={all} query={(address['q'] ?? '').trim().toLowerCase()} onEdit={edit.open} onDelete={deletion.open} />
          </Stack>
        )}
      </Loaded>
      {dialog.opened && <IssuerForm onClose={dialog.onClose} />}
      {edit.of && <IssuerForm key={edit.of.id} of={edit.of} onClose={edit.close} />}
      {deletion.of && <Delete of={deletion.of} onClose={deletion.close} />}
    </Page>
  );
}

interface Actions {
  onEdit: (issuer: Issuer) => void;
  onDelete: (issuer: Issuer) => void;
}

function IssuerTable({ all, query, ...actions }: { all: Issuer[]; query: string } & Actions) {
  const shown = useMemo(() => all.filter((one) => `${one.name} ${one.key} ${one.issuer} ${one.environment} ${one.audiences.join(' ')}`.toLowerCase().includes(query)).sort(byName), [all, query]);
  if (shown.length === 0) return <Text c="dimmed" size="sm">No issuer fits.</Text>;
  return (
    <Paper withBorder radius="md">
      <Table.ScrollContainer minWidth={900} type="native" tabIndex={0}>
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover aria-label="Trusted issuers">
          <Table.Thead><Table.Tr><Table.Th>Issuer</Table.Th><Table.Th>Environment</Table.Th><Table.Th>Audiences</Table.Th><Table.Th>Client claim</Table.Th><Table.Th>Public keys</Table.Th><Table.Th w={140}><span className="visually-hidden">Change it</span></Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{shown.map((issuer) => <Row key={issuer.id} of={issuer} {...actions} />)}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function Row({ of, onEdit, onDelete }: { of: Issuer } & Actions) {
  return (
    <Table.Tr data-testid={`issuer-${of.key}`}>
      <Table.Td maw={260}>
        <Group gap={8} wrap="nowrap"><Text size="sm" fw={500} truncate>{of.name}</Text>{!of.active && <Badge size="sm" variant="light" color="orange" tt="none">deactivated</Badge>}</Group>
        <Text size="xs" c="dimmed" ff="monospace" truncate title={of.issuer}>{of.issuer}</Text>
      </Table.Td>
      <Table.Td><Badge variant="dot" tt="none" radius="sm" color={environmentColor(of.environment)}>{of.environment}</Badge></Table.Td>
      <Table.Td maw={200}><Group gap={4}>{of.audiences.map((audience) => <Badge key={audience} miw={0} size="sm" variant="light" tt="none">{audience}</Badge>)}</Group></Table.Td>
      <Table.Td><Tooltip label={`${of.algorithms.join(', ')}; clocks may differ by ${of.leeway_s} s`}><Text size="sm" ff="monospace" fz={13} tabIndex={0} component="span">{of.client_claim}</Text></Tooltip></Table.Td>
      <Table.Td><KeyState of={of} /></Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap" justify="flex-end">
          <Button size="compact-sm" variant="subtle" onClick={() => onEdit(of)} aria-label={`Edit ${of.name}`}>Edit</Button>
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => onDelete(of)} aria-label={`Delete ${of.name}`}>Delete</Button>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function Delete({ of, onClose }: { of: Issuer; onClose: () => void }) {
  const remove = useDeleteEntity('issuer');
  return (
    <Confirm title={`Trust ${of.name} no more?`} confirm="Delete the issuer" busy={remove.isPending} error={remove.error} onClose={onClose}
      onConfirm={() => remove.mutate({ id: of.id }, {
        onSuccess: () => {
          notifyDone(`${of.name} is not trusted any more`, 'The connections that its tokens opened have ended.');
          onClose();
        },
      })}>
      <Text size="sm">
        Every client of <b>{of.environment}</b> that came with a token of <b>{of.issuer}</b> loses its connection at once, and its tokens are refused. Clients with tokens of this server stay. This cannot be undone; to try it first, deactivate the issuer.
      </Text>
    </Confirm>
  );
}
