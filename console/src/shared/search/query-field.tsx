// The field of a search with operators, with the list of them, and buttons for frequent terms.
import { ActionIcon, Button, Popover, Table, Text } from '@mantine/core';
import { IconHelp, IconX } from '@tabler/icons-react';
import type { RefObject } from 'react';
import { SearchField } from '../entity-pages/entity-list';
import { useAddress } from '../use-search';
import { hasTerm, toggleTerm, type Operator } from './query';

interface Props {
  field: RefObject<HTMLInputElement | null>;
  /** For readers who do not see it. */
  label: string;
  placeholder: string;
  operators: readonly Operator[];
  /** Where words without an operator are looked up. */
  words: string;
}

export function QueryField({ field, label, placeholder, operators, words }: Props) {
  const [address, setAddress] = useAddress();
  return (
    <SearchField field={field} w="auto" style={{ flex: 1, minWidth: 220 }} aria-label={label} placeholder={placeholder} spellCheck={false}
      rightSection={address['q'] ? <ActionIcon variant="subtle" color="gray" aria-label="Clear the search" onClick={() => setAddress({ q: undefined })}><IconX size={16} aria-hidden /></ActionIcon> : <Help operators={operators} words={words} />} />
  );
}

function Help({ operators, words }: Pick<Props, 'operators' | 'words'>) {
  return (
    <Popover width={430} position="bottom-end" shadow="md" withArrow>
      <Popover.Target><ActionIcon variant="subtle" color="gray" aria-label="How to search"><IconHelp size={16} aria-hidden /></ActionIcon></Popover.Target>
      <Popover.Dropdown maw="calc(100vw - 32px)">
        <Text size="sm" mb="xs">Words are looked up in {words}. A minus in front excludes: <code>-{operators[0]!.example}</code>. Quotes keep words together.</Text>
        <Table fz="xs" withRowBorders={false} verticalSpacing={2}>
          <Table.Tbody>{operators.map(({ operator, example, meaning }) => <Table.Tr key={operator}><Table.Td ff="monospace" style={{ whiteSpace: 'nowrap' }}>{example}</Table.Td><Table.Td>{meaning}</Table.Td></Table.Tr>)}</Table.Tbody>
        </Table>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Puts a term into the query, or takes it out. */
export function TermButton({ query, term, children }: { query: string; term: string; children: string }) {
  const [, setAddress] = useAddress();
  const pressed = hasTerm(query, term);
  return <Button size="compact-xs" variant={pressed ? 'filled' : 'default'} aria-pressed={pressed} onClick={() => setAddress({ q: toggleTerm(query, term) })}>{children}</Button>;
}
