// Entities of the environment as queries. They are read once; afterwards the live connection keeps them current.
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useMemo } from 'react';
import { unwrap } from '../api/problem';
import { useConsole, type Console } from '../console';
import { keepKnown, patchList, patchOne, type LiveEntity } from '../live/updates';
import { keys, type Page } from './cache';
import { kEntities, type EntityName, type EntityOf } from './types';

const kPageSize = 1000;

type Get = (path: string, options: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
/** GET of a path that is known only at run time. */
export const getJson = <Answer>(console: Console, path: string, query: object = {}, signal?: AbortSignal): Promise<Answer> =>
  unwrap((console.admin.rest.GET as unknown as Get)(path, { params: { query }, ...(signal && { signal }) })) as Promise<Answer>;

async function readAll<Type extends EntityName>(console: Console, type: Type, signal: AbortSignal): Promise<EntityOf<Type>[]> {
  const items: EntityOf<Type>[] = [];
  let cursor: string | undefined;
  do {
    const page: Page<EntityOf<Type>> = await getJson(console, kEntities[type].path, { limit: kPageSize, ...(cursor && { cursor }) }, signal);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  // What changed while the pages were read.
  return patchList(items as LiveEntity[], console.live.recent.of(type)) as EntityOf<Type>[];
}

/** All entities of a kind, live. For what may be many thousands, such as clients, see useEntityPages. */
export function useEntityList<Type extends EntityName>(type: Type, { enabled = true } = {}) {
  const console = useConsole();
  const queries = useQueryClient();
  const queryKey = keys.list(console.environment, type);
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const read = await readAll(console, type, signal);
      return keepKnown(queries.getQueryData<LiveEntity[]>(queryKey), read as LiveEntity[]) as EntityOf<Type>[];
    },
    staleTime: Infinity,
    structuralSharing: false, // keepKnown and patchList keep what is the same, without a look into every member
    enabled,
  });
}

/** One entity, live; `data` is null when it was deleted. */
export function useEntity<Type extends EntityName>(type: Type, id: number, { enabled = true } = {}) {
  const console = useConsole();
  const queries = useQueryClient();
  return useQuery<EntityOf<Type> | null>({
    queryKey: keys.one(console.environment, type, id),
    queryFn: async ({ signal }) => {
      const read = await getJson<EntityOf<Type>>(console, `${kEntities[type].path}/${id}`, {}, signal);
      return patchOne(read as LiveEntity, console.live.recent.of(type, id)) as EntityOf<Type> | null;
    },
    initialData: () => queries.getQueryData<EntityOf<Type>[]>(keys.list(console.environment, type))?.find((item) => item.id === id),
    staleTime: Infinity,
    enabled,
    retry: (count, error) => count < 2 && !('status' in error && error.status === 404),
  });
}

/** Search and order by the server, page by page, for long lists: give `fetchNextPage` to the end of a virtual list. */
export function useEntityPages<Type extends EntityName>(type: Type, query: { [name: string]: string | number | boolean | undefined }, limit = 200) {
  const console = useConsole();
  const queries = useQueryClient();
  const asked = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== ''));
  const queryKey = keys.pages(console.environment, type, { ...asked, limit });
  const result = useInfiniteQuery({
    queryKey,
    queryFn: async ({ pageParam, signal }) => {
      const page = await getJson<Page<EntityOf<Type>>>(console, kEntities[type].path, { ...asked, limit, ...(pageParam && { cursor: pageParam }) }, signal);
      const known = queries.getQueryData<InfiniteData<Page<LiveEntity>>>(queryKey);
      return { ...page, items: keepKnown(known?.pages[known.pageParams.indexOf(pageParam)]?.items, page.items as LiveEntity[]) as EntityOf<Type>[] };
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    structuralSharing: false,
  });
  const items = useMemo(() => result.data?.pages.flatMap((page) => page.items) ?? [], [result.data]);
  return { ...result, items, total: result.data?.pages[0]?.total };
}
