// One client of many thousand: the server searches.
import { Select, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { unwrap } from '../api/problem';
import { useConsole } from '../console';
import { useEntity } from '../entities/read';

const kMost = 30;

/** The client with this id, and those that fit what the reader types. */
export function useChosenClient(chosen: string | undefined, wanted = true) {
  const { admin, environment } = useConsole();
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(search, 200);
  const id = Number(chosen ?? NaN);
  const one = useEntity('client', Number.isInteger(id) ? id : 0, { enabled: wanted && Number.isInteger(id) });
  const name = one.data?.name ?? '';
  // The text of the chosen client is no search.
  const q = asked === name ? '' : asked;
  const { data } = useQuery({
    queryKey: ['env', environment, 'client choices', q],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/clients', { params: { query: { limit: kMost, sort: 'name', ...(q && { q }) } }, signal })),
    enabled: wanted,
    placeholderData: (before) => before,
  });
  const items = data?.items ?? [];
  const all = one.data && !items.some((item) => item.id === one.data!.id) ? [one.data, ...items] : items;
  return { id: one.data?.id, attributes: one.data?.attributes, search, setSearch, choices: all.map((item) => ({ value: String(item.id), label: item.name === item.key ? item.name : `${item.name} (${item.key})` })) };
}

export function ClientSelect({ chosen, ...props }: { chosen: ReturnType<typeof useChosenClient> } & Pick<SelectProps, 'onChange' | 'error' | 'disabled'>) {
  return (
    <Select label="Client" placeholder="Name or key" searchable clearable data={chosen.choices} value={chosen.id ? String(chosen.id) : null} searchValue={chosen.search} onSearchChange={chosen.setSearch} filter={({ options }) => options}
      nothingFoundMessage="No client has this name" maxDropdownHeight={280} clearButtonProps={{ 'aria-label': 'No client' }} {...props} />
  );
}
