import { Button, Menu, Text } from '@mantine/core';
import { IconCheck, IconChevronDown, IconLayersIntersect } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { environmentColor } from '../../shared/environment-color';
import { LiveDot } from '../../shared/ui/live-dot';
import { useEnterEnvironment } from '../../shared/use-enter-environment';
import classes from './shell.module.css';

/** The environment of this session, and the way into another one. */
export function EnvironmentSwitcher() {
  const { admin, environment } = useConsole();
  const enter = useEnterEnvironment();
  const { data } = useQuery({ queryKey: ['environments'], queryFn: () => unwrap(admin.rest.GET('/api/v1/environments')), staleTime: 60_000 });
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <Button variant="default" size="sm" className={classes['environment']!} rightSection={<IconChevronDown size={14} aria-hidden />} aria-label={`Environment ${environment}`} data-color={environmentColor(environment)}>
          {environment}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Environments</Menu.Label>
        {(data?.items ?? []).map(({ key, counts }) => (
          <Menu.Item key={key} leftSection={key === environment ? <IconCheck size={16} aria-hidden /> : <LiveDot color="off" />} onClick={() => key !== environment && void enter(key)}
            rightSection={<Text size="xs" c="dimmed">{counts.features} features</Text>}>
            {key}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component={Link} to="/environments" leftSection={<IconLayersIntersect size={16} aria-hidden />}>Compare and promote</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
