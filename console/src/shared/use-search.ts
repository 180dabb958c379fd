import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState, type Dispatch, type SetStateAction } from 'react';

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

/** Opens the dialog of `useAddressDialog(name)`, which another component shows. Rows of a list need no more, and none of them renders when
 *  the address changes. */
export function useOpenDialog(name: string): (value?: string) => void {
  const navigate = useNavigate();
  return useCallback(
    (value = 'yes') =>
      void navigate({ to: '.', search: ((before: object) => ({ ...before, [name]: value })) as never, state: ((before: object) => ({ ...before, dialog: name })) as never, resetScroll: false }),
    [navigate, name],
  );
}

/** A dialog with an address: `value` is that of its parameter while it is open. It opens as a step of the browser's history, so that
 *  "back" closes it. Closing it goes that step back; so "back" afterwards leads to the page before, not to the dialog. */
export function useAddressDialog(name: string): { value: string | undefined; open: (value?: string) => void; close: () => void } {
  const [address, setAddress] = useAddress();
  const router = useRouter();
  const left = useRef<unknown>(undefined);
  const open = useOpenDialog(name);
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

/** The tab of a page, which the address has. The first of them stands for none, and for one that the page does not have. */
export function useTab(tabs: readonly string[]): [string, (tab: string | null) => void] {
  const [{ tab }, setAddress] = useAddress();
  return [tab !== undefined && tabs.includes(tab) ? tab : tabs[0]!, (next) => setAddress({ tab: next === tabs[0] ? undefined : (next ?? undefined) })];
}

const kLongest = 2000; // characters of one parameter: servers and chats take addresses of about 8,000

/** State that the address has, too, while its text is short: what was selected or opened, or cells that are not saved. It begins with what
 *  a link says. Afterwards the state leads, so that it shows each click at once. */
export function useAddressState<Value>(name: string, read: (text: string) => Value, write: (value: Value) => string): [Value, Dispatch<SetStateAction<Value>>] {
  const [address, setAddress] = useAddress();
  const { history } = useRouter();
  const page = useRef(history.location.pathname);
  const said = address[name] ?? '';
  const [value, setValue] = useState(() => read(said));
  const text = write(value);
  const wanted = text.length > kLongest ? '' : text;
  useEffect(() => {
    // While another page is on its way, its address is not ours.
    if (said !== wanted && history.location.pathname === page.current) setAddress({ [name]: wanted || undefined });
  }, [said, wanted, name, history, setAddress]);
  return [value, setValue];
}

const readNames = (text: string): ReadonlySet<string> => new Set(text.split(',').filter(Boolean));
const writeNames = (names: ReadonlySet<string>) => [...names].join(',');

/** The same for a set of names, such as rows that are opened, and a way to put one in or take it out. */
export function useAddressSet(name: string): [ReadonlySet<string>, (one: string, on?: boolean) => void, () => void] {
  const [names, setNames] = useAddressState(name, readNames, writeNames);
  const toggle = useCallback((one: string, on?: boolean) => setNames((before) => {
    const next = new Set(before);
    if (on ?? !before.has(one)) next.add(one);
    else next.delete(one);
    return next;
  }), [setNames]);
  return [names, toggle, useCallback(() => setNames(new Set()), [setNames])];
}
