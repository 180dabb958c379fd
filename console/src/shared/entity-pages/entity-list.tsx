// What the pages of lists share: search by `/`, a new entity by `n` and by a button, the search in the address.
import { Button, TextInput, type TextInputProps } from '@mantine/core';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useRef, type RefObject } from 'react';
import { usePermission } from '../auth/use-permission';
import { kEntities, type EntityName } from '../entities/types';
import { useShortcut } from '../shortcuts';
import { Guarded } from '../ui/guarded';
import { useAddress, useAddressDialog } from '../use-search';

export function useEntityListPage(type: EntityName) {
  const { noun, write } = kEntities[type];
  const search = useRef<HTMLInputElement>(null);
  const { allowed } = usePermission(write);
  const dialog = useAddressDialog('new');
  useShortcut('/', `Search ${noun}s`, () => search.current?.focus());
  useShortcut('n', `New ${noun}`, () => dialog.open(), 'This page', allowed);
  return {
    search,
    /** For the dialog that makes one. */
    dialog: { opened: dialog.value !== undefined, onClose: dialog.close },
    newButton: (
      <Guarded action={write}>
        {(disabled) => <Button leftSection={<IconPlus size={16} aria-hidden />} disabled={disabled} onClick={() => dialog.open()}>New {noun}</Button>}
      </Guarded>
    ),
  };
}

/** The words of a search, which are `q` of the address. */
export function SearchField({ field, ...props }: TextInputProps & { field?: RefObject<HTMLInputElement | null> }) {
  const [address, setAddress] = useAddress();
  return <TextInput ref={field ?? null} className="search-field" w={320} maw="100%" leftSection={<IconSearch size={16} aria-hidden />} {...props} value={address['q'] ?? ''} onChange={(event) => setAddress({ q: event.currentTarget.value })} />;
}
