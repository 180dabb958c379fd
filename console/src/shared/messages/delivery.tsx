// How far a message with acknowledgement has come.
import { Badge, Box, Progress, Stack, Text } from '@mantine/core';
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
export function deliveryText(counts: KeptMessage['counts']): string {
  if (counts.audience === 0) return 'Nobody belongs to the audience now';
  return `${receivedText(counts)}, ${acknowledgedText(counts)}`;
}

const receivedText = ({ audience, delivered }: KeptMessage['counts']) => `${delivered.toLocaleString()} of ${audience.toLocaleString()} received`;
const acknowledgedText = ({ acknowledged }: KeptMessage['counts']) => `${acknowledged.toLocaleString()} acknowledged`;

const kReceived = 'blue.4';
const kAcknowledged = 'teal.7';
const Named = ({ color, children }: { color: string; children: string }) => (
  <span style={{ whiteSpace: 'nowrap' }}><Box component="span" display="inline-block" w={9} h={9} mr={4} bg={color} style={{ borderRadius: 2 }} aria-hidden />{children}</span>
);

/** The same as a bar: acknowledged, received only, and those that do not have it. */
export function Delivery({ message }: { message: KeptMessage }) {
  const { audience, delivered, acknowledged } = message.counts;
  const share = (count: number) => (audience === 0 ? 0 : (100 * count) / audience);
  return (
    <Stack gap={4}>
      <Progress.Root size="md" aria-hidden>
        <Progress.Section value={share(acknowledged)} color={kAcknowledged} withAria={false} />
        <Progress.Section value={share(Math.max(0, delivered - acknowledged))} color={kReceived} withAria={false} />
      </Progress.Root>
      <Text size="xs" c="dimmed">{audience === 0 ? deliveryText(message.counts) : <><Named color={kReceived}>{receivedText(message.counts)}</Named>, <Named color={kAcknowledged}>{acknowledgedText(message.counts)}</Named></>}</Text>
    </Stack>
  );
}
