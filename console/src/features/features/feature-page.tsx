import { Badge } from '@mantine/core';
import { IconCode, IconFlagOff, IconLink, IconListTree, IconPaperclip, IconPuzzle, IconSettings, IconTarget } from '@tabler/icons-react';
import { AssetsTab } from '../../shared/assets/assets-tab';
import { usePermission } from '../../shared/auth/use-permission';
import { EntityFrame, EntityPage } from '../../shared/entity-pages/entity-page';
import { useStale } from './facts';
import { FlagEditor } from './flag-editor';
import { typeOf, type Feature } from './flag-draft';
import { KillCard } from './kill-card';
import { tagsOf } from './metadata';
import { Dependents, Needs } from './needs';
import { SaveBar } from './save-bar';
import { SettingsTab } from './settings-tab';
import { SnippetTab } from './snippet-tab';
import { SubFeatures } from './sub-features';
import { useFeatureDraft } from './use-feature-draft';

export default function FeaturePage() {
  return <EntityPage type="feature" goneIcon={IconFlagOff}>{(feature) => <Content feature={feature} />}</EntityPage>;
}

function Content({ feature }: { feature: Feature }) {
  const form = useFeatureDraft(feature);
  const isStale = useStale();
  const readOnly = !usePermission('write_features').allowed;
  const { draft, set, problems } = form;
  return (
    <EntityFrame type="feature" entity={feature} description={feature.description} foot={!readOnly && <SaveBar feature={feature} form={form} />}
      marks={
        <>
          <Badge variant="light" color="gray" tt="none">{typeOf(feature.variants)}</Badge>
          {tagsOf(feature.metadata).map((tag) => <Badge key={tag} miw={0} variant="default" tt="none">{tag}</Badge>)}
          {isStale(feature) && <Badge variant="light" color="yellow" tt="none">stale</Badge>}
        </>
      }
      tabs={[
        { id: 'targeting', label: 'Targeting', icon: IconTarget, content: <FlagEditor flag={draft.flag} onChange={(flag) => set({ flag })} problems={problems} readOnly={readOnly} /> },
        { id: 'subs', label: `Sub-features${draft.subs.length > 0 ? ` (${draft.subs.length})` : ''}`, icon: IconListTree, content: <SubFeatures feature={feature} subs={draft.subs} onChange={(subs) => set({ subs })} problems={problems} readOnly={readOnly} /> },
        { id: 'needs', label: 'Needs', icon: IconPuzzle, content: <Needs feature={feature} form={form} readOnly={readOnly} /> },
        { id: 'users', label: 'Used by', icon: IconLink, content: <Dependents feature={feature} /> },
        { id: 'settings', label: 'Settings', icon: IconSettings, content: <SettingsTab feature={feature} form={form} readOnly={readOnly} /> },
        { id: 'files', label: `Files${feature.assets ? ` (${Object.keys(feature.assets).length})` : ''}`, icon: IconPaperclip, content: <AssetsTab type="feature" entity={feature} /> },
        { id: 'code', label: 'Code', icon: IconCode, content: <SnippetTab feature={feature} /> },
      ]}>
      <KillCard feature={feature} />
    </EntityFrame>
  );
}
