// What rules can read, as suggestions: attributes of the environment's clients, and what the server always knows.
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { unwrap } from '../api/problem';
import { useConsole } from '../console';

const kAlways = ['targetingKey', '$flagd.timestamp'];
const kSample = 200; // clients that are looked at
const kMostValues = 40;

export interface Attributes {
  paths: string[];
  /** Values that clients have there, as texts. */
  valuesOf: (path: string) => string[];
}

/** Attributes and values of some clients. */
export function useAttributes(): Attributes {
  const { admin, environment } = useConsole();
  const { data } = useQuery({
    queryKey: ['env', environment, 'attributes'],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/clients', { params: { query: { limit: kSample } }, signal })),
    staleTime: 60_000,
  });
  return useMemo(() => {
    const known = new Map<string, Set<string>>(kAlways.map((path) => [path, new Set()]));
    for (const { attributes } of data?.items ?? []) gather('client', attributes, known);
    return { paths: [...known.keys()].sort(), valuesOf: (path) => [...(known.get(path) ?? [])].slice(0, kMostValues).sort() };
  }, [data]);
}

function gather(path: string, value: unknown, into: Map<string, Set<string>>) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value)) gather(`${path}.${name}`, inner, into);
    return;
  }
  const values = into.get(path) ?? new Set();
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') values.add(String(value));
  into.set(path, values);
}
