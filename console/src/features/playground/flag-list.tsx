// Every flag with its answer and the step that decided. Only the rows on the screen exist, so only they are asked for.
import { Anchor, Badge, Loader, Text } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';
import { rolloutOf } from '../../shared/rules/describe';
import type { PreviewChange } from '../../shared/ui/confirm-impact';
import { because, decidingRule, sameDecision, valueText, type Decision, type Explanation } from './explain';
import type { Flag } from './flags';
import classes from './playground.module.css';
import { useExplanation, type Subject } from './subject';

const kRow = 56;

interface Props {
  flags: readonly Flag[];
  /** Answers that are known already, by the name of the flag. */
  known: ReadonlyMap<string, Decision> | undefined;
  subject: Subject;
  draft: readonly PreviewChange[];
  revision: number;
  onOpen: (name: string) => void;
}

export function FlagList({ flags, ...rest }: Props) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY), []);
  const virtual = useWindowVirtualizer({ count: flags.length, estimateSize: () => kRow, getItemKey: (index) => flags[index]!.name, overscan: 4, scrollMargin: top });
  const drafted = rest.draft.length > 0 || undefined;
  return (
    <div className={classes['table']} role="table" aria-label="Flags" aria-rowcount={flags.length + 1}>
      <div role="rowgroup">
        <div className={classes['head']} role="row" data-draft={drafted}>
          <span role="columnheader">Flag</span><span role="columnheader">Answer</span>{drafted && <span role="columnheader">With the draft</span>}<span role="columnheader" className={classes['why']}>Because</span>
        </div>
      </div>
      <div ref={body} className={classes['body']} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => <Row key={key} flag={flags[index]!} resting={!virtual.isScrolling} place={{ height: kRow, transform: `translateY(${start - top}px)` }} {...rest} />)}
      </div>
    </div>
  );
}

function Row({ flag, known, subject, draft, revision, onOpen, place, resting }: Omit<Props, 'flags'> & { flag: Flag; place: { height: number; transform: string }; /** Rows that only pass by ask nothing. */ resting: boolean }) {
  const { name, title, feature, sub } = flag;
  const given = known?.get(name);
  // The trace says which of its rules decided.
  const byRule = (given?.rule === 'targeting' || given?.rule === 'default_variant') && rolloutOf(sub ?? feature).kind !== 'same';
  const asked = useExplanation(subject, feature.key, sub?.key, [], revision, resting && (given === undefined || (byRule && draft.length === 0)));
  const drafted = useExplanation(subject, feature.key, sub?.key, draft, revision, resting && draft.length > 0);
  const now = given ?? asked.data?.decision;
  const then = draft.length > 0 ? drafted.data?.decision : undefined;
  const differs = now !== undefined && then !== undefined && !sameDecision(now, then);
  const reason = then ? because(then, flag) : now && asked.data && sameDecision(asked.data.decision, now) ? reasonOf(flag, asked.data) : now && because(now, flag);
  return (
    <div className={classes['row']} role="row" style={place} data-draft={draft.length > 0 || undefined} data-differs={differs || undefined} data-sub={sub !== undefined || undefined} data-testid={`flag-${name}`}>
      <div role="cell">
        <Anchor component="button" type="button" size="sm" fw={500} truncate maw="100%" onClick={() => onOpen(name)}>{title}</Anchor>
        <Text size="xs" c="dimmed" ff="monospace" truncate>{name}</Text>
      </div>
      <div role="cell"><Answer decision={now} error={asked.error} /></div>
      {draft.length > 0 && <div role="cell"><Answer decision={then} error={drafted.error} /></div>}
      <div role="cell" className={classes['why']}><Text size="sm" lineClamp={2}>{reason}{differs && ' — differs'}</Text></div>
    </div>
  );
}

const reasonOf = (flag: Flag, { decision, trace }: Explanation) =>
  (decision.rule === 'targeting' || decision.rule === 'default_variant' ? decidingRule((flag.sub ?? flag.feature).targeting, trace) : undefined) ?? because(decision, flag);

/** On or off, with the variant. */
export function Answer({ decision, error }: { decision: Decision | undefined; error?: unknown }) {
  if (!decision) return error ? <Badge color="red" variant="light" tt="none">no answer</Badge> : <Loader size={14} aria-label="Asking" />;
  if (decision.reason === 'ERROR') return <Badge color="red" variant="light" tt="none">error</Badge>;
  const text = valueText(decision);
  return <Badge color={decision.enabled ? 'teal' : 'gray'} variant="light" tt="none" miw={0} maw="100%">{decision.enabled ? 'on' : 'off'}{!['on', 'off', 'true', 'false', 'no value'].includes(text) && `: ${text}`}</Badge>;
}
