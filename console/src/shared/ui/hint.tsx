import { ActionIcon, Tooltip } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';

/** A sentence or two about a word of the page, for the pointer, the keyboard and a finger. */
export function Hint({ about, children }: { about: string; children: string }) {
  return (
    <Tooltip label={children} multiline maw={300} openDelay={0} events={{ hover: true, focus: true, touch: true }}>
      <ActionIcon variant="transparent" c="dimmed" size={18} my={-3} aria-label={`About ${about}`} style={{ verticalAlign: 'middle' }}><IconInfoCircle size={15} aria-hidden /></ActionIcon>
    </Tooltip>
  );
}
