// Where the query cache keeps entities, and how updates get into it: the one place for all kinds.
import type { EntityType } from '@togglecast/admin';
import { notifyManager, type InfiniteData, type QueryClient, type QueryKey } from '@tanstack/react-query';
import { ReadAgain } from '../live/read-again';
import { patchList, patchOne, type LiveEntity, type LiveUpdate } from '../live/updates';

export const keys = {
  all: (environment: string) => ['env', environment] as const,
  list: (environment: string, type: EntityType) => ['env', environment, 'list', type] as const,
  pages: (environment: string, type: EntityType, params?: object) => ['env', environment, 'pages', type, ...(params ? [params] : [])] as const,
  one: (environment: string, type: EntityType, id: number) => ['env', environment, 'one', type, id] as const,
};

export interface Page<Entity> {
  items: Entity[];
  total: number;
  next_cursor?: string;
}
type Pages = InfiniteData<Page<LiveEntity>>;

const kReadPagesAgain = 1000; // ms between two reads of paged lists, because their order is the server's; more for many pages
const kOfEachPage = 300;
const waiting = new WeakMap<QueryClient, Map<string, ReadAgain>>();

/** Puts updates into every list, page and entity of the environment that the cache has. The page renders once for all of them. */
export function patchCache(queries: QueryClient, environment: string, updates: readonly LiveUpdate[]) {
  notifyManager.batch(() => patchAll(queries, environment, updates));
}

function patchAll(queries: QueryClient, environment: string, updates: readonly LiveUpdate[]) {
  const byType = Map.groupBy(updates, (update) => update.entityType);
  for (const [type, ofType] of byType) {
    queries.setQueryData<LiveEntity[]>(keys.list(environment, type), (items) => items && patchList(items, ofType));
    for (const [id, ofOne] of Map.groupBy(ofType, (update) => update.id)) {
      const key = keys.one(environment, type, id);
      if (queries.getQueryState(key)) queries.setQueryData<LiveEntity | null>(key, (entity) => patchOne(entity, ofOne));
    }
    patchPages(queries, environment, type, ofType);
  }
}

function patchPages(queries: QueryClient, environment: string, type: EntityType, updates: readonly LiveUpdate[]) {
  const key = keys.pages(environment, type);
  const found = queries.getQueriesData<Pages>({ queryKey: key });
  if (found.length === 0) return;
  for (const [own, data] of found) {
    if (!data) continue;
    let changed = false;
    const pages = data.pages.map((page) => {
      const present = new Set(page.items.map((item) => item.id));
      const items = patchList(page.items, updates.filter((update) => present.has(update.id)));
      changed ||= items !== page.items;
      return items === page.items ? page : { ...page, items };
    });
    if (changed) queries.setQueryData<Pages>(own, { ...data, pages });
  }
  // What was made, deleted or renamed may belong elsewhere: ask the server, but not for every one of many updates.
  readPagesAgain(queries, key);
}

function readPagesAgain(queries: QueryClient, key: QueryKey) {
  const all = waiting.get(queries) ?? new Map<string, ReadAgain>();
  waiting.set(queries, all);
  const name = JSON.stringify(key);
  const pagesOf = () => Math.max(0, ...queries.getQueriesData<Pages>({ queryKey: key, type: 'active' }).map(([, data]) => data?.pages.length ?? 0));
  if (!all.has(name)) all.set(name, new ReadAgain(queries, key, () => Math.max(kReadPagesAgain, kOfEachPage * pagesOf())));
  all.get(name)!.soon();
}

/** Puts an entity into the cache that the server answered to a write. The same update arrives live and changes nothing then. */
export function putEntity(queries: QueryClient, environment: string, type: EntityType, entity: LiveEntity) {
  queries.setQueryData<LiveEntity | null>(keys.one(environment, type, entity.id), (known) => (known && known.revision > entity.revision ? known : entity));
  patchCache(queries, environment, [{ entityType: type, id: entity.id, type: 'update', data: entity, revision: entity.revision, epoch: 0, actor: null }]);
}

export function dropEntity(queries: QueryClient, environment: string, type: EntityType, id: number, revision: number) {
  patchCache(queries, environment, [{ entityType: type, id, type: 'delete', data: null, revision, epoch: 0, actor: null }]);
}
