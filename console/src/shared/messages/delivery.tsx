// How far a message with acknowledgement has come.
import { Badge, Progress, Stack, Text } from '@mantine/core';
import type { Schemas } from '@togglecast/admin';

export type KeptMessage = Schemas['KeptMessage'];

const kStates: { [state in KeptMessage['state']]: { word: string; color: string } } = {
  waiting: { word: 'under way', color: 'blue' },
  acknowledged: { word: 'acknowledged', color: 'teal' },
  expired: { word: 'expired', color: 'gray' },
  withdrawn: { word: 'withdrawn', color: 'gray' },
};

export function MessageState({ message }: { message: KeptMessage }) {
  const { audience, acknowledged } = message.counts;
  const all = message.state === 'waiting' && audience > 0 && acknowledged >= audience;
  const { word, color } = all ? { word: 'acknowledged by all', color: 'teal' } : kStates[message.state];
  return <Badge variant="light" tt="none" color={color}>{word}</Badge>;
}

/** "7 of 9 received, 5 acknowledged". */
export function deliveryText({ audience, delivered, acknowledged }: KeptMessage['counts']): string {
  if (audience === 0) return 'Nobody belongs to the audience now';
  return `${delivered.toLocaleString()} of ${audience.toLocaleString()} received, ${acknowledged.toLocaleString()} acknowledged`;
}

/** The same as a bar: acknowledged, received only, and those that do not have it. */
export function Delivery({ message }: { message: KeptMessage }) {
  const { audience, delivered, acknowledged } = message.counts;
  const share = (count: number) => (audience === 0 ? 0 : (100 * count) / audience);
  const text = deliveryText(message.counts);
  return (
    <Stack gap={4}>
      <Progress.Root size="md" aria-hidden>
        <Progress.Section value={share(acknowledged)} color="teal.7" withAria={false} />
        <Progress.Section value={share(Math.max(0, delivered - acknowledged))} color="blue.4" withAria={false} />
      </Progress.Root>
      <Text size="xs" c="dimmed">{text}</Text>
    </Stack>
  );
}
