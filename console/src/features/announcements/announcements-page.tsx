import { Tabs } from '@mantine/core';
import { IconActivityHeartbeat, IconHistory, IconSend } from '@tabler/icons-react';
import { Page } from '../../shared/ui/page';
import { useTab } from '../../shared/use-search';
import { MessageTable } from './message-table';
import { SendForm } from './send-form';
import { SystemStatusForm } from './system-status';

const kTabs = ['send', 'sent', 'status'];

/** Messages to people: announcements, notifications, the status of the system, and which of them arrived. */
export default function AnnouncementsPage() {
  const [tab, setTab] = useTab(kTabs);
  return (
    <Page title="Announcements" description="Messages to connected clients and admins, such as new terms or a maintenance window. Programs of clients hear them as events, and show them as they like.">
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="send" leftSection={<IconSend size={16} aria-hidden />}>Send</Tabs.Tab>
          <Tabs.Tab value="sent" leftSection={<IconHistory size={16} aria-hidden />}>Delivery</Tabs.Tab>
          <Tabs.Tab value="status" leftSection={<IconActivityHeartbeat size={16} aria-hidden />}>System status</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="send" pt="md"><SendForm /></Tabs.Panel>
        <Tabs.Panel value="sent" pt="md"><MessageTable /></Tabs.Panel>
        <Tabs.Panel value="status" pt="md"><SystemStatusForm /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}
