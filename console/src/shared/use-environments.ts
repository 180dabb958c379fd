import { useQuery } from '@tanstack/react-query';
import { unwrap } from './api/problem';
import { useRest } from './console';

/** The environments in which the reader has a role. */
export function useEnvironments() {
  const rest = useRest();
  return useQuery({ queryKey: ['environments'], queryFn: () => unwrap(rest.GET('/api/v1/environments')), staleTime: 60_000 });
}
