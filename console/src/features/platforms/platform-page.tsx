import { IconDevicesOff, IconLink, IconPaperclip, IconSettings } from '@tabler/icons-react';
import { AssetsTab } from '../../shared/assets/assets-tab';
import { AskingSwitch } from '../../shared/entity-pages/asking-switch';
import { EntityFrame, EntityPage, StateCard } from '../../shared/entity-pages/entity-page';
import { SwitchQuestion } from '../../shared/entity-pages/switch-question';
import { PlatformForm } from './platform-form';
import { PlatformUsers } from './platform-users';

export default function PlatformPage() {
  return (
    <EntityPage type="platform" goneIcon={IconDevicesOff}>
      {(platform) => (
        <EntityFrame type="platform" entity={platform}
          tabs={[
            { id: 'settings', label: 'Settings', icon: IconSettings, content: <PlatformForm platform={platform} /> },
            { id: 'files', label: `Files${platform.assets ? ` (${Object.keys(platform.assets).length})` : ''}`, icon: IconPaperclip, content: <AssetsTab type="platform" entity={platform} /> },
            { id: 'users', label: 'Used by', icon: IconLink, content: <PlatformUsers platform={platform} /> },
          ]}>
          <StateCard type="platform" id={platform.id} state={platform.enabled ? 'On' : 'Off'} control={<AskingSwitch type="platform" entity={platform} on={platform.enabled} size="lg" />}>
            {platform.enabled ? 'Features that need it work for the clients that have them.' : 'Every feature that needs it is off for everybody.'}
          </StateCard>
          <SwitchQuestion type="platform" />
        </EntityFrame>
      )}
    </EntityPage>
  );
}
