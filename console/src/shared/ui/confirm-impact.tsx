// Before a change: which clients would gain and lose which features. The server computes it and writes nothing.
import { Alert, Badge, Button, Group, Loader, ScrollArea, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { IconAlertTriangle, IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { paths, Schemas } from '@togglecast/admin';
import { unwrap } from '../api/problem';
import type { Action } from '../auth/roles';
import { useConsole } from '../console';
import { useAddress } from '../use-search';
import { Dialog, DialogFoot } from './dialog';
import { GuardedIf } from './guarded';
import { ErrorState } from './states';

export type Preview = Schemas['Preview'];
export type PreviewChange = paths['/api/v1/preview']['post']['requestBody']['content']['application/json']['changes'][number];

/** The effect of changes, as a query. */
export function usePreview(changes: readonly PreviewChange[] | undefined) {
  const { admin, environment } = useConsole();
  return useQuery<Preview>({
    queryKey: ['env', environment, 'preview', changes],
    queryFn: ({ signal }) => unwrap(admin.rest.POST('/api/v1/preview', { body: { changes: [...changes!] }, signal })),
    enabled: changes !== undefined && changes.length > 0,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
}

/** Asks before a change, with the clients that it would affect. `action`: what the reader needs to confirm, where a link may lead anybody here. */
export function ConfirmImpact({ opened, onClose, onConfirm, title, changes, confirm, action, danger = false, busy = false, children }: {
  opened: boolean; onClose: () => void; onConfirm: () => void; title: string; changes: readonly PreviewChange[]; confirm: string;
  action?: Action; danger?: boolean; busy?: boolean; children?: ReactNode;
}) {
  const preview = usePreview(opened ? changes : undefined);
  return (
    <Dialog opened={opened} onClose={onClose} title={title} size="lg">
      <Stack>
        {children}
        {preview.data ? <Impact preview={preview.data} /> : preview.error ? <ErrorState error={preview.error} /> : <Group gap="xs" role="status"><Loader size="xs" aria-hidden /><Text size="sm" c="dimmed">Looking at every client…</Text></Group>}
        <DialogFoot>
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <GuardedIf action={action}>{(disabled) => <Button color={danger ? 'red.9' : 'blue'} onClick={onConfirm} loading={busy} disabled={disabled} data-autofocus>{confirm}</Button>}</GuardedIf>
        </DialogFoot>
      </Stack>
    </Dialog>
  );
}

/** The numbers and the names of a preview. */
export function Impact({ preview }: { preview: Preview }) {
  const [address, setAddress] = useAddress();
  const by = address['effects'] === 'client' ? 'client' : 'feature';
  const { clients } = preview;
  if (clients.affected === 0)
    return (
      <Alert color="gray" variant="light" icon={<IconUsers aria-hidden />}>
        No client sees a difference. {clients.looked_at.toLocaleString()} {clients.looked_at === 1 ? 'client was' : 'clients were'} looked at.
      </Alert>
    );
  return (
    <Stack gap="sm">
      <Alert color={clients.losing > 0 ? 'orange' : 'blue'} variant="light" icon={clients.losing > 0 ? <IconAlertTriangle aria-hidden /> : <IconUsers aria-hidden />}>
        <Text size="sm" fw={600} data-testid="impact">{clients.affected.toLocaleString()} of {clients.looked_at.toLocaleString()} clients see a difference</Text>
        <Effects gains={clients.gaining} losses={clients.losing} changes={clients.changing} of={['gain features', 'lose features', 'get other values']} />
        {!preview.is_whole && <Text size="xs" mt={4}>There was too much to evaluate: more than this is affected.</Text>}
      </Alert>
      <SegmentedControl size="xs" value={by} onChange={(next) => setAddress({ effects: next === 'client' ? next : undefined })} aria-label="Order of the effects" data={[{ value: 'feature', label: 'By feature' }, { value: 'client', label: 'By client' }]} />
      <ScrollArea.Autosize mah={260} type="auto" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'Features and clients affected' }}>
        {by === 'feature' ? <ByFeature preview={preview} /> : <ByClient preview={preview} />}
      </ScrollArea.Autosize>
    </Stack>
  );
}

function ByFeature({ preview }: { preview: Preview }) {
  const { affected } = preview.clients;
  return (
    <Table withRowBorders={false} verticalSpacing={4} fz="sm">
      <Table.Tbody>
        {preview.affected_features.map((feature) => (
          <Table.Tr key={feature.feature_id}>
            <Table.Td>{feature.name} <Text span c="dimmed" size="xs">{feature.key}</Text></Table.Td>
            <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}><Effects gains={feature.gains} losses={feature.losses} changes={feature.changes} of={['gain', 'lose', 'change']} /></Table.Td>
          </Table.Tr>
        ))}
        <Table.Tr><Table.Td colSpan={2}><Text size="xs" c="dimmed" mt={4}>Clients: {preview.affected_clients.slice(0, 12).map((client) => client.name).join(', ')}{affected > 12 && ` and ${(affected - 12).toLocaleString()} more`}</Text></Table.Td></Table.Tr>
      </Table.Tbody>
    </Table>
  );
}

const kEffects = { gain: { color: 'teal', mark: '+' }, loss: { color: 'red', mark: '−' }, change: { color: 'blue', mark: '≠' } } as const;

function ByClient({ preview }: { preview: Preview }) {
  const missing = preview.clients.affected - preview.affected_clients.length;
  return (
    <Table withRowBorders={false} verticalSpacing={4} fz="sm" layout="fixed">
      <Table.Tbody>
        {preview.affected_clients.map((client) => (
          <Table.Tr key={client.client_id}>
            <Table.Td w="35%" style={{ verticalAlign: 'top' }}>{client.name}</Table.Td>
            <Table.Td>
              <Group gap={4}>
                {client.features.map(({ feature_id, key, effect }) => (
                  <Badge key={feature_id} miw={0} size="sm" variant="light" tt="none" color={kEffects[effect].color} aria-label={`${effect}: ${key}`}>{kEffects[effect].mark} {key}</Badge>
                ))}
                {client.gains + client.losses + client.changes > client.features.length && <Text size="xs" c="dimmed">and {client.gains + client.losses + client.changes - client.features.length} more</Text>}
              </Group>
            </Table.Td>
          </Table.Tr>
        ))}
        {missing > 0 && <Table.Tr><Table.Td colSpan={2}><Text size="xs" c="dimmed">and {missing.toLocaleString()} more clients</Text></Table.Td></Table.Tr>}
      </Table.Tbody>
    </Table>
  );
}

function Effects({ gains, losses, changes, of }: { gains: number; losses: number; changes: number; of: [string, string, string] }) {
  return (
    <Group gap={6} component="span" display="inline-flex" justify="flex-end">
      {gains > 0 && <Badge size="sm" color="teal" variant="light" tt="none">{gains.toLocaleString()} {of[0]}</Badge>}
      {losses > 0 && <Badge size="sm" color="red" variant="light" tt="none">{losses.toLocaleString()} {of[1]}</Badge>}
      {changes > 0 && <Badge size="sm" color="blue" variant="light" tt="none">{changes.toLocaleString()} {of[2]}</Badge>}
    </Group>
  );
}
