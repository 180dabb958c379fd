// What the pages of entities share: an entity that is gone, the frame with its tabs, the card with its switch.
import { Badge, Button, Group, Paper, Tabs, Text, Title } from '@mantine/core';
import { IconHistory, IconTrash, type Icon } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useEntity } from '../entities/read';
import { kEntities, pageOf, type EntityName, type EntityOf } from '../entities/types';
import { EntityRollout } from '../rollout/rollout-badge';
import { DeleteEntity } from '../ui/delete-entity';
import { Guarded } from '../ui/guarded';
import { EntityHistory } from '../ui/history';
import { Page } from '../ui/page';
import { Presence } from '../ui/presence';
import { EmptyState, Loaded } from '../ui/states';
import { useAddressDialog, useTab } from '../use-search';

type Kind = 'platform' | 'feature' | 'segment' | 'package' | 'client';

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const aboveOf = (type: EntityName) => [{ title: `${capital(kEntities[type].noun)}s`, to: pageOf(type) }];

/** The entity of the address, live. `without`: what does not come back with it. */
export function EntityPage<Type extends Kind>({ type, goneIcon, without = '', children }: { type: Type; goneIcon: Icon; without?: string; children: (entity: EntityOf<Type>) => ReactNode }) {
  const { id } = useParams({ strict: false }) as { id: string };
  const entity = useEntity(type, Number(id));
  const { noun } = kEntities[type];
  const gone = entity.data === null || (entity.error && 'status' in entity.error && entity.error.status === 404);
  if (gone)
    return (
      <Page title={capital(noun)} above={aboveOf(type)}>
        <EmptyState icon={goneIcon} title={`This ${noun} does not exist`} action={<Button component={Link} to={pageOf(type)} variant="light">All {noun}s</Button>}>
          It was deleted, or it belongs to another environment. Activity shows deleted {noun}s and can bring them back{without && `, without ${without}`}.
        </EmptyState>
      </Page>
    );
  return <Loaded query={entity}>{(data) => data && children(data)}</Loaded>;
}

export interface EntityTab {
  id: string;
  label: ReactNode;
  icon: Icon;
  content: ReactNode;
}

/** Name, key, presence, deletion, and tabs, of which the first needs no address. The history is the last. */
export function EntityFrame({ type, entity, description, marks, tabs, foot, children }: {
  type: Kind; entity: { id: number; key: string; name: string; etag: string; revision: number }; description?: string; marks?: ReactNode; tabs: EntityTab[];
  /** Between the title and the tabs. */
  children?: ReactNode;
  foot?: ReactNode;
}) {
  const navigate = useNavigate();
  const deletion = useAddressDialog('delete');
  const all: EntityTab[] = [...tabs, { id: 'history', label: 'History', icon: IconHistory, content: <EntityHistory type={type} id={entity.id} revision={entity.revision} /> }];
  const [tab, setTab] = useTab(all.map(({ id }) => id));
  return (
    <Page title={entity.name} description={description || undefined} above={aboveOf(type)}
      marks={<><Badge miw={0} variant="default" tt="none" ff="monospace">{entity.key}</Badge>{marks}<Presence type={type} id={entity.id} /></>}
      actions={
        <Guarded action={kEntities[type].write}>
          {(disabled) => <Button variant="default" color="red" leftSection={<IconTrash size={16} aria-hidden />} disabled={disabled} onClick={() => deletion.open()}>Delete</Button>}
        </Guarded>
      }>
      {children}
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List>{all.map(({ id, label, icon: Mark }) => <Tabs.Tab key={id} value={id} leftSection={<Mark size={16} aria-hidden />}>{label}</Tabs.Tab>)}</Tabs.List>
        {all.map(({ id, content }) => <Tabs.Panel key={id} value={id} pt="md">{content}</Tabs.Panel>)}
      </Tabs>
      {foot}
      <DeleteEntity type={type} entity={entity} opened={deletion.value !== undefined} onClose={deletion.close} onDeleted={() => void navigate({ to: pageOf(type), replace: true })} />
    </Page>
  );
}

/** The switch of an entity, what its state means, and the rollout of its last change. */
export function StateCard({ type, id, control, state, children }: { type: Kind; id: number; control: ReactNode; state: string; children: ReactNode }) {
  return (
    <Paper withBorder radius="md" p="md">
      <Group justify="space-between">
        <Group gap="md" wrap="nowrap">
          {control}
          <div><Title order={2} size="h5">{state}</Title><Text size="sm" c="dimmed" component="div">{children}</Text></div>
        </Group>
        <EntityRollout entityType={type} id={id} stays size="md" />
      </Group>
    </Paper>
  );
}
