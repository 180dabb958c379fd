import { useQuery } from '@tanstack/react-query';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { useRefresh } from '../../shared/live/use-refresh';

/** How many clients are on the package. */
export function useClientCount(packageId: number, { enabled = true } = {}) {
  const { admin, environment } = useConsole();
  const queryKey = ['env', environment, 'clients on', packageId];
  useRefresh(queryKey, (type) => enabled && type === 'client');
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await unwrap(admin.rest.GET('/api/v1/clients', { params: { query: { package: packageId, limit: 1 } }, signal }))).total,
    enabled,
  });
}
