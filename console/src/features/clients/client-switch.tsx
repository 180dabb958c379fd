import { Text } from '@mantine/core';
import type { Schemas } from '@togglecast/admin';
import { AskingSwitch } from '../../shared/entity-pages/asking-switch';
import { AskedSwitch } from '../../shared/entity-pages/switch-question';
import { ConfirmImpact } from '../../shared/ui/confirm-impact';

/** The switch of a client. Going inactive takes everything from it, so that is asked about. */
export function ClientSwitch({ client, size = 'sm' }: { client: Schemas['Client']; size?: 'sm' | 'md' | 'lg' }) {
  return <AskingSwitch type="client" entity={client} on={client.active} only="off" size={size} />;
}

/** Once in a page that has such switches. */
export function ClientQuestion() {
  return (
    <AskedSwitch type="client">
      {({ entity: client, id, on, opened, flip, close }) => (
        <ConfirmImpact opened={opened} onClose={close} onConfirm={flip} danger={!on} title={`Make ${client.name} ${on ? 'active' : 'inactive'}?`} confirm={on ? 'Make active' : 'Make inactive'} action="write_clients"
          changes={[{ entity_type: 'client', entity_id: id, action: 'toggle', data: { active: on } }]}>
          <Text size="sm">{on ? 'Its programs get what its package and its overrides give it.' : 'Its programs stay connected, and every feature is off for them until it is active again. Its tokens stay valid.'}</Text>
        </ConfirmImpact>
      )}
    </AskedSwitch>
  );
}
