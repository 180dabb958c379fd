import { Text } from '@mantine/core';
import { useState } from 'react';
import { ConfirmImpact } from '../../shared/ui/confirm-impact';
import { EntitySwitch } from '../../shared/ui/switch';
import type { Feature } from './flag-draft';

/** The switch of a feature. It shows the clients that a flip affects, and flips when the reader confirms. */
export function FeatureSwitch({ feature, size }: { feature: Pick<Feature, 'id' | 'name' | 'enabled'>; size?: 'sm' | 'md' | 'lg' }) {
  const [asked, setAsked] = useState<{ on: boolean; flip: () => void }>();
  const [last, setLast] = useState<boolean>(); // for the text while the dialog closes; a row that nobody switches has no dialog
  const on = asked?.on ?? last ?? false;
  const close = () => setAsked(undefined);
  return (
    <>
      <EntitySwitch type="feature" id={feature.id} name={feature.name} on={feature.enabled} {...(size && { size })}
        ask={(next, flip) => {
          setLast(next);
          setAsked({ on: next, flip });
        }} />
      {last !== undefined && (
        <ConfirmImpact opened={asked !== undefined} onClose={close} danger={!on} title={`Switch ${feature.name} ${on ? 'on' : 'off'}?`} confirm={on ? 'Switch on' : 'Switch off'}
          changes={[{ entity_type: 'feature', entity_id: feature.id, action: 'toggle', data: { enabled: on } }]}
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
