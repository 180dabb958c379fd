// Writes of entities: switch, save, create, delete. The cache has the result at once; the rollout of the change is followed.
import { useMutation, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { Problem, unwrapWithRevision } from '../api/problem';
import { useConsole, type Console } from '../console';
import { noteWrite } from '../rollout/writes';
import { notifyProblem } from '../ui/notify';
import { dropEntity, keys, putEntity, type Page } from './cache';
import { kEntities, type EntityName, type EntityOf } from './types';

export interface Written<Entity> {
  entity: Entity;
  /** Of the change, for <RolloutBadge>. */
  revision: number;
}

type Method = 'POST' | 'PATCH' | 'PUT' | 'DELETE';
type Send = (path: string, options: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

// Clients are asked at once whether they have read a change, so that its rollout is known after one round trip.
const kConfirmed = /^\/api\/v1\/(platforms|features|segments|packages|clients|activity)\b/;

/** Sends a write to a path that is known only at run time; `file`: bytes instead of JSON. Answers the body and the revision of the change. */
export async function write<Answer>(console: Console, method: Method, path: string, { body, file, etag, query }: { body?: unknown; file?: Blob; etag?: string; query?: object } = {}) {
  const rest = console.admin.rest as unknown as { [name in Method]: Send };
  const options = {
    params: { query: { ...query, ...(kConfirmed.test(path) && { confirm: true }) }, header: { ...(etag && { 'If-Match': etag }), 'Idempotency-Key': crypto.randomUUID() } },
    ...(body !== undefined && { body }),
    ...(file && { body: file, bodySerializer: (bytes: unknown) => bytes, headers: { 'Content-Type': file.type } }),
  };
  const { data, revision } = await unwrapWithRevision(rest[method](path, options));
  return { data: data as Answer, revision: revision ?? 0 };
}

/** Flips a switch: shown at once, taken back if the server refuses. A refusal is told to the reader. */
export function useToggleEntity<Type extends EntityName>(type: Type) {
  const console = useConsole();
  const queries = useQueryClient();
  const member = kEntities[type].switch ?? 'enabled';
  const set = (id: number, on: boolean) => {
    const flip = <Entity extends { id: number }>(entity: Entity): Entity => (entity.id === id ? { ...entity, [member]: on } : entity);
    queries.setQueryData<EntityOf<Type>[]>(keys.list(console.environment, type), (items) => items?.map(flip));
    queries.setQueryData<EntityOf<Type> | null>(keys.one(console.environment, type, id), (entity) => entity && flip(entity));
    queries.setQueriesData<InfiniteData<Page<EntityOf<Type>>>>({ queryKey: keys.pages(console.environment, type) }, (data) => data && { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(flip) })) });
  };
  return useMutation({
    mutationFn: async ({ id, on }: { id: number; on: boolean }): Promise<Written<EntityOf<Type>>> => {
      const { data, revision } = await write<EntityOf<Type>>(console, 'POST', `${kEntities[type].path}/${id}/toggle`, { body: { [member]: on } });
      return { entity: data, revision };
    },
    onMutate: ({ id, on }) => set(id, on),
    onError: (error, { id, on }) => {
      set(id, !on);
      notifyProblem(error);
    },
    onSuccess: ({ entity, revision }) => {
      putEntity(queries, console.environment, type, entity);
      noteWrite(console.environment, type, entity.id, revision);
    },
  });
}

/** Saves members of an entity. With its `etag`, a change of somebody else is not overwritten: see useConflict. */
export function useSaveEntity<Type extends EntityName>(type: Type) {
  const console = useConsole();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, patch, etag, force }: { id: number; patch: Partial<EntityOf<Type>> | { [member: string]: unknown }; etag?: string; force?: boolean }): Promise<Written<EntityOf<Type>>> => {
      const { data, revision } = await write<EntityOf<Type>>(console, 'PATCH', `${kEntities[type].path}/${id}`, { body: patch, ...(etag && { etag }), ...(force && { query: { force } }) });
      return { entity: data, revision };
    },
    onSuccess: ({ entity, revision }) => {
      putEntity(queries, console.environment, type, entity);
      noteWrite(console.environment, type, entity.id, revision);
    },
  });
}

export function useCreateEntity<Type extends EntityName>(type: Type) {
  const console = useConsole();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (body: { [member: string]: unknown }): Promise<Written<EntityOf<Type>>> => {
      const { data, revision } = await write<EntityOf<Type>>(console, 'POST', kEntities[type].path, { body });
      return { entity: data, revision };
    },
    onSuccess: ({ entity, revision }) => {
      putEntity(queries, console.environment, type, entity);
      noteWrite(console.environment, type, entity.id, revision);
    },
  });
}

/** Deletes an entity. The server refuses while others use it and names them in `body.users`, unless `force`. */
export function useDeleteEntity<Type extends EntityName>(type: Type) {
  const console = useConsole();
  const queries = useQueryClient();
  return useMutation<{ revision: number }, Problem, { id: number; force?: boolean; etag?: string }>({
    mutationFn: async ({ id, force, etag }) => write(console, 'DELETE', `${kEntities[type].path}/${id}`, { ...(force && { query: { force } }), ...(etag && { etag }) }),
    onSuccess: ({ revision }, { id }) => dropEntity(queries, console.environment, type, id, revision),
  });
}
