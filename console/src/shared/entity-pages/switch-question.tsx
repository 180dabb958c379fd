// The question before a switch, once in a page: the switches of its rows, and links, only name it in the address.
import { Text } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import { useEntity } from '../entities/read';
import { kEntities, type EntityName, type EntityOf } from '../entities/types';
import { useToggleEntity } from '../entities/write';
import { ConfirmImpact } from '../ui/confirm-impact';
import { notifyDone } from '../ui/notify';
import { useAddressDialog } from '../use-search';

interface Asked {
  id: number;
  on: boolean;
}
interface Question<Type extends EntityName> extends Asked {
  entity: EntityOf<Type>;
  opened: boolean;
  flip: () => void;
  close: () => void;
}

const readQuestion = (value: string): Asked | undefined => {
  const [, id, word] = /^(\d{1,15})-(on|off)$/.exec(value) ?? [];
  return id === undefined ? undefined : { id: Number(id), on: word === 'on' };
};

/** Shows the question of the address by `children`, which stay while it closes. A link to what is so already says that, and asks nothing. */
export function AskedSwitch<Type extends EntityName>({ type, children }: { type: Type; children: (question: Question<Type>) => ReactNode }) {
  const { value, close } = useAddressDialog('switch');
  const [last, setLast] = useState<{ value: string | undefined; asked: Asked | undefined; number: number }>({ value: undefined, asked: undefined, number: 0 });
  if (value !== last.value) setLast(value === undefined ? { ...last, value } : { value, asked: readQuestion(value), number: last.number + 1 });
  const { asked, number } = last;
  const entity = useEntity(type, asked?.id ?? 0, { enabled: asked !== undefined });
  if (!asked || !entity.data) return null;
  return <OneQuestion key={number} type={type} entity={entity.data} {...asked} opened={value !== undefined} close={close} show={children} />;
}

function OneQuestion<Type extends EntityName>({ type, show, ...question }: Omit<Question<Type>, 'flip'> & { type: Type; show: (question: Question<Type>) => ReactNode }) {
  const { entity, id, on, opened, close } = question;
  const toggle = useToggleEntity(type);
  const named = entity as { name?: string; username?: string; [member: string]: unknown };
  const [already] = useState(named[kEntities[type].switch ?? 'enabled'] === on);
  useEffect(() => {
    if (!already || !opened) return;
    notifyDone(`${named.name ?? named.username} is ${on ? 'on' : 'off'} already`);
    close();
    // Once for each question.
  }, [already]); // eslint-disable-line react-hooks/exhaustive-deps
  const flip = () => {
    toggle.mutate({ id, on });
    close();
  };
  return already ? null : show({ ...question, flip });
}

/** With the clients that the flip affects. */
export function SwitchQuestion({ type }: { type: 'platform' | 'feature' }) {
  return (
    <AskedSwitch type={type}>
      {({ entity, id, on, opened, flip, close }) => (
        <ConfirmImpact opened={opened} onClose={close} onConfirm={flip} danger={!on} title={`Switch ${entity.name} ${on ? 'on' : 'off'}?`} confirm={on ? 'Switch on' : 'Switch off'} action={kEntities[type].write}
          changes={[{ entity_type: type, entity_id: id, action: 'toggle', data: { enabled: on } }]}>
          <Text size="sm">Connected clients hear of it at once.</Text>
        </ConfirmImpact>
      )}
    </AskedSwitch>
  );
}
