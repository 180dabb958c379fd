import { Group, Select, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { usePermission } from '../../shared/auth/use-permission';
import { useConsole } from '../../shared/console';
import { useEntityList } from '../../shared/entities/read';
import { MessageForm } from '../../shared/messages/message-form';
import { ClientSelect, useChosenClient } from '../../shared/ui/client-select';
import { Section } from '../../shared/ui/section';
import { useAddress } from '../../shared/use-search';
import { kKinds, targetOf, type Kind } from './audience';

/** A message to many or to one. Its audience stands in the address, so that other pages can lead here. */
export function SendForm() {
  const { environment } = useConsole();
  const queries = useQueryClient();
  const [address, setAddress] = useAddress();
  const kind = kKinds.find(({ value }) => value === address['to'])?.value ?? 'clients';
  const { allowed: readsAdmins } = usePermission('read_admins');
  const packages = useEntityList('package', { enabled: kind === 'package' });
  const admins = useEntityList('admin', { enabled: kind === 'admin' && readsAdmins });
  const client = useChosenClient(address['client'], kind === 'client');
  const packageId = Number(address['package'] ?? NaN) || undefined;
  const adminId = Number(address['admin'] ?? NaN) || undefined;
  const packageName = packages.data?.find(({ id }) => id === packageId)?.name;
  const target = targetOf({ kind, packageId, packageName, clientId: client.id, adminId, role: address['role'] }, environment);
  return (
    <Section title="New message" text="Connections that are open get it at once. With an acknowledgement it is kept, sent again until it is acknowledged, and reaches those that connect later.">
      <MessageForm target={target} onSent={() => void queries.invalidateQueries({ queryKey: ['env', environment, 'messages'] })}>
        <Group grow align="flex-start">
          <Select label="To" allowDeselect={false} data={kKinds.filter(({ value }) => value !== 'admin' || readsAdmins)} value={kind} onChange={(value) => setAddress({ to: (value as Kind) === 'clients' ? undefined : (value ?? undefined) })} maxDropdownHeight={320} />
          {kind === 'package' && <Select label="Package" searchable placeholder="Choose one" data={(packages.data ?? []).map(({ id, name }) => ({ value: String(id), label: name }))} value={packageId ? String(packageId) : null} onChange={(id) => setAddress({ package: id ?? undefined })} />}
          {kind === 'client' && <ClientSelect chosen={client} onChange={(id) => setAddress({ client: id ?? undefined })} />}
          {kind === 'role' && <Select label="Role" placeholder="Choose one" data={['owner', 'editor', 'viewer']} value={address['role'] ?? null} onChange={(role) => setAddress({ role: role ?? undefined })} />}
          {kind === 'admin' && <Select label="Admin" searchable placeholder="Choose one" data={(admins.data ?? []).map(({ id, username }) => ({ value: String(id), label: username }))} value={adminId ? String(adminId) : null} onChange={(id) => setAddress({ admin: id ?? undefined })} />}
        </Group>
        {!target && <Text size="sm" c="dimmed">Choose who gets it.</Text>}
      </MessageForm>
    </Section>
  );
}
