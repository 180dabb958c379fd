import { Alert, Badge, Group, Radio, Select, Stack, Table, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import type { Role } from '../../shared/auth/roles';
import { environmentColor } from '../../shared/environment-color';
import { useEnvironments } from '../../shared/use-environments';
import { isShutOut, kRoles, roleLabel, type Roles } from './roles';

const kSame = 'same';

/** The role for the installation, and another one in some environments. */
export function RolesEditor({ roles, onChange, readOnly = false }: { roles: Roles; onChange: (roles: Roles) => void; readOnly?: boolean }) {
  const environments = useEnvironments();
  const keys = [...new Set([...(environments.data?.items ?? []).map(({ key }) => key), ...Object.keys(roles.environments)])];
  const setOne = (key: string, role: string | null) => {
    const { [key]: _before, ...rest } = roles.environments;
    onChange({ ...roles, environments: role === null || role === kSame ? rest : { ...rest, [key]: role as Role } });
  };
  return (
    <Stack gap="md">
      <Radio.Group label="Role" value={roles.role} onChange={(role) => onChange({ ...roles, role: role as Role })}>
        <Stack gap={8} mt={6}>
          {kRoles.map(({ value, label, text }) => <Radio key={value} value={value} label={label} description={text} disabled={readOnly} />)}
        </Stack>
      </Radio.Group>
      {roles.role === 'owner' ? <Text size="sm" c="dimmed">An owner of the installation is an owner in every environment.</Text> : (
        <div>
          <Text size="sm" fw={500}>Other roles in some environments</Text>
          <Table withTableBorder verticalSpacing={6} mt={6} aria-label="Roles by environment" maw={460}>
            <Table.Tbody>
              {keys.map((key) => (
                <Table.Tr key={key}>
                  <Table.Td><Badge variant="dot" color={environmentColor(key)} tt="none" radius="sm">{key}</Badge></Table.Td>
                  <Table.Td w={220}>
                    <Select size="xs" aria-label={`Role in ${key}`} allowDeselect={false} disabled={readOnly} value={roles.environments[key] ?? kSame} onChange={(role) => setOne(key, role)}
                      data={[{ value: kSame, label: `As above: ${roleLabel(roles.role)}` }, ...kRoles.map(({ value, label }) => ({ value, label }))]} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {isShutOut(roles) && <Alert color="orange" variant="light" icon={<IconInfoCircle aria-hidden />}>This account cannot log in anywhere. Give it a role in one environment.</Alert>}
    </Stack>
  );
}

/** Roles in a row: that of the installation, then the others. */
export function RoleBadges({ role, environments }: { role: Role; environments?: Roles['environments'] | undefined }) {
  const elsewhere = Object.values(environments ?? {}).some((own) => own !== 'none');
  return (
    <Group gap={6}>
      {!(role === 'none' && elsewhere) && <Badge variant="light" tt="none" color={role === 'owner' ? 'violet' : role === 'none' ? 'gray' : 'blue'}>{roleLabel(role)}</Badge>}
      {Object.entries(environments ?? {}).map(([key, own]) => <Badge key={key} variant="dot" tt="none" radius="sm" color={environmentColor(key)}>{key}: {roleLabel(own).toLowerCase()}</Badge>)}
    </Group>
  );
}
