// Who asks: a client that exists, or one that is made up, with the context of its connection. In the address, so that a
// question can be sent to somebody.
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '@togglecast/admin';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import type { PreviewChange } from '../../shared/ui/confirm-impact';
import type { Explanation } from './explain';

export type Question = Schemas['Question'];

export interface Subject {
  /** An id, or the body of a client that does not exist. */
  client: number | { attributes: { [name: string]: unknown }; package_id?: number | null };
  context: { [name: string]: unknown };
}

/** Every flag of a client that exists, in one answer. */
export function useEffective(subject: Subject, revision: number) {
  const { admin, environment } = useConsole();
  const id = typeof subject.client === 'number' ? subject.client : 0;
  const context = Object.keys(subject.context).length ? JSON.stringify(subject.context) : undefined;
  return useQuery({
    queryKey: ['env', environment, 'playground', 'effective', id, context, revision],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/clients/{id}/effective', { params: { path: { id }, query: context ? ({ context } as never) : {} }, signal })),
    enabled: id > 0,
    staleTime: 30_000,
    retry: false,
    placeholderData: (before) => (before?.client.id === id ? before : undefined),
  });
}

/** One flag with every step, also against changes that are not saved. `revision`: another one asks again. */
export function useExplanation(subject: Subject, feature: string, sub: string | undefined, draft: readonly PreviewChange[], revision: number, enabled = true) {
  const { admin, environment } = useConsole();
  const body = { client: subject.client, context: subject.context, feature, ...(sub && { sub_feature: sub }), ...(draft.length > 0 && { draft }) } as Question;
  return useQuery<Explanation>({
    queryKey: ['env', environment, 'playground', 'evaluate', body, revision],
    queryFn: async ({ signal }) => (await unwrap(admin.rest.POST('/api/v1/evaluate', { body, signal }))) as Explanation,
    enabled,
    staleTime: 30_000,
    retry: (count, error) => count < 3 && 'code' in error && (error.code === 'rate_limited' || error.code === 'unavailable'),
    placeholderData: (before) => before,
  });
}
