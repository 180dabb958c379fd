import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

/** The parameters of the address, all of them texts, and a way to set some: a filter, an open dialog, a tab. So every state of a
 *  page has an address. An empty or undefined value removes its parameter. */
export function useAddress(): [{ [name: string]: string | undefined }, (change: { [name: string]: string | undefined }, options?: { push?: boolean }) => void] {
  const search: { [name: string]: string | undefined } = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = useCallback(
    (change: { [name: string]: string | undefined }, { push = false } = {}) =>
      void navigate({ to: '.', search: ((before: object) => ({ ...before, ...change })) as never, replace: !push, resetScroll: false }),
    [navigate],
  );
  return [search, set];
}
