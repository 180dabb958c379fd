import { Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { ConfirmImpact } from '../../shared/ui/confirm-impact';
import { EntitySwitch } from '../../shared/ui/switch';

/** The switch of a client. Going inactive takes everything from it, so that is asked about. */
export function ClientSwitch({ client, size = 'sm' }: { client: Schemas['Client']; size?: 'sm' | 'md' | 'lg' }) {
  const [flip, setFlip] = useState<() => void>();
  const close = () => setFlip(undefined);
  return (
    <>
      <EntitySwitch type="client" id={client.id} name={client.name} on={client.active} size={size}
        ask={(on, go) => {
          if (on) go();
          else setFlip(() => go);
        }} />
      {flip && (
        <ConfirmImpact opened onClose={close} danger title={`Make ${client.name} inactive?`} confirm="Make inactive"
          changes={[{ entity_type: 'client', entity_id: client.id, action: 'toggle', data: { active: false } }]}
          onConfirm={() => {
            flip();
            close();
          }}>
          <Text size="sm">Its programs stay connected, and every feature is off for them until it is active again. Its tokens stay valid.</Text>
        </ConfirmImpact>
      )}
    </>
  );
}
