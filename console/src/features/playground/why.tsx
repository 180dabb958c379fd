import { Alert, Anchor, Badge, Code, Group, SegmentedControl, Stack, Table, Text, Title } from '@mantine/core';
import { IconArrowRight, IconCheck, IconCircleDashed } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '@togglecast/admin';
import type { PreviewChange } from '../../shared/ui/confirm-impact';
import { ErrorState, Waiting } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { because, decidingRule, foundText, kRules, type Explanation } from './explain';
import { Answer } from './flag-list';
import type { Flag } from './flags';
import classes from './playground.module.css';
import { useExplanation, type Subject } from './subject';

interface Props {
  flag: Flag;
  subject: Subject;
  draft: readonly PreviewChange[];
  revision: number;
}

/** Why the client gets this answer: all steps in their order, and what the targeting evaluated. */
export function Why({ flag, subject, draft, revision }: Props) {
  const { name, feature, sub } = flag;
  const [address, setAddress] = useAddress();
  const drafted = address['version'] !== 'now';
  const withDraft = drafted && draft.length > 0;
  const asked = useExplanation(subject, feature.key, sub?.key, withDraft ? draft : [], revision);
  const targeting = targetingOf(flag, withDraft ? draft : []);
  return (
    <Stack>
      <Group gap="sm">
        <Code>{name}</Code>
        <Anchor component={Link} to={`/features/${feature.id}`} search={(sub ? { tab: 'subs', sub: sub.key } : {}) as never} size="sm">Open the feature</Anchor>
        {draft.length > 0 && <SegmentedControl size="xs" aria-label="Which version" value={drafted ? 'draft' : 'now'} onChange={(value) => setAddress({ version: value === 'now' ? value : undefined })} data={[{ value: 'now', label: 'Now' }, { value: 'draft', label: 'With the draft' }]} />}
      </Group>
      {asked.data ? <Answered explanation={asked.data} targeting={targeting} flag={flag} /> : asked.error ? <ErrorState error={asked.error} retry={() => void asked.refetch()} /> : <Waiting />}
    </Stack>
  );
}

// The targeting that was evaluated: that of the draft, if the draft changes it.
function targetingOf({ feature, sub }: Flag, draft: readonly PreviewChange[]): unknown {
  const change = draft.find(({ entity_type, entity_id }) => entity_type === 'feature' && entity_id === feature.id)?.data as Partial<Schemas['Feature']> | undefined;
  const changed = { ...feature, ...change };
  return (sub ? changed.sub_features.find(({ key }) => key === sub.key) : changed)?.targeting;
}

function Answered({ explanation: { decision, steps, trace, trace_is_whole, client }, targeting, flag }: { explanation: Explanation; targeting: unknown; flag: Flag }) {
  const rule = decision.rule === 'targeting' || decision.rule === 'default_variant' ? decidingRule(targeting, trace) : undefined;
  return (
    <>
      <Alert color={decision.reason === 'ERROR' ? 'red' : decision.enabled ? 'teal' : 'gray'} variant="light" data-testid="decision">
        <Group gap="xs" wrap="nowrap" align="flex-start"><div style={{ flex: 'none', maxWidth: '50%' }}><Answer decision={decision} /></div><Text size="sm" fw={500}>{rule ?? because(decision, flag)}</Text></Group>
        <Text size="xs" c="dimmed" mt={6}>For {client.key}. Reason {decision.reason}{decision.limit !== undefined && `, limit ${decision.limit}`}.</Text>
        {typeof decision.value === 'object' && decision.value !== null && <Code block mt="xs">{JSON.stringify(decision.value, null, 2)}</Code>}
      </Alert>
      <section>
        <Title order={3} size="h5" mb="xs">Steps</Title>
        <ol className={classes['steps']}>
          {steps.map(({ rule: name, outcome, found }) => (
            <li key={name} data-outcome={outcome}>
              {outcome === 'passed' ? <IconCheck size={18} color="var(--mantine-color-teal-6)" aria-hidden /> : outcome === 'decided' ? <IconArrowRight size={18} color="var(--mantine-color-blue-6)" aria-hidden /> : <IconCircleDashed size={18} aria-hidden />}
              <div>
                <Text size="sm" fw={outcome === 'decided' ? 650 : 400}>{kRules[name]} <Text span size="xs" c="dimmed">{outcome === 'passed' ? 'looked at' : outcome === 'decided' ? 'decided' : 'not reached'}</Text></Text>
                {outcome !== 'not_reached' && Object.keys(found).length > 0 && <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>{foundText(found)}</Text>}
              </div>
            </li>
          ))}
        </ol>
      </section>
      {trace.length > 0 && (
        <section>
          <Title order={3} size="h5" mb="xs">What the targeting evaluated</Title>
          <Table.ScrollContainer minWidth={380} type="native" tabIndex={0} aria-label="Steps of the targeting">
            <Table fz="xs" verticalSpacing={4}>
              <Table.Thead><Table.Tr><Table.Th>Operator</Table.Th><Table.Th>Where</Table.Th><Table.Th>Result</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {trace.map(({ segment, pointer, operation, depth, result }, index) => (
                  <Table.Tr key={index}>
                    <Table.Td style={{ paddingLeft: 8 + depth * 12 }}><Code style={{ whiteSpace: 'nowrap' }}>{operation}</Code></Table.Td>
                    <Table.Td ff="monospace">{segment && <Badge miw={0} size="xs" variant="default" tt="none" mr={4}>{segment}</Badge>}{pointer}</Table.Td>
                    <Table.Td ff="monospace">{JSON.stringify(result)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {!trace_is_whole && <Text size="xs" c="dimmed">The trace is longer than this.</Text>}
        </section>
      )}
    </>
  );
}
