import { Text } from '@mantine/core';
import { useState } from 'react';
import { ConfirmImpact } from '../ui/confirm-impact';
import { EntitySwitch } from '../ui/switch';

/** A switch that shows the clients that a flip affects, and flips when the reader confirms. */
export function AskingSwitch({ type, entity: { id, name, enabled }, size = 'md' }: { type: 'platform' | 'feature'; entity: { id: number; name: string; enabled: boolean }; size?: 'sm' | 'md' | 'lg' }) {
  const [asked, setAsked] = useState<{ on: boolean; flip: () => void }>();
  const [last, setLast] = useState<boolean>(); // for the text while the dialog closes; a row that nobody switches has no dialog
  const on = asked?.on ?? last ?? false;
  const close = () => setAsked(undefined);
  return (
    <>
      <EntitySwitch type={type} id={id} name={name} on={enabled} size={size}
        ask={(next, flip) => {
          setLast(next);
          setAsked({ on: next, flip });
        }} />
      {last !== undefined && (
        <ConfirmImpact opened={asked !== undefined} onClose={close} danger={!on} title={`Switch ${name} ${on ? 'on' : 'off'}?`} confirm={on ? 'Switch on' : 'Switch off'}
          changes={[{ entity_type: type, entity_id: id, action: 'toggle', data: { enabled: on } }]}
          onConfirm={() => {
            asked?.flip();
            close();
          }}>
          <Text size="sm">Connected clients hear of it at once.</Text>
        </ConfirmImpact>
      )}
    </>
  );
}
