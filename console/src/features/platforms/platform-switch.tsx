import { Text } from '@mantine/core';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { ConfirmImpact } from '../../shared/ui/confirm-impact';
import { EntitySwitch } from '../../shared/ui/switch';

/** The switch of a platform. It shows the clients that a flip affects, and flips when the reader confirms. */
export function PlatformSwitch({ platform, size }: { platform: Schemas['Platform']; size?: 'sm' | 'md' | 'lg' }) {
  const [asked, setAsked] = useState<{ on: boolean; flip: () => void }>();
  const [last, setLast] = useState(false); // for the text while the dialog closes
  const on = asked?.on ?? last;
  const close = () => setAsked(undefined);
  return (
    <>
      <EntitySwitch type="platform" id={platform.id} name={platform.name} on={platform.enabled} {...(size && { size })}
        ask={(next, flip) => {
          setLast(next);
          setAsked({ on: next, flip });
        }} />
      <ConfirmImpact opened={asked !== undefined} onClose={close} danger={!on} title={`Switch ${platform.name} ${on ? 'on' : 'off'}?`} confirm={on ? 'Switch on' : 'Switch off'}
        changes={[{ entity_type: 'platform', entity_id: platform.id, action: 'toggle', data: { enabled: on } }]}
        onConfirm={() => {
          asked?.flip();
          close();
        }}>
        <Text size="sm">Connected clients hear of it at once.</Text>
      </ConfirmImpact>
    </>
  );
}
