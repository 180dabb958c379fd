import { Button, Menu, Text } from '@mantine/core';
import { IconCheck, IconChevronDown, IconLayersIntersect } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useConsole } from '../../shared/console';
import { environmentColor } from '../../shared/environment-color';
import { LiveDot } from '../../shared/ui/live-dot';
import { useEnvironments } from '../../shared/use-environments';
import { useEnterEnvironment } from '../../shared/use-enter-environment';
import classes from './shell.module.css';

/** The environment of this session, and the way into another one. */
export function EnvironmentSwitcher() {
  const { environment } = useConsole();
  const { enter, entering } = useEnterEnvironment();
  const { data } = useEnvironments();
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <Button variant="default" size="sm" className={classes['environment']!} loading={entering !== undefined} rightSection={<IconChevronDown size={14} aria-hidden />} aria-label={`Environment ${environment}`} data-color={environmentColor(environment)}>
          {environment}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Environments</Menu.Label>
        {(data?.items ?? []).map(({ key, counts }) => (
          <Menu.Item key={key} leftSection={key === environment ? <IconCheck size={16} aria-hidden /> : <LiveDot color="off" />} onClick={() => key !== environment && enter(key)}
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
