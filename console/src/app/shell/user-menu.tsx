import { Avatar, Menu, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconSun, IconUserCircle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useRole } from '../../shared/auth/use-permission';
import { useConsole } from '../../shared/console';

/** The reader: name and role, the account, how the console looks, log out. */
export function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const { session, sessions, environment } = useConsole();
  const role = useRole();
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const schemes = [['light', 'Light', IconSun], ['dark', 'Dark', IconMoon], ['auto', 'As the system', IconDeviceDesktop]] as const;
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <UnstyledButton aria-label={`Account of ${session.admin.username}`}><Avatar name={session.admin.username} color="blue" size={32} /></UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label><Text size="sm" fw={600} c="var(--mantine-color-text)">{session.admin.username}</Text>{role} in {environment}</Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUserCircle size={16} aria-hidden />}>Your account</Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={onShortcuts} rightSection={<Text size="xs" c="dimmed">?</Text>}>Shortcuts</Menu.Item>
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {schemes.map(([scheme, label, Mark]) => (
          <Menu.Item key={scheme} closeMenuOnClick={false} leftSection={<Mark size={16} aria-hidden />} onClick={() => setColorScheme(scheme)} fw={colorScheme === scheme ? 600 : 400} aria-current={colorScheme === scheme}>{label}</Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void sessions.logout()}>Log out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
