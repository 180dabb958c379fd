import { useRouter } from '@tanstack/react-router';
import { useConsole } from './console';

/** Goes into another environment, by a login there. Ids mean nothing in it, so it ends on the list that the page belongs to. */
export function useEnterEnvironment() {
  const { sessions } = useConsole();
  const router = useRouter();
  return async (key: string) => {
    const list = `/${router.state.location.pathname.split('/')[1] ?? ''}`;
    await router.navigate({ to: list });
    sessions.end(`Log in to enter ${key}.`, key);
  };
}
