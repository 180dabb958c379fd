import { Switch } from '@mantine/core';
import { kEntities, type EntityName } from '../entities/types';
import { useToggleEntity } from '../entities/write';
import { Guarded } from './guarded';

/** The live switch of an entity: flips at once, and back if the server refuses. */
export function EntitySwitch({ type, id, name, on, size = 'md', ask }: {
  type: EntityName; id: number; name: string; on: boolean; size?: 'sm' | 'md' | 'lg';
  /** Asked first; the switch flips when the answer calls `flip`. */
  ask?: (on: boolean, flip: () => void) => void;
}) {
  const toggle = useToggleEntity(type);
  const change = (next: boolean) => {
    const flip = () => toggle.mutate({ id, on: next });
    if (ask) ask(next, flip);
    else flip();
  };
  return (
    <Guarded action={kEntities[type].write}>
      {(disabled) => (
        <Switch size={size} color="teal" checked={on} disabled={disabled} onChange={(event) => change(event.currentTarget.checked)} aria-label={`${name}: ${on ? 'on' : 'off'}`} withThumbIndicator={false} />
      )}
    </Guarded>
  );
}
