import { NativeSelect, Paper, SegmentedControl, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { useEntity, useEntityList } from '../../shared/entities/read';
import { JsonEditor, parseObject } from '../../shared/json/json-editor';
import { useAddress } from '../../shared/use-search';
import type { Subject } from './subject';

const kMadeUp = '{\n  "region": "de"\n}';
const kNoContext = '{}';

/** Chooses who asks. The answer is undefined until there is somebody. */
export function SubjectForm({ onSubject }: { onSubject: (subject: Subject | undefined) => void }) {
  const [address, setAddress] = useAddress();
  const madeUp = address['who'] === 'new';
  const [attributes, setAttributes] = useState(address['attributes'] ?? kMadeUp);
  const [context, setContext] = useState(address['context'] ?? kNoContext);
  const { data: packages } = useEntityList('package');
  const client = useChosenClient(address['client'], !madeUp);
  const plan = address['package'] ?? 'all';
  const [settled] = useDebouncedValue(`${attributes}\n${context}`, 400);

  useEffect(() => {
    const [own, said] = [parseObject(attributes), parseObject(context)];
    if (own.problem !== undefined || said.problem !== undefined || (!madeUp && !client.id)) return onSubject(undefined);
    setAddress({ context: context === kNoContext ? undefined : context, attributes: madeUp && attributes !== kMadeUp ? attributes : undefined });
    onSubject({ context: said.value, client: madeUp ? { attributes: own.value, ...(plan !== 'all' && { package_id: plan === 'none' ? null : Number(plan) }) } : client.id! });
    // The texts count once nobody types.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled, madeUp, client.id, plan]);

  return (
    <Paper withBorder radius="md" p="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Stack gap="sm">
          <SegmentedControl aria-label="Who asks" value={madeUp ? 'new' : 'client'} onChange={(who) => setAddress({ who: who === 'new' ? 'new' : undefined })} data={[{ value: 'client', label: 'A client' }, { value: 'new', label: 'A made-up client' }]} w="fit-content" />
          {madeUp ? (
            <>
              <NativeSelect label="Package" value={plan} onChange={(event) => setAddress({ package: event.currentTarget.value === 'all' ? undefined : event.currentTarget.value })}
                data={[{ value: 'all', label: 'One with everything' }, { value: 'none', label: 'No package' }, ...(packages ?? []).map(({ id, name }) => ({ value: String(id), label: name }))]} />
              <JsonEditor label="Attributes" description="Rules read them as client.…" value={attributes} onChange={setAttributes} error={parseObject(attributes).problem} minHeight={70} />
            </>
          ) : (
            <Select label="Client" placeholder="Name or key" searchable clearable data={client.choices} value={client.id ? String(client.id) : null} searchValue={client.search} onSearchChange={client.setSearch} filter={({ options }) => options}
              onChange={(id) => setAddress({ client: id ?? undefined })} nothingFoundMessage="No client has this name" maxDropdownHeight={280} />
          )}
          {!madeUp && client.attributes && <Text size="xs" c="dimmed">{Object.entries(client.attributes).map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(' · ') || 'It has no attributes.'}</Text>}
        </Stack>
        <JsonEditor label="Context" description="What the connection says about itself, such as its user or version." value={context} onChange={setContext} error={parseObject(context).problem} minHeight={90} />
      </SimpleGrid>
    </Paper>
  );
}

const kMost = 30;

function useChosenClient(chosen: string | undefined, wanted: boolean) {
  const { admin, environment } = useConsole();
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(search, 200);
  const id = Number(chosen ?? NaN);
  const one = useEntity('client', Number.isInteger(id) ? id : 0, { enabled: wanted && Number.isInteger(id) });
  const name = one.data?.name ?? '';
  // The text of the chosen client is no search.
  const q = asked === name ? '' : asked;
  const { data } = useQuery({
    queryKey: ['env', environment, 'playground', 'clients', q],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/clients', { params: { query: { limit: kMost, sort: 'name', ...(q && { q }) } }, signal })),
    enabled: wanted,
    placeholderData: (before) => before,
  });
  const items = data?.items ?? [];
  const all = one.data && !items.some((item) => item.id === one.data!.id) ? [one.data, ...items] : items;
  return { id: one.data?.id, attributes: one.data?.attributes, search, setSearch, choices: all.map((item) => ({ value: String(item.id), label: item.name === item.key ? item.name : `${item.name} (${item.key})` })) };
}
