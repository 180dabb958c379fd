// What a change did to each entity, with the difference of its members.
import { Anchor, Badge, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { pageOf } from '../../shared/entities/types';
import classes from './activity.module.css';
import { jsonDifference } from './difference';
import type { Entry } from './filters';

type Change = Schemas['ActivityChange'];

const kWords: { [type in Change['type']]: { word: string; color: string } } = {
  create: { word: 'created', color: 'teal' }, update: { word: 'changed', color: 'blue' }, toggle: { word: 'switched', color: 'grape' }, delete: { word: 'deleted', color: 'red' },
};
const kFew = 5;

export function Changes({ entry, opened = false }: { entry: Entry; opened?: boolean }) {
  const [all, setAll] = useState(opened);
  const shown = all ? entry.changes : entry.changes.slice(0, kFew);
  const rest = entry.changes.length - shown.length;
  return (
    <Stack gap="sm" mt="xs">
      {shown.map((change) => <OneChange key={`${change.entity_type}:${change.entity_id}`} change={change} />)}
      {rest > 0 && <Anchor component="button" size="sm" ta="left" onClick={() => setAll(true)}>Show {rest} more</Anchor>}
      {entry.more_changes !== undefined && entry.more_changes > 0 && <Text size="xs" c="dimmed">The server keeps 50 entities of an entry; {entry.more_changes.toLocaleString()} more changed with them.</Text>}
    </Stack>
  );
}

function OneChange({ change }: { change: Change }) {
  const { word, color } = kWords[change.type];
  const lines = jsonDifference(change.before, change.after);
  const name = change.name || change.key;
  return (
    <div>
      <Group gap="xs" mb={4}>
        <Badge size="sm" variant="light" color={color} tt="none">{word}</Badge>
        <Text size="sm">{change.entity_type} {change.type === 'delete' ? <b>{name}</b> : <Anchor component={Link} to={pageOf(change.entity_type, change.entity_id)} fw={500}>{name}</Anchor>}</Text>
        <Anchor component={Link} to="/activity" search={{ entity_type: change.entity_type, entity: String(change.entity_id) } as never} size="xs">its changes</Anchor>
      </Group>
      {lines.length > 0 ? (
        <pre className={classes['diff']!} tabIndex={0} role="group" aria-label={`Before and after of ${name}`}>
          {lines.map(({ kind, text }, index) => kind === 'gone'
            ? <del key={index} className={classes['line']!} data-kind={kind}>{text}</del>
            : kind === 'new' ? <ins key={index} className={classes['line']!} data-kind={kind}>{text}</ins> : <span key={index} className={classes['line']!}>{text}</span>)}
        </pre>
      ) : <Text size="xs" c="dimmed">Its members stayed as they were: time decided.</Text>}
      {change.cut && change.cut.length > 0 && <Text size="xs" c="dimmed" mt={4}>Too large to show: {change.cut.join(', ')}</Text>}
    </div>
  );
}
