import { Badge, Button, Stack, Tabs } from '@mantine/core';
import { IconCode, IconFlagOff, IconHistory, IconLink, IconListTree, IconPuzzle, IconSettings, IconTarget, IconTrash } from '@tabler/icons-react';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { usePermission } from '../../shared/auth/use-permission';
import { useEntity } from '../../shared/entities/read';
import { DeleteEntity } from '../../shared/ui/delete-entity';
import { Guarded } from '../../shared/ui/guarded';
import { EntityHistory } from '../../shared/ui/history';
import { Page } from '../../shared/ui/page';
import { Presence } from '../../shared/ui/presence';
import { EmptyState, Loaded } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { useStale } from './facts';
import { FlagEditor } from './flag-editor';
import { tagsOf, typeOf, type Feature } from './flag-draft';
import { KillCard } from './kill-card';
import { Dependents, Needs } from './needs';
import { SaveBar } from './save-bar';
import { SettingsTab } from './settings-tab';
import { SnippetTab } from './snippet-tab';
import { SubFeatures } from './sub-features';
import { useFeatureDraft } from './use-feature-draft';

const above = [{ title: 'Features', to: '/features' }];

export default function FeaturePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const feature = useEntity('feature', Number(id));
  const gone = feature.data === null || (feature.error && 'status' in feature.error && feature.error.status === 404);
  if (gone)
    return (
      <Page title="Feature" above={above}>
        <EmptyState icon={IconFlagOff} title="This feature does not exist" action={<Button component={Link} to="/features" variant="light">All features</Button>}>It was deleted, or it belongs to another environment. Activity shows deleted features and can bring them back.</EmptyState>
      </Page>
    );
  return <Loaded query={feature}>{(data) => data && <Content feature={data} />}</Loaded>;
}

function Content({ feature }: { feature: Feature }) {
  const [address, setAddress] = useAddress();
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const form = useFeatureDraft(feature);
  const isStale = useStale();
  const readOnly = !usePermission('write_features').allowed;
  const { draft, set, problems } = form;
  const icon = { size: 16, 'aria-hidden': true };
  return (
    <Page title={feature.name} description={feature.description || undefined} above={above}
      marks={
        <>
          <Badge variant="default" tt="none" ff="monospace">{feature.key}</Badge>
          <Badge variant="light" color="gray" tt="none">{typeOf(feature.variants)}</Badge>
          {tagsOf(feature.metadata).map((tag) => <Badge key={tag} variant="default" tt="none">{tag}</Badge>)}
          {isStale(feature) && <Badge variant="light" color="yellow" tt="none">stale</Badge>}
          <Presence type="feature" id={feature.id} />
        </>
      }
      actions={
        <Guarded action="write_features">
          {(disabled) => <Button variant="default" color="red" leftSection={<IconTrash {...icon} />} disabled={disabled} onClick={() => setDeleting(true)}>Delete</Button>}
        </Guarded>
      }>
      <KillCard feature={feature} />
      <Tabs value={address['tab'] ?? 'targeting'} onChange={(tab) => setAddress({ tab: tab === 'targeting' ? undefined : (tab ?? undefined) })} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="targeting" leftSection={<IconTarget {...icon} />}>Targeting</Tabs.Tab>
          <Tabs.Tab value="subs" leftSection={<IconListTree {...icon} />}>Sub-features{draft.subs.length > 0 && ` (${draft.subs.length})`}</Tabs.Tab>
          <Tabs.Tab value="needs" leftSection={<IconPuzzle {...icon} />}>Needs</Tabs.Tab>
          <Tabs.Tab value="users" leftSection={<IconLink {...icon} />}>Used by</Tabs.Tab>
          <Tabs.Tab value="settings" leftSection={<IconSettings {...icon} />}>Settings</Tabs.Tab>
          <Tabs.Tab value="code" leftSection={<IconCode {...icon} />}>Code</Tabs.Tab>
          <Tabs.Tab value="history" leftSection={<IconHistory {...icon} />}>History</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="targeting" pt="md"><FlagEditor flag={draft.flag} onChange={(flag) => set({ flag })} problems={problems} readOnly={readOnly} /></Tabs.Panel>
        <Tabs.Panel value="subs" pt="md"><SubFeatures feature={feature} subs={draft.subs} onChange={(subs) => set({ subs })} problems={problems} readOnly={readOnly} /></Tabs.Panel>
        <Tabs.Panel value="needs" pt="md"><Needs feature={feature} form={form} readOnly={readOnly} /></Tabs.Panel>
        <Tabs.Panel value="users" pt="md"><Dependents feature={feature} /></Tabs.Panel>
        <Tabs.Panel value="settings" pt="md"><SettingsTab feature={feature} form={form} readOnly={readOnly} /></Tabs.Panel>
        <Tabs.Panel value="code" pt="md"><SnippetTab feature={feature} /></Tabs.Panel>
        <Tabs.Panel value="history" pt="md"><Stack><EntityHistory type="feature" id={feature.id} revision={feature.revision} /></Stack></Tabs.Panel>
      </Tabs>
      {!readOnly && <SaveBar feature={feature} form={form} />}
      <DeleteEntity type="feature" entity={feature} opened={deleting} onClose={() => setDeleting(false)} onDeleted={() => void navigate({ to: '/features' })} />
    </Page>
  );
}
