import { useOpenDialog } from '../use-search';
import { EntitySwitch } from '../ui/switch';

/** A switch that asks first, if <SwitchQuestion> is in the page. The question has an address: `?switch=12-off`. */
export function AskingSwitch({ type, entity: { id, name }, on, only, size = 'md' }: {
  type: 'platform' | 'feature' | 'client' | 'admin'; entity: { id: number; name: string }; on: boolean; size?: 'sm' | 'md' | 'lg';
  /** Asks only before this; the other way flips at once. */
  only?: 'off';
}) {
  const ask = useOpenDialog('switch');
  return <EntitySwitch type={type} id={id} name={name} on={on} size={size} ask={(next, flip) => (next && only === 'off' ? flip() : ask(`${id}-${next ? 'on' : 'off'}`))} />;
}
