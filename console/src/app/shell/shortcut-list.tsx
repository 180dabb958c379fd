import { Group, Kbd, Stack, Table, Text, Title } from '@mantine/core';
import { useShortcuts } from '../../shared/shortcuts';
import { Dialog } from '../../shared/ui/dialog';

/** What `?` shows. */
export function ShortcutList({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const shortcuts = useShortcuts();
  const groups = Map.groupBy(shortcuts, (shortcut) => shortcut.group);
  return (
    <Dialog opened={opened} onClose={onClose} title="Keyboard shortcuts" size="md">
      <Stack>
        {[...groups].sort(([a], [b]) => order(a) - order(b)).map(([group, all]) => (
          <div key={group}>
            <Title order={3} size="h6" mb={4}>{group}</Title>
            <Table withRowBorders={false} verticalSpacing={4}>
              <Table.Tbody>
                {all.map(({ keys, label }) => (
                  <Table.Tr key={keys}><Table.Td><Text size="sm">{label}</Text></Table.Td><Table.Td ta="right"><Keys keys={keys} /></Table.Td></Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        ))}
      </Stack>
    </Dialog>
  );
}

const order = (group: string) => ['This page', 'Everywhere', 'Go to'].indexOf(group);
const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
export const modKey = isApple ? '⌘' : 'Ctrl';

const Keys = ({ keys }: { keys: string }) => (
  <Group gap={4} justify="flex-end" wrap="nowrap">
    {keys.split(/[ +]/).map((key, index) => <Kbd key={index} size="xs">{key === 'mod' ? modKey : key}</Kbd>)}
  </Group>
);
