import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useCallback, useRef, useState } from 'react';

/** The parameters of the address, all of them texts, and a way to set some: a filter, an open dialog, a tab. So every state of a
 *  page has an address. An empty or undefined value removes its parameter. */
export function useAddress(): [{ [name: string]: string | undefined }, (change: { [name: string]: string | undefined }) => void] {
  const search: { [name: string]: string | undefined } = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = useCallback(
    (change: { [name: string]: string | undefined }) =>
      void navigate({ to: '.', search: ((before: object) => ({ ...before, ...change })) as never, replace: true, resetScroll: false }),
    [navigate],
  );
  return [search, set];
}

/** A dialog with an address: `value` is that of its parameter while it is open. It opens as a step of the browser's history, so that
 *  "back" closes it. Closing it goes that step back; so "back" afterwards leads to the page before, not to the dialog. */
export function useAddressDialog(name: string): { value: string | undefined; open: (value?: string) => void; close: () => void } {
  const [address, setAddress] = useAddress();
  const navigate = useNavigate();
  const router = useRouter();
  const left = useRef<unknown>(undefined);
  const open = useCallback(
    (value = 'yes') =>
      void navigate({ to: '.', search: ((before: object) => ({ ...before, [name]: value })) as never, state: ((before: object) => ({ ...before, dialog: name })) as never, resetScroll: false }),
    [navigate, name],
  );
  const close = useCallback(() => {
    const { location } = router.state;
    if (left.current === location) return; // it is closing already
    left.current = location;
    if ((location.state as { dialog?: string }).dialog === name) router.history.back();
    else setAddress({ [name]: undefined }); // a link led to the dialog
  }, [router, setAddress, name]);
  return { value: address[name], open, close };
}

/** The same for one of a list: `of` is the entity whose id the address has. It stays while the dialog is open, even if it was deleted. */
export function useAddressDialogOf<Item extends { id: number }>(name: string, items: readonly Item[] | undefined): { of: Item | undefined; open: (item: Item) => void; close: () => void } {
  const { value, open, close } = useAddressDialog(name);
  const [last, setLast] = useState<Item>();
  const found = value === undefined ? undefined : items?.find(({ id }) => String(id) === value);
  if (found && found !== last) setLast(found);
  return { of: found ?? (last && String(last.id) === value ? last : undefined), open: useCallback(({ id }: Item) => open(String(id)), [open]), close };
}
