import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useConsole } from './console';
import { notifyProblem } from './ui/notify';

/** Goes into another environment, with the session that is there. Ids mean nothing in it, so it ends on the list that the page belongs to. */
export function useEnterEnvironment() {
  const { sessions } = useConsole();
  const router = useRouter();
  const queries = useQueryClient();
  const { mutate, isPending, variables } = useMutation({
    mutationFn: (key: string) => sessions.enter(key, () => router.navigate({ to: `/${router.state.location.pathname.split('/')[1] ?? ''}` })),
    onError: (error) => {
      notifyProblem(error);
      void queries.invalidateQueries({ queryKey: ['environments'] });
    },
  });
  return { enter: mutate, entering: isPending ? variables : undefined };
}
