import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Problem } from '../shared/api/problem';
import { dutyOf, type Sessions } from '../shared/auth/sessions';
import { ConsoleProvider, useSessionState } from '../shared/console';
import { DutyPage } from './login/duty-page';
import { LoginPage } from './login/login-page';
import { notifyProblem } from '../shared/ui/notify';
import { ErrorBoundary } from './page-error';
import { router } from './router';
import { theme } from './theme';

// What a second attempt can mend.
const isTemporary = (error: unknown) => error instanceof Problem && ['unreachable', 'unavailable', 'timeout', 'rate_limited'].includes(error.code);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 3 && isTemporary(error),
      retryDelay: (count, error) => (error instanceof Problem && error.retryAfter ? error.retryAfter * 1000 : Math.min(1000 * 2 ** count, 8000)),
      refetchOnWindowFocus: false,
      staleTime: 5000,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

export function App({ sessions }: { sessions: Sessions }) {
  return (
    <ErrorBoundary>
      <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
        <QueryClientProvider client={queries}>
          <Notifications position="bottom-right" />
          <Content sessions={sessions} />
        </QueryClientProvider>
      </MantineProvider>
    </ErrorBoundary>
  );
}

function Content({ sessions }: { sessions: Sessions }) {
  const state = useSessionState(sessions);
  const [closed, here] = state.phase === 'in' ? [state.closed, state.session.environment] : [];
  useEffect(() => {
    if (closed) notifyProblem(new Problem('forbidden', `${closed} is closed to you; this is ${here}`));
  }, [closed, here]);
  if (state.phase === 'restoring') return null;
  if (state.phase === 'out') return <LoginPage sessions={sessions} reason={state.reason} />;
  const duty = dutyOf(state.session);
  if (duty) return <DutyPage sessions={sessions} duty={duty} />;
  return (
    <ConsoleProvider sessions={sessions} session={state.session} generation={state.generation}>
      <RouterProvider router={router} />
    </ConsoleProvider>
  );
}
